//! Static tables of 256 symbols in 12 bits: how they come from counts, travel, and lie in memory.
//!
//! The 4096 slots of a table of at most 128 symbols are dealt out by the alias method (Walker 1977, Vose 1991; for rANS: Giesen
//! 2014): 128 buckets of 32 slots, each with one divider and at most two symbols, so that a decoder can keep the whole table in a
//! few vector registers. Tables with more symbols have them one after another.

use super::side::{Side, Tree};
use minlen_core::{Error, Result};
use minlen_entropy::log2::log2_q16;

/// Bits of a slot.
pub(crate) const BITS: u32 = 12;
/// Slots of a table.
pub(crate) const SLOTS: usize = 1 << BITS;
/// Buckets of the alias method, and the most symbols that it takes.
pub(crate) const BUCKETS: usize = 128;
/// Slots of a bucket.
const SIZE: usize = SLOTS / BUCKETS;
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

/// The alias method's view of a table of at most [`BUCKETS`] symbols; index 0 is the bucket's own symbol, 1 the other one.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    /// Slots of each bucket that belong to its own symbol.
    pub(crate) divider: [u8; BUCKETS],
    /// The symbols.
    pub(crate) symbol: [[u8; BUCKETS]; 2],
    /// Their frequencies, low bytes and high ones.
    pub(crate) freq: [[[u8; BUCKETS]; 2]; 2],
    /// Slot minus rank among the slots of the same symbol, modulo 4096, low bytes and high ones.
    pub(crate) bias: [[[u8; BUCKETS]; 2]; 2],
}

/// The symbol of every slot.
type Owners = [u8; SLOTS];

fn in_order(freqs: &Freqs) -> Owners {
    let (mut owners, mut at) = ([0u8; SLOTS], 0);
    for (symbol, &freq) in freqs.iter().enumerate() {
        owners[at..][..usize::from(freq)].fill(symbol as u8);
        at += usize::from(freq);
    }
    owners
}

/// Deals the slots out by the alias method; `None` if there are too many symbols.
fn dealt(freqs: &Freqs) -> Option<(Owners, Alias)> {
    let symbols: Vec<u8> = (0..=255u8).filter(|s| freqs[usize::from(*s)] > 0).collect();
    if symbols.len() > BUCKETS {
        return None;
    }
    let own = |bucket: usize| symbols.get(bucket).copied().unwrap_or(0);
    let mut left = [0u16; BUCKETS];
    for (left, &symbol) in left.iter_mut().zip(&symbols) {
        *left = freqs[usize::from(symbol)];
    }
    let size = SIZE as u16;
    let mut small: Vec<usize> = (0..BUCKETS).filter(|b| left[*b] < size).collect();
    let mut large: Vec<usize> = (0..BUCKETS).filter(|b| left[*b] > size).collect();
    let mut alias = Alias {
        divider: [size as u8; BUCKETS],
        symbol: [std::array::from_fn(own); 2],
        freq: [[[0; BUCKETS]; 2]; 2],
        bias: [[[0; BUCKETS]; 2]; 2],
    };
    while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
        alias.divider[poor] = left[poor] as u8;
        alias.symbol[1][poor] = own(rich);
        left[rich] -= size - left[poor];
        if left[rich] <= size {
            large.pop();
            if left[rich] < size {
                small.push(rich);
            }
        }
    }
    let (mut owners, mut seen) = ([0u8; SLOTS], [0u16; 256]);
    for bucket in 0..BUCKETS {
        let mut slot = bucket * SIZE;
        let divider = usize::from(alias.divider[bucket]);
        for (which, count) in [divider, SIZE - divider].into_iter().enumerate() {
            let symbol = alias.symbol[which][bucket];
            let rank = &mut seen[usize::from(symbol)];
            let bias = (slot as u16).wrapping_sub(*rank) & (SLOTS as u16 - 1);
            for half in 0..2 {
                alias.freq[half][which][bucket] = freqs[usize::from(symbol)].to_le_bytes()[half];
                alias.bias[half][which][bucket] = bias.to_le_bytes()[half];
            }
            owners[slot..][..count].fill(symbol);
            *rank += count as u16;
            slot += count;
        }
    }
    Some((owners, alias))
}

impl Alias {
    /// What a slot holds, as [`Table::slots`] has it.
    #[inline(always)]
    pub(crate) fn entry(&self, slot: usize) -> u32 {
        let bucket = slot / SIZE;
        let which = usize::from(slot % SIZE >= usize::from(self.divider[bucket]));
        let half = |table: &[[[u8; BUCKETS]; 2]; 2]| {
            u32::from(table[1][which][bucket]) << 8 | u32::from(table[0][which][bucket])
        };
        let rank = (slot as u32).wrapping_sub(half(&self.bias)) & (SLOTS as u32 - 1);
        u32::from(self.symbol[which][bucket]) << 24 | half(&self.freq).wrapping_sub(1) << 12 | rank
    }
}

/// A table for decoding.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    owners: Box<Owners>,
    /// For vector registers, where the symbols are few.
    pub(crate) alias: Option<Box<Alias>>,
}

