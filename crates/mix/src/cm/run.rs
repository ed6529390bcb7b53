//! A model between the bytes and the arithmetic coder.

use super::spec::Header;
use crate::Predictor;
use crate::contexts::{Binary, Both, Contexts, FastBinary, FastText, Full, NormalBinary, NormalText, Text};
use crate::engine::Engine;
use crate::model_type::{Depth, Type};
use crate::pretrained::{self, Found, Key, Pretrained};
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::{Decoder, Encoder};

/// How often the waiting hear of it.
const STEP: usize = 4 << 10;

/// What is done with a predictor, whatever its type.
trait Job {
    fn run(self, predictor: impl Predictor) -> Result<()>;
}

/// Makes the predictor that the header names, started from its prior, with tables for `len` bytes.
fn with(header: &Header, len: usize, models: &Pretrained, env: &Env, job: impl Job) -> Result<()> {
    let x86 = header.kind == Type::X86;
    match (header.depth, header.kind) {
        (Depth::Fast, Type::Text) => {
            kept::<_, 7, 32, 4, 1>(FastText::default(), header, len, models, env, job)
        }
        (Depth::Fast, _) => kept::<_, 5, 32, 3, 1>(FastBinary, header, len, models, env, job),
        (Depth::Normal, Type::Text) => job.run(start::<_, 12, 32, 5, 2>(NormalText::default(), header, len)?),
        (Depth::Normal, _) => job.run(start::<_, 13, 32, 5, 2>(NormalBinary::new(x86), header, len)?),
        (Depth::Deep, Type::Text) => job.run(start::<_, 46, 128, 10, 3>(Text::default(), header, len)?),
        (Depth::Deep, _) => job.run(start::<_, 52, 128, 10, 3>(Binary::new(x86), header, len)?),
        (Depth::Max, _) => job.run(start::<_, 98, 416, 17, 3>(Both::new(x86), header, len)?),
        (Depth::Full, Type::Text) => job.run(start::<_, 46, 224, 11, 3>(Full(Text::default()), header, len)?),
        (Depth::Full, _) => job.run(start::<_, 52, 224, 11, 3>(Full(Binary::new(x86)), header, len)?),
    }
}

/// A new model that has seen its prior.
fn start<C: Contexts<N>, const N: usize, const M: usize, const S: usize, const L: usize>(
    contexts: C,
    header: &Header,
    len: usize,
) -> Result<Engine<C, N, M, S, L>> {
    let window = header.window(len);
    let mut engine = Engine::new(contexts, len + window.len(), header.depth.table_bits())?;
    if header.rate != 0 {
        engine.set_rate(header.rate);
    }
    engine.pretrain(window, header.depth.warm(len));
    Ok(engine)
}

/// As [`start`], or a copy of a model that did the same before.
fn kept<C, const N: usize, const M: usize, const S: usize, const L: usize>(
    contexts: C,
    header: &Header,
    len: usize,
    models: &Pretrained,
    env: &Env,
    job: impl Job,
) -> Result<()>
where
    C: Contexts<N> + Clone + Send + Sync + 'static,
{
    let window = header.window(len).len();
    if window == 0 || len > pretrained::LONGEST {
        return job.run(start::<C, N, M, S, L>(contexts, header, len)?);
    }
    let key = Key {
        depth: header.depth as u8,
        kind: header.kind as u8,
        number: header.number,
        id: header.id,
        window,
        warm: header.depth.warm(len),
        sizes: Engine::<C, N, M, S, L>::sizes(len + window, header.depth.table_bits()),
    };
    match models.find::<Engine<C, N, M, S, L>>(key) {
        Found::Model(model) => job.run(model.try_clone()?),
        Found::New => job.run(start::<C, N, M, S, L>(contexts, header, len)?),
        Found::Again => {
            let model = start::<C, N, M, S, L>(contexts, header, len)?;
            let bytes = super::spec::model_memory(header.depth, len + window);
            models.keep(key, bytes, env, || model.try_clone())?;
            job.run(model)
        }
    }
}

/// Appends the coded bits of `input`.
pub(super) fn encode(
    header: &Header,
    input: &[u8],
    models: &Pretrained,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    with(header, input.len(), models, env, Encode { input, env, out })
}

struct Encode<'a> {
    input: &'a [u8],
    env: &'a Env,
    out: &'a mut Vec<u8>,
}

impl Job for Encode<'_> {
    fn run(self, mut predictor: impl Predictor) -> Result<()> {
        encode_bits(&mut predictor, self.input, self.env, self.out)
    }
}

/// Appends the bits of `input`, coded by what `predictor` says.
pub(crate) fn encode_bits(
    predictor: &mut (impl Predictor + ?Sized),
    input: &[u8],
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut coder = Encoder::append_to(std::mem::take(out));
    for piece in input.chunks(STEP) {
        for &byte in piece {
            for shift in (0..8).rev() {
                let bit = u32::from(byte >> shift & 1);
                coder.encode(bit, predictor.p());
                predictor.update(bit);
            }
        }
        env.work(piece.len() as u64)?;
    }
    *out = coder.finish();
    Ok(())
}

/// Appends the first `wanted` of `len` bytes decoded from `bits`.
pub(super) fn decode(
    header: &Header,
    (bits, len, wanted): (&[u8], usize, usize),
    models: &Pretrained,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    with(header, len, models, env, Decode { bits, len: wanted, part: wanted < len, env, out })
}

struct Decode<'a> {
    bits: &'a [u8],
    len: usize,
    /// Whether more bytes follow than are wanted.
    part: bool,
    env: &'a Env,
    out: &'a mut Vec<u8>,
}

impl Job for Decode<'_> {
    fn run(self, mut predictor: impl Predictor) -> Result<()> {
        let rest = decode_first(&mut predictor, self.bits, self.len, self.env, self.out)?;
        if rest > 0 && !self.part { Err(left_over()) } else { Ok(()) }
    }
}

/// Appends `len` bytes from `bits`, by what `predictor` says.
pub(crate) fn decode_bits(
    predictor: &mut (impl Predictor + ?Sized),
    bits: &[u8],
    len: usize,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<()> {
    if decode_first(predictor, bits, len, env, out)? > 0 { Err(left_over()) } else { Ok(()) }
}

fn left_over() -> Error {
    Error::corrupt("cm: bytes behind the end")
}

/// The same, and how many bytes of `bits` were not looked at.
fn decode_first(
    predictor: &mut (impl Predictor + ?Sized),
    bits: &[u8],
    len: usize,
    env: &Env,
    out: &mut Vec<u8>,
) -> Result<usize> {
    let mut coder = Decoder::new(bits);
    let mut left = len;
    while left > 0 {
        let step = left.min(STEP);
        for _ in 0..step {
            let mut byte = 0;
            for _ in 0..8 {
                let bit = coder.decode(predictor.p());
                predictor.update(bit);
                byte = byte << 1 | bit as u8;
            }
            out.push(byte);
            if coder.overrun() {
                return Err(Error::truncated("cm: the payload ends too early"));
            }
        }
        left -= step;
        env.work(step as u64)?;
    }
    Ok(bits.len().saturating_sub(coder.consumed()))
}
