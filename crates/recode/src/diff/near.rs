//! Differences of stretches that are nearly those of the old content, predicted from what stands there.
//!
//! A byte's difference from the old one is coded bit by bit, first of all whether there is any. Looked at are the old bytes around it,
//! the new ones before it, where and how bytes differed last, and, since programs differ in addresses, where the stretch
//! that an address points to has gone.

use super::ops::Step;
use minlen_entropy::binary::{Decoder, Encoder};
use minlen_entropy::mixing::{AdaptiveProb, Apm, Mixer, squash, stretch};

/// Old bytes that are looked at on either side.
pub(super) const MARGIN: usize = 8;
/// Predictions of a bit from contexts.
const CONTEXTS: usize = 16;
/// The same, and one that is always there.
const INPUTS: usize = CONTEXTS + 1;
/// Bits of the number of slots in the table, at least and at most.
const TABLE_BITS: (u32, u32) = (12, 22);
/// Observations that probabilities remember.
const MEMORY: u32 = 255;
/// Bytes of an address.
const FIELD: usize = 4;

/// Turns bits into bytes or back.
pub(super) trait Coder {
    /// Codes `bit`, or decodes one and returns it, which is one with a probability of `p1`/65536.
    fn code(&mut self, bit: u32, p1: u32) -> u32;
}

impl Coder for Encoder {
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        self.encode(bit, p1);
        bit
    }
}

impl Coder for Decoder<'_> {
    fn code(&mut self, _bit: u32, p1: u32) -> u32 {
        self.decode(p1)
    }
}

/// Where the bytes of the old content went.
#[derive(Debug)]
pub(super) struct Moves {
    /// Begin and end in the old content, and what is to be added for the place in the new one; in order.
    stretches: Vec<(u64, u64, i64)>,
}

impl Moves {
    /// Those of all steps.
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut at = 0u64;
        let mut stretches: Vec<(u64, u64, i64)> = Vec::new();
        for step in steps {
            at += step.gap as u64;
            let (len, shift) = ((step.exact + step.near) as u64, at.wrapping_sub(step.from) as i64);
            match stretches.last_mut() {
                Some(last) if last.1 == step.from && last.2 == shift => last.1 += len,
                _ => stretches.push((step.from, step.from + len, shift)),
            }
            at += len;
        }
        stretches.sort_unstable();
        Self { stretches }
    }

    /// What is to be added to this place of the old content.
    fn shift(&self, old: u64) -> Option<i64> {
        let after = self.stretches.partition_point(|&(start, ..)| start <= old);
        let &(_, end, shift) = self.stretches.get(after.checked_sub(1)?)?;
        (old < end).then_some(shift)
    }
}

/// What is known of bytes that differ.
pub(super) struct Model<'m> {
    moves: &'m Moves,
    table: Vec<AdaptiveProb>,
    mask: usize,
    mixers: [Mixer<INPUTS>; 2],
    apms: [Apm; 2],
    slots: [usize; CONTEXTS],
    state: State,
}

/// What came before.
#[derive(Default)]
struct State {
    /// Whether the last bytes differed, the last one lowest.
    differed: u32,
    /// The last differences, the last one lowest.
    last: u32,
    /// Bytes since one differed.
    since: usize,
    /// Bytes from the beginnings of earlier differing fields to the next.
    distances: [usize; 2],
    /// Place in the differing field at hand, its differences, and those of the field before.
    place: usize,
    field: [u8; FIELD],
    before: [u8; FIELD],
    /// What is expected of the next bytes from where an address points, if anything, and how often that was right lately.
    expected: Option<([u8; FIELD], usize)>,
    trust: [u8; 2],
    /// The last new bytes, the last one lowest.
    new: u64,
}

impl<'m> Model<'m> {
    /// Knows nothing yet; `total` bytes will be coded.
    pub(super) fn new(moves: &'m Moves, total: usize) -> Self {
        let bits = (total.max(1).ilog2() + 4).clamp(TABLE_BITS.0, TABLE_BITS.1);
        Self {
            moves,
            table: vec![AdaptiveProb::new(1 << 15); 1 << bits],
            mask: (1 << bits) - 1,
            mixers: [Mixer::new(256 * 2, 6), Mixer::new(512, 6)],
            apms: [Apm::new(1024), Apm::new(1 << 12)],
            slots: [0; CONTEXTS],
            state: State::default(),
        }
    }

