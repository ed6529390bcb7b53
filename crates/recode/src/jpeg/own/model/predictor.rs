//! Predicts a bit from what came of many contexts before.

use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd::{self, Task, Vector};
use minlen_entropy::mixing::{AdaptiveProb, Apm, TwoLayerMixer, squash, stretch_table};

/// Sets of weights that are chosen at once.
pub(super) const CHOSEN: usize = 5;

/// Nodes of a line.
const NODES: usize = 15;

/// What came at the 15 nodes of a context, and whose line it is: one cache line.
#[derive(Clone, Copy)]
struct Line {
    probs: [AdaptiveProb; NODES],
    check: u32,
}

/// A line that has seen nothing.
const EMPTY: Line = Line { probs: [AdaptiveProb::new(32_768); NODES], check: 0 };

/// Bits seen at a node from which on old ones fade.
const LIMIT: usize = 255;

/// How much a node's prediction counts after `n` bits, of 256.
const TRUST: [i32; LIMIT + 1] = {
    let mut table = [256; LIMIT + 1];
    let mut n = 0;
    while n <= LIMIT {
        table[n] = (256 * 2 * n / (2 * n + 3)) as i32;
        n += 1;
    }
    table
};

/// Learning rates of the weights fall from the first to the second, in 1/65536 of 1/64.
const RATE_START: i32 = 30 << 16;
const RATE_END: i32 = 4 << 16;
/// That of the last layer.
const LAST_RATE: i32 = 3;

/// What predicts the bits of one kind of symbol.
pub(super) struct Predictor {
    lines: Vec<Line>,
    shift: u32,
    stretch: &'static [i16; 4096],
    /// A hash of each context.
    pub(super) contexts: Vec<u32>,
    places: Vec<usize>,
    seen: Vec<AdaptiveProb>,
    group: u32,
    mixer: TwoLayerMixer,
    rate: i32,
    /// The chosen sets of weights without the node, which comes on top; each has `nodes` of them.
    pub(super) sets: [usize; CHOSEN],
    nodes: usize,
    apms: [Apm; 2],
    /// Contexts of the APMs, without the node.
    pub(super) apm_contexts: [usize; 2],
}

impl Predictor {
    /// For `contexts` contexts in a table of 2^`bits` lines; `sets` weights for each selector and contexts of each APM, all times `nodes`.
    pub(super) fn new(
        contexts: usize,
        bits: u32,
        sets: [usize; CHOSEN],
        apms: [usize; 2],
        nodes: usize,
    ) -> Self {
        let inputs = 2 * contexts + 1;
        let sets = sets.map(|n| n * nodes);
        Self {
            lines: vec![EMPTY; 1 << bits],
            shift: 32 - bits,
            stretch: stretch_table(),
            contexts: vec![0; contexts],
            places: vec![0; contexts],
            seen: vec![EMPTY.probs[0]; contexts],
            group: u32::MAX,
            mixer: TwoLayerMixer::new(inputs, &sets, nodes, (12_000 / contexts) as i16),
            rate: RATE_START,
            sets: [0; CHOSEN],
            nodes,
            apms: apms.map(|n| Apm::new(n * nodes)),
            apm_contexts: [0; 2],
        }
    }

    /// To be called when the contexts are set.
    pub(super) fn begin(&mut self) {
        self.group = u32::MAX;
    }

    /// Codes a bit at a node: `group` and `cell` (of 15) name it for the contexts, `node` (of `nodes`) for the weights.
    #[inline(always)]
    pub(super) fn bit(
        &mut self,
        coder: &mut impl BitCoder,
        place: (u32, usize),
        node: usize,
        bit: u32,
    ) -> u32 {
        simd::with(self.mixer.isa(), Code { predictor: self, coder, place, node, bit })
    }

    #[inline(always)]
    fn code<V: Vector>(
        &mut self,
        v: V,
        coder: &mut impl BitCoder,
        (group, cell): (u32, usize),
        node: usize,
        bit: u32,
    ) -> u32 {
        let node = node.min(self.nodes - 1);
        if group != self.group {
            self.find_lines(group);
        }
        let cell = cell.min(NODES - 1);
        // All loads before their use, so that the processor waits for all of them at once.
        for (seen, &place) in self.seen.iter_mut().zip(&self.places) {
            *seen = self.lines.get(place).map_or(EMPTY.probs[0], |line| line.probs[cell]);
        }
        let (inputs, rest) = self.mixer.inputs_mut().split_at_mut(2 * self.seen.len());
        for (input, &seen) in inputs.as_chunks_mut::<2>().0.iter_mut().zip(&self.seen) {
            let (p, trust) = (seen.p12(), TRUST[(seen.observations() as usize).min(LIMIT)]);
            let x = i32::from(self.stretch[p & 4095]);
            *input = [((x * trust) >> 8) as i16, (((p as i32 - 2048) * trust) >> 9) as i16];
        }
        if let Some(bias) = rest.first_mut() {
            *bias = 256;
        }
        for (group, set) in self.sets.into_iter().enumerate() {
            self.mixer.choose(group, set * self.nodes + node);
        }
        let x = self.mixer.mix(v, node);
        let [a, b] = &mut self.apms;
        let a = a.refine(x, self.apm_contexts[0] * self.nodes + node);
        let b = b.refine(x, self.apm_contexts[1] * self.nodes + node);
        let p = ((2 * squash(x) + a + b + 2) >> 2).clamp(1, 65_535);
        let bit = coder.code(bit, p) & 1;
        for (&place, seen) in self.places.iter().zip(&mut self.seen) {
            if let Some(line) = self.lines.get_mut(place) {
                seen.update(bit, LIMIT as u32);
                line.probs[cell] = *seen;
            }
        }
        self.rate += (RATE_END - self.rate) >> 14;
        self.mixer.set_rates(self.rate >> 16, LAST_RATE);
        self.mixer.update(v, bit);
        self.apms.iter_mut().for_each(|apm| apm.update(bit, 6));
        bit
    }

    #[inline(always)]
    fn find_lines(&mut self, group: u32) {
        self.group = group;
        for (place, &context) in self.places.iter_mut().zip(&self.contexts) {
            let hash = context.wrapping_add(group.wrapping_mul(0x2C1B_3C6D)).wrapping_mul(0x9E37_79B1);
            *place = find(&mut self.lines, (hash >> self.shift) as usize, hash);
        }
    }
}

/// One decision, compiled for each instruction set.
struct Code<'a, B> {
    predictor: &'a mut Predictor,
    coder: &'a mut B,
    place: (u32, usize),
    node: usize,
    bit: u32,
}

impl<B: BitCoder> Task for Code<'_, B> {
    type Out = u32;

    #[inline(always)]
    fn run<V: Vector>(self, v: V) -> u32 {
        self.predictor.code(v, self.coder, self.place, self.node, self.bit)
    }
}

/// The line of this hash among two: one that has its check, or else the one that has seen less, now empty.
#[inline(always)]
fn find(lines: &mut [Line], at: usize, hash: u32) -> usize {
    let check = hash | 1;
    let Some([a, b]) = lines.get_mut(at & !1..).and_then(|pair| pair.first_chunk_mut()) else { return 0 };
    if a.check == check {
        return at & !1;
    }
    if b.check == check {
        return at | 1;
    }
    let seen = |line: &Line| line.probs[0].observations() + line.probs[1].observations();
    let (line, at) = if seen(a) <= seen(b) { (a, at & !1) } else { (b, at | 1) };
    *line = Line { check, ..EMPTY };
    at
}
