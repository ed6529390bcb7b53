//! A binary tree for every 4-byte hash, sorted by the strings that follow and with the newest at the root: finds
//! for each length the nearest match, in few steps (the scheme of Pavlov's LZMA, described in xz's documentation).

use super::chain::{Found, four, ring_size};
use super::spec::common;

const HASH3_BITS: u32 = 16;
/// A new offset farther away than this is not used for 3 bytes.
const FAR_FOR_3: usize = 1 << 18;

/// The trees over a window. Places are stored plus one, 0 is none.
pub struct Trees {
    head4: Vec<u32>,
    head3: Vec<u32>,
    /// Left and right child of every place.
    children: Vec<u32>,
    shift4: u32,
    window: usize,
    depth: u32,
    nice: usize,
}

fn hash4_bits(len: usize) -> u32 {
    len.max(1).ilog2().clamp(12, 20)
}

/// Bytes of memory for a window and an input of these sizes.
pub fn memory(window: usize, len: usize) -> u64 {
    4 * ((1 << HASH3_BITS) + (1 << hash4_bits(len)) + 2 * ring_size(window, len) as u64)
}

/// Matches under way: the longest so far and where they are collected.
struct Walk<'a> {
    best: usize,
    found: Option<&'a mut Vec<Found>>,
}

impl Walk<'_> {
    #[inline]
    fn offer(&mut self, len: usize, offset: usize) {
        if len > self.best {
            self.best = len;
            if let Some(found) = &mut self.found {
                found.push((len as u32, offset as u32));
            }
        }
    }
}

impl Trees {
    /// Empty trees; matches are compared up to `nice` bytes.
    pub fn new(window: usize, len: usize, depth: u32, nice: usize) -> Self {
        let ring = ring_size(window, len);
        Self {
            head4: vec![0; 1 << hash4_bits(len)],
            head3: vec![0; 1 << HASH3_BITS],
            children: vec![0; 2 * ring],
            shift4: 32 - hash4_bits(len),
            window: window.min(ring - 1),
            depth,
            nice,
        }
    }

    /// Enters `at`, and adds its matches to `found`, each longer than the one before.
    pub fn enter(&mut self, data: &[u8], at: usize, found: Option<&mut Vec<Found>>) {
        let limit = self.nice.min(data.len() - at);
        if limit < 4 {
            return;
        }
        let word = four(data, at);
        let mut walk = Walk { best: 2, found };
        self.look_for_3(data, at, word, &mut walk);
        let head = &mut self.head4[(word.wrapping_mul(0x9e37_79b1) >> self.shift4) as usize];
        let root = std::mem::replace(head, at as u32 + 1);
        self.descend(data, at, limit, root, &mut walk);
    }

    #[inline]
    fn look_for_3(&mut self, data: &[u8], at: usize, word: u32, walk: &mut Walk<'_>) {
        let head = &mut self.head3[((word << 8).wrapping_mul(0x9e37_79b1) >> (32 - HASH3_BITS)) as usize];
        let place = std::mem::replace(head, at as u32 + 1) as usize;
        let near = place > 0 && at + 1 - place <= FAR_FOR_3.min(self.window);
        if near && (four(data, place - 1) ^ word) << 8 == 0 {
            walk.offer(3, at + 1 - place);
        }
    }

    /// Makes `at` the root, splitting the old tree into what sorts before and after it.
    #[inline]
    fn descend(&mut self, data: &[u8], at: usize, limit: usize, root: u32, walk: &mut Walk<'_>) {
        let mask = self.children.len() / 2 - 1;
        let (mut less, mut more) = (2 * (at & mask), 2 * (at & mask) + 1);
        let (mut len_less, mut len_more) = (0, 0);
        let mut place = root as usize;
        for _ in 0..self.depth {
            if place == 0 || at + 1 - place > self.window {
                break;
            }
            let candidate = place - 1;
            let known = len_less.min(len_more);
            let len = known + common(data, candidate + known, at + known, limit - known);
            walk.offer(len, at - candidate);
            let pair = 2 * (candidate & mask);
            if len >= limit {
                self.children[less] = self.children[pair];
                self.children[more] = self.children[pair + 1];
                return;
            }
            if data[candidate + len] < data[at + len] {
                self.children[less] = place as u32;
                (less, len_less) = (pair + 1, len);
                place = self.children[less] as usize;
            } else {
                self.children[more] = place as u32;
                (more, len_more) = (pair, len);
                place = self.children[more] as usize;
            }
        }
        self.children[less] = 0;
        self.children[more] = 0;
    }
}
