//! Experts: a predicted value and its usual error become the probability of a bit.
//!
//! At every bit of a sample the values still possible are an interval (or, for low bytes that come first, a comb of
//! them), and the bit says which half the value is in. What matters is how far the border of the halves is from the
//! prediction, in units of the usual error. A table over that distance, the size of the error and the bit's place learns
//! the probability; it starts as a logistic distribution. So it learns the true shape of the errors, whatever it is.

use minlen_entropy::mixing::AdaptiveProb;
use minlen_entropy::mixing::squash;

/// Fraction bits of predicted values and errors.
pub const FRACTION: u32 = 5;

/// Steps of the distance, a quarter of the usual error each, between -8 and 8 of them.
const STEPS: usize = 65;

/// Places of a bit in its byte, and one more for the first bit of a byte that wraps (see [`Experts::predict`]).
const PLACES: usize = 9;

/// The smallest usual error, in units of the fraction.
const MIN_SCALE: u32 = 3;

/// How samples lie in their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of a sample, 1 to 3.
    pub bytes: u32,
    /// Low byte first.
    pub little: bool,
    /// Two's complement: the first bit of the high byte is a sign.
    pub signed: bool,
    /// Values are taken modulo their range: 255 is next to 0.
    pub wrap: bool,
}

impl Shape {
    /// The same with the number of bytes in its bounds.
    #[must_use]
    pub fn sane(self) -> Self {
        Self { bytes: self.bytes.clamp(1, 3), ..self }
    }

    /// Bits of a sample.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.bytes * 8
    }
}

/// Where a bit of a sample divides the values that are left.
///
/// ```
/// use minlen_mix::sample::experts::{Border, FRACTION, Shape};
/// let shape = Shape { bytes: 1, little: true, signed: false, wrap: false };
/// // The first bit says whether a byte is below 128 or not: the border lies half a step below it.
/// let border = Border::new(shape, 0, 0, 1, 0);
/// assert_eq!(border.at, (128 << FRACTION) - (1 << FRACTION >> 1));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Border {
    /// The border with [`FRACTION`] bits.
    pub at: i32,
    /// Values are only known modulo this (a power of two with fraction), or 0.
    pub period: i32,
    /// The bit's place in the sample, `byte * 8 + bit`.
    pub place: u32,
}

impl Border {
    /// The border for bit `bit` of byte `byte` in coding order, when the bits before are `prefix` (behind a leading one)
    /// in this byte and `known` is the value of the bytes before.
    #[inline(always)]
    #[must_use]
    pub fn new(shape: Shape, byte: u32, bit: u32, prefix: u32, known: u32) -> Self {
        // The first value of the upper half of what this byte can still be.
        let middle = ((prefix << 1 | 1) << (7 - bit)) & 255;
        let place = byte * 8 + bit;
        let whole = 1i32 << (shape.bits() + FRACTION);
        if shape.little {
            let unit = 1u32 << (8 * byte);
            let value = middle * unit + known;
            let at = ((value << FRACTION) as i32) - ((unit << FRACTION) as i32 >> 1);
            let last = byte + 1 == shape.bytes;
            let period = if last { i32::from(shape.wrap) * whole } else { (unit << (8 + FRACTION)) as i32 };
            Self { at, period, place }
        } else {
            let rest = 8 * (shape.bytes - 1 - byte);
            let value = (known << 8 | middle) << rest;
            let at = ((value << FRACTION) as i32) - (1 << FRACTION >> 1);
            Self { at, period: i32::from(shape.wrap) * whole, place }
        }
    }
}

/// A set of experts over samples of one shape.
#[derive(Clone, Debug)]
pub struct Experts {
    /// Predicted values with [`FRACTION`] bits.
    value: Vec<i32>,
    /// `2^23 / usual error`.
    inverse: Vec<i32>,
    /// Row of the usual error's size.
    row: Vec<u32>,
    rows: usize,
    /// One table for each expert.
    cells: Vec<AdaptiveProb>,
    table: usize,
    /// The entry that learns.
    used: Vec<u32>,
    limit: u32,
}

impl Experts {
    /// `count` experts; `limit` (under 1023) is how many observations a probability remembers.
    #[must_use]
    pub fn new(shape: Shape, count: usize, limit: u32) -> Self {
        let shape = shape.sane();
        let rows = 16 + 16 * shape.bytes as usize;
        let one = first_table(shape, rows);
        Self {
            value: vec![0; count],
            inverse: vec![1 << 16; count],
            row: vec![0; count],
            rows,
            table: one.len(),
            cells: one.repeat(count),
            used: vec![0; count],
            limit,
        }
    }

