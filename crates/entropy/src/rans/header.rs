//! The frequency table, coded adaptively: bit length of each frequency given the one before, then its lower bits.

use crate::binary::{Counter, Decoder, Encoder};
use minlen_core::{Error, Result, varint};

/// How fast the adaptive probabilities of the header settle.
const LIMIT: u32 = 60;
const EVEN: u32 = 1 << 15;

/// Bit lengths 0..=15 by the bit length before; and the highest of the lower bits by bit length.
struct Model {
    classes: [[Counter; 16]; 16],
    upper: [Counter; 16],
}

impl Model {
    fn new() -> Self {
        Self { classes: [[Counter::default(); 16]; 16], upper: [Counter::default(); 16] }
    }
}

/// Appends `freqs`, which add up to `1 << bits`. What follows the last used symbol is not written.
pub(super) fn write(freqs: &[u32], bits: u32, out: &mut Vec<u8>) {
    let (mut model, mut encoder) = (Model::new(), Encoder::new());
    let (mut left, mut before) = (1u32 << bits, 0);
    for &freq in freqs {
        if left == 0 {
            break;
        }
        let class = 32 - freq.leading_zeros();
        let mut node = 1;
        for shift in (0..4).rev() {
            let bit = class >> shift & 1;
            let counter = &mut model.classes[before][node];
            encoder.encode(bit, counter.p());
            counter.update(bit, LIMIT);
            node = node << 1 | bit as usize;
        }
        for shift in (0..class.saturating_sub(1)).rev() {
            let bit = freq >> shift & 1;
            if shift + 2 == class {
                let counter = &mut model.upper[class as usize & 15];
                encoder.encode(bit, counter.p());
                counter.update(bit, LIMIT);
            } else {
                encoder.encode(bit, EVEN);
            }
        }
        left = left.saturating_sub(freq);
        before = class as usize & 15;
    }
    let bytes = encoder.finish();
    varint::put(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
}

/// Reads what [`write`] wrote, and gives what follows it.
pub(super) fn read(data: &[u8], alphabet: usize, bits: u32) -> Result<(Vec<u32>, &[u8])> {
    let mut reader = varint::Reader::new(data);
    let size = reader.varint_max(4096, "size of the frequency table")? as usize;
    let mut decoder = Decoder::new(reader.bytes(size)?);
    let mut model = Model::new();
    let mut freqs = vec![0u32; alphabet];
    let (mut left, mut before) = (1u32 << bits, 0);
    for freq in &mut freqs {
        if left == 0 {
            break;
        }
        *freq = read_one(&mut model, &mut decoder, before);
        if *freq > left {
            return Err(Error::corrupt("frequencies add up to more than the total"));
        }
        left -= *freq;
        before = (32 - freq.leading_zeros()) as usize & 15;
    }
    if left != 0 || decoder.overrun() || decoder.consumed() != size {
        return Err(Error::corrupt("frequencies do not add up to the total"));
    }
    Ok((freqs, reader.rest()))
}

fn read_one(model: &mut Model, decoder: &mut Decoder<'_>, before: usize) -> u32 {
    let mut node = 1;
    for _ in 0..4 {
        let counter = &mut model.classes[before][node];
        let bit = decoder.decode(counter.p());
        counter.update(bit, LIMIT);
        node = node << 1 | bit as usize;
    }
    let class = node as u32 & 15;
    let mut freq = u32::from(class > 0);
    for shift in (0..class.saturating_sub(1)).rev() {
        let bit = if shift + 2 == class {
            let counter = &mut model.upper[class as usize];
            let bit = decoder.decode(counter.p());
            counter.update(bit, LIMIT);
            bit
        } else {
            decoder.decode(EVEN)
        };
        freq = freq << 1 | bit;
    }
    freq
}
