//! What the next byte is likely to be: candidates out of the contexts, one after the other.

use super::matches::{self, Matches};
use super::offer::Judge;
use super::slots::{self, Slot, Slots, Steps};
use super::spec::Header;
use super::tail::{self, Tail};
use minlen_entropy::binary::BitCoder;

/// Contexts with slots, shortest first: 3 and 4 bytes, the words, 6 bytes.
pub(super) const TABLES: usize = 4;
/// The longest of them.
pub(super) const TOP: usize = TABLES - 1;
/// How many candidates are asked about before a byte is spelled.
pub(super) const CANDIDATES: usize = 4;

/// The shortest context that `matches` is asked for.
const MIDDLE: usize = 8;
/// Matches from these lengths on have the first word: of the middle and of the long context.
const HEARD: [usize; 2] = [8, 16];

/// Everything that coder and decoder know.
#[derive(Clone, Debug)]
pub(super) struct Model {
    text: Vec<u8>,
    tables: [Slots; TABLES],
    /// Where the slots of the current contexts stand, and what is in them.
    places: [u32; TABLES],
    slots: [Slot; TABLES],
    matches: Pair,
    judge: Judge,
    tail: Tail,
    /// True while a long match is so sure that the longest of the tables is enough beside it.
    fast: bool,
    past: Past,
    steps: &'static Steps,
}

/// The two matches.
#[derive(Clone, Debug)]
struct Pair {
    long: Matches,
    middle: Matches,
}

/// What the contexts are made of.
#[derive(Clone, Copy, Debug, Default)]
struct Past {
    /// The last eight bytes, the newest lowest.
    recent: u64,
    /// Hash of the letters of the word that the last byte belongs to; 0 between words.
    word: u64,
    /// Hash of the word before and of what stands behind it.
    before: u64,
}

impl Past {
    #[inline(always)]
    fn with(self, byte: u8) -> Self {
        let recent = self.recent << 8 | u64::from(byte);
        let letter = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128;
        let base = if letter | (self.word != 0) { self.word } else { self.before };
        let mixed = (base ^ u64::from(byte)).wrapping_mul(0x2545_f491_4f6c_dd1d);
        let mixed = mixed ^ mixed >> 29;
        if letter {
            Self { recent, word: mixed, before: self.before }
        } else {
            Self { recent, word: 0, before: mixed }
        }
    }

    /// A hash for each table: its upper bits are the place, bits 16 to 31 the check.
    #[inline(always)]
    fn hashes(self) -> [u64; TABLES] {
        [
            (self.recent << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            (self.recent & 0xffff_ffff).wrapping_mul(0xd6e8_feb8_6659_fd93),
            (self.word ^ self.before).wrapping_mul(0xd6e8_feb8_6659_fd93),
            (self.recent << 16).wrapping_mul(0xa076_1d64_78bd_642f),
        ]
    }

    /// The contexts in which bytes are spelled: none, 1 to 4 bytes and the word.
    fn short(self) -> [u64; tail::CONTEXTS] {
        let order = |n: u32| self.recent & ((1 << (8 * n)) - 1) | u64::from(n) << 40;
        [0, order(1), order(2), order(3), self.word | 1 << 63, order(4)]
    }
}

fn table_bits(slots: u32) -> [u32; TABLES] {
    [slots.min(20), slots, slots, slots]
}

fn head_bits(slots: u32) -> u32 {
    slots.min(22)
}

fn tail_bits(slots: u32) -> u32 {
    slots.min(16)
}

/// Bytes of a model with this binary logarithm of slots, without the text.
pub(super) fn memory(slots: u32) -> u64 {
    let tables: u64 = table_bits(slots).iter().map(|bits| 8u64 << bits).sum();
    tables + (8 << head_bits(slots)) + (64 << tail_bits(slots)) + super::offer::MEMORY
}

impl Model {
    /// A model for `len` bytes in all that has seen nothing.
    pub(super) fn new(header: &Header, len: usize) -> Self {
        let heads = head_bits(header.slots);
        Self {
            text: Vec::with_capacity(len),
            tables: table_bits(header.slots).map(Slots::new),
            places: [0; TABLES],
            slots: [Slot::default(); TABLES],
            matches: Pair {
                long: Matches::new(header.order.into(), heads),
                middle: Matches::new(MIDDLE, heads),
            },
            judge: Judge::new(),
            tail: Tail::new(tail_bits(header.slots)),
            fast: false,
            past: Past::default(),
            steps: slots::steps(),
        }
    }

    /// What was coded and learned so far.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Codes `byte` (or, decoding, whatever it is), and learns it.
    #[inline(always)]
    pub(super) fn code<C: BitCoder>(&mut self, coder: &mut C, byte: u8) {
        let byte = self.symbol(coder, byte);
        self.learn(byte);
    }

