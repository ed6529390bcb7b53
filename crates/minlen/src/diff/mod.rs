//! The codec for any data that is like a base: what is there already is copied, and the rest is coded by the planner's choice.
//!
//! Finding and telling the copies is the business of [`minlen_recode::diff`]. The base is named by its hash, and read only where it is
//! copied from. The codec holds a planner over other codecs, as `recode` does, and is not among them.

#[cfg(test)]
mod tests;

use crate::block_progress::Scaled;
use crate::planner::Planner;
use crate::streams::{self, Payload};
use minlen_core::varint::Reader;
use minlen_core::{
    Chain, Codec, CodecSpec, Env, Error, Memory, Need, ParamKind, ParamSpec, Params, Part, Proposal,
    Registry, Resources, Result, SequentialCodec, WholeCodec, ids,
};
use minlen_recode::diff::{Close, Expression, Index, Old, Parts, Places, express, join, rebuild, split};
use std::sync::Arc;

/// The codec over these others, to be registered after them.
pub(crate) fn codec(inner: Registry) -> Arc<dyn Codec> {
    Arc::new(Diff { planner: Planner::new(inner) })
}

/// What a base of `len` bytes takes in memory while something is coded as differences from it.
pub(crate) fn memory_of_base(len: u64) -> u64 {
    usize::try_from(len).map_or(u64::MAX, |len| Index::memory(len).saturating_add(len as u64))
}

struct Diff {
    planner: Planner,
}

static SPEC: CodecSpec = CodecSpec {
    id: ids::DIFF,
    name: "diff",
    summary: "differences of any data from a base: copies, nearly equal stretches, and what is new; exact",
    source: "own; near matches after Percival, Naive differences of executable code (bsdiff), 2003",
    limits: "decoding needs the base; the base is held in memory while coding",
    params: &[
        ParamSpec {
            key: "level",
            doc: "level at which what is new is coded",
            kind: ParamKind::Int { min: 1, max: 10 },
            default: 5,
        },
        ParamSpec {
            key: "must",
            doc: "1: no payload where nothing is found in the base, so that another codec has its turn",
            kind: ParamKind::Int { min: 0, max: 1 },
            default: 0,
        },
        ParamSpec {
            key: "near",
            doc: "1: nearly equal stretches are coded by a model of their own; 0: their differences as any data",
            kind: ParamKind::Int { min: 0, max: 1 },
            default: 1,
        },
    ],
    max_input: 1 << 30,
};

/// From this level on, nearly equal stretches are predicted.
const PREDICT_LEVEL: u8 = 5;
/// What that takes, in nanoseconds a byte, in either direction.
const PREDICT_NS: u32 = 150;
/// Numbers are few, and slow models learn nothing from few.
const COLUMN_LEVEL: u8 = 5;
/// So many thousandths of the data must be in the base.
const LEAST_SHARE: usize = 10;
/// From so many on, nothing else needs to be tried.
const SETTLED_SHARE: usize = 500;
/// So little of what is new is coded as well as at that level.
const FEW: usize = 2048;
/// Columns of so few bytes are one stream.
const FEW_STEPS: usize = 128;
/// Working memory for what is predicted.
const MODEL_MEMORY: u64 = 32 << 20;
/// How much of the memory for a block what is new may take beyond that.
const PER_BYTE: u64 = 4;

/// From this level on, what is compressed in the base is undone, as `recode` does with the data.
const UNDO_LEVEL: u8 = 4;
/// What comes out of that is at most so many times as long, and so many bytes.
const UNDONE_SHARE: u64 = 4;
const MOST_UNDONE: u64 = 256 << 20;

/// The first byte of a payload.
mod form {
    /// Everything is new.
    pub(super) const NEW: u8 = 0;
    /// Differences are bytes of a stream.
    pub(super) const BYTES: u8 = 1;
    /// Differences are predicted.
    pub(super) const PREDICTED: u8 = 2;
}

