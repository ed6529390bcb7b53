//! The numbers of codecs.

/// The number that stands for a codec in the format (docs/format/codecs.md). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodecId(pub u16);

/// The registered ids. 0x4000..=0x7fff are for private use.
pub mod ids {
    use super::CodecId;
    /// Raw copy.
    pub const STORE: CodecId = CodecId(0);
    /// Run-length encoding.
    pub const RLE: CodecId = CodecId(1);
    /// Canonical Huffman.
    pub const HUFFMAN: CodecId = CodecId(2);
    /// Adaptive arithmetic coding, order 0 to 2.
    pub const ARITH: CodecId = CodecId(3);
    /// LZW with variable code width.
    pub const LZW: CodecId = CodecId(4);
    /// LZ77 with Huffman or rANS coded sequences.
    pub const LZ77: CodecId = CodecId(5);
    /// Burrows–Wheeler transform with context mixing.
    pub const BWT: CodecId = CodecId(6);
    /// Byte-wise delta at a stride.
    pub const DELTA: CodecId = CodecId(7);
    /// Context mixing.
    pub const CM: CodecId = CodecId(8);
    /// Branch targets of x86 code made absolute.
    pub const X86: CodecId = CodecId(9);
    /// Branch targets of 64-bit ARM code made absolute.
    pub const ARM64: CodecId = CodecId(10);
    /// Raw images.
    pub const PIXELS: CodecId = CodecId(12);
    /// PCM sound.
    pub const SOUND: CodecId = CodecId(13);
    /// zstd frame without magic.
    pub const ZSTD: CodecId = CodecId(16);
    /// Raw LZMA2 with optional filters.
    pub const LZMA: CodecId = CodecId(17);
    /// Brotli stream.
    pub const BROTLI: CodecId = CodecId(18);
    /// Prediction by partial matching with mixing.
    pub const PPM: CodecId = CodecId(19);
    /// Differences from another content.
    pub const DIFF: CodecId = CodecId(20);
    /// Arrays of numbers apart from what is around them.
    pub const TENSORS: CodecId = CodecId(33);
    /// A quantized model; decodes to the file with the weights that it stands for.
    pub const QUANTIZED: CodecId = CodecId(34);
    /// Records of one kind by a trained codec file.
    pub const LATENT: CodecId = CodecId(35);
    /// Pictures near those that were given.
    pub const PICTURE: CodecId = CodecId(36);
    /// What is compressed already, undone and coded as streams of alike bytes.
    pub const RECODE: CodecId = CodecId(32);
}
