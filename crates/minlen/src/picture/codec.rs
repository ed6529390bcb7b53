//! The codec `picture`: a PNG file that is near a picture which was given.

use super::head::Head;
use crate::block_progress::Scaled;
use crate::planner::Planner;
use crate::streams::Payload;
use minlen_core::{
    Chain, Codec, CodecSpec, Difference, Env, Error, Memory, ParamKind, ParamSpec, Params, Part, Proposal,
    Registry, Result, Span, WholeCodec, ids,
};
use minlen_image::{Chunk, Method, Planes, Shape};
use minlen_recode::png;
use std::sync::Arc;

/// The codec; what belongs to a picture beside its colours is coded with these others.
pub(crate) fn codec(inner: Registry) -> Arc<dyn Codec> {
    Arc::new(Pictures { planner: Planner::new(inner) })
}

struct Pictures {
    planner: Planner,
}

static SPEC: CodecSpec = CodecSpec {
    id: ids::PICTURE,
    name: "picture",
    summary: "pictures near those that were given, given back as PNG",
    source: "own; ideas of H.265, AV1, Cool-chic (Ladune et al. 2023)",
    limits: "needs a target, such as a quality; exact pictures go to other codecs",
    params: &[ParamSpec {
        key: "method",
        doc: "how colours are coded: block by block, by networks that are fitted to the picture, or by some that were trained on others",
        kind: ParamKind::Choice(&METHODS),
        default: 0,
    }],
    max_input: 1 << 32,
};

/// The choices of `method`: the best for the level, or the one that is named.
const METHODS: [&str; 4] = ["auto", "block", "overfit", "vae"];

/// The method that a chain names, which must be this codec alone; nothing where it is another chain.
pub(crate) fn method_of(chain: &Chain) -> Option<Option<Method>> {
    let [stage] = chain.stages() else { return None };
    (stage.id == ids::PICTURE).then(|| {
        let number = stage.params.get("method") as usize;
        number.checked_sub(1).and_then(|number| Method::ALL.get(number).copied())
    })
}

/// What decoding takes for a pixel: planes of numbers, rows of the file, and the file.
pub(super) const PIXEL_MEMORY: u64 = 64;
/// What decoding takes, in nanoseconds a byte.
const DECODE_NS: u32 = 100;

/// What describes the whole of some data, if this codec made it.
fn own_of(spans: &[Span], len: usize) -> Option<&[u8]> {
    let whole = spans.iter().filter(|span| span.start == 0 && span.len == len as u64);
    let mut described = whole.filter_map(|span| span.description.as_ref());
    described.find(|it| it.codec == ids::PICTURE).map(|it| &it.payload[..])
}

impl Codec for Pictures {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], _params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let own = own_of(&env.layout, input.len()).ok_or_else(|| {
            Error::usage("picture: this codec is not exact").remedy("name a target, such as a quality")
        })?;
        out.extend_from_slice(own);
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let (head, rest) = Head::read(payload)?;
        let pixels = (head.shape.width * head.shape.height) as u64;
        let _held = env.budget.reserve(pixels * PIXEL_MEMORY)?;
        let file = file(&head, rest, self.planner.registry(), output_len, env)?;
        if file.len() != output_len {
            return Err(Error::corrupt("picture: a file of another length"));
        }
        out.extend_from_slice(&file);
        Ok(())
    }

    fn may_differ(&self) -> bool {
        true
    }

    fn differences(&self, payload: &[u8], _output_len: usize, _env: &Env) -> Result<Vec<Difference>> {
        Ok(vec![Head::read(payload)?.0.difference(payload.len())])
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        Memory { encode: len as u64 * 2, decode: len as u64 * PIXEL_MEMORY }
    }

    fn whole(&self) -> Option<&dyn WholeCodec> {
        Some(self)
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if !self.settles(part, level) {
            return Vec::new();
        }
        let chain = Chain::single(self, self.params());
        vec![Proposal { chain, encode_ns: DECODE_NS, why: "a picture near the one that was given" }]
    }
}

impl WholeCodec for Pictures {
    fn settles(&self, part: &Part<'_>, _level: u8) -> bool {
        own_of(part.layout, part.data.len()).is_some()
    }
}

/// The PNG file, of `len` bytes as far as is known, that `rest` describes.
pub(super) fn file(head: &Head, rest: &[u8], registry: &Registry, len: usize, env: &Env) -> Result<Vec<u8>> {
    let cut = || Error::truncated("picture: the coded colours end too early");
    let (colours, beside) =
        if head.beside { rest.split_at_checked(head.colours).ok_or_else(cut)? } else { (rest, &[][..]) };
    let (mut chunks, mut alpha) = (Vec::new(), Vec::new());
    if head.beside {
        let (described, bytes) = Payload::read(beside)?;
        let _held = env.budget.reserve(described.raw_len())?;
        let (_, inner) = Scaled::new(env, described.raw_len(), 0);
        let mut streams = described.decode(bytes, registry, &inner)?.into_iter();
        chunks = chunks_of(&streams.next().unwrap_or_default())?;
        alpha = streams.next().unwrap_or_default();
    }
    let samples = (head.shape.width * head.shape.height * head.shape.colours) as u64;
    let half = len as u64 / 2;
    let (decoded, inner) = Scaled::new(env, samples, half);
    let planes = minlen_image::decode(head.method, colours, &head.shape, &inner)?;
    env.work(decoded.rest())?;
    let alpha = head.alpha.then(|| opacity(&alpha, &head.shape)).transpose()?;
    let (written, inner) = Scaled::new(env, samples, len as u64 - half);
    let file = png::write(head.png(), &chunks, &planes.interleaved(alpha.as_ref()), &inner)?;
    env.work(written.rest())?;
    Ok(file)
}

/// The plane of opacity from its bytes.
fn opacity(bytes: &[u8], shape: &Shape) -> Result<Planes> {
    let values: Vec<u16> = match shape.depth {
        16 => bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect(),
        _ => bytes.iter().copied().map(u16::from).collect(),
    };
    let wrong = |_| Error::corrupt("picture: opacity of another size");
    Planes::new(shape.width, shape.height, shape.depth, vec![values]).map_err(wrong)
}

/// Chunks in a row: type, length in four bytes, data.
pub(super) fn chunks_to_bytes(chunks: &[Chunk]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, data) in chunks {
        out.extend(kind);
        out.extend((data.len() as u32).to_le_bytes());
        out.extend_from_slice(data);
    }
    out
}

fn chunks_of(mut bytes: &[u8]) -> Result<Vec<Chunk>> {
    let wrong = || Error::corrupt("picture: a chunk that ends too early");
    let mut chunks = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let [a, b, c, d, len @ ..] = *head;
        let (data, rest) = rest.split_at_checked(u32::from_le_bytes(len) as usize).ok_or_else(wrong)?;
        chunks.push(([a, b, c, d], data.to_vec()));
        bytes = rest;
    }
    Ok(chunks)
}
