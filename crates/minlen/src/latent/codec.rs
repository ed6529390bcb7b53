//! The codec `latent`: records by a codec file, what is around them by the planner.

use super::describe::{self, Head, Place};
use super::named;
use crate::block_progress::Scaled;
use crate::planner::Planner;
use crate::streams::{self, Payload};
use minlen_core::varint::Reader;
use minlen_core::{
    Chain, Codec, CodecSpec, Difference, Env, Error, Memory, Need, ParamKind, ParamSpec, Params, Part,
    Proposal, Registry, Result, Span, WholeCodec, ids,
};
use std::sync::Arc;

/// The codec over these others, to be registered after them.
pub(crate) fn codec(inner: Registry) -> Arc<dyn Codec> {
    Arc::new(Latent { planner: Planner::new(inner) })
}

struct Latent {
    planner: Planner,
}

static SPEC: CodecSpec = CodecSpec {
    id: ids::LATENT,
    name: "latent",
    summary: "records of one kind, near those that were given, by a codec file that was trained on others",
    source: "own; ideas of Balle et al., End-to-end optimized image compression, 2017; classified KLT",
    limits: "needs a codec file and a target; decoding needs the codec file; exact data goes to other codecs",
    params: &[ParamSpec {
        key: "level",
        doc: "level at which what is around the records is coded",
        kind: ParamKind::Int { min: 1, max: 10 },
        default: 5,
    }],
    max_input: 1 << 32,
};

/// A codec file at work takes up to about so much.
const MODEL_MEMORY: u64 = 64 << 20;
/// What decoding takes, in nanoseconds a byte.
const DECODE_NS: u32 = 100;

/// What describes a span, if this codec made it.
fn own_of(span: &Span) -> Option<&[u8]> {
    let described = span.description.as_ref()?;
    (described.codec == ids::LATENT).then_some(&described.payload[..])
}

/// What is around the stretches of records, in order.
fn gaps(places: &[Place], total: usize) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    streams::around(places.iter().map(|place| place.range.clone()), total)
}

impl Latent {
    /// The stretches of records among the spans, with their payloads.
    fn stretches(spans: &[Span], len: usize) -> Result<(Vec<Place>, Vec<&[u8]>)> {
        let (mut places, mut payloads, mut end) = (Vec::new(), Vec::new(), 0);
        for (span, own) in spans.iter().filter_map(|span| Some((span, own_of(span)?))) {
            let (start, record) = (span.start as usize, Head::read(own)?.0.record());
            let range = start..start + span.len as usize / record * record;
            if range.start < end || range.end > len {
                return Err(Error::unsupported("latent: records that are not where they should be"));
            }
            end = range.end;
            places.push(Place { range, own: own.len() });
            payloads.push(own);
        }
        Ok((places, payloads))
    }
}

/// The spans that are around the stretches, where they come to stand without those.
fn spans_around(spans: &[Span], places: &[Place]) -> Vec<Span> {
    let moved = |span: &Span| {
        let (start, end) = (span.start as usize, span.end() as usize);
        let apart = places.iter().all(|place| place.range.end <= start || end <= place.range.start);
        let ranges = places.iter().map(|place| &place.range);
        let before: usize = ranges.filter(|range| range.end <= start).map(ExactSizeIterator::len).sum();
        (apart && own_of(span).is_none()).then(|| Span { start: (start - before) as u64, ..span.clone() })
    };
    spans.iter().filter_map(moved).collect()
}

impl Codec for Latent {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let level = u8::try_from(params.get("level")).unwrap_or(5);
        let (places, payloads) = Self::stretches(&env.layout, input.len())?;
        describe::write(&places, out);
        payloads.iter().for_each(|own| out.extend_from_slice(own));
        let around: Vec<u8> = gaps(&places, input.len()).flat_map(|gap| &input[gap]).copied().collect();
        let inner = env.clone().with_layout(spans_around(&env.layout, &places).into());
        let len = around.len() as u64;
        let (scaled, _) = Scaled::new(env, len, len);
        let around = streams::code(&self.planner, &around, None, level, &inner, Some(&scaled))?;
        Payload { streams: vec![around] }.write(out);
        env.work(scaled.rest() + input.len() as u64 - len)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let mut reader = Reader::new(payload);
        let places = describe::read(&mut reader, output_len)?;
        let owns = places.iter().map(|place| reader.bytes(place.own)).collect::<Result<Vec<_>>>()?;
        let (described, bytes) = Payload::read(reader.rest())?;
        let records: usize = places.iter().map(|place| place.range.len()).sum();
        if described.raw_len() != (output_len - records) as u64 {
            return Err(Error::corrupt("latent: more or less around the records than there is room for"));
        }
        let _held = env.budget.reserve(described.raw_len())?;
        let (scaled, inner) = Scaled::new(env, described.raw_len(), described.raw_len());
        let streams = described.decode(bytes, self.planner.registry(), &inner)?;
        env.work(scaled.rest())?;
        let mut around = Reader::new(streams.first().map_or(&[][..], Vec::as_slice));
        let mut owns = places.iter().zip(owns);
        for gap in gaps(&places, output_len) {
            out.extend_from_slice(around.bytes(gap.len())?);
            if let Some((place, own)) = owns.next() {
                records_of(own, place.range.len(), env, out)?;
            }
        }
        Ok(())
    }

    fn whole(&self) -> Option<&dyn WholeCodec> {
        Some(self)
    }

    fn may_differ(&self) -> bool {
        true
    }

    fn differences(&self, payload: &[u8], output_len: usize, _env: &Env) -> Result<Vec<Difference>> {
        let mut reader = Reader::new(payload);
        let places = describe::read(&mut reader, output_len)?;
        let difference = |place: &Place| {
            let own = reader.bytes(place.own)?;
            Ok(Head::read(own)?.0.difference(place.range.len(), own.len()))
        };
        places.iter().map(difference).collect()
    }

    fn may_need(&self) -> bool {
        true
    }

    fn needs(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Vec<Need>> {
        let mut reader = Reader::new(payload);
        let places = describe::read(&mut reader, output_len)?;
        let mut needs = Vec::new();
        for place in &places {
            let need = Need::Model(Head::read(reader.bytes(place.own)?)?.0.name);
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        let (described, bytes) = Payload::read(reader.rest())?;
        needs.extend(described.needs(bytes, self.planner.registry(), env)?);
        Ok(needs)
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        let len = len as u64;
        Memory { encode: len * 6 + MODEL_MEMORY, decode: len * 2 + MODEL_MEMORY }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if !self.settles(part, level) {
            return Vec::new();
        }
        let chain = Chain::single(self, self.params().with("level", i64::from(level)));
        vec![Proposal { chain, encode_ns: DECODE_NS, why: "records by the codec file" }]
    }
}

impl WholeCodec for Latent {
    fn settles(&self, part: &Part<'_>, _level: u8) -> bool {
        part.layout.iter().any(|span| own_of(span).is_some())
    }
}

/// Appends `len` bytes of records.
fn records_of(own: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let (head, coded) = Head::read(own)?;
    let model = named(&env.resources, &head.name)?;
    if model.scaling.dtype() != head.dtype || model.numbers() != head.numbers {
        return Err(Error::corrupt("latent: records of another size or type than those of the codec file"));
    }
    minlen_latent::decode(&model, coded, len, env, out)
}
