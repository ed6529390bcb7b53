//! Floats that are written as decimals: as whole numbers.
//!
//! A value that came from `k / 10^e`, the nearest float to a decimal with `e` places, is stored as `k` (as ALP does: Afroozeh,
//! Kuffo and Boncz, "ALP: adaptive lossless floating-point compression", SIGMOD 2023). Values that were 32-bit floats
//! before they were printed with `e` places have fewer large ones than decimals: those are numbered as the floats they were.

use super::word::{self, Word};
use crate::Dtype;
use minlen_core::varint::{Reader, put};
use minlen_core::{Env, Error, Reservation, Result};

/// Powers of ten that a 64-bit float holds exactly.
const POWERS: [f64; 18] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];
/// Whole numbers stay below 2^51.
const WHOLE: f64 = 2_251_799_813_685_248.0;
/// Values that a choice looks at.
const SAMPLE: usize = 1024;

/// How elements become the integers that are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transform {
    /// In the order of the values.
    Ordered,
    /// `k` for `k / 10^e`.
    Decimal { places: u8 },
    /// The same where 32-bit floats are wider apart than 10^-e, and those floats by number where they are not.
    Single { places: u8 },
}

/// Where 32-bit floats become wider apart than 10^-`places`: the number of the first of them as a float and as a decimal.
struct Border {
    float: u32,
    decimal: i64,
}

fn border(places: u8) -> Border {
    let power = POWERS[usize::from(places) % POWERS.len()];
    // The distance of floats from 2^e on is 2^(e - 23).
    let mut edge = 1.0f64 / 8_388_608.0;
    while edge / 8_388_608.0 * power <= 1.0 && edge < 1e15 {
        edge *= 2.0;
    }
    Border { float: (edge as f32).to_bits(), decimal: (edge * power) as i64 + 1 }
}

impl Transform {
    fn code(self) -> u8 {
        match self {
            Self::Ordered => 0,
            Self::Decimal { places } => 1 + places,
            Self::Single { places } => 32 + places,
        }
    }

    fn places(self) -> u8 {
        match self {
            Self::Ordered => 0,
            Self::Decimal { places } | Self::Single { places } => places,
        }
    }

    fn from_code(code: u8, dtype: Dtype) -> Option<Self> {
        let float = matches!(dtype, Dtype::F32 | Dtype::F64);
        match code {
            0 => Some(Self::Ordered),
            1..=18 if float => Some(Self::Decimal { places: code - 1 }),
            32..=49 if dtype == Dtype::F64 => Some(Self::Single { places: code - 32 }),
            _ => None,
        }
    }

    /// The whole number of a value; some whole number if it has none.
    #[inline(always)]
    fn whole(self, value: f64, border: &Border) -> i64 {
        let decimal = |places: u8| {
            let scaled = value * POWERS[usize::from(places) % POWERS.len()];
            if scaled.abs() < WHOLE { round(scaled) } else { 0 }
        };
        match self {
            Self::Ordered => 0,
            Self::Decimal { places } => decimal(places),
            Self::Single { places } => {
                let float = (value.abs() as f32).to_bits();
                let k = if float >= border.float && float < f32::INFINITY.to_bits() {
                    border.decimal + i64::from(float - border.float)
                } else {
                    decimal(places).abs()
                };
                if value < 0.0 { -k } else { k }
            }
        }
    }

    /// The value of a whole number.
    #[inline(always)]
    fn value(self, k: i64, border: &Border) -> f64 {
        match self {
            Self::Ordered => 0.0,
            Self::Decimal { places } => k as f64 / POWERS[usize::from(places) % POWERS.len()],
            Self::Single { places } => {
                let power = POWERS[usize::from(places) % POWERS.len()];
                let size = k.unsigned_abs();
                let size = if size >= border.decimal as u64 {
                    let number = (size - border.decimal as u64).min(u64::from(u32::MAX / 2)) as u32;
                    let float = f64::from(f32::from_bits((border.float + number).min(f32::MAX.to_bits())));
                    let scaled = float * power;
                    if scaled < WHOLE { round(scaled) as f64 / power } else { float }
                } else {
                    size as f64 / power
                };
                if k < 0 { -size } else { size }
            }
        }
    }

    /// The element's ordered word for a whole number.
    #[inline(always)]
    fn word<W: Word>(self, k: i64, border: &Border, dtype: Dtype) -> W {
        W::narrow(word::from_f64(self.value(k, border), dtype))
    }
}

/// To the nearest whole number, the even one of two, for numbers below [`WHOLE`].
#[inline(always)]
fn round(value: f64) -> i64 {
    // From 2^52 on floats are whole numbers: adding rounds.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    ((value + MAGIC) - MAGIC) as i64
}

