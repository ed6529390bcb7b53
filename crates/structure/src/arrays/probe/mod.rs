//! Guesses the type of numbers in bytes of which nothing is known, from the entropies of their planes.
//!
//! A guess only costs compression if it is wrong, so the tests lean towards "no": text, machine code, compressed data, pictures
//! and sound must not be taken for floats. Everything is computed in integers: the guess decides what is written.

mod bell;
mod columns;
mod float;
mod ncnn;
mod segments;
mod stats;
#[cfg(test)]
mod tests;

use minlen_core::layout::Dtype;
pub use segments::blob;
pub(crate) use segments::regions;

/// Bytes that a test looks at.
const SAMPLE: usize = 16 << 10;
/// Bytes that it takes to tell weights of 8 bits from other bytes.
const BELL_SAMPLE: usize = 64 << 10;

/// The type of the numbers that start with the first byte, and in how many columns they seem to be written (1 where no period
/// shows); `None` if they do not look like an array that gains from its own codec.
///
/// Samples decide, so that the answer may be wrong; a wrong one costs size and never data.
///
/// ```
/// use minlen_core::layout::Dtype;
/// use minlen_structure::arrays::probe;
/// let waves: Vec<u8> = (0..8192).flat_map(|i| (i as f32 / 100.0).sin().to_le_bytes()).collect();
/// assert_eq!(probe(&waves).map(|found| found.0), Some(Dtype::F32));
/// assert_eq!(probe(&b"words are no numbers, ".repeat(2000)), None);
/// ```
#[must_use]
pub fn probe(bytes: &[u8]) -> Option<(Dtype, usize)> {
    // Up to four places: a file may start unlike the rest of it.
    let places = 1.max(bytes.len() / SAMPLE).min(4);
    let step = (bytes.len() / places) & !7;
    let fits = (0..places).map(|i| {
        let at = step * i;
        float::fit(&bytes[at..bytes.len().min(at + SAMPLE)]).filter(|fit| fit.phase == 0)
    });
    let mut dtypes: Vec<Option<Dtype>> = fits.map(|fit| fit.map(|fit| fit.dtype)).collect();
    dtypes.sort_unstable();
    // More than half of the places agree.
    let middle = dtypes.get(places / 2).copied().flatten();
    let agreeing = dtypes.iter().filter(|dtype| **dtype == middle).count();
    if let Some(dtype) = middle.filter(|_| agreeing * 2 > places) {
        return Some((dtype, columns::guess(bytes, dtype)));
    }
    bell::fit(bytes).map(|dtype| (dtype, 1))
}
