//! The codec `tensors`: arrays of numbers by models of numbers, what is around them by the planner.

use super::approximate::whole_shape;
use super::describe::{self, Described, Method, gaps};
use super::find;
use crate::planner::Planner;
use crate::streams::{self, Coded, Payload};
use minlen_core::varint::{Reader, put};
use minlen_core::{
    ArraySpan, Chain, Codec, CodecSpec, Env, Error, Kind, Memory, NoProgress, ParamKind, ParamSpec, Params,
    Part, Places, Proposal, Registry, Reservation, Result, ids,
};
use minlen_tensor::group::{self, Strength};
use minlen_tensor::{Array, Dtype, Target, delta, field};
use std::ops::Range;
use std::sync::Arc;

/// The codec over these others, to be registered after them.
pub(crate) fn codec(inner: Registry) -> Arc<dyn Codec> {
    Arc::new(Tensors { planner: Planner::new(inner) })
}

struct Tensors {
    planner: Planner,
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
/// From this level on, numbers without a container are compared with what the models of bytes make of them.
const COMPARE_LEVEL: u8 = 6;
/// This share of the data in arrays of a known container, in thousandths, and nothing else needs to be tried.
const SURE_PERMILLE: u64 = 500;

fn strength(params: &Params) -> Strength {
    match params.get("strength") {
        1 => Strength::Fast,
        2 => Strength::Dense,
        _ => Strength::Max,
    }
}

fn effort(strength: Strength) -> field::Effort {
    match strength {
        Strength::Fast => field::Effort::Fast,
        Strength::Dense => field::Effort::Dense,
        Strength::Max => field::Effort::Max,
    }
}

impl Codec for Tensors {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let level = u8::try_from(params.get("level")).unwrap_or(5);
        let (spans, guessed) = match &env.numbers.arrays[..] {
            [] => {
                // Only a chain that the user named comes without the planner having looked.
                let kind = self.planner.detect(input, input.len() as u64).kind;
                find::find(input, kind, 9)
            }
            known => (known.to_vec(), env.numbers.guessed),
        };
        let mut arrays: Vec<Described> = spans.iter().filter_map(Described::new).collect();
        let ordered = gaps(&arrays, input.len()).all(|gap| gap.start <= gap.end);
        if arrays.is_empty() || !ordered {
            return Err(Error::unsupported("tensors: no arrays found"));
        }
        let quiet = env.clone().with_progress(Arc::new(NoProgress));
        let own = self.fields(input, &mut arrays, &spans, strength(params), &quiet)?;
        let together = encode_group(input, &arrays, strength(params), env)?;
        let coded: usize = together.len() + own.iter().map(Vec::len).sum::<usize>();
        if guessed && level >= COMPARE_LEVEL {
            let whole = streams::code(&self.planner, input, None, level, env)?;
            if whole.iter().map(|part| part.payload.len()).sum::<usize>() < coded {
                let description = self.describe(&[], level, env)?;
                write(vec![description, whole], checksum(input), &[], &[], out);
                return Ok(());
            }
        }
        let around: Vec<u8> = gaps(&arrays, input.len()).flat_map(|gap| &input[gap]).copied().collect();
        let sum = checksum(&around);
        let around = streams::code(&self.planner, &around, None, level, env)?;
        let description = self.describe(&arrays, level, env)?;
        write(vec![description, around], sum, &together, &own, out);
        Ok(())
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        self.decode_wanted(payload, output_len, 0..output_len, env, out)
    }

    fn decodes_ranges(&self) -> bool {
        true
    }

