//! Bit histories: what was seen in one context, in one byte.
//!
//! A state stands for the bits that followed a context: exactly, up to four of them; above that the numbers of
//! zeros and ones (bounded) and the last bit. Where a bit contradicts a long history, the opposing count is cut down,
//! so that the recent past weighs more. The idea of such states, the cut and bounds of this shape are from the PAQ
//! family (Mahoney, "Adaptive weighing of context models for lossless data compression", 2005; the ZPAQ
//! specification 2.06, section "indirect context models"); this table is generated from the rules below.
//!
//! A state is a byte, so that a table of them is four times smaller than one of counters; what a state means, an adaptive probability
//! for each state learns from the data ([`initial_p`] is where it starts).
//!
//! ```
//! use minlen_mix::bit_history::{counts, initial_p, next, observations};
//! let seen = |bits: &[usize]| bits.iter().fold(0, |state, &bit| next(state, bit));
//! assert_eq!((counts(seen(&[1, 1, 0])), observations(seen(&[1, 1, 0]))), ((1, 2), 3));
//! // Up to four bits the order counts.
//! assert_ne!(seen(&[0, 1]), seen(&[1, 0]));
//! // One kind of bit only says more than its number.
//! assert!(initial_p(seen(&[1; 8])) > 60_000 && initial_p(0) == 32_768);
//! ```

/// Counts of the other bit, and the largest count allowed beside it.
const BOUND: [u8; 7] = [48, 40, 20, 14, 9, 7, 6];

/// One state, before it has a number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counts {
    zeros: u8,
    ones: u8,
    /// The last bit; for up to four bits all of them, the newest lowest.
    tail: u8,
}

const fn allowed(zeros: u8, ones: u8) -> bool {
    let (low, high) = if zeros < ones { (zeros, ones) } else { (ones, zeros) };
    low < 7 && high <= BOUND[low as usize]
}

/// What is left of a count that the new bit contradicts.
const fn cut(count: u8) -> u8 {
    match count {
        0..=2 => count,
        3 => 2,
        4..=7 => 3,
        _ => 4,
    }
}

const fn step(state: Counts, bit: u8) -> Counts {
    let total = state.zeros + state.ones;
    if total < 4 {
        return Counts {
            zeros: state.zeros + (1 - bit),
            ones: state.ones + bit,
            tail: (state.tail << 1 | bit) & 15,
        };
    }
    let (mut same, mut other) =
        if bit == 1 { (state.ones + 1, cut(state.zeros)) } else { (state.zeros + 1, cut(state.ones)) };
    while !allowed(same, other) {
        if other > 3 && same < 6 {
            other -= 1;
        } else {
            same -= 1;
        }
    }
    // Leaving the exact histories: a total of four or less would be read as one of them.
    while same + other < 5 {
        same += 1;
    }
    let (zeros, ones) = if bit == 1 { (other, same) } else { (same, other) };
    // A history of one kind of bit says its last bit by itself.
    Counts { zeros, ones, tail: bit }
}

/// The number of states in use; state 0 has seen nothing.
pub const STATES: usize = TABLE.used;

struct Table {
    next: [[u8; 2]; 256],
    seen: [[u8; 2]; 256],
    used: usize,
}

const TABLE: Table = {
    let empty = Counts { zeros: 0, ones: 0, tail: 0 };
    let mut states = [empty; 256];
    let mut next = [[0u8; 2]; 256];
    let mut used = 1;
    let mut i = 0;
    while i < used {
        let mut bit = 0;
        while bit < 2 {
            let to = step(states[i], bit as u8);
            let mut at = 0;
            while at < used {
                let s = states[at];
                if s.zeros == to.zeros && s.ones == to.ones && s.tail == to.tail {
                    break;
                }
                at += 1;
            }
            if at == used {
                states[used] = to;
                used += 1;
            }
            next[i][bit] = at as u8;
            bit += 1;
        }
        i += 1;
    }
    let mut seen = [[0u8; 2]; 256];
    let mut i = 0;
    while i < used {
        seen[i] = [states[i].zeros, states[i].ones];
        i += 1;
    }
    Table { next, seen, used }
};

static NEXT: [[u8; 2]; 256] = TABLE.next;

/// The state after `bit` (0 or 1).
#[inline(always)]
#[must_use]
pub fn next(state: u8, bit: usize) -> u8 {
    NEXT[usize::from(state)][bit & 1]
}

/// Zeros and ones seen in `state`, as far as it remembers.
#[must_use]
pub fn counts(state: u8) -> (u32, u32) {
    let [zeros, ones] = TABLE.seen[usize::from(state)];
    (u32::from(zeros), u32::from(ones))
}

/// How many bits a state has seen, as far as it remembers: by this a table keeps when it must drop something.
#[inline(always)]
#[must_use]
pub fn observations(state: u8) -> u8 {
    static OBSERVATIONS: [u8; 256] = {
        let mut sums = [0; 256];
        let mut i = 0;
        while i < 256 {
            sums[i] = TABLE.seen[i][0] + TABLE.seen[i][1];
            i += 1;
        }
        sums
    };
    OBSERVATIONS[usize::from(state)]
}

/// The state after `n` (up to 31) ones: what stands for the worth of a bucket that holds no states.
///
/// ```
/// use minlen_mix::bit_history::{after_ones, next};
/// assert_eq!(after_ones(2), next(next(0, 1), 1));
/// ```
#[inline(always)]
#[must_use]
pub fn after_ones(n: u8) -> u8 {
    static RUN: [u8; 32] = {
        let mut run = [0; 32];
        let mut n = 1;
        while n < 32 {
            run[n] = TABLE.next[run[n - 1] as usize][1];
            n += 1;
        }
        run
    };
    RUN[usize::from(n & 31)]
}

/// A first guess of the probability of a one after `state`, of 65536.
#[must_use]
pub fn initial_p(state: u8) -> u32 {
    let (zeros, ones) = counts(state);
    // Histories of one kind are worth more than their counts say.
    let sharpen = |n: u32, other: u32| if other == 0 { n * 3 } else { n * 2 };
    let (zeros, ones) = (sharpen(zeros, ones), sharpen(ones, zeros));
    ((ones + 1) * 65_536 / (zeros + ones + 2)).clamp(64, 65_472)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_fit_a_byte_and_stay_closed() {
        assert!((150..=256).contains(&STATES), "{STATES}");
        for state in 0..STATES {
            for bit in 0..2 {
                assert!(usize::from(next(state as u8, bit)) < STATES);
                let (z, o) = counts(next(state as u8, bit));
                assert!(if bit == 1 { o > 0 } else { z > 0 });
            }
        }
    }

    #[test]
    fn runs_grow_and_a_surprise_cuts_them() {
        let mut state = 0;
        for n in 1..=u32::from(BOUND[0]) {
            state = next(state, 1);
            assert_eq!(counts(state), (0, n));
        }
        assert_eq!(counts(next(state, 1)), (0, u32::from(BOUND[0])));
        let (zeros, ones) = counts(next(state, 0));
        assert!(zeros >= 1 && ones <= 4);
    }
}
