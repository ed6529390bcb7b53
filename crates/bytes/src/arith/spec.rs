//! What arith can be told, and what both sides share.

use minlen_core::{CodecSpec, ParamKind, ParamSpec, Params, ids};

const PARAMS: &[ParamSpec] = &[ParamSpec {
    key: "order",
    doc: "how many bytes before predict the next one",
    kind: ParamKind::Int { min: 0, max: MAX_ORDER as i64 },
    default: 2,
}];

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::ARITH,
    name: "arith",
    summary: "adaptive arithmetic coding of order 0 to 2, for short or skewed data and at the end of chains",
    source: "Witten, Neal and Cleary, CACM 1987; lpaq, Mahoney 2007",
    limits: "slow for its ratio; looks back two bytes at most",
    params: PARAMS,
    max_input: u64::MAX,
};

/// The highest order.
pub(super) const MAX_ORDER: u32 = 2;
/// Bytes between two looks at the stop flag and at the end of the data.
pub(super) const CHUNK: usize = 1 << 16;

/// The order asked for.
pub(super) fn order(params: &Params) -> u32 {
    u32::try_from(params.get("order")).unwrap_or(0).min(MAX_ORDER)
}