    fn decode_range(
        &self,
        payload: &[u8],
        output_len: usize,
        range: Range<usize>,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Option<Result<()>> {
        Some(self.decode_wanted(payload, output_len, range, env, out))
    }

    fn decode_around(&self, payload: &[u8], output_len: usize, env: &Env) -> Option<Result<Places>> {
        Some(self.open(payload, output_len, env).and_then(|opened| {
            let mut rest = Reader::new(&opened.around);
            let mut parts = Vec::new();
            for gap in gaps(&opened.arrays, output_len).filter(|gap| !gap.is_empty()) {
                parts.push((gap.start, rest.bytes(gap.len())?.to_vec()));
            }
            Ok(parts)
        }))
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        let len = len as u64;
        let models = if params.get("strength") == 3 { 96 << 20 } else { 16 << 20 };
        Memory { encode: len * 6 + models, decode: len * 2 + models }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if part.arrays.is_empty() {
            return Vec::new();
        }
        let wanted = match level {
            ..4 => 1,
            4..7 => 2,
            _ => 3,
        };
        let Some(strength) = (1..=wanted).rev().find(|s| DECODE_NS[s - 1] <= part.decode_ns) else {
            return Vec::new();
        };
        let params = self.params().with("strength", strength as i64).with("level", i64::from(level));
        let chain = Chain::single(self, params);
        let encode_ns = ENCODE_NS[strength - 1];
        vec![Proposal { chain, encode_ns, why: "arrays of numbers are coded as numbers" }]
    }

    fn find_arrays(&self, data: &[u8], kind: Kind, level: u8) -> (Vec<ArraySpan>, bool) {
        find::find(data, kind, level)
    }

    fn needs_whole(&self) -> bool {
        true
    }

    fn settles(&self, part: &Part<'_>) -> bool {
        if part.guessed {
            return false;
        }
        let covered: u64 = part.arrays.iter().map(|array| array.len).sum();
        covered >= part.data.len() as u64 * SURE_PERMILLE / 1000 && covered > 0
    }
}

/// Appends the payload: streams, the checksum of what is around the arrays, arrays coded together, arrays coded each on its own.
fn write(streams: Vec<Vec<Coded>>, sum: u32, together: &[u8], own: &[Vec<u8>], out: &mut Vec<u8>) {
    let mut head = Vec::new();
    Payload { streams }.write(&mut head);
    put(out, head.len() as u64);
    out.extend(head);
    out.extend(sum.to_le_bytes());
    put(out, together.len() as u64);
    out.extend_from_slice(together);
    own.iter().for_each(|payload| out.extend_from_slice(payload));
}

/// The arrays that are coded together.
fn encode_group(input: &[u8], arrays: &[Described], strength: Strength, env: &Env) -> Result<Vec<u8>> {
    let chosen: Vec<&Described> = arrays.iter().filter(|array| array.method == Method::Group).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let (bases, _held) = read_bases(chosen.iter().copied(), env)?;
    let list: Vec<Array<'_>> = chosen
        .iter()
        .zip(&bases)
        .map(|(array, base)| Array {
            dtype: array.dtype,
            columns: array.columns,
            bytes: &input[array.start..array.start + array.len],
            base: base.as_deref(),
        })
        .collect();
    let mut out = Vec::new();
    group::encode(&list, strength, env, &mut out)?;
    Ok(out)
}

type Bases = (Vec<Option<Vec<u8>>>, Vec<Reservation>);

/// The bytes of the arrays' bases, and their memory.
fn read_bases<'a>(arrays: impl Iterator<Item = &'a Described>, env: &Env) -> Result<Bases> {
    let (mut bases, mut held) = (Vec::new(), Vec::new());
    for array in arrays {
        let Some(base) = array.base else {
            bases.push(None);
            continue;
        };
        let Some(files) = &env.numbers.bases else {
            return Err(super::bases::missing(&base.file));
        };
        held.push(env.budget.reserve(array.len as u64)?);
        let end = base.start.checked_add(array.len as u64);
        let end = end.ok_or_else(|| Error::corrupt("tensors: a base of impossible length"))?;
        let bytes = files.read(&base.file, base.start..end)?;
        if bytes.len() != array.len {
            return Err(Error::corrupt("tensors: the base is shorter than the array"));
        }
        bases.push(Some(bytes));
    }
    Ok((bases, held))
}

/// A payload of which all but the arrays is decoded.
struct Opened<'a> {
    arrays: Vec<Described>,
    /// What is between the arrays.
    around: Vec<u8>,
    /// The arrays that are coded together.
    together: &'a [u8],
    /// The others' payloads; empty for those coded together.
    own: Vec<&'a [u8]>,
    _held: Reservation,
}

impl Tensors {
    fn describe(&self, arrays: &[Described], level: u8, env: &Env) -> Result<Vec<Coded>> {
        let mut description = Vec::new();
        describe::write(arrays, &mut description);
        streams::code(&self.planner, &description, None, level, env)
    }

