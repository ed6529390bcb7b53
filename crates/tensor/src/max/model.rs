//! A number as decisions: class, sign, upper mantissa bits; the rest is stored.

use super::coder::Bits;
use super::network::{Network, Setup, Site, hash};
use super::number::Number;
use super::place::{CLASS, MANTISSA, Place, SIGN};
use super::plane::{Hint, Plane, Trace};
use minlen_entropy::binary::Counter;

/// Steps up or down from the expected class before the distance is written as a number.
const WALK: u32 = 20;
/// The step that asks for the group.
const GROUP: u32 = 63;
/// Mantissa bits predicted from the scale.
const UPPER: u32 = 4;
/// Contexts of the mantissa bits below those.
const LOWER: usize = 4;

const CLASS_SETUP: Setup = Setup { bits: 15, base: 72 * 64, sets: [64, 32], weight: 14_000, rate: 6 };
const SIGN_SETUP: Setup = Setup { bits: 14, base: 128, sets: [1, 32], weight: 6_000, rate: 3 };
const MANTISSA_SETUP: Setup = Setup { bits: 14, base: 40 * 16, sets: [16, 32], weight: 6_000, rate: 3 };
const LOWER_SETUP: Setup = Setup { bits: 20, base: 64, sets: [64, 1], weight: 20_000, rate: 6 };

/// What has been learned about numbers of one type.
pub struct Model {
    class: Network<CLASS>,
    sign: Network<SIGN>,
    mantissa: Network<MANTISSA>,
    lower: Option<Network<LOWER>>,
    far: [Counter; 64],
}

impl Model {
    /// Knows nothing.
    pub fn new() -> Self {
        Self {
            class: Network::new(CLASS_SETUP),
            sign: Network::new(SIGN_SETUP),
            mantissa: Network::new(MANTISSA_SETUP),
            lower: None,
            far: [Counter::default(); 64],
        }
    }

    /// Bytes that a model takes at most.
    pub const fn memory() -> u64 {
        Network::<CLASS>::memory(&CLASS_SETUP)
            + Network::<SIGN>::memory(&SIGN_SETUP)
            + Network::<MANTISSA>::memory(&MANTISSA_SETUP)
            + Network::<LOWER>::memory(&LOWER_SETUP)
    }

    /// Codes the next number of a plane: `raw` when writing.
    pub fn code<C: Bits>(
        &mut self,
        coder: &mut C,
        plane: &mut Plane,
        raw: u64,
        reference: Option<&Trace>,
        hint: Hint,
        all_bits: bool,
    ) -> u64 {
        let given = plane.form.split(raw);
        let low = plane.split.is_some() && self.group(coder, plane, given.class, reference, hint);
        if low && plane.split == Some(0) && !plane.form.float {
            let raw = plane.form.join(Number::default());
            plane.push(Number::default(), raw, hint);
            return raw;
        }
        let place = plane.place(reference, hint, low);
        let class = self.class(coder, &place, given.class);
        let mut number = Number { sign: 0, class, mantissa: 0 };
        if class > 0 || plane.form.float {
            number.sign = if plane.plain_signs {
                coder.raw(u64::from(given.sign), 1) as u32
            } else {
                self.sign(coder, &place, given.sign, class)
            };
        }
        let bits = plane.form.bits(class);
        if bits > 0 {
            number.mantissa = self.upper(coder, &place, given.mantissa, number, bits);
            let rest = bits.saturating_sub(UPPER);
            if rest > 0 {
                number.mantissa = if all_bits {
                    self.lower(coder, &place, given.mantissa, number, rest)
                } else {
                    number.mantissa << rest | coder.raw(given.mantissa & ((1 << rest) - 1), rest)
                };
            }
        }
        let raw = plane.form.join(number);
        plane.push(number, raw, hint);
        raw
    }

    fn ask<C: Bits>(&mut self, coder: &mut C, place: &Place, bit: bool, step: u32) -> bool {
        let base = (place.fine + 64) as usize * 64 + step as usize;
        let sets = [step as usize, place.progress];
        let site = Site { base, hashes: &place.class, step, sets };
        self.class.code(coder, u32::from(bit), &site) != 0
    }

    /// Asks whether the number belongs to the low group.
    fn group<C: Bits>(
        &mut self,
        coder: &mut C,
        plane: &Plane,
        class: u32,
        reference: Option<&Trace>,
        hint: Hint,
    ) -> bool {
        let place = plane.group_place(reference, hint);
        let (base, hashes) = (place.base * 64 + GROUP as usize, &place.hashes);
        let site = Site { base, hashes, step: GROUP, sets: [GROUP as usize, 31] };
        let low = plane.split.is_some_and(|split| class <= split);
        self.class.code(coder, u32::from(low), &site) != 0
    }