    /// What stands before the next byte, where some of it was not coded here.
    pub(super) fn begin(&mut self, before: &[u8]) {
        self.state.new = before.iter().fold(0, |new, &byte| new << 8 | u64::from(byte));
        self.state.since = 255;
        self.state.differed = 0;
        self.state.place = FIELD;
        self.state.expected = None;
    }

    /// Codes a byte, of which the old one is at `old`; `around` are the old bytes from [`MARGIN`] before that on, and as many after it.
    pub(super) fn code(
        &mut self,
        coder: &mut impl Coder,
        new: u8,
        around: &[u8; 2 * MARGIN],
        old: u64,
        shift: i64,
    ) -> u8 {
        self.expect(around, old, shift);
        self.choose(around);
        let e = around[MARGIN];
        let difference = new.wrapping_sub(e);
        let mut node = 0;
        if self.bit(coder, u32::from(difference != 0), node, e) == 1 {
            node = 1;
            for i in (0..8).rev() {
                node = node << 1 | self.bit(coder, u32::from(difference >> i & 1), node, e) as usize;
            }
        }
        let difference = node as u8;
        self.state.learn(difference, e);
        e.wrapping_add(difference)
    }

    /// Where an instruction with an address has just begun its address, finds what becomes of that.
    fn expect(&mut self, around: &[u8; 2 * MARGIN], old: u64, shift: i64) {
        let state = &mut self.state;
        match &mut state.expected {
            Some((_, place)) if *place + 1 < FIELD => {
                *place += 1;
                return;
            }
            _ => state.expected = None,
        }
        let [.., p3, p2, p1] = around[..MARGIN] else { return };
        let _ = p3;
        let relative = matches!(p1, 0xe8 | 0xe9)
            || (p2 == 0x0f && p1 & 0xf0 == 0x80)
            || (p1 & 0xc7 == 0x05 && p2 >= 0x80);
        if !relative {
            return;
        }
        let Some(word) = around[MARGIN..].first_chunk::<4>() else { return };
        let there = i64::from(i32::from_le_bytes(*word));
        let target = (old as i64).wrapping_add(FIELD as i64).wrapping_add(there);
        let Some(moved) = u64::try_from(target).ok().and_then(|target| self.moves.shift(target)) else {
            return;
        };
        let becomes = there.wrapping_add(moved).wrapping_sub(shift) as i32;
        let becomes = becomes.to_le_bytes();
        let differences = std::array::from_fn(|i| becomes[i].wrapping_sub(word[i]));
        state.expected = Some((differences, 0));
    }

