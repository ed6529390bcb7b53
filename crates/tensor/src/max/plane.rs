//! What is known of an array while it is coded: what came before, and what a number is predicted from.

use super::network::hash;
use super::number::{Form, Number};
use super::scale::{Levels, Scales};

/// Levels and signs of numbers already coded.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Logarithmic magnitudes, 8 to an octave, scale included.
    pub levels: Vec<i16>,
    /// 1 for negative numbers.
    pub signs: Vec<u8>,
}

impl Trace {
    /// Bytes for each number.
    pub const MEMORY: u64 = 3;

    /// The number `back` before `at`: its level (`or` if there is none) and sign (2 if there is none).
    #[inline(always)]
    fn before(&self, at: usize, back: usize, or: i32) -> (i32, u32) {
        match at.checked_sub(back).and_then(|i| Some((self.levels.get(i)?, self.signs.get(i)?))) {
            Some((&level, &sign)) => (i32::from(level), u32::from(sign)),
            None => (or, 2),
        }
    }
}

/// What the caller knows about a number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint {
    /// Classes that the number's scale is above 1.
    pub offset: i32,
    /// The scale's next eighths: `0..8`.
    pub part: i32,
    /// Anything else that predicts it.
    pub context: u32,
}

impl Hint {
    /// The level of the scale.
    #[inline(always)]
    const fn level(self) -> i32 {
        8 * self.offset + self.part
    }
}

/// Contexts of the class.
pub const CLASS: usize = 14;
/// Contexts of the sign.
pub const SIGN: usize = 8;
/// Contexts of the upper mantissa bits.
pub const MANTISSA: usize = 8;

/// Everything that a number is predicted from.
#[derive(Clone, Debug)]
pub struct Place {
    /// The first class in question, 1 or more.
    pub middle: u32,
    /// Expected level within the scale.
    pub level: i32,
    /// Expected level above the first class in question: -64..=7.
    pub fine: i32,
    /// Contexts of the class.
    pub class: [u32; CLASS],
    /// Contexts of the sign, without the class.
    pub sign: [u32; SIGN],
    /// Levels (within the scale) that the mantissa is compared with.
    pub near: [i32; 4],
    /// How much is known about row and column.
    pub progress: usize,
    /// The caller's context.
    pub hint: u32,
    /// The array.
    pub id: u32,
    /// Arrays with rows of this length.
    pub kind: u32,
    /// The number before.
    pub last: u32,
}

/// One array, or the part of one with numbers of one form.
#[derive(Clone, Debug)]
pub struct Plane {
    /// How its numbers are read.
    pub form: Form,
    /// The class of 1, for the scales.
    pub middle: i32,
    /// Numbers in a row.
    pub columns: usize,
    /// Which array of the run it is.
    pub id: u32,
    /// Another distance at which numbers resemble each other, 0 for none.
    pub lag: usize,
    /// What is coded so far.
    pub trace: Trace,
    /// Zeros are left out of the scales.
    pub sparse: bool,
    /// How large numbers are.
    scales: Scales,
    column: usize,
    row: usize,
    last: [u32; 2],
}

impl Plane {
    /// A plane for `len` numbers whose level is about `level`.
    pub fn new(form: Form, middle: i32, columns: usize, len: usize, level: i32) -> Self {
        Self {
            form,
            middle,
            columns,
            id: 0,
            lag: 0,
            trace: Trace::default(),
            sparse: false,
            scales: Scales::new(columns, len, level, middle),
            column: 0,
            row: 0,
            last: [0; 2],
        }
    }

    /// Takes a coded number in.
    #[inline]
    pub fn push(&mut self, number: Number, raw: u64, hint: Hint) {
        let level = self.form.level(number) + hint.level();
        self.trace.levels.push(level as i16);
        self.trace.signs.push(number.sign as u8);
        if self.sparse && number.class == 0 {
            self.scales.skip();
        } else {
            let part = (8 + hint.part) as f32 * 0.125;
            self.scales.update(self.form.magnitude(number, self.middle, hint.offset) * part);
        }
        self.last = [raw as u32 ^ (raw >> 32) as u32, self.last[0]];
        self.column += 1;
        if self.column >= self.columns {
            self.column = 0;
            self.row += 1;
        }
    }

