//! What came in each context: a probability, how sure it is, and a bit history.

use crate::bit_history;
use crate::hash_table::{Bytes, zeros};
use minlen_core::Result;
use minlen_entropy::mixing::simd::prefetch;
use minlen_entropy::mixing::{AdaptiveProb, stretch_table};

/// Inputs of the mixer for each context.
pub(super) const INPUTS: usize = 3;

/// Decisions on a value: whether it is the common one, and its eight bits.
pub(super) const DECISIONS: usize = 9;

/// The most observations that a slot counts.
const LIMIT: u32 = 250;

/// Slots of a bucket: a check, and the nodes of half a byte.
const BUCKET: usize = 16;

/// `65536 / (n + 1.5)`: the share of the difference by which the `n`th observation moves a mean.
static SHARE: [i32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        table[n] = 131_072 / (2 * n as i32 + 3);
        n += 1;
    }
    table
};

/// What a bit history has turned out to mean, and the inputs that follow from it.
#[derive(Clone, Copy, Debug)]
struct Meaning {
    p: AdaptiveProb,
    inputs: [i16; 2],
}

impl Meaning {
    fn new(state: u8) -> Self {
        Self { p: AdaptiveProb::new(bit_history::initial_p(state)), inputs: [0; 2] }
    }

    /// A history that saw nothing has nothing to say.
    #[inline(always)]
    fn refresh(&mut self, stretch: &[i16; 4096]) {
        let p = self.p.p12();
        self.inputs = [stretch[p & 4095], (p as i32 - 2048 >> 1) as i16];
    }
}

/// The slots of all contexts.
///
/// A slot is a probability in 16 bits (its highest bit turned over, so that zeros are even odds), the number of observations in 8, and a
/// bit history in 8. For the first decision each context has a table of single slots without checks; for the bits of a value it has
/// buckets of 15 slots behind a check, a line of the cache each.
pub(super) struct Slots {
    first: Bytes,
    buckets: Bytes,
    first_bits: u32,
    bucket_bits: u32,
    /// For each context, the place of the slot in use.
    at: Vec<usize>,
    /// For each context, decision and history.
    meanings: Vec<Meaning>,
    stretch: &'static [i16; 4096],
}

impl std::fmt::Debug for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slots").field("contexts", &self.at.len()).finish_non_exhaustive()
    }
}

/// log2 of the sizes of a context's tables for so many values: slots, and buckets.
fn sizes(len: usize) -> (u32, u32) {
    let bits = usize::BITS - len.leading_zeros();
    (bits.clamp(12, 20), bits.saturating_sub(4).clamp(8, 17))
}

impl Slots {
    /// Slots for so many contexts over `len` values.
    ///
    /// # Errors
    /// Limit if the system has not that much memory.
    pub fn new(contexts: usize, len: usize) -> Result<Self> {
        let (first_bits, bucket_bits) = sizes(len);
        let stretch = stretch_table();
        let meanings = (0..contexts * DECISIONS * 256).map(|at| {
            let mut meaning = Meaning::new(at as u8);
            if at & 255 != 0 {
                meaning.refresh(stretch);
            }
            meaning
        });
        Ok(Self {
            first: zeros(contexts << (first_bits + 2))?,
            buckets: zeros(contexts << (bucket_bits + 6))?,
            first_bits,
            bucket_bits,
            at: vec![0; contexts],
            meanings: meanings.collect(),
            stretch,
        })
    }

    /// Bytes of that.
    pub fn memory(contexts: usize, len: usize) -> u64 {
        let (first_bits, bucket_bits) = sizes(len);
        (contexts as u64) * ((4 << first_bits) + (64 << bucket_bits) + (DECISIONS as u64 * 256 * 8))
    }

    /// Goes to the slots of the first decision.
    #[inline(always)]
    pub fn find_first(&mut self, hashes: &[u32]) {
        for (i, (at, hash)) in self.at.iter_mut().zip(hashes).enumerate() {
            *at = i << self.first_bits | (hash >> (32 - self.first_bits)) as usize;
            prefetch(&self.first, *at * 4);
        }
    }

    /// Goes to the buckets of half a byte, at its first node. One that belongs to other contexts begins again.
    #[inline(always)]
    pub fn find_bucket(&mut self, hashes: &[u32], salt: u32) {
        let buckets = self.buckets.as_chunks_mut::<{ BUCKET * 4 }>().0;
        for (i, (at, hash)) in self.at.iter_mut().zip(hashes).enumerate() {
            let mixed = (hash ^ salt.wrapping_mul(0x9E37_79B1)).wrapping_mul(0x2C1B_3C6D);
            let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x846C_A68B);
            let place = i << self.bucket_bits | (mixed >> (32 - self.bucket_bits)) as usize;
            let check = (mixed | 1).to_le_bytes();
            if let Some(bucket) = buckets.get_mut(place)
                && bucket[..2] != check[..2]
            {
                *bucket = [0; BUCKET * 4];
                bucket[..2].copy_from_slice(&check[..2]);
            }
            *at = place * BUCKET + 1;
        }
    }

    /// Goes to a node (1 to 15) of the same buckets.
    #[inline(always)]
    pub fn go(&mut self, node: usize) {
        for at in &mut self.at {
            *at = *at & !(BUCKET - 1) | node & (BUCKET - 1);
        }
    }

    /// What all contexts say on this decision.
    #[inline(always)]
    pub fn predict(&self, decision: usize, inputs: &mut [i16]) {
        let slots = if decision == 0 { &self.first } else { &self.buckets };
        let slots = slots.as_chunks::<4>().0;
        let triples = inputs.as_chunks_mut::<INPUTS>().0.iter_mut();
        let meanings = self.meanings.as_chunks::<{ DECISIONS * 256 }>().0;
        for ((&at, meanings), triple) in self.at.iter().zip(meanings).zip(triples) {
            let slot = slots.get(at).map_or(0, |slot| u32::from_le_bytes(*slot));
            let known = -i16::from(slot >> 8 & 255 != 0);
            let meaning = meanings[decision * 256 + (slot & 255) as usize];
            let p = (slot >> 20 ^ 0x800) as usize;
            *triple = [self.stretch[p & 4095] & known, meaning.inputs[0], meaning.inputs[1]];
        }
    }

    /// Learns how it was decided.
    #[inline(always)]
    pub fn update(&mut self, decision: usize, bit: u32) {
        let slots = if decision == 0 { &mut self.first } else { &mut self.buckets };
        let slots = slots.as_chunks_mut::<4>().0;
        let meanings = self.meanings.as_chunks_mut::<{ DECISIONS * 256 }>().0;
        let target = if bit == 1 { 65_535 } else { 0 };
        for (&at, meanings) in self.at.iter().zip(meanings) {
            let Some(bytes) = slots.get_mut(at) else { continue };
            let slot = u32::from_le_bytes(*bytes);
            let (state, n) = ((slot & 255) as u8, slot >> 8 & 255);
            if state != 0 {
                let meaning = &mut meanings[decision * 256 + usize::from(state)];
                meaning.p.update(bit, 1000);
                meaning.refresh(self.stretch);
            }
            let p = (slot >> 16 ^ 0x8000) as i32;
            let moved = (p + (((target - p) * (SHARE[n as usize] >> 1)) >> 15)).clamp(16, 65_519);
            let next = u32::from(bit_history::next(state, bit as usize));
            *bytes = ((moved as u32 ^ 0x8000) << 16 | (n + 1).min(LIMIT) << 8 | next).to_le_bytes();
        }
    }
}
