//! What makes a place an anchor: the pattern that its window must have. The search is in [`super::anchors`].

/// Factors of two values of 16 bits one after another.
pub(crate) const NARROW: [u16; 2] = [0x79b1, 0xca77];
/// Factors of two values of 32 bits one after another.
pub(crate) const WIDE: [u32; 2] = [0x9e37_79b1, 0x85eb_ca77];

/// The units of a stretch whose windows, multiplied and added up, begin with a pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchors<'a> {
    /// The stretch, and the eight bytes after it where there are any.
    pub(crate) bytes: &'a [u8],
    /// Units that begin in the stretch.
    pub(crate) units: usize,
    /// Bytes of one.
    pub(crate) unit: usize,
    /// About one unit in 2 to this is an anchor; at least 1, at most 16.
    pub(crate) bits: u32,
}

impl Anchors<'_> {
    /// What the upper bits of a sum of 16 bits must be.
    pub(crate) fn pattern_16(&self) -> u16 {
        0x5555 & ((1u32 << self.bits) - 1) as u16
    }

    /// What those of 32 bits must be.
    pub(crate) fn pattern_32(&self) -> u32 {
        0x5555_5555 & ((1 << self.bits) - 1)
    }
}
