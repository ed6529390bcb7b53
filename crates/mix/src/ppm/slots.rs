//! A hash table of contexts, each with three symbols that came in it, and the states that say how they came.

use minlen_entropy::mixing::simd;
use std::sync::LazyLock;

/// States of a slot.
pub(super) const STATES: usize = 1 << 13;

/// How often the three symbols of a slot came (5, 3 and 2 bits), whether others came of late (2), and whether the first is the
/// newest (1). Symbols are in order of how often they came, with newer ones favoured. A first count of 0 is an empty slot.
#[derive(Clone, Copy)]
struct State {
    counts: [u16; 3],
    novel: u16,
    newest: bool,
}

const MOST: [u16; 3] = [31, 7, 3];

impl State {
    fn unpack(bits: u16) -> Self {
        let counts = [bits >> 8, bits >> 5 & 7, bits >> 3 & 3];
        Self { counts, novel: bits >> 1 & 3, newest: bits & 1 == 1 }
    }

    fn pack(&self) -> u16 {
        let [a, b, c] = self.counts;
        a.min(MOST[0]) << 8
            | b.min(MOST[1]) << 5
            | c.min(MOST[2]) << 3
            | self.novel << 1
            | u16::from(self.newest)
    }

    /// The state after the symbol of this rank came (3: none of them), and where that symbol goes: see [`moved`].
    fn after(mut self, rank: usize) -> (Self, u16) {
        let [a, b, c] = &mut self.counts;
        if *a == 0 {
            return (Self { counts: [1, 0, 0], novel: 0, newest: true }, FIRST);
        }
        if rank == 0 {
            *a = (*a + 1).min(MOST[0]);
            *b -= u16::from(*b > 2 && *a & 1 == 0);
            *c -= u16::from(*c > 1 && *a & 3 == 0);
            self.novel -= u16::from(self.novel > 0 && *a & 3 == 3);
            self.newest = true;
            return (self, STAY);
        }
        *a -= if *a > 3 { *a / 4 } else { 0 };
        self.newest = false;
        let place = match rank {
            1 => {
                *b = (*b + 2).min(MOST[1]);
                if b >= a {
                    (*a, *b) = (*b, (*a).min(MOST[1]));
                    self.newest = true;
                    FIRST
                } else {
                    STAY
                }
            }
            2 => {
                *c = (*c + 2).min(MOST[2]);
                *b -= u16::from(*b > 2);
                if c >= b {
                    (*b, *c) = (*c, (*b).min(MOST[2]));
                    SECOND
                } else {
                    STAY
                }
            }
            _ => {
                self.novel = (self.novel + 1).min(3);
                // The newer of two that came once goes first.
                if *b <= 1 {
                    (*b, *c) = (1, *b);
                    SECOND
                } else {
                    *c = 1;
                    THIRD
                }
            }
        };
        (self, place)
    }
}

/// Places for a symbol: where it is, or before the first, second or third of the others.
const STAY: u16 = 0;
const FIRST: u16 = 1;
const SECOND: u16 = 2;
const THIRD: u16 = 3;

/// For a rank and a state: the next state, and above its 13 bits the place of the symbol.
pub(super) type Steps = [u16; 4 * STATES];

static STEPS: LazyLock<Box<Steps>> = LazyLock::new(|| {
    let mut steps = Box::new([0; 4 * STATES]);
    for (i, step) in steps.iter_mut().enumerate() {
        let (state, place) = State::unpack((i % STATES) as u16).after(i / STATES);
        *step = state.pack() | place << 13;
    }
    steps
});

/// The table of [`Slot::seen`].
pub(super) fn steps() -> &'static Steps {
    &STEPS
}

/// What is known of a context, in one word. From the lowest bit: three symbols (8 bits each), their state (13), 11 bits that are 0,
/// and a check of the context (16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot(u64);

