//! Static tables of 256 symbols in 12 bits: how they come from counts, travel, and lie in memory.
//!
//! The slots of a table belong to its symbols in order of their frequencies, the rarest first, and of equally frequent ones in
//! order of the symbols. So an encoder finds a slot by adding two numbers, and a decoder can keep all it needs in vector
//! registers ([`super::grid`]).

use super::side::{Side, Tree};
use minlen_core::{Error, Result};
use minlen_entropy::log2::log2_q16;

/// Bits of a slot.
pub(crate) const BITS: u32 = 12;
/// Slots of a table.
pub(crate) const SLOTS: usize = 1 << BITS;
/// Leading bits of a frequency that are kept.
const PRECISION: u32 = 6;

/// Frequencies of the 256 symbols; they add up to [`SLOTS`].
pub(crate) type Freqs = [u16; 256];

/// The nearest frequency to `freq` that has no more than [`PRECISION`] bits before its zeros.
fn rounded(freq: u32) -> u32 {
    let step = 1 << (32 - freq.leading_zeros()).saturating_sub(PRECISION);
    (freq + step / 2) / step * step
}

/// Frequencies close to `counts`, of which at least one must not be 0.
pub(crate) fn normalise(counts: &[u32; 256]) -> Freqs {
    let total: u64 = counts.iter().map(|&c| u64::from(c)).sum::<u64>().max(1);
    let scale = |c: u32| ((u64::from(c) * SLOTS as u64 + total / 2) / total) as u32;
    let mut top = 0;
    for (i, &count) in counts.iter().enumerate() {
        if count > counts[top] {
            top = i;
        }
    }
    let mut freqs: [u32; 256] = counts.map(|c| if c == 0 { 0 } else { rounded(scale(c).max(1)) });
    freqs[top] = 0;
    let wanted = (scale(counts[top]) as i32).max(16);
    // What is left over falls to the most frequent symbol; where that would bend it, the next ones give and take.
    for _ in 0..SLOTS {
        let left = SLOTS as i32 - freqs.iter().sum::<u32>() as i32;
        let Some((largest, &freq)) = freqs.iter().enumerate().max_by_key(|(i, f)| (**f, 256 - i)) else {
            break;
        };
        if freq <= 1 || left * 16 >= wanted * 15 {
            break;
        }
        let step = 1 << (32 - (freq - 1).leading_zeros()).saturating_sub(PRECISION);
        freqs[largest] -= step;
    }
    freqs[top] = SLOTS as u32 - freqs.iter().sum::<u32>();
    freqs.map(|f| f as u16)
}

/// The models that tables travel with.
#[derive(Debug)]
pub(crate) struct TableModels {
    top: Tree,
    ends: [Tree; 2],
    class: Vec<Tree>,
}

impl TableModels {
    /// Fresh ones.
    pub(crate) fn new() -> Self {
        Self { top: Tree::new(8), ends: [Tree::new(8), Tree::new(8)], class: vec![Tree::new(4); 16 * 3] }
    }

