//! Adaptive frequency models of order 0, 1 and 2 for bytes, over the [`crate::binary`] coder.
//!
//! The model of order n counts which byte came after each n bytes before: no table travels, the decoder learns the
//! same counts. Each byte is a path of 8 binary decisions with a [`Counter`] each. A context that is new starts
//! with what the next shorter one knows. (For other alphabets see [`crate::range::AdaptiveCdf`] and
//! [`crate::binary::BitTree`].)
//!
//! Memory follows the data: contexts are made when they first occur, [`ByteModel::memory`] bounds it.
//!
//! ```
//! use minlen_entropy::models;
//! let text = b"to be, or not to be, that is the question ".repeat(50);
//! let packed = models::encode_bytes(&text, 2);
//! assert!(packed.len() < text.len() / 10);
//! let mut back = Vec::new();
//! models::decode_bytes(&packed, 2, text.len(), &mut back)?;
//! assert_eq!(back, text);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::binary::{Counter, Decoder, Encoder};
use minlen_core::{Error, Result};

/// The counters of one context: row 0 for the upper 4 bits, row 1 + u for the lower 4 after upper bits u, so that a
/// byte touches two cache lines.
type Context = [[Counter; 16]; 17];

/// How long each order remembers: see [`Counter::update`].
const LIMITS: [u32; 3] = [1023, 1023, 255];
/// How much a new context trusts what it took from the shorter one: the count it starts with.
const INHERITED: u32 = 2;
/// How often a decoder looks whether it reads past the end, in bytes.
const CHECK_EVERY: usize = 4096;

/// Predicts bytes from the 0, 1 or 2 bytes before, and learns them.
#[derive(Clone, Debug)]
pub struct ByteModel {
    order: u32,
    /// The bytes before, the last one lowest.
    history: u32,
    /// For each history (of `order` bytes) 1 + its place in `contexts`, 0 while it has none.
    index: Vec<u32>,
    contexts: Vec<Context>,
    /// The model one order lower, that new contexts start from; none for order 0.
    shorter: Vec<Context>,
}

impl ByteModel {
    /// A model of the given order (over 2: 2) that knows nothing.
    #[must_use]
    pub fn new(order: u32) -> Self {
        let order = order.min(2);
        let fresh = [[Counter::default(); 16]; 17];
        let shorter = if order == 0 { 0 } else { 1usize << (8 * (order - 1)) };
        Self {
            order,
            history: 0,
            index: vec![0; 1 << (8 * order)],
            contexts: Vec::new(),
            shorter: vec![fresh; shorter],
        }
    }

    /// Bytes of memory that a model of this order takes at most after `len` bytes.
    #[must_use]
    pub fn memory(order: u32, len: usize) -> u64 {
        let order = order.min(2);
        let (all, shorter) = (1u64 << (8 * order), if order == 0 { 0 } else { 1u64 << (8 * (order - 1)) });
        // Vectors grow by doubling.
        let made = (len as u64).min(all) * 2;
        all * 4 + (made + shorter) * size_of::<Context>() as u64
    }

    /// The context of the next byte, made if new, and the shorter one.
    #[inline(always)]
    fn contexts(&mut self) -> Option<(&mut Context, Option<&mut Context>)> {
        let mask = self.index.len() - 1;
        let shorter =
            self.shorter.len().checked_sub(1).and_then(|m| self.shorter.get_mut(self.history as usize & m));
        let slot = self.index.get_mut(self.history as usize & mask)?;
        if *slot == 0 {
            let start = shorter.as_deref().map_or([[Counter::default(); 16]; 17], inherit);
            self.contexts.push(start);
            *slot = self.contexts.len() as u32;
        }
        Some((self.contexts.get_mut(*slot as usize - 1)?, shorter))
    }

    /// Codes `byte` and learns it.
    #[inline]
    pub fn encode(&mut self, encoder: &mut Encoder, byte: u8) {
        self.code(
            |p, bit| {
                encoder.encode(bit, p);
                bit
            },
            u32::from(byte),
        );
    }

    /// The next byte, learnt as well.
    #[inline]
    pub fn decode(&mut self, decoder: &mut Decoder<'_>) -> u8 {
        self.code(|p, _| decoder.decode(p), 0)
    }

