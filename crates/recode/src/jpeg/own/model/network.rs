//! Predicts a bit from what came of many contexts before.

use super::mixer::{CHOSEN, Mixer};
use minlen_entropy::binary::{Decoder, Encoder};
use minlen_entropy::mixing::{Apm, squash, stretch};

/// Writes bits, or says what was written.
pub(super) trait Bits {
    /// Codes `bit`, which is 1 with probability `p`/65536; gives the bit that is coded.
    fn code(&mut self, bit: u32, p: u32) -> u32;
    /// True if more was read than was written.
    fn overrun(&self) -> bool;
}

impl Bits for Encoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p: u32) -> u32 {
        self.encode(bit, p);
        bit
    }

    fn overrun(&self) -> bool {
        false
    }
}

impl Bits for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, _bit: u32, p: u32) -> u32 {
        self.decode(p)
    }

    fn overrun(&self) -> bool {
        Decoder::overrun(self)
    }
}

/// A probability in the upper 22 bits, the number of bits seen in the lower 10.
type Cell = u32;
/// The cells of a context for 15 nodes, and a check: one cache line.
type Line = [Cell; 16];
/// The last is no cell: it says whose line it is.
const CHECK: usize = 15;
/// A line that has seen nothing.
const EMPTY: Line = {
    let mut line = [1 << 31; 16];
    line[CHECK] = 0;
    line
};

/// Bits seen in a cell from which on old ones fade.
const LIMIT: usize = 255;

/// `65536 / (n + 1.5)`: the share of the difference by which the `n`th bit moves a cell.
const SHARE: [u16; LIMIT + 1] = {
    let mut table = [0; LIMIT + 1];
    let mut n = 0;
    while n <= LIMIT {
        table[n] = (131_072 / (2 * n as u32 + 3)) as u16;
        n += 1;
    }
    table
};

/// How much a cell's opinion counts after `n` bits, of 256.
const TRUST: [i32; LIMIT + 1] = {
    let mut table = [256; LIMIT + 1];
    let mut n = 0;
    while n <= LIMIT {
        table[n] = (256 * 2 * n / (2 * n + 3)) as i32;
        n += 1;
    }
    table
};

/// What predicts the bits of one kind of symbol.
pub(super) struct Network {
    lines: Vec<Line>,
    shift: u32,
    stretch: Vec<i16>,
    /// A hash of each context.
    pub(super) contexts: Vec<u32>,
    places: Vec<usize>,
    seen: Vec<Cell>,
    group: u32,
    mixer: Mixer,
    /// The chosen sets of weights without the node, which comes on top; each has `nodes` of them.
    pub(super) sets: [usize; CHOSEN],
    nodes: usize,
    apms: [Apm; 2],
    /// Contexts of the corrections, without the node.
    pub(super) corrections: [usize; 2],
}

impl Network {
    /// For `contexts` contexts in a table of 2^`bits` lines; `sets` weights for each selector and `corrections`, all times `nodes`.
    pub(super) fn new(
        contexts: usize,
        bits: u32,
        sets: [usize; CHOSEN],
        corrections: [usize; 2],
        nodes: usize,
    ) -> Self {
        let inputs = 2 * contexts + 1;
        Self {
            lines: vec![EMPTY; 1 << bits],
            shift: 32 - bits,
            stretch: (0..4096).map(|p| stretch(p * 16 + 8) as i16).collect(),
            contexts: vec![0; contexts],
            places: vec![0; contexts],
            seen: vec![0; contexts],
            group: u32::MAX,
            mixer: Mixer::new(inputs, sets.map(|n| n * nodes), nodes, (12_000 / contexts) as i16),
            sets: [0; CHOSEN],
            nodes,
            apms: corrections.map(|n| Apm::new(n * nodes)),
            corrections: [0; 2],
        }
    }

    /// To be called when the contexts are set.
    pub(super) fn begin(&mut self) {
        self.group = u32::MAX;
    }

    /// Codes a bit at a node: `group` and `cell` (of 16) name it for the contexts, `node` (of `nodes`) for the weights.
    #[inline(always)]
    pub(super) fn bit(
        &mut self,
        bits: &mut impl Bits,
        (group, cell): (u32, usize),
        node: usize,
        bit: u32,
    ) -> u32 {
        let node = node.min(self.nodes - 1);
        if group != self.group {
            self.group = group;
            for (place, &context) in self.places.iter_mut().zip(&self.contexts) {
                let hash = context.wrapping_add(group.wrapping_mul(0x2C1B_3C6D)).wrapping_mul(0x9E37_79B1);
                *place = find(&mut self.lines, (hash >> self.shift) as usize, hash);
            }
        }
        let cell = cell.min(CHECK - 1);
        // All loads before their use, so that the processor waits for all of them at once.
        for (seen, &place) in self.seen.iter_mut().zip(&self.places) {
            *seen = self.lines.get(place).map_or(1 << 31, |line| line[cell]);
        }
        let (inputs, _) = self.mixer.inputs.as_chunks_mut::<2>();
        for (input, &seen) in inputs.iter_mut().zip(&self.seen) {
            let (p, trust) = ((seen >> 20) as usize, TRUST[(seen as usize & 1023).min(LIMIT)]);
            let x = i32::from(self.stretch[p & 4095]);
            *input = [((x * trust) >> 8) as i16, (((p as i32 - 2048) * trust) >> 9) as i16];
        }
        if let Some(bias) = self.mixer.inputs.get_mut(2 * self.places.len()) {
            *bias = 256;
        }
        let x = self.mixer.mix(self.sets.map(|set| set * self.nodes + node), node);
        let [a, b] = &mut self.apms;
        let a = a.refine(x, self.corrections[0] * self.nodes + node);
        let b = b.refine(x, self.corrections[1] * self.nodes + node);
        let p = ((2 * squash(x) + a + b + 2) >> 2).clamp(1, 65_535);
        let bit = bits.code(bit, p) & 1;
        for (&place, &seen) in self.places.iter().zip(&self.seen) {
            if let Some(line) = self.lines.get_mut(place) {
                line[cell] = updated(seen, bit);
            }
        }
        self.mixer.update(bit);
        self.apms.iter_mut().for_each(|apm| apm.update(bit, 6));
        bit
    }
}

/// The line of this hash among two: one that has its check, or else the one that has seen less, now empty.
#[inline(always)]
fn find(lines: &mut [Line], at: usize, hash: u32) -> usize {
    let check = hash | 1;
    let Some([a, b]) = lines.get_mut(at & !1..).and_then(|pair| pair.first_chunk_mut()) else { return 0 };
    if a[CHECK] == check {
        return at & !1;
    }
    if b[CHECK] == check {
        return at | 1;
    }
    let seen = |line: &Line| (line[0] & 1023) + (line[1] & 1023);
    let (line, at) = if seen(a) <= seen(b) { (a, at & !1) } else { (b, at | 1) };
    *line = EMPTY;
    line[CHECK] = check;
    at
}

#[inline(always)]
fn updated(cell: Cell, bit: u32) -> Cell {
    let n = (cell as usize & 1023).min(LIMIT);
    let p = (cell >> 10) as i32;
    let target = ((1 << 22) - 1) * bit as i32;
    let moved = p + ((i64::from(target - p) * i64::from(SHARE[n])) >> 16) as i32;
    (moved as u32) << 10 | (n + usize::from(n < LIMIT)) as u32
}
