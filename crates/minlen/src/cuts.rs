//! Where blocks end that are cut by content: a change moves the cuts next to it and no others, so that most of a file's blocks are what they
//! were before, wherever something was put in.

/// The largest block, unless a smaller one was asked for.
const LARGEST: usize = 4 << 20;

/// Largest, usual and smallest size of blocks that are cut by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) most: usize,
    pub(crate) usual: usize,
    pub(crate) least: usize,
}

impl Sizes {
    /// Where blocks may have up to `block` bytes.
    pub(crate) fn within(block: usize) -> Self {
        let most = block.min(LARGEST);
        Self { most, usual: (most / 4).max(1), least: most / 16 }
    }

    /// True if a block of `len` bytes shall end behind `chunk`, which is the end of it. Long chunks end one more often, so that it does not
    /// matter for the sizes of blocks how long chunks are.
    pub(crate) fn ends_at(&self, chunk: &[u8], len: usize) -> bool {
        if len < self.least {
            return false;
        }
        let place = xxhash_rust::xxh3::xxh3_64_with_seed(chunk, SEED);
        // Behind the smallest size, one cut for every so many bytes.
        let every = (self.usual - self.least).max(1) as u128;
        (u128::from(place) * every) >> 64 < chunk.len() as u128
    }
}

/// Other than that by which equal chunks are found.
const SEED: u64 = 0x6d69_6e6c_656e_0001;

/// Finds the cuts in a stream of bytes by a hash of the last 64 of them.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    sizes: Sizes,
    hash: u64,
    /// Hashes below this are cuts.
    below: u64,
}

impl Roll {
    pub(crate) fn new(sizes: Sizes) -> Self {
        let every = (sizes.usual - sizes.least).max(1) as u64;
        Self { sizes, hash: 0, below: u64::MAX / every }
    }

    /// How many of `bytes`, which come behind `len` bytes of a block, belong to it if it ends among them.
    pub(crate) fn cut(&mut self, len: usize, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            self.hash = (self.hash << 1).wrapping_add(GEAR[usize::from(byte)]);
            if self.hash < self.below && len + at + 1 >= self.sizes.least {
                return Some(at + 1);
            }
        }
        None
    }
}

/// A number for every byte, from the generator SplitMix64.
const GEAR: [u64; 256] = {
    let (mut table, mut state, mut i) = ([0; 256], SEED, 0);
    while i < 256 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[i] = z ^ (z >> 31);
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    fn blocks(data: &[u8], sizes: Sizes) -> Vec<&[u8]> {
        let (mut roll, mut rest, mut all) = (Roll::new(sizes), data, Vec::new());
        while !rest.is_empty() {
            let most = rest.len().min(sizes.most);
            let (block, later) = rest.split_at(roll.cut(0, &rest[..most]).unwrap_or(most));
            all.push(block);
            rest = later;
        }
        all
    }

    #[test]
    fn a_byte_in_front_moves_few_cuts() {
        let mut random = Rng(4);
        let data: Vec<u8> = (0..4 << 20).map(|_| random.next_u64() as u8).collect();
        let sizes = Sizes::within(256 << 10);
        let (old, moved) = (blocks(&data, sizes), [&b"x"[..], &data].concat());
        let new = blocks(&moved, sizes);
        assert_eq!(new.concat(), moved);
        assert!(new.iter().all(|block| block.len() <= sizes.most));
        assert!((30..200).contains(&new.len()), "{}", new.len());
        let same = new.iter().filter(|block| old.contains(block)).count();
        assert!(same + 3 >= new.len(), "{same} of {}", new.len());
    }

    #[test]
    fn chunks_end_blocks_about_as_often_whatever_their_length() {
        let sizes = Sizes::within(4 << 20);
        for (len, count) in [(64usize << 10, 400u64), (1 << 10, 20_000)] {
            let ends = (0..count).filter(|i| {
                let chunk: Vec<u8> = i.to_le_bytes().repeat(len / 8);
                sizes.ends_at(&chunk, sizes.most / 2)
            });
            let expected = count * len as u64 / (sizes.usual - sizes.least) as u64;
            let found = ends.count() as u64;
            assert!(found > expected / 2 && found < expected * 2, "{found}, {expected}");
        }
        assert!(!sizes.ends_at(&[7; 4 << 20], sizes.least - 1));
    }
}
