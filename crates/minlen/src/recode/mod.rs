//! The codec that undoes what is compressed already and has the planner code what comes out.
//!
//! It holds the other codecs and a planner over them, so its streams are coded like any data of their kind. It is not among
//! them itself: parts within parts are undone by `minlen-recode`, in one go and to a bounded depth.

#[cfg(test)]
mod tests;

use crate::planner::Planner;
use crate::streams::{self, Payload};
use minlen_core::{
    Chain, Codec, CodecSpec, Detection, Env, Error, Event, Kind, Memory, Need, NoProgress, ParamKind,
    ParamSpec, Params, Part, Proposal, Registry, Result, WholeCodec, ids,
};
use minlen_recode::{Effort, Judge};
use std::sync::Arc;

/// The codec over these others, to be registered after them.
pub(crate) fn codec(inner: Registry) -> Arc<dyn Codec> {
    Arc::new(Recode { planner: Planner::new(inner) })
}

struct Recode {
    planner: Planner,
}

static SPEC: CodecSpec = CodecSpec {
    id: ids::RECODE,
    name: "recode",
    summary: "undoes deflate, JPEG, base64 and hex, and codes what comes out; exact",
    source: "own; ideas of reflate and preflate; JPEG by lepton_jpeg and by an own model",
    limits: "needs the whole of a compressed part; 256 MiB of expanded text for one block",
    params: &[
        ParamSpec {
            key: "level",
            doc: "level at which what comes out is coded",
            kind: ParamKind::Int { min: 1, max: 10 },
            default: 5,
        },
        ParamSpec {
            key: "must",
            doc: "1: no payload where nothing is found to undo, so that another codec has its turn",
            kind: ParamKind::Int { min: 0, max: 1 },
            default: 0,
        },
    ],
    max_input: 1 << 29,
};

/// At these levels and above it is offered at all, and wherever there is something to find.
const FROM_LEVEL: u8 = 4;
const ALWAYS_LEVEL: u8 = 6;
/// Below that level, this many thousandths of the data must be found.
const SHARE_PERMILLE: usize = 50;
/// Less is not tried in another form, as by columns; at level 6, where the trial takes as long as the coding, sixteen times as
/// much.
const LEAST_TURNED: usize = 32 << 10;
/// Whether data is better by columns is tried at this level at most.
const TRIAL_LEVEL: u8 = 7;
/// Decoding costs about so many nanoseconds a byte of what is re-expressed.
const DECODE_NS: u32 = 100;

impl Codec for Recode {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let level = u8::try_from(params.get("level")).unwrap_or(5);
        let classify = |part: &[u8]| self.planner.detect(part, part.len() as u64);
        let price = |bytes: &[u8]| self.planner.probe(bytes, env);
        // The deepest models would take too long for a trial.
        let quiet = env.clone().with_progress(Arc::new(NoProgress)).without_layout();
        let trial = |bytes: &[u8], kind: Kind| {
            let known = Detection { kind, confidence: 90, detail: String::new() };
            let parts = streams::code(&self.planner, bytes, Some(known), level.min(TRIAL_LEVEL), &quiet);
            parts.map_or(usize::MAX, |parts| parts.iter().map(|part| part.payload.len()).sum())
        };
        let judge = Judge { classify: &classify, price: &price, trial: &trial };
        let expression = minlen_recode::express(input, judge, effort(level), env)?;
        if !expression.report.is_empty() {
            env.progress.event(Event::Explain { line: format!("  recode: {}", expression.report) });
        }
        if params.get("must") == 1 && !expression.report.found() {
            return Err(Error::unsupported("recode: nothing to undo"));
        }
        let env = &env.clone().without_layout();
        let recipe = streams::code(&self.planner, &expression.recipe, None, level, env)?;
        let mut payload = Payload { streams: vec![recipe] };
        for stream in &expression.streams {
            let known = Detection { kind: stream.kind, confidence: 90, detail: stream.detail.clone() };
            let env = env.clone().with_layout(stream.layout().into());
            payload.streams.push(streams::code(&self.planner, &stream.data, Some(known), level, &env)?);
        }
        payload.write(out);
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let (payload, bytes) = Payload::read(payload)?;
        let total = payload.raw_len();
        // More than deflate can expand is nothing an encoder wrote.
        if total > (output_len as u64).saturating_mul(1100).saturating_add(4096) || total > SPEC.max_input * 2
        {
            return Err(Error::corrupt("recode: streams longer than anything could expand to"));
        }
        let _held = env.budget.reserve(total)?;
        let quiet = env.clone().with_progress(Arc::new(NoProgress));
        let streams = payload.decode(bytes, self.planner.registry(), &quiet)?;
        let (recipe, streams) = streams.split_first().ok_or_else(|| Error::truncated("recode: no recipe"))?;
        let streams: Vec<&[u8]> = streams.iter().map(|s| &s[..]).collect();
        minlen_recode::rebuild(recipe, &streams, output_len, env, out)?;
        env.work(output_len as u64)
    }

    fn may_need(&self) -> bool {
        true
    }

    fn needs(&self, payload: &[u8], _output_len: usize, env: &Env) -> Result<Vec<Need>> {
        let (described, bytes) = Payload::read(payload)?;
        described.needs(bytes, self.planner.registry(), env)
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        let len = len as u64;
        Memory { encode: len * 12 + (64 << 20), decode: len * 8 + (16 << 20) }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if level < FROM_LEVEL || part.decode_ns < DECODE_NS {
            return Vec::new();
        }
        let share = if level < ALWAYS_LEVEL { SHARE_PERMILLE } else { 1 };
        let enough = (part.data.len() / 1000 * share).max(64);
        let least = if level == 6 { 16 * LEAST_TURNED } else { LEAST_TURNED };
        let turns = minlen_recode::may_turn(part.kind, part.detail) && part.data.len() >= least;
        if !turns && minlen_recode::find(part.data, enough) < enough {
            return Vec::new();
        }
        // From there on the planner tries what costs most first: what comes out is coded by the same codecs as it would be.
        let encode_ns = if level < ALWAYS_LEVEL { 600 } else { 1_000_000 };
        let params = self.params().with("level", i64::from(level)).with("must", 1);
        let chain = Chain::single(self, params);
        vec![Proposal { chain, encode_ns, why: "what is compressed inside is undone and coded better" }]
    }

    fn whole(&self) -> Option<&dyn WholeCodec> {
        Some(self)
    }
}

/// How much time a level has for what is compressed inside.
fn effort(level: u8) -> Effort {
    match level {
        ..6 => Effort::Low,
        6..8 => Effort::Medium,
        _ => Effort::High,
    }
}

impl WholeCodec for Recode {}
