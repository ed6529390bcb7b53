//! Symbols that no candidate was: bit by bit, by what came in the short contexts on such occasions.

use super::mixer::{INPUTS, Mixer};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::{AdaptiveProb, simd, squash, stretch_table};

pub(super) const CONTEXTS: usize = 6;
/// The learning rate of the mixer, in 1/16.
const RATE: i32 = 10;

/// Probabilities of the bits of half a byte in one context; the first is a check.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Nibble([u32; 16]);

const FRESH: Nibble = Nibble([1 << 31; 16]);

#[derive(Clone, Debug)]
pub(super) struct Tail {
    nibbles: Vec<Nibble>,
    shift: u32,
    mixer: Mixer,
    stretched: &'static [i16; 4096],
}

impl Tail {
    pub(super) fn new(bits: u32) -> Self {
        Self {
            nibbles: vec![FRESH; 1 << bits],
            shift: 64 - bits,
            mixer: Mixer::new(256 * 4, 22_000),
            stretched: stretch_table(),
        }
    }

    #[inline(always)]
    fn find(&mut self, hash: u64) -> usize {
        let at = (hash >> self.shift) as usize;
        let check = (hash >> 8) as u32 | 1;
        if self.nibbles[at].0[0] != check {
            self.nibbles[at] = FRESH;
            self.nibbles[at].0[0] = check;
        }
        at
    }

    /// Codes `byte` after contexts of these hashes.
    #[inline(always)]
    pub(super) fn code<C: BitCoder>(&mut self, coder: &mut C, byte: u8, hashes: &[u64; CONTEXTS]) -> u8 {
        let mut node = 1u32;
        for half in 0..2u64 {
            let salt = (half * u64::from(node) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut keys = [0; CONTEXTS];
            for i in 0..CONTEXTS {
                let h = (hashes[i] ^ salt).wrapping_mul(0xd6e8_feb8_6659_fd93);
                keys[i] = (h ^ h >> 32).wrapping_mul(0x2545_f491_4f6c_dd1d);
                simd::prefetch(&self.nibbles, (keys[i] >> self.shift) as usize);
            }
            let mut places = [0; CONTEXTS];
            for i in 0..CONTEXTS {
                places[i] = self.find(keys[i]);
            }
            let mut inner = 1usize;
            for shift in (0..4).rev() {
                let mut inputs = [0; INPUTS];
                inputs[CONTEXTS] = 128;
                let mut known = 0;
                for i in 0..CONTEXTS {
                    let p = AdaptiveProb(self.nibbles[places[i]].0[inner]);
                    inputs[i] = self.stretched[p.p12() & 4095].into();
                    if i >= 3 {
                        known += u32::from(p.observations() > 0);
                    }
                }
                let set = (node * 4 + known) as usize;
                let x = self.mixer.mix(&inputs, set);
                let wanted = u32::from(byte >> (4 * (1 - half) + shift) & 1);
                let bit = coder.code(wanted, squash(x));
                self.mixer.update(&inputs, set, x, bit, RATE);
                for at in places {
                    let p = &mut self.nibbles[at].0[inner];
                    let mut prob = AdaptiveProb(*p);
                    prob.step(bit);
                    *p = prob.0;
                }
                node = node << 1 | bit;
                inner = inner << 1 | bit as usize;
            }
        }
        node as u8
    }
}
