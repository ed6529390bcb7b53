//! What Brotli can be told.

use minlen_core::{CodecSpec, Memory, ParamKind, ParamSpec, Params, ids};

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        key: "quality",
        doc: "effort: 0 is fastest, 11 smallest",
        kind: ParamKind::Int { min: 0, max: 11 },
        default: 11,
    },
    ParamSpec {
        key: "window",
        doc: "log2 of the window; over 24 uses the large-window extension",
        kind: ParamKind::Int { min: 10, max: 30 },
        default: 24,
    },
    ParamSpec {
        key: "mode",
        doc: "what the literals are",
        kind: ParamKind::Choice(&["generic", "text"]),
        default: 0,
    },
];

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::BROTLI,
    name: "brotli",
    summary: "Lempel-Ziv with context modelling and a built-in dictionary",
    source: "RFC 7932",
    limits: "one thread; slow at quality 11",
    params: PARAMS,
    max_input: 1 << 31,
};

/// Inputs up to this many bytes gain from the dictionary.
pub(super) const SMALL: usize = 64 << 10;

/// The window that an input of `len` bytes needs, at most the one asked for.
pub(super) fn window_bits(params: &Params, len: usize) -> i32 {
    let asked = i32::try_from(params.get("window")).unwrap_or(24);
    // A window reaches 16 bytes less far than its size.
    let needed = (usize::BITS - (len + 16).leading_zeros()).cast_signed();
    asked.min(needed).max(10)
}

/// Working memory of both sides.
pub(super) fn memory(params: &Params, len: usize) -> Memory {
    let window = 1u64 << window_bits(params, len);
    // Quality 10 and 11 keep a graph of the block beside the match trees.
    let factor = if params.get("quality") >= 10 { 24 } else { 8 };
    Memory { encode: window * factor + (4 << 20), decode: decode_memory(window, len) }
}

/// What the decoder may take: its ring buffer grows with the output, up to the window, in steps of at most one
/// meta-block (16 MiB).
pub(super) fn decode_memory(window: u64, len: usize) -> u64 {
    window.min(2 * len as u64 + (16 << 20)) + (1 << 20)
}