    /// Walks up or down from the expected class.
    fn class<C: Bits>(&mut self, coder: &mut C, place: &Place, given: u32) -> u32 {
        let ([least, most], mut k) = (place.classes, place.middle);
        if least == most {
            return least;
        }
        if self.ask(coder, place, given >= k, 0) {
            for step in 1..=WALK {
                if k >= most || !self.ask(coder, place, given > k, step) {
                    return k;
                }
                k += 1;
            }
            return (k + self.distance(coder, given.wrapping_sub(k), 0)).min(most);
        }
        for step in 1..=WALK {
            k -= 1;
            if k <= least || self.ask(coder, place, given >= k, WALK + step) {
                return k;
            }
        }
        k -= 1;
        k.saturating_sub(self.distance(coder, k.wrapping_sub(given), 32)).max(least)
    }

    /// A distance in the Elias gamma code, its length learned.
    fn distance<C: Bits>(&mut self, coder: &mut C, given: u32, from: usize) -> u32 {
        let value = given.wrapping_add(1);
        let length = 31 - (value | 1).leading_zeros();
        let mut n = 0;
        while n < 12 {
            let Some(counter) = self.far.get_mut(from + n as usize) else { break };
            let more = coder.bit(u32::from(length > n), counter.p());
            counter.update(more, 60);
            if more == 0 {
                break;
            }
            n += 1;
        }
        let low = coder.raw(u64::from(value) & ((1 << n) - 1), n) as u32;
        (1 << n | low) - 1
    }

    fn sign<C: Bits>(&mut self, coder: &mut C, place: &Place, given: u32, class: u32) -> u32 {
        let mut hashes = place.sign;
        let near = (class as i32 - place.middle as i32).clamp(-3, 3) as u32 & 7;
        hashes[5] = hash(hashes[5], near);
        hashes[7] = hash(hashes[7], class);
        hashes[5] = hash(hashes[5], (place.common as u32 & 31) << 8 | near);
        let base = (place.common + 16) as usize * 2 + usize::from(class == 0);
        let site = Site { base, hashes: &hashes, step: 0, sets: [0, place.progress] };
        self.sign.code(coder, given, &site)
    }

    fn upper<C: Bits>(&mut self, coder: &mut C, place: &Place, given: u64, number: Number, bits: u32) -> u64 {
        let class = number.class;
        let own = class as i32 * 8;
        let away =
            |level: i32, shift: u32, most: i32| ((own - level) >> shift).clamp(-most, most) as u32 & 255;
        let [row, left, up, same] = place.near;
        let short = bits.min(UPPER) << 16;
        let hashes = [
            hash(class, 0),
            hash(class, place.id << 8 | 1),
            hash(away(row, 1, 31), short | 2),
            hash(place.hint, class << 8 | 3),
            hash(place.kind, (away(place.level, 2, 15) << 1 | number.sign) << 8 | 4),
            hash(away(left, 1, 12) << 8 | away(place.level, 3, 4), short | 5),
            hash(away(up, 1, 12) << 8 | away(place.level, 3, 4), short | 6),
            hash(away(same, 1, 40), short | 7),
        ];
        let fine = ((own - place.level).clamp(-48, 31) + 48) as usize >> 1;
        let near = (class as i32 - place.middle as i32).clamp(-4, 3) + 4;
        let mut node = 1;
        for i in 0..bits.min(UPPER) {
            let sets = [node, near as usize * 4 + i as usize];
            let site = Site { base: fine * 16 + node, hashes: &hashes, step: node as u32, sets };
            let bit = self.mantissa.code(coder, (given >> (bits - 1 - i)) as u32 & 1, &site);
            node = node << 1 | bit as usize;
        }
        (node - (1 << bits.min(UPPER))) as u64
    }

    fn lower<C: Bits>(&mut self, coder: &mut C, place: &Place, given: u64, number: Number, rest: u32) -> u64 {
        let lower = self.lower.get_or_insert_with(|| Network::new(LOWER_SETUP));
        let mut value = number.mantissa;
        let mut prefix = hash(number.class, value as u32 + 16);
        for i in (0..rest).rev() {
            let hashes = [
                prefix,
                hash(prefix, place.id << 1 | number.sign),
                hash(prefix, place.last),
                hash(value as u32 & 15, i << 8),
            ];
            let site = Site { base: i as usize & 63, hashes: &hashes, step: i, sets: [i as usize & 63, 0] };
            let bit = lower.code(coder, (given >> i) as u32 & 1, &site);
            value = value << 1 | u64::from(bit);
            prefix = hash(prefix, bit + 1);
        }
        value
    }
}
