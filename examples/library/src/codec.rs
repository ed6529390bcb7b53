//! A codec of one's own: numbers of 32 bits that grow, as differences.

use crate::{Done, check};
use minlen::{
    Chain, Codec, CodecId, CodecSpec, Env, Error, Memory, Options, Params, Part, Proposal, Result,
    decompress_with, registry,
};
use std::sync::Arc;

/// Counters, as a logger writes them.
struct Counters;

static SPEC: CodecSpec = CodecSpec {
    // 0x4000 to 0x7fff are for private use.
    id: CodecId(0x4321),
    name: "counters",
    summary: "32-bit numbers that grow, as differences of one byte",
    source: "an example",
    limits: "differences below 256 only",
    params: &[],
    max_input: 1 << 30,
};

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

impl Codec for Counters {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], _params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let mut last = 0u32;
        if !input.len().is_multiple_of(4) {
            return Err(Error::unsupported("counters: no whole numbers"));
        }
        for number in numbers(input) {
            let step = number.checked_sub(last).and_then(|step| u8::try_from(step).ok());
            out.push(step.ok_or_else(|| Error::unsupported("counters: a step too large"))?);
            last = number;
        }
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        if payload.len().checked_mul(4) != Some(output_len) {
            return Err(Error::corrupt("counters: a payload of another length"));
        }
        let mut last = 0u32;
        for step in payload {
            last = last.checked_add(u32::from(*step)).ok_or_else(|| Error::corrupt("counters: too far"))?;
            out.extend_from_slice(&last.to_le_bytes());
        }
        env.work(output_len as u64)
    }

    fn memory(&self, _params: &Params, _len: usize) -> Memory {
        Memory::default()
    }

    /// For whatever looks like it. The planner tries it beside all others and keeps the smallest.
    fn propose(&self, part: &Part<'_>, _level: u8) -> Vec<Proposal> {
        let first: Vec<u32> = numbers(part.data).take(64).collect();
        let grows = first.windows(2).all(|pair| pair[1].checked_sub(pair[0]).is_some_and(|step| step < 256));
        if !part.data.len().is_multiple_of(4) || first.len() < 64 || !grows {
            return Vec::new();
        }
        let chain = Chain::single(self, self.params());
        vec![Proposal { chain, encode_ns: 1, why: "numbers that grow" }]
    }
}

pub fn run() -> Done {
    let mut codecs = registry();
    codecs.register(Arc::new(Counters));
    let options = Options::new(5)?.with_registry(codecs);
    let counters: Vec<u8> =
        (0..20_000u32).scan(0, |sum, i| { *sum += (i * i) % 7; Some(*sum) }).flat_map(u32::to_le_bytes).collect();
    // In a chain that is named, and as one of all.
    let named = minlen::compress(&counters, &options.clone().with_codec("counters+bwt")?)?;
    check(named.len() * 12 < counters.len(), "not small")?;
    check(decompress_with(&named, &options, &Env::default())? == counters, "it came back otherwise")?;
    let planned = minlen::compress(&counters, &options)?;
    check(decompress_with(&planned, &options, &Env::default())? == counters, "it came back otherwise")?;
    // Who has not got the codec is told so.
    let missing = minlen::decompress(&named, &minlen::Limits::default());
    check(missing.is_err_and(|error| error.kind() == minlen::ErrorKind::Unsupported), "read without the codec")
}