    /// Codes one table: the most frequent symbol, the first and the last one, and for every other one between these the class of its frequency (how many bits it has)
    /// given the classes of the two symbols before it, and its bits.
    ///
    /// # Errors
    /// Corrupt if the frequencies do not add up.
    pub(crate) fn code(&mut self, side: &mut impl Side, freqs: &Freqs) -> Result<Freqs> {
        // At most one frequency has too many bits: it is the one that follows from the others.
        let largest = freqs.iter().max().copied().unwrap_or(0);
        let odd = freqs.iter().position(|f| u32::from(*f) != rounded(u32::from(*f)));
        let top = odd.or_else(|| freqs.iter().position(|f| *f == largest)).unwrap_or(0);
        let top = self.top.code(side, top as u32) as usize;
        let present = |symbol: &usize| freqs[*symbol] > 0;
        let ends = [(0..256).find(present), (0..256).rfind(present)].map(|end| end.unwrap_or(0) as u32);
        let [first, last] = [0, 1].map(|i: usize| self.ends[i].code(side, ends[i]) as usize);
        let (mut result, mut sum, mut before) = ([0u16; 256], 0u32, [0u32; 2]);
        for symbol in first..=last {
            if symbol == top {
                before = [13, before[0]];
                continue;
            }
            let freq = u32::from(freqs[symbol]);
            let trend = if before[1] > before[0] { 2 } else { usize::from(before[1] < before[0]) };
            let class = self.class[before[0] as usize * 3 + trend].code(side, 32 - freq.leading_zeros());
            let mut value = u32::from(class > 0);
            for i in 1..class {
                let bit = (freq >> (class - 1 - i)) & 1;
                value = value << 1 | if i < PRECISION { side.flat(bit) } else { 0 };
            }
            sum += value;
            result[symbol] = value as u16;
            before = [class, before[0]];
        }
        if sum >= SLOTS as u32 {
            return Err(Error::corrupt("frequencies that add up to too much"));
        }
        result[top] = (SLOTS as u32 - sum) as u16;
        Ok(result)
    }
}

/// The symbols that occur, in the order of their slots.
pub(crate) fn order(freqs: &Freqs) -> Vec<u8> {
    let mut symbols: Vec<u8> = (0..=255u8).filter(|symbol| freqs[usize::from(*symbol)] > 0).collect();
    symbols.sort_by_key(|symbol| freqs[usize::from(*symbol)]);
    symbols
}

/// Appends for every slot of a table: symbol in 8 bits, frequency minus 1 in 12, rank among the slots of the symbol in 12.
pub(crate) fn slots(freqs: &Freqs, out: &mut Vec<u32>) {
    for symbol in order(freqs) {
        let freq = u32::from(freqs[usize::from(symbol)]);
        out.extend((0..freq).map(|rank| u32::from(symbol) << 24 | (freq - 1) << 12 | rank));
    }
}

/// Index of symbols that do not occur, where the others have indices below it.
const NONE: u8 = 127;

/// A table for encoding.
#[derive(Clone, Debug)]
pub(crate) struct Coder {
    /// For every symbol: frequency << 16 | its first slot.
    pub(crate) symbols: [u32; 256],
    /// For every symbol: 2^32 / frequency, rounded down, at most 2^32 - 1.
    pub(crate) reciprocals: [u32; 256],
    /// For vector registers.
    pub(crate) lookup: Box<Lookup>,
}

/// A table for encoding, as bytes.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// True if the bytes are for the indices of at most 127 symbols, false if for the symbols themselves.
    pub(crate) narrow: bool,
    /// The index of each symbol.
    pub(crate) index: [u8; 256],
    /// The bytes, lowest first, of frequency (2), first slot (2) and reciprocal (4): an f32, a little less than the quotient.
    pub(crate) bytes: [[u8; 256]; 8],
}

impl Coder {
    /// Lays a table out.
    pub(crate) fn new(freqs: &Freqs) -> Self {
        let order = order(freqs);
        let (mut symbols, mut reciprocals, mut start) = ([0u32; 256], [u32::MAX; 256], 0u32);
        let narrow = order.len() <= usize::from(NONE);
        let mut lookup = Box::new(Lookup { narrow, index: [NONE; 256], bytes: [[0; 256]; 8] });
        for (rank, &symbol) in order.iter().enumerate() {
            let freq = u32::from(freqs[usize::from(symbol)]);
            symbols[usize::from(symbol)] = freq << 16 | start;
            if freq > 1 {
                reciprocals[usize::from(symbol)] = ((1u64 << 32) / u64::from(freq)) as u32;
            }
            // Of quotients below 2^20 with three roundings to the nearest f32, four units in the last place less make sure
            // that what comes of it is right or, after rounding down, one too small.
            let below = f32::from_bits((1.0 / freq as f32).to_bits() - 4);
            let index = if narrow { rank } else { usize::from(symbol) };
            lookup.index[usize::from(symbol)] = index as u8;
            let parts = u64::from(freq) | u64::from(start) << 16 | u64::from(below.to_bits()) << 32;
            for (table, byte) in lookup.bytes.iter_mut().zip(parts.to_le_bytes()) {
                table[index] = byte;
            }
            start += freq;
        }
        Self { symbols, reciprocals, lookup }
    }
}

