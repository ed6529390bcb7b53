//! What ppm can be told, and the payload header.

use super::model::{self, Model};
use minlen_core::{CodecSpec, Env, Error, ParamKind, ParamSpec, Params, Result, ids};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::{self, Task, Vector};

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

/// What stands before the coded bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the longest context.
    pub order: u8,
    /// Binary logarithm of the contexts kept of each order.
    pub slots: u32,
}

impl Header {
    /// The header for `len` bytes, prefix included: no more slots than bytes.
    pub(super) fn of(params: &Params, len: usize) -> Self {
        let order = (params.get("order") as u8).clamp(*ORDERS.start(), *ORDERS.end());
        let most = (params.get("slots") as u32).clamp(LEAST_SLOTS, MOST_SLOTS);
        Self { order, slots: most.min(natural(len)) }
    }

    pub(super) fn put(self, out: &mut Vec<u8>) {
        out.extend([self.order, self.slots as u8]);
    }

    /// Reads the header of a payload for `len` bytes, prefix included, and returns it with what follows.
    pub(super) fn get(payload: &[u8], len: usize) -> Result<(Self, &[u8])> {
        let [order, slots, rest @ ..] = payload else { return Err(Error::truncated("ppm: header")) };
        let header = Self { order: *order, slots: u32::from(*slots) };
        if !ORDERS.contains(order) || !(LEAST_SLOTS..=natural(len)).contains(&header.slots) {
            return Err(Error::corrupt("ppm: impossible parameters"));
        }
        Ok((header, rest))
    }
}

/// As many slots as `len` bytes can use: so memory is in proportion to the output, whatever a payload says.
fn natural(len: usize) -> u32 {
    (usize::BITS - len.leading_zeros()).clamp(LEAST_SLOTS, MOST_SLOTS)
}

/// Working memory for `len` bytes, prefix included.
pub(super) fn memory(slots: u32, len: usize) -> u64 {
    model::memory(slots) + len as u64
}

/// Bytes between looks at the cancel flag.
const STEP: usize = 1 << 16;

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

/// Learns from bytes that are known on both sides.
pub(super) struct Known;

impl BitCoder for Known {
    #[inline(always)]
    fn code(&mut self, bit: u32, _p1: u32) -> u32 {
        bit
    }
}