/// Whole numbers as words, around the middle of their range.
#[inline(always)]
pub(super) fn centre<W: Word>(k: i64) -> W {
    W::narrow(k as u64 ^ 1 << (W::BITS - 1))
}

/// The inverse of [`centre`].
#[inline(always)]
pub(super) fn whole_of<W: Word>(word: W) -> i64 {
    W::narrow(word.wide() ^ 1 << (W::BITS - 1)).signed()
}

/// The transform that makes the words cheapest, of those that give nearly all of a sample back.
pub(super) fn choose<W: Word>(words: &[W], dtype: Dtype) -> Transform {
    if !matches!(dtype, Dtype::F32 | Dtype::F64) || words.is_empty() {
        return Transform::Ordered;
    }
    // Spread over all the words to see whether a transform fits, together for what it costs.
    let step = words.len().div_ceil(SAMPLE) | 1;
    let sample: Vec<W> = words.iter().step_by(step).copied().collect();
    let n = words.len().min(4 * SAMPLE);
    let middle = &words[(words.len() - n) / 2..][..n];
    let most = if dtype == Dtype::F64 { POWERS.len() as u8 } else { 8 };
    let Some(places) = (0..most).find(|&places| fits(Transform::Decimal { places }, &sample, dtype)) else {
        return Transform::Ordered;
    };
    let wholes = |transform: Transform| -> Vec<W> {
        let border = border(places);
        middle.iter().map(|w| centre(transform.whole(word::to_f64(w.wide(), dtype), &border))).collect()
    };
    let ordered = cost(middle);
    let mut best = (ordered - ordered / 32, Transform::Ordered);
    for transform in [Transform::Decimal { places }, Transform::Single { places }] {
        let possible = dtype == Dtype::F64 || transform == Transform::Decimal { places };
        if possible && fits(transform, &sample, dtype) {
            let cost = cost(&wholes(transform));
            if cost < best.0 {
                best = (cost, transform);
            }
        }
    }
    best.1
}

/// True if no more than one of fifty values lacks a whole number.
fn fits<W: Word>(transform: Transform, sample: &[W], dtype: Dtype) -> bool {
    let border = border(transform.places());
    let mut missed = 0;
    sample.iter().all(|&word| {
        let k = transform.whole(word::to_f64(word.wide(), dtype), &border);
        let same = transform.word::<W>(k, &border, dtype) == word && whole_of(centre::<W>(k)) == k;
        missed += usize::from(!same);
        missed * 50 <= sample.len()
    })
}

/// Bits of the words, as they are or as differences.
fn cost<W: Word>(words: &[W]) -> u64 {
    let least = words.iter().copied().min().unwrap_or_default();
    let length = |folded: u64| u64::from(64 - folded.leading_zeros());
    let plain: u64 = words.iter().map(|w| length(w.minus(least).wide())).sum();
    let apart: u64 = words.windows(2).map(|pair| length(pair[1].minus(pair[0]).fold())).sum();
    plain.min(apart)
}

/// Applies a transform: appends its number and its exceptions, and turns the words into whole numbers. False, with nothing
/// done, if there are too many exceptions.
pub(super) fn apply<W: Word>(words: &mut [W], transform: Transform, dtype: Dtype, out: &mut Vec<u8>) -> bool {
    if transform == Transform::Ordered {
        out.push(transform.code());
        return true;
    }
    let border = border(transform.places());
    let mut exceptions = Exceptions::default();
    let mut last = centre::<W>(0);
    let mut wholes = Vec::with_capacity(words.len());
    for (i, &word) in words.iter().enumerate() {
        let whole = centre::<W>(transform.whole(word::to_f64(word.wide(), dtype), &border));
        if transform.word::<W>(whole_of(whole), &border, dtype) == word {
            last = whole;
        } else {
            exceptions.push(i, word);
        }
        wholes.push(last);
        if exceptions.list.len() * 16 > words.len() + 64 {
            return false;
        }
    }
    words.copy_from_slice(&wholes);
    out.push(transform.code());
    exceptions.write(out);
    true
}

/// Cells that no whole number stands for, and their words.
#[derive(Default)]
pub(super) struct Exceptions<W> {
    list: Vec<(usize, W)>,
    _memory: Option<Reservation>,
}

impl<W: Word> Exceptions<W> {
    /// Adds one, beyond the last.
    pub fn push(&mut self, at: usize, word: W) {
        self.list.push((at, word));
    }

