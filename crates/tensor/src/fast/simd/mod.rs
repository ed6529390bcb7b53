//! The loops that take the time, with vector instructions: the same results as the plain code that calls them.
//! `MINLEN_ISA=scalar|avx2|avx512` forces a version.

#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod encode;

use super::grid::Grid;
use super::pattern::Anchors;
use super::state::{Decoder, LANES};
use super::table::Coder;
pub(crate) use minlen_core::Isa;
use std::sync::OnceLock;

/// The best version that this machine can run, or the one that the environment asks for.
pub(crate) fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| Isa::wanted().min(best()))
}

/// The best version that this machine can run.
#[cfg(target_arch = "x86_64")]
pub(crate) fn best() -> Isa {
    if !is_x86_feature_detected!("avx2") {
        Isa::Scalar
    } else if is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("popcnt")
    {
        Isa::Avx512
    } else {
        Isa::Avx2
    }
}

/// The best version that this machine can run.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn best() -> Isa {
    Isa::Scalar
}

/// Plain code to be compiled for each version, in an `#[inline(always)]` method.
pub(crate) trait Task {
    /// What comes of it.
    type Out;
    /// Does it.
    fn run(self) -> Self::Out;
}

/// Runs a task with the instructions of a version, which must be at most [`best`].
pub(crate) fn with<T: Task>(isa: Isa, task: T) -> T::Out {
    debug_assert!(isa <= best());
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: versions come from `isa` or `best`, which ask the processor for exactly these instructions.
        Isa::Avx512 => unsafe { avx512::task(task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2::task(task) },
        _ => task.run(),
    }
}

/// Codes `symbols`, a whole number of turns of [`LANES`], backwards: true, or false if one of them has no frequency; `None` if it
/// is to be done without vectors.
pub(crate) fn encode(
    isa: Isa,
    symbols: &[u8],
    coder: &Coder,
    states: &mut [u32; LANES],
    words: &mut [u16],
    at: &mut usize,
) -> Option<bool> {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if *at >= symbols.len() && *at <= words.len() => {
            // SAFETY: the version comes from `isa` or `best`; there is room for a word for each symbol.
            Some(unsafe { encode::encode(symbols, &coder.lookup, states, words, at) })
        }
        _ => None,
    }
}

/// Decodes whole turns by one table; gives how many symbols it decoded.
pub(crate) fn decode(decoder: &mut Decoder<'_>, slots: &[u32], grid: Option<&Grid>, out: &mut [u8]) -> usize {
    match decoder.isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the version comes from `isa` or `best`.
        Isa::Avx512 => unsafe {
            match grid {
                Some(grid) => avx512::decode_grid(decoder, grid, out),
                None => avx512::decode(decoder, slots, None, out),
            }
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2::decode(decoder, slots, None, out) },
        _ => 0,
    }
}

/// Decodes whole turns by the tables `ids`; gives how many symbols it decoded.
pub(crate) fn decode_each(decoder: &mut Decoder<'_>, slots: &[u32], ids: &[u8], out: &mut [u8]) -> usize {
    match decoder.isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the version comes from `isa` or `best`.
        Isa::Avx512 => unsafe { avx512::decode(decoder, slots, Some(ids), out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2::decode(decoder, slots, Some(ids), out) },
        _ => 0,
    }
}

/// Appends the offsets of the first anchors, and gives the number of units that were looked at.
pub(crate) fn anchors(isa: Isa, anchors: &Anchors<'_>, found: &mut Vec<u32>) -> usize {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the version comes from `isa` or `best`.
        Isa::Avx512 => unsafe { avx512::anchors(anchors, found) },
        _ => 0,
    }
}

/// The place of the first symbol whose byte in the table is 0, or the number of symbols.
pub(crate) fn absent(isa: Isa, symbols: &[u8], table: &[u8; 256]) -> usize {
    let done = match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the version comes from `isa` or `best`.
        Isa::Avx512 => unsafe { avx512::absent(symbols, table) },
        _ => 0,
    };
    let rest = &symbols[done..];
    done + rest.iter().position(|symbol| table[usize::from(*symbol)] == 0).unwrap_or(rest.len())
}

/// Bytes of words that a turn can read: one a lane, and up to 32 at once from anywhere among them.
#[cfg(target_arch = "x86_64")]
const LAST: usize = 2 * (LANES + 32);

/// Whole turns that can be decoded, and where their words are: near the end of all words in `last`, with zeros after them.
#[cfg(target_arch = "x86_64")]
fn words_of(decoder: &Decoder<'_>, out: usize, last: &mut [u8; LAST]) -> (usize, *const u16) {
    let left = decoder.words.get(2 * decoder.taken..).unwrap_or(&[]);
    let left = &left[..left.len() / 2 * 2];
    let count = (out / LANES).min((left.len() / 2).saturating_sub(32) / LANES);
    if count > 0 {
        return (count, left.as_ptr().cast());
    }
    let kept = left.len().min(LAST);
    last[..kept].copy_from_slice(&left[..kept]);
    last[kept..].fill(0);
    (usize::from(out >= LANES), last.as_ptr().cast())
}

/// True if there are tables, and symbols have ids of these.
#[cfg(target_arch = "x86_64")]
fn ids_fit(ids: Option<&[u8]>, symbols: usize, tables: usize) -> bool {
    let largest = |ids: &[u8]| usize::from(ids.iter().fold(0, |a, b| a.max(*b)));
    tables > 0 && ids.is_none_or(|ids| ids.len() == symbols && largest(ids) < tables)
}
