//! Stretches of a block that occur earlier in it: whole arrays, tied rows, longer and shorter runs.
//!
//! Positions are offsets into all arrays of the block one after another. A copy lies within one array, is a whole number of its
//! units from its start and in length, and is taken from bytes that are coded, not copied themselves.

use super::outline::{Copy, Outline};
use crate::Array;
use crate::fast::anchors::Anchors;
use crate::fast::side::{Number, Side, check};
use crate::fast::simd;
use crate::fast::table::entropy_q8;
use minlen_core::{Env, Error, Result};

/// The shortest copy, but for that of a whole array.
const SHORTEST: usize = 256;
/// The shortest array that is copied whole.
const SHORTEST_ARRAY: usize = 64;
/// Bytes that are hashed.
const WINDOW: usize = 32;
/// Bits that a copy is taken to cost.
const COST: u64 = 80;

/// Codes the copies, which are in order of `to`; `total` is the length of all arrays.
///
/// # Errors
/// Corrupt where one reaches outside or forward.
pub(crate) fn code(side: &mut impl Side, copies: &[Copy], total: u64, env: &Env) -> Result<Vec<Copy>> {
    let mut models: [Number; 4] = std::array::from_fn(|_| Number::new());
    let count = models[0].code(side, copies.len() as u64)?;
    if count > total {
        return Err(Error::corrupt("more copies than bytes"));
    }
    let mut result = Vec::new();
    let mut held = Vec::new();
    let (mut end, mut offset) = (0u64, 0u64);
    for i in 0..count as usize {
        check(side)?;
        if i % 4096 == 0 {
            held.push(env.budget.reserve(4096 * size_of::<Copy>() as u64)?);
        }
        let copy = copies.get(i).copied().unwrap_or(Copy { to: 0, from: 0, len: 0 });
        let gap = models[1].code(side, copy.to.wrapping_sub(end))?;
        let len = models[2].code(side, copy.len)?;
        let to =
            end.checked_add(gap).filter(|to| len > 0 && to.checked_add(len).is_some_and(|end| end <= total));
        let to = to.ok_or_else(|| Error::corrupt("a copy reaches beyond the arrays"))?;
        // The distance is often the one before: 0 for that.
        let distance = copy.to.wrapping_sub(copy.from);
        let sign = models[3].code(side, if distance == offset { 0 } else { distance })?;
        if sign != 0 {
            offset = sign;
        }
        let from = to.checked_sub(offset).filter(|_| offset >= len);
        let from = from.ok_or_else(|| Error::corrupt("a copy of what is not there yet"))?;
        result.push(Copy { to, from, len });
        end = to + len;
    }
    Ok(result)
}

/// Drops the copies that do not cover a whole array.
pub(crate) fn keep_whole(copies: &mut Vec<Copy>, outlines: &[Outline]) {
    let (mut kept, mut next, mut start) = (Vec::new(), 0, 0u64);
    for outline in outlines {
        let end = start + outline.2 as u64;
        let count = copies[next..].partition_point(|copy| copy.to < end);
        let here = &copies[next..next + count];
        if here.iter().map(|copy| copy.len).sum::<u64>() == end - start {
            kept.extend_from_slice(here);
        }
        next += count;
        start = end;
    }
    *copies = kept;
}

/// A place where a window was hashed.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    array: u32,
    offset: usize,
}

struct Finder<'a> {
    arrays: &'a [Array<'a>],
    starts: Vec<u64>,
    anchors: Vec<Anchor>,
    /// Upper bits of a hash, and 1 + the number of the anchor that has it; so that hardly any anchor is looked at in vain.
    table: Vec<(u32, u32)>,
    copies: Vec<Copy>,
}

/// Units whose places are looked for at once.
const STRETCH: usize = 4096;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|b| b.first_chunk::<8>()).map_or(0, |b| u64::from_le_bytes(*b))
}