    /// What the next number is predicted from; `reference` is an array of the same shape.
    #[inline]
    pub fn place(&self, reference: Option<&Trace>, hint: Hint) -> Place {
        let levels = self.scales.levels();
        let scale = hint.level();
        let level = levels.both - scale;
        let middle = (level >> 3).clamp(1, self.form.max_class() as i32);
        let fine = (level - 8 * middle).clamp(-64, 7);
        let mut place = Place {
            middle: middle as u32,
            level,
            fine,
            class: [0; CLASS],
            sign: [0; SIGN],
            near: [levels.row - scale, 0, 0, 0],
            progress: progress(self.row, self.column),
            hint: hint.context,
            id: self.id,
            kind: self.columns as u32,
            last: hash(self.last[0], self.last[1]),
        };
        self.neighbours(&mut place, &levels, scale, reference);
        place
    }

    fn neighbours(&self, place: &mut Place, levels: &Levels, scale: i32, reference: Option<&Trace>) {
        let (at, w, both) = (self.trace.levels.len(), self.columns, levels.both);
        let get = |back: usize| self.trace.before(at, back, both);
        let (left, left2, left3) = (get(1), get(2), get(3));
        let (up, up2, up_left, up_right) = (get(w), get(2 * w), get(w + 1), get(w.saturating_sub(1).max(1)));
        let lag = if self.lag > 0 { get(self.lag) } else { (both, 2) };
        let same = reference.map_or((both, 2), |r| r.before(at, 0, both));
        let near =
            |level: i32, shift: u32, most: i32| ((level - both) >> shift).clamp(-most, most) as u32 & 255;
        let (f, m, id) = (place.fine, place.middle, self.id);
        let f1 = (f >> 1) as u32 & 127;
        let largest = left.0.max(left2.0).max(up.0);
        let average = (2 * left.0 + 2 * up.0 + up_left.0 + up_right.0) / 6;
        let small = if self.form.width <= 8 { place.last } else { near(average, 1, 24) << 8 | f1 };
        place.class = [
            hash(near(levels.recent, 1, 16) << 8 | f1, 0),
            hash((levels.row - scale) as u32, 1),
            hash((levels.column - scale) as u32, 2),
            hash(near(left.0, 3, 5) << 16 | near(up.0, 3, 5) << 8 | f1, 3),
            hash(near(left.0, 3, 4) << 16 | near(left2.0, 3, 4) << 8 | f1 >> 1, near(left3.0, 4, 2) + 400),
            hash(near(up.0, 2, 9) << 16 | near(up2.0, 3, 4) << 8 | f1 >> 1, 5),
            hash(near(same.0, 1, 40) << 8 | f1, 6),
            hash(id, m << 8 | 7),
            hash(place.kind, (f as u32 & 255) << 8 | 8),
            hash(self.column as u32, id << 8 | 9),
            hash(near(largest, 1, 24) << 16 | m, 10),
            hash(place.hint, (f as u32 & 255) << 8 | 11),
            hash(small, 12),
            hash(near(lag.0, 2, 9) << 8 | f1 >> 1, 13),
        ];
        let signs = |all: [u32; 4]| all.iter().fold(0, |a, s| a << 2 | s);
        place.sign = [
            hash(signs([left.1, up.1, up_left.1, up_right.1]), 0),
            hash(signs([left.1, left2.1, left3.1, 0]), 1),
            hash(signs([up.1, up2.1, lag.1, 0]), 2),
            hash(self.column as u32, id << 8 | 3),
            hash(same.1 << 8 | near(same.0, 3, 4), 4),
            hash(place.hint, 5),
            hash(signs([lag.1, left.1, up.1, 0]), 6),
            hash(id, 7),
        ];
        place.near[1..].copy_from_slice(&[left.0 - scale, up.0 - scale, same.0 - scale]);
    }
}

/// Octaves of rows and columns seen: below 32.
fn progress(row: usize, column: usize) -> usize {
    let rows = (row + 1).ilog2().min(7) as usize;
    rows * 4 + ((column + 1).ilog2() / 2).min(3) as usize
}