/// `log2(x)` in 1/256 bits, for costs only: interpolated between 1024 places.
pub(crate) fn log2_q8(x: u32) -> u32 {
    static TABLE: std::sync::OnceLock<Vec<u16>> = std::sync::OnceLock::new();
    let table =
        TABLE.get_or_init(|| (0..1025).map(|i| ((log2_q16(1024 + i) - (10 << 16)) >> 8) as u16).collect());
    if x == 0 {
        return 0;
    }
    let whole = 31 - x.leading_zeros();
    (whole << 8) + u32::from(table[((u64::from(x) << 10 >> whole) & 1023) as usize])
}

/// Bits times 256 that coding `counts` takes with tables as good as tables can be.
pub(crate) fn entropy_q8(counts: &[u32; 256]) -> u64 {
    let total: u32 = counts.iter().sum();
    let all = log2_q8(total);
    counts.iter().map(|&c| u64::from(c) * u64::from(all.saturating_sub(log2_q8(c)))).sum()
}

#[cfg(test)]
mod tests {
    use super::super::side::{Reader, Writer};
    use super::*;
    use minlen_core::testing::Rng;

    fn cases() -> Vec<[u32; 256]> {
        let mut rng = Rng(7);
        let mut cases = vec![[1; 256], [u32::MAX >> 9; 256]];
        cases.push(std::array::from_fn(|i| u32::from(i == 77)));
        cases.push(std::array::from_fn(|i| u32::from(i == 255)));
        for n in [2usize, 3, 17, 127, 128, 129, 255] {
            cases.push(std::array::from_fn(|i| if i < n { rng.below(1 << (i % 20)) as u32 + 1 } else { 0 }));
            cases.push(std::array::from_fn(
                |i| if i * n / 256 % 2 == 0 { 1 + rng.below(9) as u32 } else { 0 },
            ));
        }
        cases.push(std::array::from_fn(|i| if i == 9 { 1 << 30 } else { 1 }));
        cases
    }

    #[test]
    fn frequencies_add_up_travel_and_lie_in_order() {
        let (mut writer, mut models) = (Writer::default(), TableModels::new());
        let tables: Vec<Freqs> = cases().iter().map(normalise).collect();
        for (freqs, counts) in tables.iter().zip(cases()) {
            assert_eq!(freqs.iter().map(|f| u32::from(*f)).sum::<u32>(), 4096);
            assert!(freqs.iter().zip(counts).all(|(f, c)| (*f == 0) == (c == 0)));
            models.code(&mut writer, freqs).unwrap();
            let (coder, mut all) = (Coder::new(freqs), Vec::new());
            slots(freqs, &mut all);
            assert_eq!(all.len(), SLOTS);
            for (slot, entry) in all.iter().enumerate() {
                let symbol = coder.symbols[(entry >> 24) as usize];
                assert_eq!((symbol & 0xffff) + (entry & 0xfff), slot as u32);
                assert_eq!((entry >> 12 & 0xfff) + 1, symbol >> 16);
            }
        }
        let bytes = writer.finish();
        let (mut reader, mut models) = (Reader::new(&bytes), TableModels::new());
        for freqs in &tables {
            assert_eq!(models.code(&mut reader, &[0; 256]).unwrap(), *freqs);
        }
    }

    #[test]
    fn logarithms_are_close() {
        for x in (1..5000).chain([u32::MAX, 1 << 31, 123_456_789]) {
            let exact = f64::from(x).log2() * 256.0;
            assert!((f64::from(log2_q8(x)) - exact).abs() < 1.6, "{x}");
        }
    }
}