    /// The contexts of the next byte.
    fn choose(&mut self, around: &[u8; 2 * MARGIN]) {
        let s = &self.state;
        let old = |from: usize, to: usize| {
            around[MARGIN - from..MARGIN + to].iter().fold(0u64, |all, &byte| all << 8 | u64::from(byte))
        };
        let e = u64::from(around[MARGIN]);
        let place = s.place as u64;
        let since = (s.since.min(15)
            + usize::from(s.since > 15)
            + usize::from(s.since > 31)
            + usize::from(s.since > 63)) as u64;
        let field = u64::from(u32::from_le_bytes(s.field)) << 4 | place;
        let earlier = u64::from(s.before[s.place.min(FIELD - 1)]) << 4 | place;
        let expected = s
            .expected
            .map_or(0, |(differences, place)| 1 << 16 | (place as u64) << 8 | u64::from(differences[place]));
        let trust = u64::from(s.trust[0]);
        let distance = (s.distances[0].min(255) as u64) << 8 | s.distances[1].min(255) as u64;
        let contexts: [u64; CONTEXTS] = [
            u64::from(s.differed & 0xff) << 4 | place,
            u64::from(s.last & 0xff_ffff),
            field,
            e << 16 | u64::from(s.last & 0xff) << 4 | place,
            old(1, 2),
            old(3, 1) << 8 | u64::from(s.last & 0xff),
            old(5, 1),
            old(0, 4).wrapping_mul(31) << 16 ^ field,
            (s.new & 0xffff) << 8 | e,
            (s.new & 0xffff_ffff) << 8 | e,
            since << 8 | s.distances[0].min(255) as u64,
            since << 16 | distance,
            earlier << 8 | since,
            old(2, 0) << 8 | since << 4 | place,
            expected << 16 | trust << 8 | place,
            expected << 16 | field << 24 | since,
        ];
        for (i, (slot, context)) in self.slots.iter_mut().zip(contexts).enumerate() {
            let mixed = (context + 1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(i as u64 * 0x0123_4567_89ab_cdef);
            *slot = ((mixed ^ mixed >> 29).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) as usize;
        }
    }

    fn bit(&mut self, coder: &mut impl Coder, bit: u32, node: usize, e: u8) -> u32 {
        let at: [usize; CONTEXTS] =
            std::array::from_fn(|i| (self.slots[i] ^ node.wrapping_mul(0x2f0b_4c47)) & self.mask);
        let mut inputs = [256; INPUTS];
        for (input, &at) in inputs.iter_mut().zip(&at) {
            let p = self.table[at];
            let known = stretch(p.p16().clamp(1, 65_535));
            // What was seen once or twice only knows less than it thinks.
            *input = if p.observations() < 3 { known * (1 + p.observations() as i32) / 4 } else { known };
        }
        let s = &self.state;
        let expects = s.expected.map_or(0, |(differences, place)| 1 + usize::from(differences[place] != 0));
        let sets = [
            (s.differed & 0x1f) as usize * 8 + (s.place.min(FIELD)) + if node == 0 { 0 } else { 256 },
            if node == 0 { s.since.min(63) * 3 + expects } else { 192 + node.ilog2() as usize * 4 + expects },
        ];
        let sums: [i32; 2] = std::array::from_fn(|i| self.mixers[i].dot(inputs, sets[i]));
        let sum = (sums[0] + sums[1]) / 2;
        let refined = [
            self.apms[0].refine(sum, if node == 0 { usize::from(e) } else { 256 + node.min(255) }),
            self.apms[1].refine(
                sum,
                ((s.differed & 0xf) as usize * 3 + expects) << 4
                    | if node == 0 { 0 } else { 1 + node.ilog2() as usize },
            ),
        ];
        let p1 = ((2 * squash(sum) + refined[0] + refined[1]) / 4).clamp(8, 65_536 - 8);
        let bit = coder.code(bit, p1);
        self.table_update(&at, bit);
        for (mixer, sum) in self.mixers.iter_mut().zip(sums) {
            mixer.update(bit != 0, squash(sum));
        }
        self.apms.iter_mut().for_each(|apm| apm.update(bit, 6));
        bit
    }

    fn table_update(&mut self, at: &[usize; CONTEXTS], bit: u32) {
        for &at in at {
            self.table[at].update(bit, MEMORY);
        }
    }
}

impl State {
    /// Takes in a byte's difference from the old byte `e`.
    fn learn(&mut self, difference: u8, e: u8) {
        if let Some((differences, place)) = self.expected {
            let right = differences[place] == difference;
            self.trust[0] = if right { (self.trust[0] + 1).min(7) } else { 0 };
        }
        let differs = difference != 0;
        self.differed = self.differed << 1 | u32::from(differs);
        self.last = self.last << 8 | u32::from(difference);
        self.new = self.new << 8 | u64::from(e.wrapping_add(difference));
        if self.place < FIELD {
            self.field[self.place] = difference;
            self.place += 1;
        } else if differs {
            self.before = self.field;
            self.distances = [self.since + self.place, self.distances[0]];
            self.field = [difference, 0, 0, 0];
            self.place = 1;
        }
        self.since = if differs { 0 } else { self.since + 1 };
    }
}