    /// Codes those arrays on their own that come out smaller as fields or series, or that may be inexact; gives their payloads.
    fn fields(
        &self,
        input: &[u8],
        arrays: &mut [Described],
        spans: &[ArraySpan],
        strength: Strength,
        env: &Env,
    ) -> Result<Vec<Vec<u8>>> {
        let few = arrays.len() <= FEW_ARRAYS || strength != Strength::Fast;
        let mut own = Vec::new();
        // Both are in order, and every array is one of the spans.
        let mut spans = spans.iter();
        for array in arrays.iter_mut() {
            let Some(span) = spans.find(|span| span.start == array.start as u64) else { break };
            let bytes = &input[array.start..array.start + array.len];
            if let Some(payload) = &span.given {
                (array.method, array.own, array.sum) = (Method::Bounded, payload.len(), checksum(bytes));
                own.push(payload.to_vec());
                continue;
            }
            if array.base.is_some() {
                if let Some(payload) = difference(bytes, array, strength, env)? {
                    (array.method, array.own, array.sum) = (Method::Delta, payload.len(), checksum(bytes));
                    own.push(payload);
                }
            } else if few && let Some(payload) = exact(bytes, array, span, strength, env)? {
                (array.method, array.own, array.sum) = (Method::Field, payload.len(), checksum(bytes));
                own.push(payload);
            }
        }
        Ok(own)
    }

    /// Decodes all but the arrays.
    fn open<'a>(&self, payload: &'a [u8], output_len: usize, env: &Env) -> Result<Opened<'a>> {
        let mut reader = Reader::new(payload);
        let len = reader.varint_max(payload.len() as u64, "the length of the streams")? as usize;
        let (described, bytes) = Payload::read(reader.bytes(len)?)?;
        // A description takes some bytes an array, and an array takes at least one.
        if described.raw_len() > (output_len as u64).saturating_mul(24).saturating_add(4096) {
            return Err(Error::corrupt("tensors: streams longer than the data could be"));
        }
        let held = env.budget.reserve(described.raw_len())?;
        let quiet = env.clone().with_progress(Arc::new(NoProgress));
        let streams = described.decode(bytes, self.planner.registry(), &quiet)?;
        let [description, around] = <[Vec<u8>; 2]>::try_from(streams)
            .map_err(|_| Error::corrupt("tensors: not as many streams as there must be"))?;
        if reader.u32()? != checksum(&around) {
            return Err(Error::corrupt("tensors: the checksum of what is around the arrays differs"));
        }
        let arrays = describe::read(&description, output_len)?;
        let together = reader.varint_max(payload.len() as u64, "the length of the arrays")? as usize;
        let together = reader.bytes(together)?;
        let mut own = Vec::new();
        for array in &arrays {
            own.push(reader.bytes(array.own)?);
        }
        if !reader.is_empty() {
            return Err(Error::corrupt("tensors: bytes left over"));
        }
        Ok(Opened { arrays, around, together, own, _held: held })
    }

    fn decode_wanted(
        &self,
        payload: &[u8],
        output_len: usize,
        range: Range<usize>,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let Opened { arrays, around, together, own, _held } = self.open(payload, output_len, env)?;
        let first = out.len();
        out.resize(first + range.len(), 0);
        let room = &mut out[first..];
        fill_gaps(&arrays, &around, output_len, &range, room)?;
        decode_group(together, &arrays, &range, room, env)?;
        decode_own(&arrays, &own, &range, room, env)?;
        env.work(range.len() as u64)
    }
}

/// So many values are coded both ways to see whether they are a field.
const TRIAL: usize = 1 << 15;
/// A field must save so many thousandths of what the others' way takes.
const BETTER_PERMILLE: usize = 10;

/// The array as a field or series, where a trial says that this is smaller.
fn exact(
    bytes: &[u8],
    array: &Described,
    span: &ArraySpan,
    strength: Strength,
    env: &Env,
) -> Result<Option<Vec<u8>>> {
    if !matches!(array.dtype, Dtype::F32 | Dtype::F64) || array.base.is_some() {
        return Ok(None);
    }
    let unit = array.dtype.unit();
    let shape = whole_shape(span, array.len / unit);
    // The first slices, so that what is above and before is as it is in the whole.
    let slice: u64 = shape.iter().skip(1).product::<u64>().max(1);
    let slices = (TRIAL as u64).div_ceil(slice).min(shape.first().copied().unwrap_or(1));
    let part: Vec<u64> = std::iter::once(slices).chain(shape.iter().skip(1).copied()).collect();
    let sample = bytes.get(..(slices * slice) as usize * unit).unwrap_or(bytes);
    let quick = if strength == Strength::Fast { strength } else { Strength::Dense };
    let (mut field, mut group) = (Vec::new(), Vec::new());
    field::encode(sample, array.dtype, &part, effort(quick), env, &mut field)?;
    let one = Array { dtype: array.dtype, columns: array.columns, bytes: sample, base: None };
    group::encode(&[one], quick, env, &mut group)?;
    if field.len() * 1000 > group.len() * (1000 - BETTER_PERMILLE) {
        return Ok(None);
    }
    if sample.len() < bytes.len() || quick != strength {
        field.clear();
        field::encode(bytes, array.dtype, &shape, effort(strength), env, &mut field)?;
    }
    Ok(Some(field))
}

