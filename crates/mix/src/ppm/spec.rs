//! What ppm can be told, and the payload header.

use super::model::{self, Model};
use crate::likely;
use crate::model_type::Type;
use crate::prior::{Id, Named, OWN_NUMBER, Prior};
use crate::shipped::{C, PROJECT, RUST, SCRIPT};
use minlen_core::{CodecSpec, Env, Error, Kind, ParamKind, ParamSpec, Params, Resources, Result, ids};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::{self, Task, Vector};
use std::sync::Arc;

const ORDERS: std::ops::RangeInclusive<u8> = 10..=32;
const LEAST_SLOTS: u32 = 10;
const MOST_SLOTS: u32 = 24;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        key: "order",
        doc: "bytes of the longest context that is looked for",
        kind: ParamKind::Int { min: *ORDERS.start() as i64, max: *ORDERS.end() as i64 },
        default: 16,
    },
    ParamSpec {
        key: "slots",
        doc: "binary logarithm of how many contexts of each order are kept",
        kind: ParamKind::Int { min: LEAST_SLOTS as i64, max: MOST_SLOTS as i64 },
        default: 22,
    },
    ParamSpec {
        key: "prior",
        doc: "what the model knows before: 0 nothing, 255 the user's own prior, else the number of a shipped one",
        kind: ParamKind::Int { min: 0, max: OWN_NUMBER as i64 },
        default: 0,
    },
    ParamSpec {
        key: "project",
        doc: "whether the model has seen licences and manifests before the prior",
        kind: ParamKind::Int { min: 0, max: 1 },
        default: 0,
    },
];

/// Nanoseconds a byte that encoding and decoding take, about.
pub(super) const DECODE_NS: u32 = 350;

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::PPM,
    name: "ppm",
    summary: "prediction by partial matching with mixing, for source, logs, JSON and CSV",
    source: "Cleary and Witten (1984); Moffat (1990); Cleary and Teahan (1997); Mahoney (2005)",
    limits: "decoding takes as long as encoding; prose and binary data do better with bwt",
    params: PARAMS,
    max_input: 1 << 28,
};

/// Set in the byte of the order where a prior is named, and where the one of [`PROJECT`] comes before it.
const WITH_PRIOR: u8 = 64;
const WITH_PROJECT: u8 = 128;

/// What stands before the coded bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the longest context.
    pub order: u8,
    /// Binary logarithm of the contexts kept of each order.
    pub slots: u32,
    /// What the model has seen before.
    pub prior: Named,
    /// What it has seen before that: [`PROJECT`].
    pub project: Option<Arc<Prior>>,
}

/// What a model sees before its data, in two pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a>(pub [&'a [u8]; 2]);

impl Window<'_> {
    pub(super) fn len(self) -> usize {
        self.0[0].len() + self.0[1].len()
    }
}

impl Header {
    /// The header for `len` bytes: no more slots than bytes, those of the prior included.
    ///
    /// # Errors
    /// Usage for a prior that is not there.
    pub(super) fn of(params: &Params, len: usize, resources: &Resources) -> Result<Self> {
        let order = (params.get("order") as u8).clamp(*ORDERS.start(), *ORDERS.end());
        let most = (params.get("slots") as u32).clamp(LEAST_SLOTS, MOST_SLOTS);
        let prior = Named::by_params("ppm", params, resources)?;
        let project = (params.get("project") != 0).then(|| project(resources)).transpose()?;
        let mut header = Self { order, slots: 0, prior, project };
        header.slots = most.min(natural(len + header.window(len).len()));
        Ok(header)
    }

    /// What of the prior the model sees before `len` bytes.
    pub(super) fn window(&self, len: usize) -> Window<'_> {
        let project = window_of(self.project.as_ref());
        Window([project, shown(window_of(self.prior.prior.as_ref()), len)])
    }

    /// Working memory for `len` bytes.
    pub(super) fn memory(&self, len: usize) -> u64 {
        memory(self.slots, len + self.window(len).len())
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let named = if self.prior.number == 0 { 0 } else { WITH_PRIOR };
        let project = if self.project.is_none() { 0 } else { WITH_PROJECT };
        out.extend([self.order | named | project, self.slots as u8]);
        if named != 0 {
            out.push(self.prior.number);
        }
        if self.prior.number == OWN_NUMBER {
            out.extend(self.prior.id);
        }
    }

    /// The header without its priors, and what follows it.
    ///
    /// # Errors
    /// Truncated; corrupt for an order that nobody writes.
    pub(super) fn begin(payload: &[u8]) -> Result<(Self, &[u8])> {
        let truncated = || Error::truncated("ppm: header");
        let [first, slots, rest @ ..] = payload else { return Err(truncated()) };
        let order = first & !(WITH_PRIOR | WITH_PROJECT);
        let mut header = Self { order, slots: u32::from(*slots), prior: Named::default(), project: None };
        if !ORDERS.contains(&order) {
            return Err(impossible());
        }
        if first & WITH_PRIOR == 0 {
            return Ok((header, rest));
        }
        let (&number, rest) = rest.split_first().ok_or_else(truncated)?;
        header.prior.number = number;
        if number == 0 {
            return Err(impossible());
        }
        if number != OWN_NUMBER {
            return Ok((header, rest));
        }
        let (id, rest) = rest.split_first_chunk::<8>().ok_or_else(truncated)?;
        header.prior.id = *id;
        Ok((header, rest))
    }

    /// The header of a payload for `len` bytes, with its priors, and what follows it.
    ///
    /// # Errors
    /// As [`Header::begin`]; corrupt for more slots than bytes; unsupported where the prior is not at hand.
    pub(super) fn get<'a>(payload: &'a [u8], len: usize, resources: &Resources) -> Result<(Self, &'a [u8])> {
        let (mut header, rest) = Self::begin(payload)?;
        header.prior = Named::by_number("ppm", header.prior.number, header.prior.id, resources)?;
        if payload.first().is_some_and(|first| first & WITH_PROJECT != 0) {
            header.project = Some(project(resources)?);
        }
        if !(LEAST_SLOTS..=natural(len + header.window(len).len())).contains(&header.slots) {
            return Err(impossible());
        }
        Ok((header, rest))
    }
}

