//! Predicts the last column symbol by symbol.
//!
//! Neighbours in the column stand before similar contexts, so a symbol is mostly one of those just seen. Where a
//! repetition is likely, the first decision is whether there is one; else, and after a no, decisions walk down a
//! Huffman tree to the symbol. Unlike with move-to-front, symbols keep their names, so that what is known of each
//! of them counts; and each decision is told where the recent symbols lie in the tree, so that what is known of
//! ranks counts as well.

use super::history::{History, bucket};
use super::site::{Place, Site};
use super::tree::{LEAF, Tree};
use minlen_entropy::binary::BitCoder;

/// Log2 of the largest context table. Larger ones gain little, since the contexts of a stretch of the column are
/// few, and leave the processor's caches.
const MAX_BITS: u32 = 18;
/// Where the three newest symbols lie from a node: nowhere below, or below its side 0 or 1.
const VIEWS: usize = 27;

/// The state of prediction, the same in encoder and decoder. `C`, `N`, `M`: see [`Site`].
pub(super) struct Model<const C: usize, const N: usize, const M: usize> {
    repeat: Site<C, N, M>,
    spell: Site<C, N, M>,
    tree: Tree,
    history: History,
}

impl<const C: usize, const N: usize, const M: usize> Model<C, N, M> {
    /// A model for a column of `len` symbols. Short columns get small tables.
    pub(super) fn new(len: usize, tree: Tree) -> Self {
        let bits = bits(len);
        let by = |most: u32| most.min(bits);
        Self {
            repeat: Site::new([12, 12, bits, by(16), 12, by(14)], [256, 4096], 16 * 256),
            spell: Site::new([8, by(16), by(16), by(16), 13, 14], [512, VIEWS * 16], 1024),
            tree,
            history: History::new(),
        }
    }

    /// Codes the next symbol: an encoder passes it, a decoder gets it.
    #[inline(always)]
    pub(super) fn code<K: BitCoder>(&mut self, coder: &mut K, symbol: u8) -> u8 {
        let asked = self.history.expects_repeat();
        if asked && self.code_repeat(coder, symbol) {
            let symbol = self.history.recent[0];
            self.history.push(symbol);
            return symbol;
        }
        let symbol = self.spell(coder, symbol, asked);
        self.history.push(symbol);
        symbol
    }

    #[inline(always)]
    fn code_repeat<K: BitCoder>(&mut self, coder: &mut K, symbol: u8) -> bool {
        let h = &self.history;
        let [newest, second, _, _] = h.recent.map(usize::from);
        let run = bucket(h.run);
        let [p0, p1, p2] = h.runs;
        let place = Place {
            at: [
                newest << 4 | run,
                h.count(newest) << 4 | run,
                hash(newest << 8 | second) + run.min(3),
                run << 12 | p0 << 8 | p1 << 4 | p2,
                h.ranks,
                (run << 4 | h.steadiness()) << 6 | h.count(second),
            ],
            sets: [run << 4 | p0, h.ranks & 4095],
            apm: newest << 4 | run,
        };
        self.repeat.code(coder, u32::from(usize::from(symbol) == newest), &place) == 1
    }

    #[inline(always)]
    fn spell<K: BitCoder>(&mut self, coder: &mut K, symbol: u8, asked: bool) -> u8 {
        let h = &self.history;
        let [newest, second, third, _] = h.recent.map(usize::from);
        let (run, side) = (bucket(h.run), usize::from(asked));
        let state = run << 5 | h.runs[0] << 1 | side;
        let (ranks, steps) = (h.ranks & 255, run.min(3) << 8);
        let mut views = [newest, second, third].map(|s| self.tree.paths[s]);
        let mut path = self.tree.paths[usize::from(symbol)];
        let mut node = 0;
        loop {
            let view = views.iter().fold(0, |sum, &v| sum * 3 + direction(v));
            let place = Place {
                at: [
                    node,
                    newest << 8 | node,
                    second << 8 | node,
                    third << 8 | node,
                    view << 8 | ranks,
                    view << 9 | state,
                ],
                sets: [side << 8 | node, view << 4 | run],
                apm: steps | node,
            };
            let bit = self.spell.code(coder, u32::from(path >> 15), &place) as u16;
            path <<= 1;
            views = views.map(|v| if v >> 15 == bit { v << 1 } else { 0 });
            let next = self.tree.children[node][usize::from(bit)];
            if next >= LEAF {
                return next as u8;
            }
            node = usize::from(next);
        }
    }
}

/// Where what is left of a path leads: 0 for nowhere, else 1 + its next decision.
#[inline(always)]
fn direction(path: u16) -> usize {
    if path & 0x7fff == 0 { 0 } else { 1 + usize::from(path >> 15) }
}

/// The start of a context's slots. Contexts overlap in the slots of rare nodes.
#[inline(always)]
fn hash(context: usize) -> usize {
    (context as u32).wrapping_mul(0x9e35_79b1) as usize >> 12 << 6
}

/// Bytes that a model for `len` symbols takes, roughly.
pub(super) fn memory(len: usize) -> u64 {
    (1 << 20) + (64 << bits(len))
}

fn bits(len: usize) -> u32 {
    (usize::BITS - len.leading_zeros() + 3).clamp(12, MAX_BITS)
}

/// How often each symbol will be spelled: what the tree should be shaped for.
pub(super) fn spelled(column: &[u8]) -> [u32; 256] {
    let (mut history, mut counts) = (History::new(), [0; 256]);
    for &symbol in column {
        if !history.expects_repeat() || symbol != history.recent[0] {
            counts[usize::from(symbol)] += 1;
        }
        history.push(symbol);
    }
    counts
}
