//! What symbols cost, in 1/256 bits, estimated from how often they came.

use super::spec::{LENGTH_SYMBOLS, MIN_MATCH, OFFSET_SYMBOLS, Sequence, length_symbol, log2, offset_symbol};

/// Lengths below this have their price looked up.
const CACHED: usize = 1 << 10;
/// Mantissa bits of the offset symbols that prices are kept for.
const MANTISSA: u32 = 2;

/// How often each symbol came.
#[derive(Clone)]
pub struct Counts {
    /// Literal bytes.
    pub literals: [u32; 256],
    /// Symbols of literal run lengths.
    pub runs: [u32; LENGTH_SYMBOLS],
    /// Symbols of match lengths less [`MIN_MATCH`].
    pub lengths: [u32; LENGTH_SYMBOLS],
    /// Symbols of offsets, with the mantissa bits asked for.
    pub offsets: [u32; OFFSET_SYMBOLS],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            literals: [0; 256],
            runs: [0; LENGTH_SYMBOLS],
            lengths: [0; LENGTH_SYMBOLS],
            offsets: [0; OFFSET_SYMBOLS],
        }
    }
}

impl Counts {
    /// Counts one sequence and the literals before its match.
    pub fn add(&mut self, sequence: &Sequence, literals: &[u8], mantissa: u32) {
        self.add_literals(literals);
        self.runs[length_symbol(sequence.literals).0] += 1;
        self.lengths[length_symbol(sequence.length - MIN_MATCH).0] += 1;
        self.offsets[offset_symbol(sequence.offset, mantissa).0] += 1;
    }

    /// Counts literals that no match follows.
    pub fn add_literals(&mut self, literals: &[u8]) {
        literals.iter().for_each(|&b| self.literals[usize::from(b)] += 1);
    }

    /// Counts a parsed block.
    pub fn of(block: &[u8], sequences: &[Sequence]) -> Self {
        let mut counts = Self::default();
        let mut rest = block;
        for sequence in sequences {
            let (literals, after) = rest.split_at(sequence.literals as usize);
            counts.add(sequence, literals, MANTISSA);
            rest = &after[sequence.length as usize..];
        }
        counts.add_literals(rest);
        counts
    }
}

/// Prices of everything that a parser chooses among.
pub struct Prices {
    /// Of literal bytes.
    pub literals: [u32; 256],
    runs: Vec<u32>,
    run_symbols: Vec<u32>,
    lengths: Vec<u32>,
    length_symbols: Vec<u32>,
    offset_symbols: Vec<u32>,
}

impl Prices {
    /// Prices from counts.
    pub fn new(counts: &Counts) -> Self {
        let mut literals = [0; 256];
        literals.copy_from_slice(&costs(&counts.literals));
        let (run_symbols, length_symbols) = (costs(&counts.runs), costs(&counts.lengths));
        Self {
            literals,
            runs: (0..CACHED as u32).map(|v| length_price(&run_symbols, v)).collect(),
            run_symbols,
            lengths: (0..CACHED as u32)
                .map(|v| length_price(&length_symbols, v.saturating_sub(MIN_MATCH)))
                .collect(),
            length_symbols,
            offset_symbols: costs(&counts.offsets),
        }
    }

    /// Prices for a block about which nothing is known but its bytes.
    pub fn guess(block: &[u8]) -> Self {
        let mut counts = Counts::default();
        counts.add_literals(block);
        // Short runs and matches are common; offsets are about evenly spread over their powers of two.
        for symbol in 0..LENGTH_SYMBOLS {
            counts.runs[symbol] = 1 + 4096 / ((symbol * symbol + 2) as u32);
            counts.lengths[symbol] = 1 + 8192 / ((symbol * symbol + 16) as u32);
        }
        counts.offsets[..3].copy_from_slice(&[30, 10, 10]);
        counts.offsets[3..].fill(2);
        Self::new(&counts)
    }

    /// Of a literal run of this length.
    #[inline]
    pub fn run(&self, len: u32) -> u32 {
        self.runs.get(len as usize).copied().unwrap_or_else(|| length_price(&self.run_symbols, len))
    }

    /// Of a match of this length.
    #[inline]
    pub fn length(&self, len: u32) -> u32 {
        self.lengths
            .get(len as usize)
            .copied()
            .unwrap_or_else(|| length_price(&self.length_symbols, len - MIN_MATCH))
    }

    /// Of a [`Sequence::offset`].
    #[inline]
    pub fn offset(&self, code: u32) -> u32 {
        let (symbol, bits) = offset_symbol(code, MANTISSA);
        self.offset_symbols.get(symbol).copied().unwrap_or(0) + (bits << 8)
    }
}

/// The price of each symbol, as if each had come half a time more than it did.
fn costs(counts: &[u32]) -> Vec<u32> {
    let total: u32 = counts.iter().map(|c| 2 * c + 1).sum();
    let whole = log2(total);
    counts.iter().map(|c| whole - log2(2 * c + 1)).collect()
}

fn length_price(symbols: &[u32], value: u32) -> u32 {
    let (symbol, bits) = length_symbol(value);
    symbols.get(symbol).copied().unwrap_or(0) + (bits << 8)
}
