//! A distribution over bytes as predictions of bits.

/// Sums of the distribution over every prefix of bits: 255 additions a byte, in one order.
///
/// Node `1` is the whole, node `n` splits into `2n` (next bit 0) and `2n + 1`: a node's number is the bits known
/// so far with a leading one, the `c0` of context mixers.
///
/// ```
/// use minlen_nn::BitTree;
/// let mut probs = [0.0; 256];
/// (probs[usize::from(b'a')], probs[usize::from(b'b')]) = (0.75, 0.25);
/// let tree = BitTree::new(&probs);
/// // 'a' is 0110_0001 and 'b' is 0110_0010: they part at the seventh bit, after 011000.
/// assert_eq!(tree.p16(0b1_0110_00), 16_384);
/// assert_eq!(tree.p12(0b1_0110_00), 1024);
/// // What cannot be is never quite impossible, so that every byte can be coded.
/// assert_eq!(tree.p16(1), 1);
/// ```
#[derive(Clone, Debug)]
pub struct BitTree {
    sums: [f32; 512],
}

impl Default for BitTree {
    fn default() -> Self {
        Self::new(&[1.0 / 256.0; 256])
    }
}

impl BitTree {
    /// The sums of `probs`.
    #[must_use]
    pub fn new(probs: &[f32; 256]) -> Self {
        let mut tree = Self { sums: [0.0; 512] };
        tree.set(probs);
        tree
    }

    /// Takes a new distribution.
    pub fn set(&mut self, probs: &[f32; 256]) {
        self.sums[256..].copy_from_slice(probs);
        for node in (1..256).rev() {
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
    }

    /// P(next bit = 1) in 1/65536, from 1 to 65535, after the bits of `known` (a leading one and the bits so far:
    /// 1 to 255; anything else counts as 1).
    ///
    /// The division is exact IEEE arithmetic and `as` truncates, so the integer is the same everywhere.
    #[must_use]
    pub fn p16(&self, known: u32) -> u16 {
        let node = if (1..256).contains(&known) { known as usize } else { 1 };
        let share = self.sums[2 * node + 1] / self.sums[node];
        // `as` turns NaN into 0 and saturates: even a broken distribution cannot leave the range.
        ((share * 65536.0) as i32).clamp(1, 65535) as u16
    }

    /// P(next bit = 1) in 1/4096, from 1 to 4095: see [`BitTree::p16`].
    #[must_use]
    pub fn p12(&self, known: u32) -> u16 {
        (self.p16(known) >> 4).clamp(1, 4095)
    }
}
