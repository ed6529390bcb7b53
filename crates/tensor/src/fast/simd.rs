//! The loops that take the time, with vector instructions: the same bytes as [`super::lanes`] does without.
//! `MINLEN_ISA=scalar|avx2|avx512` forces a version.

#![allow(unsafe_code)]

use super::lanes::{Decoder, LANES};
use super::table::{Alias, Coder};
use std::sync::OnceLock;

/// A version of the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Isa {
    /// Plain Rust.
    Scalar,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// The best version that this machine can run, or the one that the environment asks for.
pub(crate) fn isa() -> Isa {
    static ISA: OnceLock<Isa> = OnceLock::new();
    *ISA.get_or_init(|| {
        let wanted = match std::env::var("MINLEN_ISA").as_deref() {
            Ok("scalar") => Isa::Scalar,
            Ok("avx2") => Isa::Avx2,
            _ => Isa::Avx512,
        };
        wanted.min(best())
    })
}

/// The best version that this machine can run.
pub(crate) fn best() -> Isa {
    Isa::Scalar
}

/// Codes the end of `symbols`, a whole number of turns of [`LANES`], backwards; gives how many it coded.
pub(crate) fn encode(
    _isa: Isa,
    _symbols: &[u8],
    _coder: &Coder,
    _states: &mut [u32; LANES],
    _words: &mut [u16],
    _at: &mut usize,
) -> usize {
    0
}

/// Decodes whole turns by one table; gives how many symbols it decoded.
pub(crate) fn decode(
    _decoder: &mut Decoder<'_>,
    _slots: &[u32],
    _alias: Option<&Alias>,
    _out: &mut [u8],
) -> usize {
    0
}

/// Decodes whole turns by the tables `ids`; gives how many symbols it decoded.
pub(crate) fn decode_each(_decoder: &mut Decoder<'_>, _slots: &[u32], _ids: &[u8], _out: &mut [u8]) -> usize {
    0
}
