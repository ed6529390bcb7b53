//! What both sides of huffman share.

use minlen_core::{CodecSpec, ids};

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::HUFFMAN,
    name: "huffman",
    summary: "canonical Huffman codes per 128 KiB block, in four streams: fast order-0 coding",
    source: "Huffman 1952; Larmore and Hirschberg, JACM 1990",
    limits: "sees no repetition; at least one bit a byte",
    params: &[],
    max_input: u64::MAX,
};

/// Bytes of input in every block but the last.
pub(super) const BLOCK: usize = 128 << 10;
/// Block copies, streams and code tables.
pub(super) const ENCODE_MEMORY: u64 = 512 << 10;
/// Code tables.
pub(super) const DECODE_MEMORY: u64 = 64 << 10;