    /// Number of experts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.value.len()
    }

    /// Says what expert `index` expects: a value and its usual error, both with [`FRACTION`] bits.
    #[inline(always)]
    pub fn set(&mut self, index: usize, value: i32, error: u32) {
        let error = error.clamp(MIN_SCALE, 1 << 24);
        if let (Some(v), Some(i), Some(r)) =
            (self.value.get_mut(index), self.inverse.get_mut(index), self.row.get_mut(index))
        {
            *v = value;
            *i = ((1u32 << 23) / error) as i32;
            *r = (size(error) as usize).min(self.rows - 1) as u32;
        }
    }

    /// The row (half octaves) of expert `index`'s usual error: a context for others.
    #[must_use]
    pub fn size(&self, index: usize) -> u32 {
        self.row.get(index).copied().unwrap_or(0)
    }

    /// Adds every expert's prediction (in the logistic domain) to `out`.
    #[inline(always)]
    pub fn predict(&mut self, border: Border, stretch: &[i16; 4096], out: &mut [i16]) {
        let place = (border.place >> 3) as usize * PLACES + (border.place & 7) as usize;
        let first = border.place & 7 == 0;
        let mask = border.period.wrapping_sub(1);
        let (half, quarter) = (border.period >> 1, border.period >> 2);
        let mut base = 0;
        for i in 0..self.value.len().min(out.len()) {
            let mut d = border.at.wrapping_sub(self.value[i]);
            let mut place = place;
            if border.period != 0 {
                d = (d.wrapping_add(half) & mask) - half;
                // A wrapping byte's first bit has two borders: the nearer one counts.
                if first && (d > quarter || d < -quarter) {
                    d -= if d > 0 { half } else { -half };
                    place += 8;
                }
            }
            let scaled = (i64::from(d) * i64::from(self.inverse[i])) >> 16;
            let u = (scaled.clamp(-1023, 1023) + 1024) as usize;
            let at = base + (place * self.rows + self.row[i] as usize) * STEPS + (u >> 5);
            let part = (u & 31) as u32;
            if let Some([a, b]) = self.cells.get(at..at + 2) {
                let p = (a.p16() * (32 - part) + b.p16() * part) >> 5;
                out[i] = stretch[(p >> 4) as usize & 4095];
            }
            self.used[i] = at as u32 + (part >> 4);
            base += self.table;
        }
    }

    /// Learns the bit that came.
    #[inline(always)]
    pub fn update(&mut self, bit: u32) {
        for &at in &self.used {
            if let Some(cell) = self.cells.get_mut(at as usize) {
                cell.update(bit, self.limit);
            }
        }
    }
}

/// Size of an error in half octaves above the smallest.
///
/// ```
/// use minlen_mix::sample::experts::size;
/// // Two steps for twice the error.
/// assert_eq!(size(64) + 2, size(128));
/// ```
#[inline(always)]
#[must_use]
pub fn size(error: u32) -> u32 {
    let e = error.max(MIN_SCALE + 1);
    let octave = 31 - e.leading_zeros();
    // The bit below the highest is a cheap half octave (1.5 for 1.41).
    octave * 2 + (e >> (octave - 1) & 1) - 4
}

/// The table that every expert starts with: a logistic distribution.
fn first_table(shape: Shape, rows: usize) -> Vec<AdaptiveProb> {
    let mut cells = Vec::with_capacity(shape.bytes as usize * PLACES * rows * STEPS);
    for place in 0..shape.bytes as usize * PLACES {
        let (byte, bit) = ((place / PLACES) as u32, (place % PLACES) as u32);
        let border = Border::new(shape, byte, bit & 7, 1 << (bit & 7), 0);
        let rest = if shape.little { 8 * byte } else { 8 * (shape.bytes - 1 - byte) };
        let width = 1i64 << (7 - (bit & 7) + rest + FRACTION);
        for row in 0..rows {
            let error = (4i64 << (row / 2)) * if row % 2 == 0 { 5 } else { 7 } / 4;
            for step in 0..STEPS {
                let d = (step as i64 - 32) * error / 4;
                let p = logistic(d, width, error);
                // At the other border of a wrapping byte the halves change their places.
                let p = if bit == 8 { 65_536 - p } else { p };
                let blunt = border.period != 0 && i64::from(border.period) < 4 * error;
                cells.push(AdaptiveProb::new(if blunt { 32_768 } else { p }));
            }
        }
    }
    cells
}

/// Probability that a logistic value with mean absolute value `error` is in the upper of two intervals of `width` each
/// that meet at `d`, of 65536.
fn logistic(d: i64, width: i64, error: i64) -> u32 {
    let below = |z: i64| i64::from(squash((z * 256 / error).clamp(-2047, 2047) as i32));
    // On the side where the table of `squash` is fine: the lower tail.
    let (upper, lower) = if d > 0 {
        (below(-d) - below(-d - width), below(width - d) - below(-d))
    } else {
        (below(d + width) - below(d), below(d) - below(d - width))
    };
    ((upper * 65_536 + 32_768) / (upper + lower + 1)).clamp(32, 65_504) as u32
}
