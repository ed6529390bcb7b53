//! A generated corpus: the same bytes on every machine and in every version, without a data file.
//!
//! Twelve files of different kinds, 1.4 MB in all, from integers and a fixed seed. It is not a fair picture of real
//! data (generated text is simpler than real text): it is there so that an unintended change of a codec's output
//! size shows up in the ordinary tests. The hash of the whole is fixed by a test; changing a generator means
//! changing `bench/results/generated.csv` as well.

mod binary;
pub mod sets;
mod structured;
mod text;

use crate::input::{Input, load};
use minlen_core::Result;
use std::path::Path;

/// The name under which its sizes are kept.
pub const NAME: &str = "generated";

/// SplitMix64 (Steele, Lea and Flood 2014), kept here so that nothing else can change the corpus.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0.
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A number below `n`, small ones far more often.
    fn skewed(&mut self, n: u64) -> u64 {
        let (a, b) = (self.below(n), self.below(n));
        a.min(b).min(self.below(n))
    }

    /// True once in `n` times.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.below(list.len().max(1) as u64) as usize;
        list.get(at).copied().unwrap_or_default()
    }

    fn pick_skewed<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.skewed(list.len().max(1) as u64) as usize;
        list.get(at).copied().unwrap_or_default()
    }
}

type Generator = fn(&mut Rng, usize) -> Vec<u8>;

/// Name, length, generator.
const FILES: [(&str, usize, Generator); 11] = [
    ("audio/tones.s16", 131_072, binary::audio),
    ("csv/orders.csv", 131_072, structured::csv),
    ("db/records.bin", 131_072, binary::records),
    ("exe/code.x86", 131_072, binary::machine_code),
    ("floats/field.f32", 131_072, binary::float_field),
    ("json/events.ndjson", 131_072, structured::json),
    ("logs/server.log", 131_072, structured::log),
    ("noise/random.bin", 65_536, binary::random),
    ("source/parser.c", 98_304, text::source),
    ("text/story.txt", 163_840, text::english),
    ("zeros/zeros.bin", 65_536, |_, len| vec![0; len]),
];

/// Pieces of this length alternate in the mixed file.
const MIXED_PIECE: usize = 12_288;

/// The corpus, sorted by name.
#[must_use]
pub fn generate() -> Vec<Input> {
    let mut files: Vec<(&str, Vec<u8>)> = Vec::new();
    for (i, &(name, len, generator)) in FILES.iter().enumerate() {
        let mut rng = Rng(0x6d69_6e6c_656e ^ ((i as u64) << 48));
        let mut data = generator(&mut rng, len);
        data.truncate(len);
        files.push((name, data));
    }
    let mixed =
        files.iter().flat_map(|(_, data)| data.iter().skip(4096).take(MIXED_PIECE)).copied().collect();
    files.push(("mixed/pieces.bin", mixed));
    files.sort_by_key(|(name, _)| *name);
    files.into_iter().map(|(name, data)| Input::bytes(name, data)).collect()
}

/// The files of the development bundle below `root`: those in class folders, without `small/`, whose hundreds of
/// tiny files are a question of their own. This is the set that the peers call `bundle`.
///
/// # Errors
/// The folder cannot be read.
pub fn bundle(root: &Path) -> Result<Vec<Input>> {
    let mut inputs = load(&[root.to_path_buf()], false)?;
    inputs.retain(|input| !matches!(input.class(), "-" | "small"));
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_never_change() {
        let mut hasher = blake3::Hasher::new();
        for input in generate() {
            let data = input.read().unwrap();
            hasher.update(input.name.as_bytes()).update(&(data.len() as u64).to_le_bytes()).update(&data);
        }
        assert_eq!(&hasher.finalize().to_hex()[..32], "00810f71a28b1270051c4fa426185873");
    }

    #[test]
    fn twelve_files_of_the_lengths_promised() {
        let files = generate();
        assert_eq!(files.len(), 12);
        for (name, len, _) in FILES {
            assert!(files.iter().any(|f| f.name == name && f.len() == len as u64), "{name}");
        }
        let total: u64 = files.iter().map(Input::len).sum();
        assert!((1_000_000..2_000_000).contains(&total), "{total}");
    }
}