/// The base for any data, opened: `undone`, what is compressed in it, too.
fn opened(resources: &Resources, undone: bool) -> Option<([u8; 32], Arc<Old>)> {
    let whole = resources.whole_base()?;
    let base = whole.kept[usize::from(undone)].get(|| {
        let bytes = resources.base(&whole.hash, 0..whole.len).ok()?;
        // A byte that comes out takes itself and a place in the index, and another while it does.
        let room = whole.room.saturating_sub(memory_of_base(whole.len)) / 4;
        let most = room.min(whole.len.saturating_mul(UNDONE_SHARE)).min(MOST_UNDONE);
        Some(Old::new(bytes, if undone { most as usize } else { 0 }))
    })?;
    Some((whole.hash, base))
}

/// What a payload says before its streams.
struct Head {
    base: Option<([u8; 32], Places)>,
    close: Close,
}

impl Head {
    fn read<'a>(payload: &'a [u8]) -> Result<(Self, &'a [u8])> {
        let mut reader = Reader::new(payload);
        let close = match reader.u8()? {
            form::NEW => return Ok((Self { base: None, close: Close::Bytes }, reader.rest())),
            form::BYTES => Close::Bytes,
            form::PREDICTED => Close::Predicted,
            _ => return Err(Error::corrupt("diff: a form that is not known")),
        };
        let hash = reader.array::<32>()?;
        let places = Places::read(&mut reader)?;
        Ok((Self { base: Some((hash, places)), close }, reader.rest()))
    }
}

impl Diff {
    fn coded(&self, made: &Expression, len: usize, close: Close, level: u8, env: &Env) -> Result<Payload> {
        let total = (made.literals.len() + made.near.len()) as u64;
        let (scaled, _) = Scaled::new(env, total.max(1), len as u64 - len as u64 / 2);
        let env = &env.clone().without_layout();
        // A few bytes take a codec no time.
        let level_of_new = if made.literals.len() <= FEW { level.max(COLUMN_LEVEL) } else { level };
        let column =
            |bytes: &Vec<u8>| streams::code(&self.planner, bytes, None, level.min(COLUMN_LEVEL), env, None);
        let few = made.columns.iter().map(Vec::len).sum::<usize>() <= FEW_STEPS;
        let mut all = if few {
            vec![column(&join(made.columns.each_ref().map(|column| &column[..]))?)?]
        } else {
            made.columns.iter().map(column).collect::<Result<Vec<_>>>()?
        };
        all.push(streams::code(&self.planner, &made.literals, None, level_of_new, env, Some(&scaled))?);
        all.push(match close {
            Close::Bytes => streams::code(&self.planner, &made.near, None, level, env, Some(&scaled))?,
            Close::Predicted => streams::stored(&made.near),
        });
        env.work(scaled.rest())?;
        Ok(Payload { streams: all })
    }

    fn decode_to(
        &self,
        payload: &[u8],
        (len, wanted): (usize, usize),
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (head, rest) = Head::read(payload)?;
        let (described, bytes) = Payload::read(rest)?;
        let total = described.raw_len();
        // Columns and predictions take far less than what they stand for.
        if total > (len as u64).saturating_mul(4).saturating_add(4096) {
            return Err(Error::corrupt("diff: streams longer than what they stand for"));
        }
        let model = if head.close == Close::Predicted { MODEL_MEMORY } else { 0 };
        let _held = env.budget.reserve(total.saturating_mul(3).saturating_add(model))?;
        let half = len as u64 / 2;
        let (scaled, inner) = Scaled::new(env, total, half);
        let streams = described.decode(bytes, self.planner.registry(), &inner)?;
        env.work(scaled.rest())?;
        let Some((hash, places)) = head.base else {
            let [literals] = &streams[..] else { return Err(of_streams()) };
            if literals.len() != len {
                return Err(Error::corrupt("diff: more or fewer new bytes than belong to it"));
            }
            out.extend_from_slice(literals);
            return env.work(len as u64 - half);
        };
        let columns;
        let parts = match &streams[..] {
            [gaps, offsets, exacts, nears, literals, near] => {
                Parts { columns: [gaps, offsets, exacts, nears], literals, near }
            }
            [joined, literals, near] => {
                columns = split(joined)?;
                Parts { columns: columns.each_ref().map(|column| &column[..]), literals, near }
            }
            _ => return Err(of_streams()),
        };
        let read = |range| env.resources.base(&hash, range);
        rebuild(&parts, head.close, &places, &read, (len, wanted), env, out)?;
        env.work(len as u64 - half)
    }
}