/// The array by static tables as the difference from its base; `None`, and no base any more, where it is smaller by itself. The
/// strongest models take differences themselves.
fn difference(bytes: &[u8], array: &mut Described, strength: Strength, env: &Env) -> Result<Option<Vec<u8>>> {
    let (bases, _held) = read_bases(std::iter::once(&*array), env)?;
    let base = bases.first().and_then(Option::as_deref);
    let pair = Array { dtype: array.dtype, columns: array.columns, bytes, base };
    if !delta::is_smaller(&pair) {
        array.base = None;
        return Ok(None);
    }
    if strength == Strength::Max {
        return Ok(None);
    }
    let payload = delta::encode(&pair, env).ok().filter(|payload| payload.len() < bytes.len());
    if payload.is_none() {
        array.base = None;
    }
    Ok(payload)
}

/// The lower half of the XXH3 of `bytes`.
fn checksum(bytes: &[u8]) -> u32 {
    minlen_container::hash64(bytes) as u32
}

/// With more arrays than this, the fast strength does not look for fields among them.
const FEW_ARRAYS: usize = 8;

/// What `part` and `range` have in common, as a range within `part` and one within `range`; `None` for nothing.
fn common(part: &Range<usize>, range: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let (start, end) = (part.start.max(range.start), part.end.min(range.end));
    (start < end).then(|| (start - part.start..end - part.start, start - range.start..end - range.start))
}

fn fill_gaps(
    arrays: &[Described],
    around: &[u8],
    total: usize,
    range: &Range<usize>,
    room: &mut [u8],
) -> Result<()> {
    let mut rest = Reader::new(around);
    for gap in gaps(arrays, total) {
        let bytes = rest.bytes(gap.len())?;
        if let Some((from, to)) = common(&gap, range) {
            room[to].copy_from_slice(&bytes[from]);
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(Error::corrupt("tensors: too much between the arrays")) }
}

fn decode_group(
    payload: &[u8],
    arrays: &[Described],
    range: &Range<usize>,
    room: &mut [u8],
    env: &Env,
) -> Result<()> {
    let chosen: Vec<&Described> = arrays.iter().filter(|array| array.method == Method::Group).collect();
    let place = |array: &Described| common(&(array.start..array.start + array.len), range);
    if chosen.iter().all(|array| place(array).is_none()) {
        return Ok(());
    }
    let (bases, _held) = read_bases(chosen.iter().copied(), env)?;
    let (mut targets, mut rest, mut at) = (Vec::with_capacity(chosen.len()), room, 0);
    for (array, base) in chosen.iter().zip(&bases) {
        let (wanted, to) = place(array).unwrap_or((0..0, at..at));
        let (_, tail) = rest.split_at_mut(to.start - at);
        let (out, tail) = tail.split_at_mut(to.len());
        (rest, at) = (tail, to.end);
        let Described { dtype, columns, len, .. } = **array;
        targets.push(Target { dtype, columns, len, base: base.as_deref(), wanted, out });
    }
    group::decode(payload, &mut targets, env)
}

fn decode_own(
    arrays: &[Described],
    own: &[&[u8]],
    range: &Range<usize>,
    room: &mut [u8],
    env: &Env,
) -> Result<()> {
    for (array, payload) in arrays.iter().zip(own).filter(|(array, _)| array.method != Method::Group) {
        let Some((from, to)) = common(&(array.start..array.start + array.len), range) else { continue };
        let _held = env.budget.reserve(array.len as u64)?;
        let mut bytes = Vec::new();
        match array.method {
            Method::Bounded => field::bounded::decode(payload, array.len, env, &mut bytes)?,
            Method::Delta => {
                let (bases, _held) = read_bases(std::iter::once(array), env)?;
                bytes.resize(array.len, 0);
                let base = bases.first().and_then(Option::as_deref);
                delta::decode(payload, array.dtype, base, &mut bytes, env)?;
            }
            _ => field::decode(payload, array.len, env, &mut bytes)?,
        }
        if checksum(&bytes) != array.sum {
            return Err(Error::corrupt("tensors: the checksum of an array differs"));
        }
        let bytes = bytes.get(from).ok_or_else(|| Error::corrupt("tensors: an array too short"))?;
        room[to].copy_from_slice(bytes);
    }
    Ok(())
}
