//! Random numbers by seed and counter: any number of a stream can be had without those before it, so that the noise of a
//! record in a step depends on neither threads nor order.

use crate::math;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finisher of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit of `z`.
const fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of random numbers.
///
/// ```
/// use minlen_learn::Random;
/// let mut a = Random::new(7).stream(3);
/// let mut b = Random::new(7).stream(3);
/// assert_eq!(a.next_u64(), b.next_u64());
/// assert_ne!(a.next_u64(), Random::new(7).stream(4).next_u64());
/// let x = a.unit();
/// assert!((0.0..1.0).contains(&x));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    key: u64,
    counter: u64,
}

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { key: mixed(seed.wrapping_add(GOLDEN)), counter: 0 }
    }

    /// A stream of its own for each number: of a step, of a record.
    #[must_use]
    pub const fn stream(&self, number: u64) -> Self {
        Self { key: mixed(self.key ^ mixed(number.wrapping_mul(GOLDEN) ^ 0x5bf0_3635)), counter: 0 }
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        mixed(self.key.wrapping_add(self.counter.wrapping_mul(GOLDEN)))
    }

    /// The next number in 0..1, on a grid of 2^-24.
    pub fn unit(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// The next number in `low..high`.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// The next number of the normal distribution of mean 0 and deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let bits = self.next_u64();
        let radius = (-2.0 * math::ln(((bits >> 40) + 1) as f32 * (1.0 / (1u32 << 24) as f32))).sqrt();
        let angle = (bits & 0xff_ffff) as f32 * (std::f32::consts::TAU / (1u32 << 24) as f32);
        radius * angle.cos()
    }

    /// The next whole number under `n`, all alike to 2^-32; 0 for `n` = 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Puts items into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Fills a slice with numbers in `low..high`, two from each 64 bits.
    pub fn fill_uniform(&mut self, out: &mut [f32], low: f32, high: f32) {
        let scale = (high - low) * (1.0 / (1u32 << 24) as f32);
        let mut pairs = out.chunks_exact_mut(2);
        for pair in &mut pairs {
            let bits = self.next_u64();
            pair[0] = low + scale * (bits >> 40) as f32;
            pair[1] = low + scale * ((bits as u32) >> 8) as f32;
        }
        for value in pairs.into_remainder() {
            *value = self.uniform(low, high);
        }
    }
}