    /// Appends their number, and for each how far it is from the one before and its word.
    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, self.list.len() as u64);
        let mut before = 0;
        for &(at, word) in &self.list {
            put(out, (at - before) as u64);
            out.extend_from_slice(&word.wide().to_le_bytes()[..W::BITS as usize / 8]);
            before = at;
        }
    }

    /// Reads what [`Exceptions::write`] wrote for a field of so many cells.
    ///
    /// # Errors
    /// Truncated or corrupt; over the memory budget.
    pub fn read(reader: &mut Reader<'_>, cells: usize, env: &Env) -> Result<Self> {
        let width = W::BITS as usize / 8;
        let most = cells.min(reader.rest().len() / (1 + width));
        let count = reader.varint_max(most as u64, "number of exceptions")? as usize;
        let memory = env.budget.reserve((count * size_of::<(usize, W)>()) as u64)?;
        let mut list = Vec::with_capacity(count);
        let mut at = 0;
        for _ in 0..count {
            at += reader.varint_max((cells - at) as u64, "place of an exception")? as usize;
            let mut bytes = [0; 8];
            bytes[..width].copy_from_slice(reader.bytes(width)?);
            list.push((at, W::narrow(u64::from_le_bytes(bytes))));
        }
        Ok(Self { list, _memory: Some(memory) })
    }

    /// Puts them where they belong.
    pub fn restore(&self, words: &mut [W]) {
        for &(at, word) in &self.list {
            if let Some(slot) = words.get_mut(at) {
                *slot = word;
            }
        }
    }
}

/// What [`apply`] wrote.
pub(super) struct Applied<W> {
    transform: Transform,
    exceptions: Exceptions<W>,
}

impl<W: Word> Applied<W> {
    /// Reads it, for a field of so many cells.
    ///
    /// # Errors
    /// Truncated or corrupt; over the memory budget.
    pub fn read(reader: &mut Reader<'_>, dtype: Dtype, cells: usize, env: &Env) -> Result<Self> {
        let transform = Transform::from_code(reader.u8()?, dtype)
            .ok_or_else(|| Error::corrupt("unknown transform of a field"))?;
        let exceptions = match transform {
            Transform::Ordered => Exceptions { list: Vec::new(), _memory: None },
            _ => Exceptions::read(reader, cells, env)?,
        };
        Ok(Self { transform, exceptions })
    }

    /// Turns whole numbers back into ordered words.
    pub fn undo(&self, words: &mut [W], dtype: Dtype) {
        if self.is_ordered() {
            return;
        }
        let border = border(self.transform.places());
        for word in words.iter_mut() {
            *word = self.transform.word(whole_of(*word), &border, dtype);
        }
        self.exceptions.restore(words);
    }

    /// True where the words are the values' own order.
    pub fn is_ordered(&self) -> bool {
        self.transform == Transform::Ordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(values: &[f64]) -> Transform {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let words: Vec<u64> = word::read(&bytes, Dtype::F64);
        let transform = choose(&words, Dtype::F64);
        let (mut changed, mut out) = (words.clone(), Vec::new());
        assert!(apply(&mut changed, transform, Dtype::F64, &mut out));
        let mut reader = Reader::new(&out);
        let applied = Applied::<u64>::read(&mut reader, Dtype::F64, words.len(), &Env::default()).unwrap();
        assert!(reader.is_empty());
        applied.undo(&mut changed, Dtype::F64);
        assert!(changed == words);
        transform
    }

    #[test]
    fn decimals_are_found_and_exceptions_kept() {
        let mut values: Vec<f64> = (-5000..5000).map(|k| f64::from(k * 37) / 1000.0).collect();
        values[77] = f64::NAN;
        values[78] = -0.0;
        values[999] = 1e300;
        values[1000] = std::f64::consts::PI;
        assert_eq!(round_trip(&values), Transform::Decimal { places: 3 });
        let floats: Vec<f64> = (1..9000u32)
            .map(|i| f64::from((i * i) as f32 * 1.234_567) * 10_000.0)
            .map(|v| v.round() / 10_000.0)
            .collect();
        assert_eq!(round_trip(&floats), Transform::Single { places: 4 });
        let noise: Vec<f64> = (1..3000).map(|i| f64::from(i).sqrt()).collect();
        assert_eq!(round_trip(&noise), Transform::Ordered);
    }

    #[test]
    fn every_number_has_a_value() {
        for code in 0..=255 {
            for dtype in [Dtype::F32, Dtype::F64] {
                let Some(transform) = Transform::from_code(code, dtype) else { continue };
                assert_eq!(transform.code(), code);
                let border = border(code % 32 % 18);
                for k in [i64::MIN, i64::MIN + 1, -1, 0, 1, 1 << 40, i64::MAX] {
                    assert!(!transform.value(k, &border).is_nan());
                }
            }
        }
    }
}
