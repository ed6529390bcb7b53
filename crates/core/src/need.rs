//! What decoding needs besides the file itself.

/// Something that is not in the payload and without which it cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Need {
    /// A prior of the user's own, by the first bytes of the BLAKE3 of its file.
    Prior([u8; 8]),
    /// A codec file, by the first bytes of the BLAKE3 of its file.
    Model([u8; 8]),
    /// The content that differences are taken from, by its BLAKE3.
    Base([u8; 32]),
}
