//! The control bytes of rle.

use minlen_core::{CodecSpec, ids};

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::RLE,
    name: "rle",
    summary: "run lengths, for masks and sparse data, or in front of an entropy coder",
    source: "after PackBits, Apple 1984",
    limits: "sees runs of one byte only; grows other data by up to 1/128",
    params: &[],
    max_input: u64::MAX,
};

/// Control bytes below this announce 1 + control literals; from here on, a run.
pub(super) const RUN: u8 = 128;
/// The shortest run, of control byte [`RUN`].
pub(super) const SHORTEST: usize = 3;
/// This control byte announces a run of [`LONG`] plus the integer that follows the byte.
pub(super) const LONG_RUN: u8 = 255;
/// The shortest long run.
pub(super) const LONG: usize = SHORTEST + (LONG_RUN - RUN) as usize;
/// Most literals after one control byte.
pub(super) const LITERALS: usize = RUN as usize;
/// How many bytes or runs pass between two looks at the stop flag.
pub(super) const CHECK_EVERY: usize = 1 << 16;
