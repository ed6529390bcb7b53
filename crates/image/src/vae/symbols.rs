//! Coding of whole numbers: of those that say how latents are distributed by what is around them, of latents by that.

use super::HYPER;
use minlen_core::{Error, Result};
use minlen_entropy::binary::{Decoder, Encoder, Prob16};
use minlen_nn::logistic::{Component, Mixture};

/// Largest magnitude of the numbers that are coded first.
pub(super) const HYPER_MOST: i32 = 127;
/// Largest magnitude of a latent that is coded by its distribution; beyond, the rest follows.
const MOST: i32 = 255;
/// Largest magnitude of a latent.
pub(super) const LATENT_MOST: i32 = 32_767;
/// How fast probabilities of the first numbers learn.
const RATE: u32 = 5;
/// Unary steps of a magnitude before the rest follows in binary.
const UNARY: usize = 14;

/// Writes or reads bits with probabilities.
pub(super) trait Coder {
    /// A bit, which is 1 with `p1` in 65,536.
    fn bit(&mut self, bit: bool, p1: u32) -> bool;
}

impl Coder for Encoder {
    fn bit(&mut self, bit: bool, p1: u32) -> bool {
        self.encode(bit, p1);
        bit
    }
}

impl Coder for Decoder<'_> {
    fn bit(&mut self, _: bool, p1: u32) -> bool {
        self.decode(p1) != 0
    }
}

/// A number in Elias's gamma code, each bit as likely as the other.
fn gamma<C: Coder>(coder: &mut C, value: u32) -> Result<u32> {
    let bits = (value + 1).ilog2();
    let mut length = 0;
    while coder.bit(length < bits, 32_768) {
        length += 1;
        if length > 16 {
            return Err(Error::corrupt("vae: a number that is too large"));
        }
    }
    let mut back = 1u32;
    for i in (0..length).rev() {
        back = back << 1 | u32::from(coder.bit((value + 1) >> i & 1 == 1, 32_768));
    }
    Ok(back - 1)
}

/// What is learned of the numbers that are coded first, channel by channel.
pub(super) struct HyperModel {
    zero: Vec<Prob16>,
    sign: Vec<Prob16>,
    more: Vec<Prob16>,
}

impl HyperModel {
    pub(super) fn new() -> Self {
        let probs = |count: usize| vec![Prob16::default(); count];
        Self { zero: probs(HYPER * 9), sign: probs(HYPER * 9), more: probs(HYPER * 3 * UNARY) }
    }

    /// Codes the number of a channel, of which those at the left and above are known.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        value: i32,
        channel: usize,
        (left, above): (i32, i32),
    ) -> Result<i32> {
        let place = |x: i32| (x.signum() + 1) as usize;
        let context = channel * 9 + place(left) * 3 + place(above);
        let mut learned = |prob: &mut Prob16, bit: bool| {
            let bit = coder.bit(bit, prob.p());
            prob.update(bit, RATE);
            bit
        };
        if learned(&mut self.zero[context], value == 0) {
            return Ok(0);
        }
        let negative = learned(&mut self.sign[context], value < 0);
        let size = (left.abs() + above.abs()).min(8) as usize / 3;
        let row = &mut self.more[(channel * 3 + size.min(2)) * UNARY..][..UNARY];
        let mut magnitude = 1;
        let mut ended = false;
        for prob in row {
            if !learned(prob, value.abs() > magnitude) {
                ended = true;
                break;
            }
            magnitude += 1;
        }
        if !ended {
            magnitude += gamma(coder, (value.abs() - magnitude).max(0) as u32)? as i32;
        }
        if magnitude > HYPER_MOST {
            return Err(Error::corrupt("vae: a number that is too large"));
        }
        Ok(if negative { -magnitude } else { magnitude })
    }
}

/// Distributions of latents for each scale: chances of each step from zero on.
pub(super) struct LatentModel {
    mixtures: Vec<Mixture>,
}

/// Scales that are told apart: indices of [`Component::scale`].
const SCALES: std::ops::RangeInclusive<u8> = 0..=128;

impl LatentModel {
    pub(super) fn new() -> Result<Self> {
        let one = |scale: u8| Mixture::new(&[Component { mean: 0, scale, weight: 1 }], MOST as u16);
        Ok(Self { mixtures: SCALES.map(one).collect::<Result<_>>()? })
    }

    /// Codes a latent with the scale of this index, by the bits of its frequency interval.
    pub(super) fn code<C: Coder>(&self, coder: &mut C, value: i32, scale: u8) -> Result<i32> {
        let mixture = &self.mixtures[usize::from(scale.min(*SCALES.end()))];
        let clipped = value.clamp(-MOST, MOST);
        let found = Self::search(coder, mixture, clipped);
        if found.abs() < MOST {
            return Ok(found);
        }
        let more = gamma(coder, (value.abs() - MOST).max(0) as u32)? as i32;
        let value = found.signum() * (found.abs() + more);
        if value.abs() > LATENT_MOST {
            Err(Error::corrupt("vae: a latent that is too large"))
        } else {
            Ok(value)
        }
    }

    /// Whether it is 0, on which side it is, and then from there outwards whether it is each value, each with the chance that the
    /// distribution gives.
    fn search<C: Coder>(coder: &mut C, mixture: &Mixture, value: i32) -> i32 {
        let total = 1u32 << minlen_nn::logistic::TOTAL_BITS;
        let chance = |part: u32, whole: u32| {
            ((u64::from(part) << 16) / u64::from(whole.max(1))).clamp(1, 65_535) as u32
        };
        let (start, size) = mixture.interval(0);
        if coder.bit(value == 0, chance(size, total)) {
            return 0;
        }
        let below = start;
        let above = total - start - size;
        let negative = coder.bit(value < 0, chance(below, below + above));
        let (mut left, sign) = if negative { (below, -1) } else { (above, 1) };
        let mut at = 1;
        while at < MOST {
            let (_, size) = mixture.interval(sign * at);
            if coder.bit(value.abs() == at, chance(size, left)) {
                return sign * at;
            }
            left = left.saturating_sub(size).max(1);
            at += 1;
        }
        sign * MOST
    }
}
