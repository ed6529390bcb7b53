//! Where pieces of the old content stand.

/// So many bytes are looked up at once.
pub(super) const SEED: usize = 12;
/// Places that are kept of pieces with one hash.
const WAYS: usize = 4;
/// A place that is free.
const FREE: u32 = u32::MAX;
/// How far an offered match is followed: what is longer is good enough.
const FAR: usize = 4096;
/// Content up to so many bytes has every fourth place in the index, up to four times as much every eighth, else every sixteenth.
const DENSE: usize = 32 << 20;

/// Places of the old content by what stands there.
#[derive(Debug)]
pub struct Index {
    /// Numbers of places, in buckets.
    places: Vec<u32>,
    /// Bytes from one place to the next, as a shift.
    shift: u32,
    /// What is left of a hash to choose a bucket.
    bits: u32,
}

impl Index {
    /// The index of `old`.
    #[must_use]
    pub fn new(old: &[u8]) -> Self {
        let shift = Self::shift_for(old.len());
        let bits = Self::bits_for(old.len());
        let mut index = Self { places: vec![FREE; WAYS << bits], shift, bits };
        let most = u32::MAX - 1;
        for (number, window) in old.windows(SEED).step_by(1 << shift).enumerate().take(most as usize) {
            let bucket = index.bucket(window);
            let ways = &mut index.places[bucket..bucket + WAYS];
            // Of what is there very often the first places are kept: runs would push out everything else.
            if let Some(way) = ways.iter_mut().find(|way| **way == FREE) {
                *way = number as u32;
            }
        }
        index
    }

    /// Bytes that the index of so much content takes.
    #[must_use]
    pub fn memory(len: usize) -> u64 {
        (size_of::<u32>() as u64 * WAYS as u64) << Self::bits_for(len)
    }

    fn shift_for(len: usize) -> u32 {
        match len {
            ..=DENSE => 2,
            _ if len <= 4 * DENSE => 3,
            _ => 4,
        }
    }

    fn bits_for(len: usize) -> u32 {
        let buckets = (len >> Self::shift_for(len)) / WAYS * 3 / 2;
        buckets.max(1).next_power_of_two().ilog2()
    }

    #[inline]
    fn bucket(&self, window: &[u8]) -> usize {
        let (Some(head), Some(tail)) = (window.first_chunk::<8>(), window.last_chunk::<8>()) else {
            return 0;
        };
        let (a, b) = (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
        let mixed = (a ^ b.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (mixed >> (63 - self.bits) >> 1) as usize * WAYS
    }

    /// The longest stretch of `old` found that is like `data` from its start on, its place and length; of equally long ones that
    /// nearest to `expected`.
    pub(super) fn longest(&self, old: &[u8], data: &[u8], expected: usize) -> Option<(usize, usize)> {
        let bucket = self.bucket(data.get(..SEED)?);
        let mut best: Option<(usize, usize)> = None;
        for &place in self.places[bucket..bucket + WAYS].iter().take_while(|&&place| place != FREE) {
            let from = (place as usize) << self.shift;
            let Some(there) = old.get(from..) else { continue };
            let len = common(there, &data[..data.len().min(FAR)]);
            let better = |(other, longest): (usize, usize)| {
                (len, expected.abs_diff(other)) > (longest, expected.abs_diff(from))
            };
            if len >= SEED && best.is_none_or(better) {
                best = Some((from, len));
            }
        }
        best
    }

    /// About how many thousandths of `data` stand in `old` in long stretches, by looking at some of it; 0 where nothing was found. Runs, which
    /// any two files may have in common, do not count.
    #[must_use]
    pub fn share(&self, old: &[u8], data: &[u8]) -> usize {
        /// Looks, and bytes that are looked through at each.
        const LOOKS: usize = 64;
        const LOOK: usize = 512;
        /// What is shorter may be chance, and as much of a stretch must not be a run.
        const LONG: usize = 32;
        let runs =
            |bytes: &[u8]| bytes[4..].iter().zip(bytes).filter(|(a, b)| a == b).count() > bytes.len() / 2;
        let step = (data.len() / LOOKS).max(LOOK);
        let (mut looked, mut found) = (0, 0);
        for start in (0..data.len()).step_by(step) {
            let part = &data[start..data.len().min(start + LOOK)];
            let mut at = 0;
            while at < part.len() {
                match self.longest(old, &part[at..], 0) {
                    Some((_, len)) if len >= LONG => {
                        found += if runs(&part[at..at + len]) { 0 } else { len };
                        at += len;
                    }
                    _ => at += 1,
                }
            }
            looked += part.len();
        }
        if found == 0 { 0 } else { (found * 1000 / looked).max(1) }
    }
}

/// How many bytes two slices have in common from their start on.
#[inline]
pub(super) fn common(a: &[u8], b: &[u8]) -> usize {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut at = 0;
    for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let (Some(x), Some(y)) = (x.first_chunk::<8>(), y.first_chunk::<8>()) else { break };
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return at + differ.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(x, y)| x == y).count()
}

/// How many bytes two slices have in common before their ends.
#[inline]
pub(super) fn common_end(a: &[u8], b: &[u8]) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count()
}
