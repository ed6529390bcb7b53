//! Frequency tables and code lengths in a block's header: what each symbol had in the block before says most of
//! what it has in this one.

use minlen_core::{Error, Result};
use minlen_entropy::binary::{Counter, Decoder, Encoder};

/// Frequencies of a table add up to 2 to this.
pub const SCALE_BITS: u32 = 12;
const SCALE: u32 = 1 << SCALE_BITS;
/// Bits below the leading one that are kept of a frequency.
const MANTISSA: u32 = 3;
/// Highest class: the bit length of [`SCALE`], and the longest Huffman code plus one.
const CLASSES: usize = 14;
/// How long the contexts remember.
const MEMORY: u32 = 60;

/// What a header holds for each symbol: a class, and low bits whose number follows from the class. 0: not used.
pub type Rough = u8;

/// Rounds counts to classes and mantissas of frequencies in [`SCALE`].
pub fn rough(counts: &[u32]) -> Vec<Rough> {
    let total: u64 = counts.iter().map(|&c| u64::from(c)).sum();
    let scaled = |c: u32| ((u64::from(c) * u64::from(SCALE) + total / 2) / total.max(1)).max(1) as u32;
    counts.iter().map(|&c| if c == 0 { 0 } else { round(scaled(c)) }).collect()
}

fn round(value: u32) -> Rough {
    let log = value.ilog2();
    if log <= MANTISSA {
        return (((log + 1) << MANTISSA) | (value - (1 << log))) as u8;
    }
    // Half a step up, which may carry into the next power.
    let value = (value + (1 << (log - MANTISSA - 1))).min(SCALE);
    let log = value.ilog2();
    (((log + 1) << MANTISSA) | ((value >> (log - MANTISSA)) & ((1 << MANTISSA) - 1))) as u8
}

fn class(rough: Rough) -> u32 {
    u32::from(rough) >> MANTISSA
}

/// How many mantissa bits a class has.
fn mantissa_bits(class: u32) -> u32 {
    class.saturating_sub(1).min(MANTISSA)
}

fn value(rough: Rough) -> u32 {
    let (class, low) = (class(rough), u32::from(rough) & ((1 << MANTISSA) - 1));
    match class {
        0 => 0,
        1..=MANTISSA => (1 << (class - 1)) + low,
        _ => ((1 << MANTISSA) + low) << (class - 1 - MANTISSA),
    }
}

/// Frequencies that add up to [`SCALE`], every used symbol with at least 1; all 0 if none is used.
pub fn frequencies(rough: &[Rough]) -> Vec<u32> {
    let total: u32 = rough.iter().map(|&r| value(r)).sum();
    let mut freqs: Vec<u32> = rough
        .iter()
        .map(|&r| if r == 0 { 0 } else { ((value(r) * SCALE + total / 2) / total).max(1) })
        .collect();
    let mut sum: u32 = freqs.iter().sum();
    while total > 0 && sum != SCALE {
        // The largest changes least in proportion; the first of equals.
        let Some(largest) = freqs.iter_mut().rev().max_by_key(|f| **f) else { break };
        let before = *largest;
        *largest = if sum < SCALE { before + (SCALE - sum) } else { before - (sum - SCALE).min(before / 2) };
        sum = sum - before + *largest;
    }
    freqs
}

/// The adaptive contexts for one kind of table, and the last table of that kind.
#[derive(Clone)]
pub struct Memory {
    last: Option<Vec<Rough>>,
    symbols: usize,
    /// By context and by node of a tree over 16 classes.
    counters: Vec<[Counter; 16]>,
    /// Mantissas only for frequencies; code lengths have none.
    mantissas: bool,
}

impl Memory {
    /// For tables of `symbols` symbols.
    pub fn new(symbols: usize, mantissas: bool) -> Self {
        Self { last: None, symbols, counters: vec![[Counter::default(); 16]; 3 * CLASSES], mantissas }
    }

    /// The context of a symbol: its class in the last table and whether its neighbour is used; without a last
    /// table, the class of its neighbour.
    fn context(&self, symbol: usize, neighbour: u32) -> usize {
        let context = match &self.last {
            Some(last) => 2 * class(last[symbol]) + u32::from(neighbour > 0),
            None => 2 * CLASSES as u32 + neighbour,
        };
        (context as usize).min(self.counters.len() - 1)
    }

    fn extra(&self, class: u32) -> u32 {
        if self.mantissas { mantissa_bits(class) } else { 0 }
    }

    /// Writes a table.
    pub fn write(&mut self, encoder: &mut Encoder, table: &[Rough]) {
        let mut neighbour = 0;
        for (symbol, &rough) in table.iter().enumerate() {
            let context = self.context(symbol, neighbour);
            let mut node = 1;
            for shift in (0..4).rev() {
                let bit = (class(rough) >> shift) & 1;
                let counter = &mut self.counters[context][node];
                encoder.encode(bit, counter.p());
                counter.update(bit, MEMORY);
                node = 2 * node + bit as usize;
            }
            put_bits(encoder, u32::from(rough) & ((1 << MANTISSA) - 1), self.extra(class(rough)));
            neighbour = class(rough);
        }
        self.last = Some(table.to_vec());
    }

    /// Reads a table.
    pub fn read(&mut self, decoder: &mut Decoder<'_>) -> Result<Vec<Rough>> {
        let mut table = Vec::with_capacity(self.symbols);
        let mut neighbour = 0;
        for symbol in 0..self.symbols {
            let context = self.context(symbol, neighbour);
            let mut node = 1;
            for _ in 0..4 {
                let counter = &mut self.counters[context][node];
                let bit = decoder.decode(counter.p());
                counter.update(bit, MEMORY);
                node = 2 * node + bit as usize;
            }
            neighbour = node as u32 - 16;
            if neighbour >= CLASSES as u32 {
                return Err(Error::corrupt("lz77: a class that no table has"));
            }
            let low = get_bits(decoder, self.extra(neighbour));
            table.push(((neighbour << MANTISSA) | low) as u8);
        }
        self.last = Some(table.clone());
        Ok(table)
    }
}

/// Code lengths as classes.
pub fn rough_lengths(lengths: &[u8]) -> Vec<Rough> {
    lengths.iter().map(|&l| l << MANTISSA).collect()
}

/// Code lengths from classes.
pub fn lengths(rough: &[Rough]) -> Vec<u8> {
    rough.iter().map(|&r| r >> MANTISSA).collect()
}

/// Writes `count` bits, each even.
pub fn put_bits(encoder: &mut Encoder, value: u32, count: u32) {
    (0..count).rev().for_each(|shift| encoder.encode((value >> shift) & 1, 1 << 15));
}

/// Reads `count` bits, each even.
pub fn get_bits(decoder: &mut Decoder<'_>, count: u32) -> u32 {
    (0..count).fold(0, |value, _| (value << 1) | decoder.decode(1 << 15))
}
