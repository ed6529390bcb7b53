//! What is known of an array while it is coded.

use super::density::Density;
use super::number::{Form, Number};
use super::rank::{LowRank, RANK};
use super::scale::Scales;

/// The sign's bit in [`Trace::flags`].
pub const SIGN_BIT: u8 = 1;
/// The bit of the low group in [`Trace::flags`].
pub const LOW_BIT: u8 = 2;

/// Levels and flags of numbers already coded.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Logarithmic magnitudes, 8 to an octave, scale included.
    pub levels: Vec<i16>,
    /// Sign and group.
    pub flags: Vec<u8>,
}

/// A number somewhere near.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour {
    /// Its level.
    pub level: i32,
    /// Its sign; 2 if there is none.
    pub sign: u32,
    /// 1 if it belongs to the low group.
    pub low: u32,
}

impl Trace {
    /// Bytes for each number.
    pub const MEMORY: u64 = 3;

    /// The number `back` before `at`; `or` is the level if there is none.
    #[inline(always)]
    pub fn before(&self, at: usize, back: usize, or: i32) -> Neighbour {
        match at.checked_sub(back).and_then(|i| Some((self.levels.get(i)?, self.flags.get(i)?))) {
            Some((&level, &flags)) => Neighbour {
                level: i32::from(level),
                sign: u32::from(flags & SIGN_BIT),
                low: u32::from(flags >> 1),
            },
            None => Neighbour { level: or, sign: 2, low: 0 },
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
    pub const fn level(self) -> i32 {
        8 * self.offset + self.part
    }
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
    /// The last class of the low group, if there are two groups.
    pub split: Option<u32>,
    /// How large the numbers of the low group and of the other are.
    pub scales: [Scales; 2],
    /// What rows have in common, where that is worth following.
    pub rank: Option<Box<LowRank<RANK>>>,
    /// Signs are noise.
    pub plain_signs: bool,
    /// How many belong to the low group.
    pub density: Density,
    /// Column and row of the next number.
    pub column: usize,
    /// Row of the next number.
    pub row: usize,
    /// The last numbers.
    pub last: [u32; 2],
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
            split: None,
            scales: [Scales::new(1, 1, level, middle), Scales::new(columns, len, level, middle)],
            rank: None,
            plain_signs: false,
            density: Density::new(1, 1),
            column: 0,
            row: 0,
            last: [0; 2],
        }
    }

    /// Splits the numbers into those up to class `split` and the others, for an array of `len` numbers.
    pub fn split_at(&mut self, split: u32, len: usize) {
        self.split = Some(split);
        self.density = Density::new(self.columns, len);
        if split > 0 {
            self.scales[0] = Scales::new(self.columns, len, 4 * split as i32, self.middle);
        }
    }

    /// The classes of a group, first and last.
    pub fn classes(&self, low: bool) -> [u32; 2] {
        match self.split {
            Some(split) if low => [0, split],
            Some(split) => [split + 1, self.form.max_class()],
            None => [0, self.form.max_class()],
        }
    }

    /// Takes a coded number in.
    #[inline]
    pub fn push(&mut self, number: Number, raw: u64, hint: Hint) {
        let level = self.form.level(number) + hint.level();
        let low = self.split.is_some_and(|split| number.class <= split);
        self.trace.levels.push(level as i16);
        self.trace.flags.push(if low { LOW_BIT } else { 0 } | number.sign as u8);
        let part = (8 + hint.part) as f32 * 0.125;
        let magnitude = self.form.magnitude(number, self.middle, hint.offset) * part;
        if let Some(rank) = &mut self.rank {
            let value = magnitude / self.scales[usize::from(!low)].expected();
            rank.update(if number.sign == 1 { -value } else { value });
        }
        if self.split.is_some() {
            self.density.update(low);
            self.scales[usize::from(!low)].update(magnitude);
            self.scales[usize::from(low)].skip();
        } else {
            self.scales[1].update(magnitude);
        }
        self.last = [raw as u32 ^ (raw >> 32) as u32, self.last[0]];
        self.column += 1;
        if self.column >= self.columns {
            self.column = 0;
            self.row += 1;
        }
    }
}
