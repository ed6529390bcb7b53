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

    /// Makes the context of the present history if it is new, and gives its place.
    #[inline(always)]
    fn place(&mut self) -> usize {
        let mask = self.index.len() - 1;
        match self.index[self.history as usize & mask] {
            0 => self.make(),
            place => place as usize - 1,
        }
    }

    #[cold]
    #[inline(never)]
    fn make(&mut self) -> usize {
        let fresh = [[Counter::default(); 16]; 17];
        let shorter =
            self.shorter.len().checked_sub(1).map(|mask| &self.shorter[self.history as usize & mask]);
        self.contexts.push(shorter.map_or(fresh, inherit));
        let mask = self.index.len() - 1;
        self.index[self.history as usize & mask] = self.contexts.len() as u32;
        self.contexts.len() - 1
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

    /// Codes and learns all of `input`.
    pub fn encode_all(&mut self, encoder: &mut Encoder, input: &[u8]) {
        // A local copy lives in registers.
        let mut local = std::mem::take(encoder);
        input.iter().for_each(|&byte| self.encode(&mut local, byte));
        *encoder = local;
    }

    /// Appends the next `len` bytes to `out`, learnt as well.
    ///
    /// # Errors
    /// Truncated if the data ends too early, noticed after at most 4,096 bytes more.
    pub fn decode_into(&mut self, decoder: &mut Decoder<'_>, len: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut left = len;
        while left > 0 {
            let n = left.min(CHECK_EVERY);
            let mut local = decoder.clone();
            out.extend((0..n).map(|_| self.decode(&mut local)));
            *decoder = local;
            left -= n;
            if decoder.overrun() {
                return Err(Error::truncated("the arithmetic-coded data ends too early"));
            }
        }
        Ok(())
    }

    /// Walks down the 8 decisions; `coder` takes a probability and a bit to write, and gives the true bit.
    #[inline(always)]
    fn code(&mut self, mut coder: impl FnMut(u32, u32) -> u32, byte: u32) -> u8 {
        let limit = LIMITS[self.order as usize % 3];
        let place = self.place();
        let context = &mut self.contexts[place];
        let symbol = match self.shorter.len() {
            0 => {
                let upper = walk(&mut context[0], None, limit, byte >> 4, &mut coder);
                upper << 4 | walk(&mut context[1 + upper as usize], None, limit, byte, &mut coder)
            }
            n => {
                let shorter = &mut self.shorter[self.history as usize & (n - 1)];
                let upper = walk(&mut context[0], Some(&mut shorter[0]), limit, byte >> 4, &mut coder);
                let row = 1 + upper as usize;
                upper << 4 | walk(&mut context[row], Some(&mut shorter[row]), limit, byte, &mut coder)
            }
        };
        self.history = self.history << 8 | symbol;
        symbol as u8
    }
}

/// Four decisions in one row, for the low 4 bits of `nibble`.
#[inline(always)]
fn walk(
    row: &mut [Counter; 16],
    mut shorter: Option<&mut [Counter; 16]>,
    limit: u32,
    nibble: u32,
    coder: &mut impl FnMut(u32, u32) -> u32,
) -> u32 {
    let mut node = 1;
    for shift in [3, 2, 1, 0] {
        let counter = &mut row[node & 15];
        let bit = coder(counter.p(), nibble >> shift & 1);
        counter.update(bit, limit);
        if let Some(shorter) = &mut shorter {
            shorter[node & 15].update(bit, limit);
        }
        node = node << 1 | bit as usize;
    }
    node as u32 & 15
}

fn inherit(shorter: &Context) -> Context {
    shorter.map(|row| row.map(|counter| counter.forget(INHERITED)))
}

/// The payload for `input` under a model of `order` 0 to 2.
#[must_use]
pub fn encode_bytes(input: &[u8], order: u32) -> Vec<u8> {
    let (mut model, mut encoder) = (ByteModel::new(order), Encoder::new());
    model.encode_all(&mut encoder, input);
    encoder.finish()
}

/// Appends the `len` bytes that `payload` stands for. All of `payload` must be used.
///
/// # Errors
/// Truncated if bytes are missing, corrupt if some are left. The caller has checked `len` and has
/// [`ByteModel::memory`] in its budget.
pub fn decode_bytes(payload: &[u8], order: u32, len: usize, out: &mut Vec<u8>) -> Result<()> {
    let (mut model, mut decoder) = (ByteModel::new(order), Decoder::new(payload));
    model.decode_into(&mut decoder, len, out)?;
    if decoder.consumed() != payload.len() {
        return Err(Error::corrupt("bytes are left over after the last symbol"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::{entropy_bytes, skewed, sparse};
    use minlen_core::testing::random_case;

    fn round(input: &[u8], order: u32) -> usize {
        let packed = encode_bytes(input, order);
        let mut out = vec![1];
        decode_bytes(&packed, order, input.len(), &mut out).unwrap();
        assert!(out[1..] == *input);
        packed.len()
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn everything_comes_back() {
        for order in 0..3 {
            for case in crate::testdata::cases(60, 3000) {
                round(&case, order);
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn order_0_megabyte_is_within_a_thousandth_of_entropy() {
        for input in [skewed(1 << 20, 9), sparse(1 << 20, 9)] {
            let (size, ideal) = (round(&input, 0) as f64, entropy_bytes(&input));
            assert!(size < ideal * 1.001 + 400.0, "{size} for {ideal}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn higher_orders_see_more() {
        let text = b"one fish two fish red fish blue fish ".repeat(100);
        let sizes: Vec<usize> = (0..3).map(|order| round(&text, order)).collect();
        assert!(sizes[1] * 2 < sizes[0] && sizes[2] * 2 < sizes[1], "{sizes:?}");
        assert_eq!(encode_bytes(b"aaaabbbb", 1), [158, 151, 164]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn cut_and_padded_payloads_are_refused() {
        let input = random_case(11, 20_000);
        let packed = encode_bytes(&input, 1);
        assert!(decode_bytes(&packed[..packed.len() / 2], 1, input.len(), &mut Vec::new()).is_err());
        let padded = [&packed[..], &[1; 9]].concat();
        assert!(decode_bytes(&padded, 1, input.len(), &mut Vec::new()).is_err());
    }
}