    /// Walks down the 8 decisions; `coder` takes a probability and a bit to write, and gives the true bit.
    #[inline(always)]
    fn code(&mut self, mut coder: impl FnMut(u32, u32) -> u32, byte: u32) -> u8 {
        let limit = LIMITS[self.order as usize % 3];
        let mut symbol = 0;
        if let Some((context, mut shorter)) = self.contexts() {
            let mut row = 0;
            for half in 0..2 {
                let mut node = 1usize;
                for _ in 0..4 {
                    let counter = &mut context[row][node & 15];
                    let before = counter.p();
                    let bit = coder(before, byte >> (7 - (symbol_bits(half, node))) & 1);
                    counter.update(bit, limit);
                    if let Some(shorter) = &mut shorter {
                        shorter[row][node & 15].update(bit, limit);
                    }
                    node = node << 1 | bit as usize;
                }
                symbol = symbol << 4 | (node as u32 & 15);
                row = 1 + (node & 15);
            }
        }
        self.history = self.history << 8 | symbol;
        symbol as u8
    }
}

/// How many bits of the byte are known at `node` of the given half.
#[inline(always)]
fn symbol_bits(half: u32, node: usize) -> u32 {
    half * 4 + node.ilog2()
}

fn inherit(shorter: &Context) -> Context {
    shorter.map(|row| row.map(|counter| counter.forget(INHERITED)))
}

/// The payload for `input` under a model of `order` 0 to 2.
#[must_use]
pub fn encode_bytes(input: &[u8], order: u32) -> Vec<u8> {
    let (mut model, mut encoder) = (ByteModel::new(order), Encoder::new());
    input.iter().for_each(|&byte| model.encode(&mut encoder, byte));
    encoder.finish()
}

/// Appends the `len` bytes that `payload` stands for. All of `payload` must be used.
///
/// # Errors
/// Truncated if bytes are missing, corrupt if some are left. The caller has checked `len` and has
/// [`ByteModel::memory`] in its budget.
pub fn decode_bytes(payload: &[u8], order: u32, len: usize, out: &mut Vec<u8>) -> Result<()> {
    let (mut model, mut decoder) = (ByteModel::new(order), Decoder::new(payload));
    let mut left = len;
    while left > 0 {
        let n = left.min(CHECK_EVERY);
        out.extend((0..n).map(|_| model.decode(&mut decoder)));
        left -= n;
        if decoder.overrun() {
            return Err(Error::truncated("the arithmetic-coded data ends too early"));
        }
    }
    if decoder.consumed() != payload.len() {
        return Err(Error::corrupt("bytes are left over after the last symbol"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::{entropy_bytes, skewed, sparse};
    use minlen_core::testing::{edge_cases, random_case};

    fn round(input: &[u8], order: u32) -> usize {
        let packed = encode_bytes(input, order);
        let mut out = vec![1];
        decode_bytes(&packed, order, input.len(), &mut out).unwrap();
        assert!(out[1..] == *input);
        packed.len()
    }

    #[test]
    fn everything_comes_back() {
        for order in 0..3 {
            for case in edge_cases().into_iter().chain((0..60).map(|seed| random_case(seed, 3000))) {
                round(&case, order);
            }
        }
    }

    #[test]
    fn order_0_megabyte_is_within_a_thousandth_of_entropy() {
        for input in [skewed(1 << 20, 9), sparse(1 << 20, 9)] {
            let (size, ideal) = (round(&input, 0) as f64, entropy_bytes(&input));
            assert!(size < ideal * 1.001 + 400.0, "{size} for {ideal}");
        }
    }

    #[test]
    fn higher_orders_see_more() {
        let text = b"one fish two fish red fish blue fish ".repeat(100);
        let sizes: Vec<usize> = (0..3).map(|order| round(&text, order)).collect();
        assert!(sizes[1] * 2 < sizes[0] && sizes[2] * 2 < sizes[1], "{sizes:?}");
        assert_eq!(encode_bytes(b"aaaabbbb", 1), [158, 150, 89]);
    }

    #[test]
    fn cut_and_padded_payloads_are_refused() {
        let input = random_case(11, 20_000);
        let packed = encode_bytes(&input, 1);
        assert!(decode_bytes(&packed[..packed.len() / 2], 1, input.len(), &mut Vec::new()).is_err());
        let padded = [&packed[..], &[1; 9]].concat();
        assert!(decode_bytes(&padded, 1, input.len(), &mut Vec::new()).is_err());
    }
}