fn of_streams() -> Error {
    Error::corrupt("diff: more or fewer streams than belong to it")
}

impl Codec for Diff {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let level = u8::try_from(params.get("level")).unwrap_or(5);
        let close = if params.get("near") == 1 { Close::Predicted } else { Close::Bytes };
        let base = opened(&env.resources, level >= UNDO_LEVEL);
        let half = input.len() as u64 / 2;
        let (scaled, inner) = Scaled::new(env, input.len() as u64, half);
        let made = match &base {
            Some((_, base)) => express(base, input, close, &inner)?,
            None => Expression { literals: input.to_vec(), ..Expression::default() },
        };
        env.work(scaled.rest())?;
        match base.filter(|_| made.found > 0) {
            Some((hash, _)) => {
                if params.get("must") == 1 && made.found * 1000 < input.len() * LEAST_SHARE {
                    return Err(Error::unsupported("diff: hardly anything in common with the base"));
                }
                out.push(if close == Close::Bytes { form::BYTES } else { form::PREDICTED });
                out.extend(hash);
                out.extend(&made.places);
                self.coded(&made, input.len(), close, level, env)?.write(out);
            }
            None if params.get("must") == 1 => {
                return Err(Error::unsupported("diff: nothing in common with a base"));
            }
            None => {
                out.push(form::NEW);
                let inner = env.clone().without_layout();
                let literals = streams::code(&self.planner, input, None, level, &inner, None)?;
                Payload { streams: vec![literals] }.write(out);
                env.work(input.len() as u64 - half)?;
            }
        }
        Ok(())
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        self.decode_to(payload, (output_len, output_len), env, out)?;
        if out.len() - start == output_len {
            Ok(())
        } else {
            Err(Error::corrupt("diff: not as long as it should be"))
        }
    }

    fn sequential(&self) -> Option<&dyn SequentialCodec> {
        Some(self)
    }

    fn may_need(&self) -> bool {
        true
    }

    fn needs(&self, payload: &[u8], _output_len: usize, env: &Env) -> Result<Vec<Need>> {
        let (head, rest) = Head::read(payload)?;
        let (described, bytes) = Payload::read(rest)?;
        let mut needs = described.needs(bytes, self.planner.registry(), env)?;
        needs.extend(head.base.map(|(hash, _)| Need::Base(hash)));
        Ok(needs)
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        let both = len as u64 * PER_BYTE + MODEL_MEMORY;
        Memory { encode: both, decode: both }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let base = part.resources.and_then(|resources| opened(resources, level >= UNDO_LEVEL));
        if base.is_none_or(|(_, base)| base.share(part.data) < LEAST_SHARE) {
            return Vec::new();
        }
        let near = level >= PREDICT_LEVEL && part.decode_ns >= PREDICT_NS;
        let params = self.params().with("level", i64::from(level)).with("must", 1);
        let chain = Chain::single(self, params.with("near", i64::from(near)));
        vec![Proposal { chain, encode_ns: PREDICT_NS, why: "much of it is in the base" }]
    }

    fn whole(&self) -> Option<&dyn WholeCodec> {
        Some(self)
    }
}

impl SequentialCodec for Diff {
    fn decode_first(
        &self,
        payload: &[u8],
        output_len: usize,
        wanted: usize,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.decode_to(payload, (output_len, wanted), env, out)
    }
}

impl WholeCodec for Diff {
    /// Arrays that have a base of their own are better off with that.
    fn settles(&self, part: &Part<'_>, level: u8) -> bool {
        let arrays = part.layout.iter().any(|span| span.base.is_some());
        let resources = part.resources.filter(|_| !arrays);
        let base = resources.and_then(|resources| opened(resources, level >= UNDO_LEVEL));
        base.is_some_and(|(_, base)| base.share(part.data) >= SETTLED_SHARE)
    }
}
