//! Probabilities that learn: the entries of what lpaq calls a *StateMap*.

use super::stretch;

/// `stretch` of a 12-bit probability, taken in the middle of its step.
static STRETCH: std::sync::LazyLock<[i16; 4096]> =
    std::sync::LazyLock::new(|| std::array::from_fn(|i| stretch(i as u32 * 16 + 8) as i16));

/// The logistic domain's value (see [`stretch`]) for probabilities in 12 bits, as a table that a
/// model takes a reference of once.
#[must_use]
pub fn stretch_table() -> &'static [i16; 4096] {
    &STRETCH
}

/// `65536 / (n + 1.5)`: the share of the difference by which the `n`th observation moves a mean.
static SHARE: [u16; 1024] = {
    let mut table = [0; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n] = (131_072 / (2 * n as u32 + 3)) as u16;
        n += 1;
    }
    table
};

/// Probability in the upper 22 bits, number of observations in the lower 10.
///
/// As [`crate::binary::Counter`], but its shares are rounded down: the models of `cm`, of `bwt` and of JPEG were frozen with these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptiveProb(pub u32);

impl AdaptiveProb {
    /// A probability that starts with `p1` of 65536.
    #[must_use]
    pub const fn new(p1: u32) -> Self {
        Self(if p1 < 65_536 { p1 << 16 } else { 65_535 << 16 })
    }

    /// The probability of a one in 12 bits.
    #[inline(always)]
    #[must_use]
    pub fn p12(self) -> usize {
        (self.0 >> 20) as usize
    }

    /// The probability of a one in 16 bits.
    #[inline(always)]
    #[must_use]
    pub fn p16(self) -> u32 {
        self.0 >> 16
    }

    /// How many observations it remembers.
    #[inline(always)]
    #[must_use]
    pub fn observations(self) -> u32 {
        self.0 & 1023
    }

    /// Moves towards `bit` (0 or 1); the first `limit` (under 1023) observations count alike, later ones fade.
    #[inline(always)]
    pub fn update(&mut self, bit: u32, limit: u32) {
        let n = self.0 & 1023;
        let p = (self.0 >> 10) as i32;
        let target = ((1 << 22) - 1) * bit as i32;
        let moved = p + ((i64::from(target - p) * i64::from(SHARE[n as usize])) >> 16) as i32;
        self.0 = (moved as u32) << 10 | (n + u32::from(n < limit));
    }

    /// As [`AdaptiveProb::update`] with a limit of 255, in fewer instructions: the difference in 15 bits.
    #[inline(always)]
    pub fn step(&mut self, bit: u32) {
        let n = self.0 & 1023;
        let difference = (32_767 & bit.wrapping_neg()) as i32 - (self.0 >> 17) as i32;
        // 16 bits of share and 15 of difference: the product, doubled, is the change in 32 bits.
        let change = (difference * i32::from(SHARE[n as usize])) << 1 & !1023;
        self.0 = self.0.wrapping_add_signed(change) + u32::from(n < 400);
    }
}
