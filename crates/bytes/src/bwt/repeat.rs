//! Takes long repeats out of a text before it is sorted, and puts them back.
//!
//! The second copy of a long string costs the sorted column about a bit per byte, since each of its symbols stands
//! next to one that is the same and next to many that are not; as a reference it costs a few bytes in all.
//! Source: Bentley and McIlroy, "Data compression using long common strings" (1999): fingerprints of aligned
//! blocks only, and a rolling fingerprint over all positions.

use minlen_core::{Error, Result, varint};

/// Fingerprints cover this many bytes; a repeat of twice as many is always seen.
const BLOCK: usize = 16;
const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;

/// Shorter repeats are left in the text. Many short references cost more than the column would.
pub(super) const MIN_REPEAT: usize = 256;

/// A text without its repeats.
#[derive(Default)]
pub(super) struct Reduced {
    /// What is left, or nothing if no repeat was found.
    pub literals: Vec<u8>,
    /// Per repeat: literals before it, length over the minimum, distance (0: as before); as varints.
    pub tokens: Vec<u8>,
}

/// Takes out what it finds to be repeated.
pub(super) fn reduce(text: &[u8]) -> Reduced {
    let mut out = Reduced::default();
    if text.len() < 2 * MIN_REPEAT {
        return out;
    }
    let bits = (usize::BITS - (text.len() / BLOCK).leading_zeros() + 1).min(24);
    // Positions of aligned blocks by fingerprint, plus one.
    let mut table = vec![0u32; 1 << bits];
    let mut rolling = Rolling::new(text);
    let (mut done, mut last) = (0, 0);
    for at in 0..=text.len() - BLOCK {
        let place = (rolling.hash.wrapping_mul(PRIME) >> (64 - bits)) as usize;
        let candidate = table[place] as usize;
        if candidate > 0 && at >= done {
            let found = extend(text, candidate - 1, at, done).filter(|&(_, _, len)| len >= MIN_REPEAT);
            if let Some((from, to, len)) = found {
                out.put(&text[done..to], len, to - from, &mut last);
                done = to + len;
            }
        }
        if at % BLOCK == 0 {
            table[place] = at as u32 + 1;
        }
        rolling.step(text, at);
    }
    if done > 0 {
        out.literals.extend_from_slice(&text[done..]);
    }
    out
}

impl Reduced {
    fn put(&mut self, literals: &[u8], len: usize, distance: usize, last: &mut usize) {
        let told = if distance == *last { 0 } else { distance };
        for number in [literals.len(), len - MIN_REPEAT, told] {
            varint::put(&mut self.tokens, number as u64);
        }
        self.literals.extend_from_slice(literals);
        *last = distance;
    }
}

/// The longest equal stretch around two equal blocks, not reaching before `floor`: where from, where to, how long.
fn extend(text: &[u8], from: usize, to: usize, floor: usize) -> Option<(usize, usize, usize)> {
    if text[from..from + BLOCK] != text[to..to + BLOCK] {
        return None;
    }
    let ahead = text[from..].iter().zip(&text[to..]).take_while(|(a, b)| a == b).count();
    let before = text[..from].iter().rev().zip(text[floor..to].iter().rev());
    let back = before.take_while(|(a, b)| a == b).count();
    Some((from - back, to - back, back + ahead))
}

struct Rolling {
    hash: u64,
    /// The weight of the byte that leaves.
    out: u64,
}

const FACTOR: u64 = 0x0000_0100_0000_01b3;

impl Rolling {
    fn new(text: &[u8]) -> Self {
        let hash = text[..BLOCK].iter().fold(0u64, |h, &b| add(h, b));
        let out = (0..BLOCK).fold(1u64, |f, _| f.wrapping_mul(FACTOR));
        Self { hash, out }
    }

    #[inline(always)]
    fn step(&mut self, text: &[u8], at: usize) {
        if let Some(&new) = text.get(at + BLOCK) {
            self.hash = add(self.hash, new).wrapping_sub((u64::from(text[at]) + 1).wrapping_mul(self.out));
        }
    }
}

#[inline(always)]
fn add(hash: u64, byte: u8) -> u64 {
    hash.wrapping_mul(FACTOR).wrapping_add(u64::from(byte) + 1)
}

/// Puts the repeats back: appends exactly `len` bytes to `out`.
pub(super) fn restore(literals: &[u8], tokens: &[u8], len: usize, out: &mut Vec<u8>) -> Result<()> {
    let (start, mut rest, mut last) = (out.len(), literals, 0);
    let mut reader = varint::Reader::new(tokens);
    while !reader.is_empty() {
        let room = len - (out.len() - start);
        let run = reader.varint_max(room.min(rest.len()) as u64, "bwt: run of literals")? as usize;
        let (head, tail) = rest.split_at(run);
        out.extend_from_slice(head);
        rest = tail;
        let Some(room) = (room - run).checked_sub(MIN_REPEAT) else {
            return Err(Error::corrupt("bwt: no room for a repeat"));
        };
        let size = reader.varint_max(room as u64, "bwt: length of a repeat")? as usize + MIN_REPEAT;
        let told = reader.varint_max((out.len() - start) as u64, "bwt: distance of a repeat")? as usize;
        last = if told == 0 { last } else { told };
        if last == 0 {
            return Err(Error::corrupt("bwt: a repeat of nothing"));
        }
        copy(out, last, size);
    }
    out.extend_from_slice(rest);
    if out.len() - start == len { Ok(()) } else { Err(Error::corrupt("bwt: repeats of the wrong length")) }
}

/// Appends `size` bytes from `distance` back; the copy may overlap what it makes.
fn copy(out: &mut Vec<u8>, distance: usize, mut size: usize) {
    let from = out.len() - distance;
    while size > 0 {
        let n = size.min(out.len() - from);
        out.extend_from_within(from..from + n);
        size -= n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::{edge_cases, random_case};

    #[test]
    fn repeats_come_back() {
        let noise = random_case(0, 40_000);
        let mut texts = edge_cases();
        texts.extend((0..40).map(|seed| random_case(seed, 30_000)));
        texts.push([&noise[..5000], &noise[..], &noise[300..900], b"x", &noise[301..1200]].concat());
        for text in texts {
            let reduced = reduce(&text);
            if reduced.tokens.is_empty() {
                continue;
            }
            let mut back = vec![9];
            restore(&reduced.literals, &reduced.tokens, text.len(), &mut back).unwrap();
            assert!(back[1..] == text[..]);
        }
    }

    #[test]
    fn copies_are_found() {
        let noise: Vec<u8> = random_case(8, 100_000);
        let reduced = reduce(&[&noise[..], b"between", &noise[..]].concat());
        assert!(reduced.literals.len() <= noise.len() + 7 && reduced.tokens.len() <= 9);
    }
}
