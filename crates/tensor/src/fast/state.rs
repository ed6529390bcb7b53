//! What the plain and the vector code of the lanes share: how many there are, and a decoder's states.

use minlen_core::Isa;

/// The most lanes.
pub(crate) const LANES: usize = 128;
/// Lanes of short runs.
pub(crate) const FEW: usize = 8;
/// The smallest state.
pub(crate) const LOW: u32 = 1 << 16;

/// Decodes runs in order.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    /// The states.
    pub(crate) states: [u32; LANES],
    /// Little-endian words.
    pub(crate) words: &'a [u8],
    /// Words taken; over their number if they ran out.
    pub(crate) taken: usize,
    /// Lanes in use, a power of two.
    pub(crate) lanes: usize,
    /// The instructions to use.
    pub(crate) isa: Isa,
}
