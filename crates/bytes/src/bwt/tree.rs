//! The shape of the binary tree that spells a symbol: a Huffman tree, so that frequent symbols take few decisions.
//!
//! The shape decides speed and, a little, how fast the model learns. Codes are canonical (Schwartz and Kallick
//! 1964), so that their lengths say everything.

use minlen_core::{Error, Result};
use minlen_entropy::binary::BitCoder;

/// Longest code in bits; lengths are told in four bits.
pub(super) const MAX_LEN: u8 = 15;

/// A child that is a symbol: this plus its value. Smaller numbers are inner nodes; 0, the root, is nobody's child.
pub(super) const LEAF: u16 = 256;

/// A binary tree over the bytes.
#[derive(Clone)]
pub(super) struct Tree {
    /// For each inner node what follows on 0 and 1.
    pub children: Vec<[u16; 2]>,
    /// For each symbol its decisions, the first in bit 15, then a 1, then zeros; 0 for a symbol that is absent.
    pub paths: [u16; 256],
}

impl Tree {
    /// Eight levels, the symbol's bits from the highest.
    pub(super) fn flat() -> Self {
        Self::build(&[8; 256])
    }

    /// The canonical tree of these code lengths; 0 for symbols that are absent.
    ///
    /// # Errors
    /// Corrupt if no tree has them.
    pub(super) fn from_lengths(lengths: &[u8; 256]) -> Result<Self> {
        let present = lengths.iter().filter(|&&len| len > 0);
        let sum: u32 = present.clone().map(|&len| 1 << (MAX_LEN - len.min(MAX_LEN))).sum();
        let alone = sum == 1 << (MAX_LEN - 1) && present.count() == 1;
        if !alone && sum != 1 << MAX_LEN || lengths.iter().any(|&len| len > MAX_LEN) {
            return Err(Error::corrupt("bwt: impossible code lengths"));
        }
        Ok(Self::build(lengths))
    }

    fn build(lengths: &[u8; 256]) -> Self {
        let mut tree = Self { children: vec![[0; 2]], paths: [0; 256] };
        let mut code = 0u16;
        for len in 1..=MAX_LEN {
            code <<= 1;
            for symbol in (0..256usize).filter(|&s| lengths[s] == len) {
                let path = code << (16 - len) | 1 << (15 - len);
                tree.paths[symbol] = path;
                tree.insert(symbol as u16, path, len);
                code = code.wrapping_add(1);
            }
        }
        // A symbol that is alone has only one side; the other leads to the same.
        if tree.children[0][1] == 0 {
            tree.children[0][1] = tree.children[0][0];
        }
        tree
    }

    fn insert(&mut self, symbol: u16, mut path: u16, len: u8) {
        let mut node = 0;
        for _ in 1..len {
            let side = usize::from(path >> 15);
            path <<= 1;
            if self.children[node][side] == 0 {
                self.children[node][side] = self.children.len() as u16;
                self.children.push([0; 2]);
            }
            node = usize::from(self.children[node][side]);
        }
        self.children[node][usize::from(path >> 15)] = LEAF + symbol;
    }
}

/// Code lengths for these counts by Huffman's algorithm (1952), on counts raised to a floor that keeps codes short.
pub(super) fn lengths(counts: &[u32; 256]) -> [u8; 256] {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let floor = total / 2048 + 1;
    let mut nodes: Vec<(u64, Vec<u8>)> = (0..=255u8)
        .filter(|&symbol| counts[usize::from(symbol)] > 0)
        .map(|symbol| (u64::from(counts[usize::from(symbol)]).max(floor), vec![symbol]))
        .collect();
    let mut lengths = [0u8; 256];
    if let [(_, alone)] = &nodes[..] {
        lengths[usize::from(alone[0])] = 1;
    }
    // With at most 256 nodes, sorting again each time is quick; it is stable, so ties fall alike everywhere.
    while nodes.len() > 1 {
        nodes.sort_by_key(|node| std::cmp::Reverse(node.0));
        if let (Some(a), Some(b)) = (nodes.pop(), nodes.pop()) {
            let joined = [a.1, b.1].concat();
            joined.iter().for_each(|&symbol| lengths[usize::from(symbol)] += 1);
            nodes.push((a.0 + b.0, joined));
        }
    }
    lengths
}

/// Codes the lengths, each in the context of the one before.
pub(super) fn code_lengths<K: BitCoder>(coder: &mut K, lengths: &[u8; 256]) -> [u8; 256] {
    let mut model = super::bytes::Nibbles::new(16);
    let mut before = 0;
    lengths.map(|len| {
        before = model.code(coder, usize::from(before), len);
        before
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn every_symbol_is_at_the_end_of_its_path() {
        for seed in 0..200 {
            let mut rng = Rng(seed);
            let mut counts = [0u32; 256];
            for _ in 0..1 + rng.below(300) {
                counts[rng.below(256)] += 1 << rng.below(20);
            }
            let lengths = lengths(&counts);
            let tree = Tree::from_lengths(&lengths).unwrap();
            for symbol in (0..256).filter(|&s| counts[s] > 0) {
                let (mut path, mut node) = (tree.paths[symbol], 0u16);
                while node < LEAF {
                    node = tree.children[usize::from(node)][usize::from(path >> 15)];
                    path <<= 1;
                }
                assert_eq!((node, path), (LEAF + symbol as u16, 1 << 15));
            }
        }
    }

    #[test]
    fn impossible_lengths_are_refused() {
        let mut lengths = [0; 256];
        assert!(Tree::from_lengths(&lengths).is_err());
        lengths[7] = 1;
        assert!(Tree::from_lengths(&lengths).is_ok());
        lengths[8] = 2;
        assert!(Tree::from_lengths(&lengths).is_err());
        lengths[9] = 2;
        assert!(Tree::from_lengths(&lengths).is_ok());
        lengths[10] = 15;
        assert!(Tree::from_lengths(&lengths).is_err());
        assert!(Tree::from_lengths(&[200; 256]).is_err());
    }
}