impl Slot {
    /// The state, below [`STATES`].
    #[inline(always)]
    pub(super) fn state(self) -> usize {
        (self.0 >> 24) as usize & (STATES - 1)
    }

    #[inline(always)]
    pub(super) fn symbol(self, rank: u32) -> u8 {
        (self.0 >> (8 * rank)) as u8
    }

    #[inline(always)]
    pub(super) fn is_empty(self) -> bool {
        self.0 >> 32 & 31 == 0
    }

    /// True if there is a symbol of this rank.
    #[inline(always)]
    pub(super) fn has(self, rank: u32) -> bool {
        let count = match rank {
            0 => self.0 >> 32 & 31,
            1 => self.0 >> 29 & 7,
            2 => self.0 >> 27 & 3,
            _ => 0,
        };
        count > 0
    }

    /// The rank of `symbol`, 3 if it is not there. What is said of an empty slot does not matter.
    #[inline(always)]
    pub(super) fn rank(self, symbol: u8) -> usize {
        let differ = self.0 ^ (u64::from(symbol) * 0x01_0101);
        let third = if differ & 0xff_0000 == 0 { 2 } else { 3 };
        let second = if differ & 0xff00 == 0 { 1 } else { third };
        if differ & 0xff == 0 { 0 } else { second }
    }

    /// The slot after `symbol` came.
    #[inline(always)]
    pub(super) fn seen(self, symbol: u8, steps: &Steps) -> Self {
        let rank = self.rank(symbol);
        let step = steps[rank * STATES + self.state()];
        let state = u64::from(step) & (STATES as u64 - 1);
        let kept = self.0 & !((STATES as u64 - 1) << 24) | state << 24;
        if step >> 13 == STAY { Self(kept) } else { Self(moved(kept, symbol, rank, step >> 13)) }
    }
}

/// Puts `symbol`, of `rank` so far, at its new place.
#[inline(never)]
fn moved(slot: u64, symbol: u8, rank: usize, place: u16) -> u64 {
    let symbols = slot & 0xff_ffff;
    // Without the symbol itself, so that the others close up.
    let others = match rank {
        1 => symbols & 0xff | symbols >> 8 & 0xff00,
        2 => symbols & 0xffff,
        _ => symbols,
    };
    let symbol = u64::from(symbol);
    let symbols = match place {
        FIRST => others << 8 | symbol,
        SECOND => others & 0xff | symbol << 8 | others << 8 & 0xff_0000,
        _ => others & 0xffff | symbol << 16,
    };
    slot & !0xff_ffff | symbols & 0xff_ffff
}

/// Contexts of one order.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    slots: Vec<u64>,
    shift: u32,
}

impl Slots {
    /// Room for `2^bits` contexts.
    pub(super) fn new(bits: u32) -> Self {
        Self { slots: vec![0; 1 << bits], shift: 64 - bits }
    }

    /// Asks for the memory of a context.
    #[inline(always)]
    pub(super) fn prefetch(&self, hash: u64) {
        simd::prefetch(&self.slots, (hash >> self.shift) as usize);
    }

    /// The place of a context and what is known of it; the lesser known of two gives way.
    #[inline(always)]
    pub(super) fn find(&self, hash: u64) -> (u32, Slot) {
        let at = (hash >> self.shift) as usize;
        let check = hash >> 16 & 0xffff;
        let (one, two) = (self.slots[at], self.slots[at ^ 1]);
        // Without branches: which of the two it is cannot be foreseen.
        let (first, second) = (one >> 48 == check, two >> 48 == check);
        let lesser = two >> 32 & 31 < one >> 32 & 31;
        let way = usize::from(!first & (second | lesser));
        let known = if first { one } else { two };
        let slot = if first | second { known } else { check << 48 };
        ((at ^ way) as u32, Slot(slot))
    }

    #[inline(always)]
    pub(super) fn put(&mut self, place: u32, slot: Slot) {
        self.slots[place as usize] = slot.0;
    }
}
