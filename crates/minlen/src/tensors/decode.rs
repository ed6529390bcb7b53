//! Payloads of the codec `tensors` back into arrays.

use super::bases::read_bases;
use super::codec::{Tensors, checksum};
use super::describe::{self, Described, Method, gaps};
use crate::streams::Payload;
use minlen_core::varint::Reader;
use minlen_core::{Difference, Env, Error, Need, NoProgress, Places, Reservation, Result};
use minlen_tensor::{Target, delta, field, group, sums_differ};
use std::ops::Range;
use std::sync::Arc;

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
        if sums_differ(checksum(&around), reader.u32()?) {
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

    /// What is between the arrays, with its places.
    pub(super) fn places_between(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Places> {
        let opened = self.open(payload, output_len, env)?;
        let between = gaps_of(&opened.arrays, &opened.around, output_len)?;
        Ok(between.into_iter().map(|(gap, bytes)| (gap.start, bytes.to_vec())).collect())
    }

    /// The arrays that stand for others near them.
    pub(super) fn inexact_arrays(
        &self,
        payload: &[u8],
        output_len: usize,
        env: &Env,
    ) -> Result<Vec<Difference>> {
        let opened = self.open(payload, output_len, env)?;
        let pairs = opened.arrays.iter().zip(&opened.own);
        pairs
            .filter(|(array, _)| array.method == Method::Bounded)
            .map(|(array, own)| described(array, own))
            .collect()
    }

    /// What the description and what is around the arrays are coded with, and the files that arrays are differences from.
    pub(super) fn needs_of(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Vec<Need>> {
        let mut reader = Reader::new(payload);
        let len = reader.varint_max(payload.len() as u64, "the length of the streams")? as usize;
        let (described, bytes) = Payload::read(reader.bytes(len)?)?;
        let mut needs = described.needs(bytes, self.planner.registry(), env)?;
        // Without these, the list of arrays cannot be read either.
        if needs.iter().all(|need| !matches!(need, Need::Prior(id) if env.resources.learned(id).is_none())) {
            let opened = self.open(payload, output_len, env)?;
            needs.extend(opened.arrays.iter().filter_map(|array| Some(Need::Base(array.base?.file))));
        }
        Ok(needs)
    }

    /// Decodes a range, and as little else as possible.
    pub(super) fn decode_wanted(
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
        for (gap, bytes) in gaps_of(&arrays, &around, output_len)? {
            if let Some((from, to)) = common(&gap, &range) {
                room[to].copy_from_slice(&bytes[from]);
            }
        }
        decode_group(together, &arrays, &range, room, env)?;
        decode_own(&arrays, &own, &range, room, env)?;
        env.work(range.len() as u64)
    }
}

/// What `part` and `range` have in common, as a range within `part` and one within `range`; `None` for nothing.
fn common(part: &Range<usize>, range: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let (start, end) = (part.start.max(range.start), part.end.min(range.end));
    (start < end).then(|| (start - part.start..end - part.start, start - range.start..end - range.start))
}

/// The stretches between the arrays that are not empty, each with its bytes, which stand one after the other in `around`.
fn gaps_of<'a>(
    arrays: &[Described],
    around: &'a [u8],
    total: usize,
) -> Result<Vec<(Range<usize>, &'a [u8])>> {
    let mut rest = Reader::new(around);
    let mut all = Vec::new();
    for gap in gaps(arrays, total).filter(|gap| !gap.is_empty()) {
        let bytes = rest.bytes(gap.len())?;
        all.push((gap, bytes));
    }
    if rest.is_empty() { Ok(all) } else { Err(Error::corrupt("tensors: too much between the arrays")) }
}

/// How an array within a bound differs, by its own payload.
fn described(array: &Described, own: &[u8]) -> Result<Difference> {
    let (samples, what) = (array.len / array.dtype.unit(), array.dtype.name());
    let bound = field::bounded::bound_of(own, array.len)?;
    Ok(Difference::new(format!("{what} {samples}"), samples as u64, own.len() as u64).within(None, bound))
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
        if sums_differ(checksum(&bytes), array.sum) {
            return Err(Error::corrupt("tensors: the checksum of an array differs"));
        }
        let bytes = bytes.get(from).ok_or_else(|| Error::corrupt("tensors: an array too short"))?;
        room[to].copy_from_slice(bytes);
    }
    Ok(())
}
