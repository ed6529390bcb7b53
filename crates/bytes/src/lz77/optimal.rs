//! Optimal parsing: the cheapest path through a block, every byte a literal or covered by a match, by dynamic
//! programming over estimated prices; parsed again with the prices that the first path leads to.

use super::chain::Found;
use super::prices::{Counts, Prices};
use super::spec::{MAX_BLOCK, MIN_MATCH, Repeats, Sequence, common};
use super::tree::Trees;

/// A match this long is taken without asking for the price.
pub const NICE: usize = 512;
/// Most matches that are kept for one place: the shorter ones of more.
const MAX_FOUND: usize = 24;

/// The cheapest known way to a place.
#[derive(Clone, Copy)]
struct Node {
    cost: u32,
    /// Length of the step that leads here: 1 with no `offset` for a literal.
    step: u32,
    /// [`Sequence::offset`] plus one; 0 for a literal.
    offset: u32,
    /// Literals since the last match.
    run: u32,
    repeats: Repeats,
}

const FAR: Node = Node { cost: u32::MAX, step: 0, offset: 0, run: 0, repeats: Repeats([0; 3]) };

/// Parses one block after another.
pub struct Optimal {
    trees: Trees,
    prices: Option<Prices>,
    found: Vec<Found>,
    /// Where the matches of each place of the block begin in `found`.
    starts: Vec<u32>,
    nodes: Vec<Node>,
}

/// Bytes of memory beyond the trees, for an input of `len` bytes.
pub fn memory(len: usize) -> u64 {
    let block = len.min(MAX_BLOCK) as u64 + 1;
    block * (size_of::<Node>() + 4 + MAX_FOUND * size_of::<Found>()) as u64 + (1 << 16)
}

impl Optimal {
    /// A parser over `trees`.
    pub fn new(trees: Trees) -> Self {
        Self { trees, prices: None, found: Vec::new(), starts: Vec::new(), nodes: Vec::new() }
    }

    /// Appends the sequences of `data[start..end]`; bytes after the last match are literals.
    pub fn parse(
        &mut self,
        data: &[u8],
        start: usize,
        end: usize,
        repeats: &mut Repeats,
        out: &mut Vec<Sequence>,
    ) {
        self.find(data, start, end);
        let block = &data[start..end];
        // The first block begins with a guess and needs one more pass to get it right.
        let (mut prices, passes) = match self.prices.take() {
            Some(prices) => (prices, 2),
            None => (Prices::guess(block), 3),
        };
        let mut path = Vec::new();
        for _ in 0..passes {
            self.walk(data, start, end, *repeats, &prices);
            path = self.trace();
            prices = Prices::new(&Counts::of(block, &path));
        }
        for sequence in &path {
            repeats.take(sequence.offset, sequence.literals == 0);
        }
        out.extend(path);
        self.prices = Some(prices);
    }

    /// Collects the matches of all places of the block.
    fn find(&mut self, data: &[u8], start: usize, end: usize) {
        self.found.clear();
        self.starts.clear();
        let mut covered = start;
        for at in start..end {
            let first = self.found.len();
            self.starts.push(first as u32);
            if at < covered {
                self.trees.enter(data, at, None);
                continue;
            }
            self.trees.enter(data, at, Some(&mut self.found));
            if self.found.len() > first + MAX_FOUND {
                let longest = self.found[self.found.len() - 1];
                self.found.truncate(first + MAX_FOUND - 1);
                self.found.push(longest);
            }
            if let Some((len, offset)) = self.found[first..].last_mut()
                && *len as usize >= NICE
            {
                let from = at - *offset as usize;
                *len = common(data, from, at, end - at) as u32;
                covered = at + *len as usize;
            }
        }
        self.starts.push(self.found.len() as u32);
    }

    /// Finds the cheapest way to every place of the block.
    fn walk(&mut self, data: &[u8], start: usize, end: usize, repeats: Repeats, prices: &Prices) {
        let len = end - start;
        self.nodes.clear();
        self.nodes.resize(len + 1, FAR);
        self.nodes[0] = Node { cost: prices.run(0), repeats, ..FAR };
        let mut i = 0;
        while i < len {
            if self.nodes[i].cost == u32::MAX {
                i += 1;
                continue;
            }
            let node = self.arrive(i);
            self.try_literal(i, node, data[start + i], prices);
            let long = self.try_matches(data, start, i, len, node, prices);
            i += long.max(1);
        }
        self.arrive(len);
    }

    /// Completes what is known of place `i` from the place that its step begins at.
    #[inline]
    fn arrive(&mut self, i: usize) -> Node {
        let mut node = self.nodes[i];
        if node.step > 0 {
            let from = self.nodes[i - node.step as usize];
            node.repeats = from.repeats;
            if node.offset == 0 {
                node.run = from.run + 1;
            } else {
                node.run = 0;
                node.repeats.take(node.offset - 1, from.run == 0);
            }
            self.nodes[i] = node;
        }
        node
    }

    #[inline]
    fn try_literal(&mut self, i: usize, node: Node, byte: u8, prices: &Prices) {
        // The price of the run so far is in the cost already.
        let cost = node.cost + prices.literals[usize::from(byte)] + prices.run(node.run + 1);
        self.relax(i, 1, 0, cost - prices.run(node.run));
    }

    #[inline]
    fn relax(&mut self, i: usize, step: u32, offset: u32, cost: u32) {
        let node = &mut self.nodes[i + step as usize];
        if cost < node.cost {
            (node.cost, node.step, node.offset) = (cost, step, offset);
        }
    }

    /// Tries all matches at place `i`. For one of [`NICE`] or more bytes, only that is tried, and its length given:
    /// the places under it need not be looked at.
    fn try_matches(
        &mut self,
        data: &[u8],
        start: usize,
        i: usize,
        len: usize,
        node: Node,
        prices: &Prices,
    ) -> usize {
        let (at, room) = (start + i, len - i);
        let base = node.cost + prices.run(0);
        for code in 0..3 {
            let offset = node.repeats.get(code, node.run == 0) as usize;
            if offset == 0 || offset > at {
                continue;
            }
            let longest = common(data, at - offset, at, room);
            let cost = base + prices.offset(code);
            if longest >= NICE {
                self.relax(i, longest as u32, code + 1, cost + prices.length(longest as u32));
                return longest;
            }
            for step in MIN_MATCH..=longest as u32 {
                self.relax(i, step, code + 1, cost + prices.length(step));
            }
        }
        self.try_found(i, room, base, prices)
    }

    fn try_found(&mut self, i: usize, room: usize, base: u32, prices: &Prices) -> usize {
        let mut from = 3;
        for index in self.starts[i]..self.starts[i + 1] {
            let (longest, offset) = self.found[index as usize];
            let cost = base + prices.offset(offset + 2);
            if longest as usize >= NICE {
                self.relax(i, longest, offset + 3, cost + prices.length(longest));
                return longest as usize;
            }
            let longest = longest.min(room as u32);
            for step in from..=longest {
                self.relax(i, step, offset + 3, cost + prices.length(step));
            }
            from = from.max(longest + 1);
        }
        1
    }

    /// The sequences of the cheapest way.
    fn trace(&self) -> Vec<Sequence> {
        let mut path = Vec::new();
        let mut i = self.nodes.len() - 1;
        while i > 0 {
            let node = self.nodes[i];
            i -= node.step.max(1) as usize;
            if node.offset > 0 {
                path.push(Sequence {
                    literals: self.nodes[i].run,
                    length: node.step,
                    offset: node.offset - 1,
                });
            }
        }
        path.reverse();
        path
    }
}