fn window_of(prior: Option<&Arc<Prior>>) -> &[u8] {
    prior.map_or(&[], |prior| &prior.window)
}

/// The prior of what stands beside sources.
fn project(resources: &Resources) -> Result<Arc<Prior>> {
    let named = Named::by_number("ppm", PROJECT, Id::default(), resources)?;
    named.prior.ok_or_else(impossible)
}

fn impossible() -> Error {
    Error::corrupt("ppm: impossible parameters")
}

/// The end of a window that the model sees before `len` bytes.
fn shown(window: &[u8], len: usize) -> &[u8] {
    let most = if len < SHORT { FEW } else { MANY };
    &window[window.len().saturating_sub(most)..]
}

/// Shorter parts see less of a prior, so that they cost little.
const SHORT: usize = 64 << 10;
const FEW: usize = 96 << 10;
const MANY: usize = 640 << 10;

/// So much of the window's end the model learns from as from data; of what is before that, only the contexts.
pub(super) const WARM: usize = 128 << 10;

/// Shorter parts are not worth what the prior of [`PROJECT`] costs.
const WORTH_PROJECT: usize = 256 << 10;

/// Whether licences and manifests are to be expected in `data`, which starts from the prior of this number.
pub(super) fn expects_project(number: u8, data: &[u8]) -> bool {
    matches!(number, C | RUST | SCRIPT) && data.len() >= WORTH_PROJECT
}

/// With fewer pieces in common, in thousandths, a prior misleads more than it helps: measured on ten files with windows of all kinds. What
/// is coded with and without may have less.
const ALIKE: u32 = 250;
const WORTH_A_TRIAL: u32 = 100;

/// Shorter parts are offered with the prior and without.
pub(super) const TRIED: usize = 192 << 10;

/// The number of the prior that is most like `data`; 0 where none is.
pub(super) fn prior_for(kind: Kind, data: &[u8]) -> u8 {
    let sample = sample(data);
    let priors = likely::fitting(kind, Type::Text);
    let likely = likely::by_likeness(priors, &sample, |prior| shown(&prior.window, data.len()));
    let enough = if data.len() <= TRIED { WORTH_A_TRIAL } else { ALIKE };
    likely.first().filter(|best| best.share >= enough).map_or(0, |best| best.number)
}

/// Four pieces of `data`, so that what is alike in all of it counts.
fn sample(data: &[u8]) -> Vec<u8> {
    const PIECE: usize = 4 << 10;
    let pieces = 4.min(data.len().div_ceil(PIECE)).max(1);
    let gap = data.len() / pieces;
    (0..pieces).flat_map(|i| &data[i * gap..data.len().min(i * gap + PIECE)]).copied().collect()
}

/// As many slots as `len` bytes can use: so memory is in proportion to the output, whatever a payload says.
fn natural(len: usize) -> u32 {
    (usize::BITS - len.leading_zeros()).clamp(LEAST_SLOTS, MOST_SLOTS)
}

/// Working memory for `len` bytes, those of the prior included.
fn memory(slots: u32, len: usize) -> u64 {
    model::memory(slots) + len as u64
}

/// What encoding `len` bytes with such parameters may take.
pub(super) fn most_memory(params: &Params, len: usize) -> u64 {
    let project = if params.get("project") == 0 { 0 } else { 1 << 20 };
    let all = len + project + if params.get("prior") == 0 { 0 } else { MANY };
    memory((params.get("slots") as u32).min(natural(all)), all)
}

/// Bytes between looks at the cancel flag.
pub(super) const STEP: usize = 1 << 16;

/// Codes `data` (encoding), or `len` bytes that only the coder knows (decoding).
pub(super) fn run<C: BitCoder>(
    model: &mut Model,
    coder: &mut C,
    data: &[u8],
    len: usize,
    env: &Env,
) -> Result<()> {
    for start in (0..len).step_by(STEP) {
        let count = STEP.min(len - start);
        let data = data.get(start..start + count).unwrap_or_default();
        simd::with(simd::isa(), Stretch { model, coder, data, count });
        env.work(count as u64)?;
    }
    Ok(())
}

/// Some bytes, coded with the instructions that the processor has.
struct Stretch<'a, C> {
    model: &'a mut Model,
    coder: &'a mut C,
    data: &'a [u8],
    count: usize,
}

impl<C: BitCoder> Task for Stretch<'_, C> {
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        for i in 0..self.count {
            self.model.code(self.coder, self.data.get(i).copied().unwrap_or(0));
        }
    }
}

/// Learns the contexts of `text`, and not what they are worth.
pub(super) fn skim(model: &mut Model, text: &[u8]) {
    simd::with(simd::isa(), Skim { model, text });
}

struct Skim<'a> {
    model: &'a mut Model,
    text: &'a [u8],
}

impl Task for Skim<'_> {
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, _: V) {
        self.model.skim(self.text);
    }
}

/// Learns from bytes that are known on both sides.
pub(super) struct Known;

impl BitCoder for Known {
    #[inline(always)]
    fn code(&mut self, bit: u32, _p1: u32) -> u32 {
        bit
    }
}