impl Table {
    /// Lays a table out.
    pub(crate) fn new(freqs: &Freqs) -> Self {
        match dealt(freqs) {
            Some((owners, alias)) => Self { owners: Box::new(owners), alias: Some(Box::new(alias)) },
            None => Self { owners: Box::new(in_order(freqs)), alias: None },
        }
    }

    /// Appends for every slot: symbol in 8 bits, frequency minus 1 in 12, rank among the slots of the symbol in 12.
    pub(crate) fn slots(&self, freqs: &Freqs, out: &mut Vec<u32>) {
        let mut next: [u32; 256] =
            std::array::from_fn(|s| (s as u32) << 24 | u32::from(freqs[s].wrapping_sub(1)) << 12);
        out.extend(self.owners.iter().map(|&symbol| {
            let next = &mut next[usize::from(symbol)];
            // The one symbol there is may be 255: one more than its last entry is no number of 32 bits.
            std::mem::replace(next, next.wrapping_add(1))
        }));
    }

    /// Bytes that one takes.
    pub(crate) const MEMORY: u64 = (SLOTS * 5 + size_of::<Alias>() + size_of::<Self>()) as u64;
}

/// A table for encoding.
#[derive(Clone, Debug)]
pub(crate) struct Coder {
    /// For every symbol: frequency << 16 | place of its first slot in `slots`.
    pub(crate) symbols: [u32; 256],
    /// For every symbol: 2^32 / frequency, rounded down, at most 2^32 - 1.
    pub(crate) reciprocals: [u32; 256],
    /// The slots, ordered by symbol.
    pub(crate) slots: Vec<u32>,
    /// For vector registers, where the symbols are few.
    pub(crate) ranks: Option<Box<Ranks>>,
}

/// A table for encoding at most [`BUCKETS`] symbols, by their rank among these.
#[derive(Clone, Debug)]
pub(crate) struct Ranks {
    /// The rank of each symbol.
    pub(crate) rank: [u8; 256],
    /// For each rank the bytes, lowest first, of frequency (2), place of the first slot (2) and reciprocal (4).
    pub(crate) bytes: [[u8; BUCKETS]; 8],
}

impl Coder {
    /// Lays a table out.
    pub(crate) fn new(freqs: &Freqs) -> Self {
        let owners = dealt(freqs).map_or_else(|| in_order(freqs), |(owners, _)| owners);
        let (mut symbols, mut reciprocals, mut start) = ([0u32; 256], [0u32; 256], 0u32);
        for (symbol, &freq) in freqs.iter().enumerate() {
            symbols[symbol] = u32::from(freq) << 16 | start;
            reciprocals[symbol] = if freq < 2 { u32::MAX } else { ((1u64 << 32) / u64::from(freq)) as u32 };
            start += u32::from(freq);
        }
        let (mut slots, mut next) = (vec![0u32; SLOTS], symbols.map(|s| s & 0xffff));
        for (slot, &symbol) in owners.iter().enumerate() {
            let place = &mut next[usize::from(symbol)];
            slots[*place as usize] = slot as u32;
            *place += 1;
        }
        let ranks = ranks(freqs, &symbols, &reciprocals);
        Self { symbols, reciprocals, slots, ranks }
    }
}

fn ranks(freqs: &Freqs, symbols: &[u32; 256], reciprocals: &[u32; 256]) -> Option<Box<Ranks>> {
    let present: Vec<usize> = (0..256).filter(|s| freqs[*s] > 0).collect();
    // One rank is left for the symbols that are not there, with a frequency of 0.
    if present.len() >= BUCKETS {
        return None;
    }
    let mut ranks = Box::new(Ranks { rank: [BUCKETS as u8 - 1; 256], bytes: [[0; BUCKETS]; 8] });
    for (rank, symbol) in present.into_iter().enumerate() {
        ranks.rank[symbol] = rank as u8;
        let parts = u64::from(symbols[symbol] >> 16)
            | u64::from(symbols[symbol] & 0xffff) << 16
            | u64::from(reciprocals[symbol]) << 32;
        for (table, byte) in ranks.bytes.iter_mut().zip(parts.to_le_bytes()) {
            table[rank] = byte;
        }
    }
    Some(ranks)
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
    fn frequencies_add_up_travel_and_deal() {
        let (mut writer, mut models) = (Writer::default(), TableModels::new());
        let tables: Vec<Freqs> = cases().iter().map(normalise).collect();
        for (freqs, counts) in tables.iter().zip(cases()) {
            assert_eq!(freqs.iter().map(|f| u32::from(*f)).sum::<u32>(), 4096);
            assert!(freqs.iter().zip(counts).all(|(f, c)| (*f == 0) == (c == 0)));
            models.code(&mut writer, freqs).unwrap();
            let (table, coder) = (Table::new(freqs), Coder::new(freqs));
            let mut slots = Vec::new();
            table.slots(freqs, &mut slots);
            for (slot, entry) in slots.iter().enumerate() {
                let symbol = (entry >> 24) as usize;
                let place = (coder.symbols[symbol] & 0xffff) + (entry & 0xfff);
                assert_eq!(coder.slots[place as usize] as usize, slot);
                assert_eq!((entry >> 12 & 0xfff) + 1, u32::from(freqs[symbol]));
                if let Some(alias) = &table.alias {
                    assert_eq!(alias.entry(slot), *entry);
                }
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
