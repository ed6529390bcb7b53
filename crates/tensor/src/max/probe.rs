//! The encoder's trial runs: are signs noise, and do rows have something in common?

use super::header::Header;
use super::number::Form;
use super::rank::{LowRank, TRIAL_RANK};
use super::sampled::{coded, len, raw};
use super::scale::Scales;
use crate::Array;
use minlen_entropy::binary::Counter;
use minlen_entropy::log2::bit_cost_q16;

/// Numbers that a trial looks at: the first ones, as rows must follow each other.
const MOST: usize = 1 << 18;
/// Contexts of one trial.
const CONTEXTS: usize = 1 << 12;
/// Signs in the bits of a sample that must be saved, in 1/4096 of them.
const SAVED: u64 = 6;
/// Share of the variance that rows must explain, in 1/1000.
const EXPLAINED: f64 = 4.0;

/// A cheap adaptive model of the signs.
struct Trial {
    counters: Vec<Counter>,
    cost: u64,
}

impl Trial {
    fn new() -> Self {
        Self { counters: vec![Counter::default(); CONTEXTS], cost: 0 }
    }

    fn add(&mut self, context: usize, sign: u32) {
        let counter = &mut self.counters[context % CONTEXTS];
        self.cost += bit_cost_q16(counter.p(), sign == 1);
        counter.update(sign, 500);
    }
}

/// Sets [`Header::plain_signs`] and [`Header::rank`].
pub fn signs(array: &Array<'_>, header: &mut Header, reference: Option<&Array<'_>>) {
    let (form, own) = (header.form(array.dtype), Form::of(array.dtype).shifted(header.shift));
    let (len, middle, columns) = (len(array), own.middle(), array.columns.clamp(1, len(array).max(1)));
    let mut scales = Scales::new(columns, len, header.level, middle);
    let mut rank = LowRank::<TRIAL_RANK>::new(columns, len);
    let mut trials: [Trial; 5] = std::array::from_fn(|_| Trial::new());
    let mut signs: Vec<u8> = Vec::with_capacity(len.min(MOST));
    let (mut explained, mut energy, mut count) = (0f64, 0f64, 0u64);
    for at in 0..len.min(MOST) {
        let (number, offset) = coded(array, header, at);
        let magnitude = form.magnitude(number, middle, offset);
        let expected = rank.predict();
        let value = (magnitude / scales.expected()).min(3.0) * [1.0, -1.0][number.sign as usize & 1];
        let high = header.split.is_none_or(|split| number.class > split);
        if high && number.class > 0 {
            let before = |back: usize| at.checked_sub(back).map_or(2, |i| usize::from(signs[i]));
            let (left, up, corner) = (before(1), before(columns), before(columns + 1));
            let same = reference.map_or(0, |other| own.split(raw(other, at)).sign as usize);
            let bucket = (expected * 16.0).clamp(-16.0, 15.0) as i32 + 16;
            trials[0].add(left * 27 + up * 9 + corner * 3 + before(2), number.sign);
            trials[1].add(at % columns, number.sign);
            trials[2].add(before(3) * 27 + before(4) * 9 + before(header.lag.max(1)) * 3 + left, number.sign);
            trials[3].add(same * 2 + usize::from(array.base.is_some()), number.sign);
            trials[4].add(bucket as usize, number.sign);
            explained += f64::from(value * value) - f64::from((value - expected) * (value - expected));
            energy += f64::from(value * value);
            count += 1;
        }
        signs.push(number.sign as u8);
        if high {
            scales.update(magnitude);
        } else {
            scales.skip();
        }
        rank.update(value);
    }
    let least = trials.iter().map(|trial| trial.cost).min().unwrap_or(0);
    header.plain_signs = least + ((count * SAVED) << 4) > count << 16;
    header.rank = explained * 1000.0 > energy * EXPLAINED && columns < len;
}
