//! What zstd can be told, and what is offered at which level.

use minlen_core::{CodecSpec, ParamKind, ParamSpec, Params, ids};

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        key: "level",
        doc: "zstd's own level; negative levels are faster still",
        kind: ParamKind::Int { min: -7, max: 22 },
        default: 3,
    },
    ParamSpec {
        key: "long",
        doc: "log2 of the window with long-distance matching; 0: off, window by level",
        kind: ParamKind::Int { min: 0, max: 31 },
        default: 0,
    },
    by_level(
        "strategy",
        "match finder: 1 fast, 2 dfast, 3 greedy, 4 lazy, 5 lazy2, 6-9 btlazy2 to btultra2",
        9,
    ),
    by_level("hash", "log2 of the hash table", 28),
    by_level("chain", "log2 of the chain table or tree", 28),
    by_level("search", "log2 of the number of candidates looked at", 20),
    by_level("minmatch", "shortest match looked for", 7),
    by_level("target", "match length that is good enough", 4096),
];

const fn by_level(key: &'static str, doc: &'static str, max: i64) -> ParamSpec {
    ParamSpec { key, doc, kind: ParamKind::Int { min: 0, max }, default: 0 }
}

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::ZSTD,
    name: "zstd",
    summary: "fast Lempel-Ziv with entropy coding, by the C library",
    source: "RFC 8878; zstd 1.5",
    limits: "one thread; no dictionaries",
    params: PARAMS,
    max_input: 1 << 40,
};

/// A decoding context; the output is the window.
pub(super) const DECODE_MEMORY: u64 = 192 << 10;

/// Upper estimate of the encoder's tables and of its output buffer.
pub(super) fn encode_memory(params: &Params, len: usize) -> u64 {
    let len = len as u64;
    let tables = match params.get("level") {
        ..=4 => 4 << 20,
        5..=12 => 24 << 20,
        13..=19 => 80 << 20,
        _ => 640 << 20,
    };
    let long = if params.get("long") > 0 { 64 << 20 } else { 0 };
    tables.min(len.saturating_mul(24) + (1 << 20)) + long + len + len / 128
}

/// One proposal: a zstd level with deviations.
pub(super) struct Offer {
    /// minlen's level.
    pub level: u8,
    /// Key and value pairs.
    pub set: &'static [(&'static str, i64)],
    /// Rough cost per byte.
    pub encode_ns: u32,
    /// Why, for people.
    pub why: &'static str,
}

impl Offer {
    /// The parameters of this offer.
    pub(super) fn apply(&self, params: Params) -> Params {
        self.set.iter().fold(params, |params, &(key, value)| params.with(key, value))
    }
}

/// The proposals by level.
pub(super) const OFFERS: &[Offer] = &[
    Offer { level: 1, set: &[("level", 1)], encode_ns: 3, why: "fastest" },
    Offer { level: 2, set: &[("level", 2)], encode_ns: 4, why: "fast" },
    // Level 3 with twice the tables: 0.8 % smaller at five sixths of its speed.
    Offer { level: 3, set: &[("level", 3), ("hash", 18), ("chain", 18)], encode_ns: 6, why: "fast" },
    Offer { level: 4, set: &[("level", 16)], encode_ns: 160, why: "decodes fastest" },
];