    /// Learns which bytes follow the contexts of `text`, and not what such contexts are worth.
    #[inline(always)]
    pub(super) fn skim(&mut self, text: &[u8]) {
        text.iter().for_each(|&byte| self.learn(byte));
    }

    #[inline(always)]
    fn symbol<C: BitCoder>(&mut self, coder: &mut C, byte: u8) -> u8 {
        let Pair { long, middle } = &self.matches;
        let views = [long.view(&self.text), middle.view(&self.text)];
        let candidate = self.first(views);
        self.prefetch(candidate);
        self.judge.begin(self.past.recent, views);
        if self.fast {
            if self.judge.expect(coder, self.slots[TOP], candidate, byte == candidate) {
                return candidate;
            }
            self.fast = false;
            self.look_up(TOP);
        } else if self.judge.offer(coder, &self.slots, &[0; TABLES], candidate, 0, byte == candidate) {
            return candidate;
        }
        self.others(coder, byte, candidate)
    }

    /// The byte, which is not `candidate`: other candidates, and in the end its bits.
    #[inline(always)]
    fn others<C: BitCoder>(&mut self, coder: &mut C, byte: u8, candidate: u8) -> u8 {
        // The symbols of each slot that were excluded, as bits by rank.
        let mut gone = [0u32; TABLES];
        let exclude = |gone: &mut [u32; TABLES], candidate: u8| {
            gone.iter_mut().zip(&self.slots).for_each(|(gone, slot)| *gone |= 1 << slot.rank(candidate));
        };
        exclude(&mut gone, candidate);
        for n in 1..CANDIDATES {
            let Some(candidate) = following(&self.slots, &gone) else { break };
            if self.judge.offer(coder, &self.slots, &gone, candidate, n, byte == candidate) {
                return candidate;
            }
            exclude(&mut gone, candidate);
        }
        self.tail.code(coder, byte, &self.past.short())
    }

    /// The first candidate: what a long match says, or else the longest context. Without branches, which could not be foreseen.
    #[inline(always)]
    fn first(&self, views: [matches::View; 2]) -> u8 {
        let mut best = self.slots[0].symbol(0);
        for slot in &self.slots[1..] {
            best = if slot.is_empty() { best } else { slot.symbol(0) };
        }
        best = if views[1].len >= HEARD[0] { views[1].expected } else { best };
        if views[0].len >= HEARD[1] { views[0].expected } else { best }
    }

    /// Asks for the memory of the contexts that `byte` leads to.
    #[inline(always)]
    fn prefetch(&self, byte: u8) {
        let hashes = self.past.with(byte).hashes();
        self.tables[TOP].prefetch(hashes[TOP]);
        if !self.fast {
            let others = self.tables.iter().zip(&hashes).take(TOP);
            others.for_each(|(table, &hash)| table.prefetch(hash));
        }
    }

    #[inline(always)]
    fn look_up(&mut self, tables: usize) {
        let hashes = self.past.hashes();
        for (i, &hash) in hashes.iter().enumerate().take(tables) {
            (self.places[i], self.slots[i]) = self.tables[i].find(hash);
        }
    }

    #[inline(always)]
    fn learn(&mut self, byte: u8) {
        let first = if self.fast { TOP } else { 0 };
        for i in first..TABLES {
            self.tables[i].put(self.places[i], self.slots[i].seen(byte, self.steps));
        }
        self.past = self.past.with(byte);
        self.text.push(byte);
        let recent = self.past.recent;
        self.matches.long.seen(&self.text, |text, order| far(text, order, recent));
        self.matches.middle.seen(&self.text, |_, _| recent.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.fast = self.matches.long.is_sure();
        if self.fast {
            let hash = self.past.hashes()[TOP];
            (self.places[TOP], self.slots[TOP]) = self.tables[TOP].find(hash);
        } else {
            self.look_up(TABLES);
        }
    }
}

/// The next candidate: the best that the longest context has left.
#[inline(always)]
fn following(slots: &[Slot; TABLES], gone: &[u32; TABLES]) -> Option<u8> {
    for (slot, gone) in slots.iter().zip(gone).rev() {
        let rank = (!gone).trailing_zeros();
        if slot.has(rank) {
            return Some(slot.symbol(rank));
        }
    }
    None
}

/// A hash of three pieces of the last `order` bytes (8 at least, and as many are there): its ends and its middle.
#[inline(always)]
fn far(text: &[u8], order: usize, recent: u64) -> u64 {
    let word = |back: usize| {
        let bytes = text.get(text.len().wrapping_sub(back)..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let far = word(order).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let near = word(order / 2 + 4).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (far.rotate_left(29) ^ near.rotate_left(13) ^ recent).wrapping_mul(0x2545_f491_4f6c_dd1d)
}
