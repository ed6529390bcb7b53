//! The codec `tensors`: arrays of numbers by models of numbers, what is around them by the planner.

use super::bytes::{self, COMPARED_LEVEL};
use crate::planner::Planner;
use minlen_core::{
    Chain, Codec, CodecSpec, Difference, Env, Memory, Need, ParamKind, ParamSpec, Params, Part, Places,
    Proposal, RangeCodec, Registry, Result, SpanKind, WholeCodec, ids,
};
use minlen_tensor::group::Strength;
use std::ops::Range;
use std::sync::Arc;

/// The codec over these others, to be registered after them.
pub(crate) fn codec(inner: Registry) -> Arc<dyn Codec> {
    Arc::new(Tensors { planner: Planner::new(inner) })
}

pub(super) struct Tensors {
    pub(super) planner: Planner,
}

static SPEC: CodecSpec = CodecSpec {
    id: ids::TENSORS,
    name: "tensors",
    summary: "model weights and float arrays: exact, or within an error bound that was asked for",
    source: "own; ideas of ZipNN, DFloat11, BitX, fpzip, pcodec, SZ3",
    limits: "data in a known container, or that looks like numbers; any one array below 4 GiB in a block",
    params: &[
        ParamSpec {
            key: "strength",
            doc: "1: static tables, 2: tables by scale, 3: mixing",
            kind: ParamKind::Int { min: 1, max: 3 },
            default: 2,
        },
        ParamSpec {
            key: "level",
            doc: "level at which what is around the arrays is coded",
            kind: ParamKind::Int { min: 1, max: 10 },
            default: 5,
        },
    ],
    max_input: 1 << 32,
};

/// Decoding costs about so many nanoseconds a byte, by strength.
const DECODE_NS: [u32; 3] = [1, 10, 400];
/// Encoding, too.
const ENCODE_NS: [u32; 3] = [2, 30, 450];
/// This share of the data in arrays of a known container, in thousandths, and nothing else needs to be tried.
const SURE_PERMILLE: u64 = 500;

fn strength(params: &Params) -> Strength {
    by_number(params.get("strength"))
}

pub(super) fn by_number(strength: i64) -> Strength {
    match strength {
        1 => Strength::Fast,
        2 => Strength::Dense,
        _ => Strength::Max,
    }
}

/// The strength of a level.
pub(super) fn wanted(level: u8) -> usize {
    match level {
        ..4 => 1,
        4..7 => 2,
        _ => 3,
    }
}

impl Codec for Tensors {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        self.encode_arrays(input, strength(params), u8::try_from(params.get("level")).unwrap_or(5), env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        self.decode_wanted(payload, output_len, 0..output_len, env, out)
    }

    fn ranges(&self) -> Option<&dyn RangeCodec> {
        Some(self)
    }

    fn whole(&self) -> Option<&dyn WholeCodec> {
        Some(self)
    }

    fn may_differ(&self) -> bool {
        true
    }

    fn differences(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Vec<Difference>> {
        self.inexact_arrays(payload, output_len, env)
    }

    fn may_need(&self) -> bool {
        true
    }

    fn needs(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Vec<Need>> {
        self.needs_of(payload, output_len, env)
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        let len = len as u64;
        let models = if params.get("strength") == 3 { 96 << 20 } else { 16 << 20 };
        Memory { encode: len * 6 + models, decode: len * 2 + models }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if part.spans(SpanKind::Array).next().is_none()
            || others_describe(part)
            || self.has_better_for_bytes(part, level)
        {
            return Vec::new();
        }
        let wanted = wanted(level);
        let Some(strength) = (1..=wanted).rev().find(|s| DECODE_NS[s - 1] <= part.decode_ns) else {
            return Vec::new();
        };
        let params = self.params().with("strength", strength as i64).with("level", i64::from(level));
        let chain = Chain::single(self, params);
        let encode_ns = ENCODE_NS[strength - 1];
        vec![Proposal { chain, encode_ns, why: "arrays of numbers are coded as numbers" }]
    }
}

impl RangeCodec for Tensors {
    fn decode_range(
        &self,
        payload: &[u8],
        output_len: usize,
        range: Range<usize>,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.decode_wanted(payload, output_len, range, env, out)
    }

    fn decode_between(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Places> {
        self.places_between(payload, output_len, env)
    }
}

impl WholeCodec for Tensors {
    fn settles(&self, part: &Part<'_>, level: u8) -> bool {
        if part.is_guess(SpanKind::Array) || others_describe(part) {
            return false;
        }
        let covered: u64 = part.spans(SpanKind::Array).map(|span| span.len).sum();
        // Of bytes, others may know as much.
        if level >= COMPARED_LEVEL && bytes::mostly(part).is_some() {
            return false;
        }
        covered >= part.data.len() as u64 * SURE_PERMILLE / 1000 && covered > 0
    }
}

/// True if something in the part has a description that only another codec can use.
fn others_describe(part: &Part<'_>) -> bool {
    let codecs = part.layout.iter().filter_map(|span| span.description.as_ref()).map(|it| it.codec);
    codecs.into_iter().any(|codec| codec != ids::TENSORS)
}

/// The lower half of the XXH3 of `bytes`.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    minlen_container::hash64(bytes) as u32
}