/// Finds the copies of a block. `spacing` is about how many bytes apart windows are hashed.
///
/// # Errors
/// Cancelled on request; limit if the memory does not suffice.
pub(crate) fn find(arrays: &[Array<'_>], spacing: usize, env: &Env) -> Result<Vec<Copy>> {
    let (mut starts, mut total) = (Vec::with_capacity(arrays.len()), 0u64);
    for array in arrays {
        starts.push(total);
        total += array.bytes.len() as u64;
    }
    let slots = (total / spacing as u64 * 2).clamp(256, 1 << 27).next_power_of_two() as usize;
    let _held = env.budget.reserve(slots as u64 * (8 + size_of::<Anchor>() as u64))?;
    let mut finder =
        Finder { arrays, starts, anchors: Vec::new(), table: vec![(0, 0); slots], copies: Vec::new() };
    for array in 0..arrays.len() {
        env.check()?;
        finder.scan(array, spacing);
    }
    let copies = std::mem::take(&mut finder.copies);
    Ok(finder.flatten(&copies))
}

impl Finder<'_> {
    fn scan(&mut self, array: usize, spacing: usize) {
        let (bytes, unit) = (self.arrays[array].bytes, self.arrays[array].dtype.unit());
        let bits = (spacing / unit).max(2).ilog2();
        // The start is looked at in any case: for whole arrays.
        let (mut at, mut literal, mut found) = (0, 0, vec![0]);
        for start in (0..bytes.len()).step_by(STRETCH * unit) {
            let end = bytes.len().min((start + STRETCH * unit).next_multiple_of(unit) + 8);
            let stretch = Anchors { bytes: &bytes[start..end], units: STRETCH, unit, bits };
            stretch.find(simd::isa(), &mut found);
            for offset in found.drain(..) {
                let place = start + offset as usize;
                if place < at || place + WINDOW > bytes.len() {
                    continue;
                }
                at = place + 1;
                if let Some(copy) = self.look(array, place, literal) {
                    at = (copy.to + copy.len - self.starts[array]) as usize;
                    literal = at;
                    self.copies.push(copy);
                }
            }
        }
    }

    /// A copy around a place, if there is a good one; else the place is remembered.
    fn look(&mut self, array: usize, at: usize, literal: usize) -> Option<Copy> {
        let bytes = self.arrays[array].bytes;
        let mut hash = 0u64;
        for i in (0..WINDOW).step_by(8) {
            hash = (hash ^ word(bytes, at + i)).wrapping_mul(MULTIPLIER);
            hash ^= hash >> 29;
        }
        let (tag, slot) = ((hash >> 32) as u32, hash as usize & (self.table.len() - 1));
        let (other, number) = self.table[slot];
        if let Some(anchor) =
            (number as usize).checked_sub(1).filter(|_| other == tag).map(|i| self.anchors[i])
        {
            let other = self.arrays[anchor.array as usize].bytes;
            if other[anchor.offset..anchor.offset + WINDOW] == bytes[at..at + WINDOW] {
                return self.extend(array, at, literal, anchor);
            }
        }
        self.anchors.push(Anchor { array: array as u32, offset: at });
        self.table[slot] = (tag, self.anchors.len() as u32);
        None
    }

    fn extend(&self, array: usize, at: usize, literal: usize, anchor: Anchor) -> Option<Copy> {
        let (bytes, unit) = (self.arrays[array].bytes, self.arrays[array].dtype.unit());
        let other = self.arrays[anchor.array as usize].bytes;
        let here = bytes[at..].chunks(unit).zip(other[anchor.offset..].chunks(unit));
        let forward = here.take_while(|(a, b)| a == b).count() * unit;
        let room = (at - literal).min(anchor.offset) / unit * unit;
        let before = bytes[at - room..at]
            .rchunks(unit)
            .zip(other[anchor.offset - room.min(anchor.offset)..anchor.offset].rchunks(unit));
        let backward = before.take_while(|(a, b)| a == b).count() * unit;
        let to = self.starts[array] + (at - backward) as u64;
        let from = self.starts[anchor.array as usize] + (anchor.offset - backward) as u64;
        // What is copied must be there before.
        let len = (forward + backward).min((to - from) as usize / unit * unit).min(bytes.len() / unit * unit);
        let whole = len == bytes.len() && len >= SHORTEST_ARRAY;
        if len < SHORTEST && !whole {
            return None;
        }
        let copied = &bytes[at - backward..][..len];
        let sample = &copied[..len.min(4096)];
        let cost = entropy_q8(&minlen_entropy::histogram(sample)) >> 8;
        (cost * (len / sample.len()) as u64 > COST).then_some(Copy { to, from, len: len as u64 })
    }

    /// The same with every source among bytes that are not copies.
    fn flatten(&self, copies: &[Copy]) -> Vec<Copy> {
        let mut flat: Vec<Copy> = Vec::with_capacity(copies.len());
        for copy in copies {
            let array = self.starts.partition_point(|start| *start <= copy.to) - 1;
            let parts = resolve(&flat, copy);
            let unit = self.arrays[array].dtype.unit() as u64;
            if parts.iter().all(|part| part.len % unit == 0) {
                flat.extend(parts);
            }
        }
        flat
    }
}

/// One copy from copies or literals as several from literals.
fn resolve(flat: &[Copy], copy: &Copy) -> Vec<Copy> {
    let mut parts: Vec<Copy> = Vec::new();
    let mut done = 0;
    let mut next = flat.partition_point(|c| c.to + c.len <= copy.from);
    while done < copy.len {
        let from = copy.from + done;
        let left = copy.len - done;
        let (source, len) = match flat.get(next) {
            Some(c) if c.to <= from => (c.from + (from - c.to), left.min(c.to + c.len - from)),
            Some(c) => (from, left.min(c.to - from)),
            None => (from, left),
        };
        if flat.get(next).is_some_and(|c| c.to <= from) {
            next += 1;
        }
        match parts.last_mut() {
            Some(last) if last.from + last.len == source => last.len += len,
            _ => parts.push(Copy { to: copy.to + done, from: source, len }),
        }
        done += len;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;
    use crate::fast::side::{Reader, Writer};
    use minlen_core::testing::Rng;

    #[test]
    fn repeats_are_found_and_flat() {
        let mut rng = Rng(5);
        let first: Vec<u8> = (0..20_000).map(|_| rng.next_u64() as u8).collect();
        let second = [&first[400..6000], &first[..], &[1, 2, 3, 4], &first[8000..9000]].concat();
        let small = &first[100..164];
        let all = [first.as_slice(), &second, small, &first[100..164]];
        let arrays: Vec<Array<'_>> =
            all.iter().map(|bytes| Array { dtype: Dtype::F32, columns: 10, bytes, base: None }).collect();
        let copies = find(&arrays, 32, &Env::default()).unwrap();
        let copied: u64 = copies.iter().map(|c| c.len).sum();
        assert!(copied >= second.len() as u64 - 200, "{copied} {copies:?}");
        let flat = all.concat();
        for copy in &copies {
            let (to, from, len) = (copy.to as usize, copy.from as usize, copy.len as usize);
            assert_eq!(flat[to..to + len], flat[from..from + len]);
            assert!(copies.iter().all(|c| c.to + c.len <= copy.from || copy.from + copy.len <= c.to));
        }
        let mut writer = Writer::default();
        code(&mut writer, &copies, flat.len() as u64, &Env::default()).unwrap();
        let bytes = writer.finish();
        assert_eq!(code(&mut Reader::new(&bytes), &[], flat.len() as u64, &Env::default()).unwrap(), copies);
    }
}
