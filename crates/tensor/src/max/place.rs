//! What a number is predicted from.

use super::network::hash;
use super::plane::{Hint, Neighbour, Plane, Trace};
use super::scale::Levels;

/// Contexts of the class.
pub const CLASS: usize = 14;
/// Contexts of the sign.
pub const SIGN: usize = 8;
/// Contexts of the upper mantissa bits.
pub const MANTISSA: usize = 8;

/// Everything that a number is predicted from.
#[derive(Clone, Debug)]
pub struct Place {
    /// First and last class.
    pub classes: [u32; 2],
    /// The first class in question, above the first class.
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
    /// The value expected from what rows have in common, in 16ths of the expected magnitude: -16..=15.
    pub common: i32,
    /// The array.
    pub id: u32,
    /// Arrays with rows of this length.
    pub kind: u32,
    /// The numbers before.
    pub last: u32,
}

/// Contexts of the question whether a number belongs to the low group.
#[derive(Clone, Debug)]
pub struct GroupPlace {
    /// The base context, below 72.
    pub base: usize,
    /// The others.
    pub hashes: [u32; CLASS],
}

/// The neighbours of a number.
struct Around {
    left: [Neighbour; 4],
    up: Neighbour,
    up2: Neighbour,
    up_left: Neighbour,
    up_right: Neighbour,
    lag: Neighbour,
    same: Neighbour,
}

impl Around {
    #[inline(always)]
    fn new(plane: &Plane, reference: Option<&Trace>, or: i32) -> Self {
        let (at, w) = (plane.trace.levels.len(), plane.columns);
        let get = |back: usize| plane.trace.before(at, back, or);
        let none = Neighbour { level: or, sign: 2, low: 0 };
        Self {
            left: [get(1), get(2), get(3), get(4)],
            up: get(w),
            up2: get(w.saturating_mul(2)),
            up_left: get(w + 1),
            up_right: get(w.saturating_sub(1).max(1)),
            lag: if plane.lag > 0 { get(plane.lag) } else { none },
            same: reference.map_or(none, |trace| trace.before(at, 0, or)),
        }
    }
}

impl Plane {
    /// What the group of the next number is predicted from.
    #[inline]
    pub fn group_place(&self, reference: Option<&Trace>, hint: Hint) -> GroupPlace {
        let around = Around::new(self, reference, 0);
        let shares = self.density.shares();
        let q = |x: i32, step: i32| (x.clamp(-1500, 1500) / step) as u32 & 255;
        let lows = |all: &[Neighbour]| all.iter().fold(0, |a, n| a << 1 | n.low);
        let Around { left, up, up2, up_left, up_right, lag, same } = around;
        let (row, column) = (shares.row, shares.column);
        let (beside, above) = (lows(&left), lows(&[up, up2, up_left, up_right]));
        let levels = |n: Neighbour| if n.low == 1 { 99 } else { (n.level >> 3) as u32 & 0xff };
        let hashes = [
            hash(q(row, 64) << 8 | q(column, 64), 100),
            hash(q(row, 24), 101),
            hash(q(column, 24), 102),
            hash(beside << 4 | above, 103),
            hash(q(shares.both, 96) << 8 | beside, 104),
            hash(self.column as u32, self.id << 8 | 105),
            hash(levels(same), same.low << 8 | 106),
            hash(q(row, 128) << 8 | above, beside >> 2 << 8 | 107),
            hash(q(column, 128) << 8 | beside, up.low << 8 | 108),
            hash(levels(left[0]) << 8 | levels(up), 109),
            hash(hint.context, 110),
            hash(lows(&[lag, left[0], up]), self.id << 8 | 111),
            hash(self.last[0], self.last[1] << 8 | 112),
            hash(q(shares.both, 16), 113),
        ];
        GroupPlace { base: ((shares.both.clamp(-1400, 1400) + 1400) / 40) as usize, hashes }
    }

    /// What the next number of a group is predicted from; `reference` is an array of the same shape.
    #[inline]
    pub fn place(&self, reference: Option<&Trace>, hint: Hint, low: bool) -> Place {
        let levels = self.scales[usize::from(!low)].levels();
        let scale = hint.level();
        let level = levels.both - scale;
        let classes = self.classes(low);
        let middle = (level >> 3).clamp(classes[0] as i32 + 1, (classes[0] + 1).max(classes[1]) as i32);
        let fine = (level - 8 * middle).clamp(-64, 7);
        let mut place = Place {
            classes,
            middle: middle as u32,
            level,
            fine,
            class: [0; CLASS],
            sign: [0; SIGN],
            near: [levels.row - scale, 0, 0, 0],
            progress: progress(self.row, self.column),
            hint: hint.context,
            common: self.rank.as_ref().map_or(0, |rank| (rank.predict() * 16.0).clamp(-16.0, 15.0) as i32),
            id: self.id << 1 | u32::from(low),
            kind: (self.columns as u32) << 1 | u32::from(low),
            last: hash(self.last[0], self.last[1]),
        };
        let around = Around::new(self, reference, levels.both);
        place.near[1..].copy_from_slice(&[
            around.left[0].level - scale,
            around.up.level - scale,
            around.same.level - scale,
        ]);
        if !self.plain_signs {
            place.sign = self.sign_contexts(&around, &levels, place.hint);
        }
        place.class = self.class_contexts(&around, &levels, &place, scale);
        place
    }

    #[inline(always)]
    fn class_contexts(&self, around: &Around, levels: &Levels, place: &Place, scale: i32) -> [u32; CLASS] {
        let Around { left, up, up2, up_left, up_right, lag, same } = around;
        let near = |level: i32, shift: u32, most: i32| {
            ((level - levels.both) >> shift).clamp(-most, most) as u32 & 255
        };
        let (f, m) = (place.fine, place.middle);
        let f1 = (f >> 1) as u32 & 127;
        let largest = left[0].level.max(left[1].level).max(up.level);
        let average = (2 * left[0].level + 2 * up.level + up_left.level + up_right.level) / 6;
        let small = if self.form.width <= 8 { place.last } else { near(average, 1, 24) << 8 | f1 };
        [
            hash(near(levels.recent, 1, 16) << 8 | f1, 0),
            hash((levels.row - scale) as u32, 1),
            hash((levels.column - scale) as u32, 2),
            hash(near(left[0].level, 3, 5) << 16 | near(up.level, 3, 5) << 8 | f1, 3),
            hash(
                near(left[0].level, 3, 4) << 16 | near(left[1].level, 3, 4) << 8 | f1 >> 1,
                near(left[2].level, 4, 2) + 400,
            ),
            hash(near(up.level, 2, 9) << 16 | near(up2.level, 3, 4) << 8 | f1 >> 1, 5),
            hash(near(same.level, 1, 40) << 8 | f1, 6),
            hash(place.id, m << 8 | 7),
            hash(place.kind, (f as u32 & 255) << 8 | 8),
            hash(self.column as u32, place.id << 8 | 9),
            hash(near(largest, 1, 24) << 16 | m, 10),
            hash(place.hint, (f as u32 & 255) << 8 | 11),
            hash(small, 12),
            hash(near(lag.level, 2, 9) << 8 | f1 >> 1, place.common.unsigned_abs() << 8 | 13),
        ]
    }

    #[inline(always)]
    fn sign_contexts(&self, around: &Around, levels: &Levels, hint: u32) -> [u32; SIGN] {
        let Around { left, up, up2, up_left, up_right, lag, same } = around;
        let signs = |all: [u32; 4]| all.iter().fold(0, |a, s| a << 2 | s);
        let near = ((same.level - levels.both) >> 3).clamp(-4, 4) as u32 & 255;
        [
            hash(signs([left[0].sign, up.sign, up_left.sign, up_right.sign]), 0),
            hash(signs([left[0].sign, left[1].sign, left[2].sign, 0]), 1),
            hash(signs([up.sign, up2.sign, lag.sign, 0]), 2),
            hash(self.column as u32, self.id << 8 | 3),
            hash(same.sign << 8 | near, 4),
            hash(hint, 5),
            hash(signs([lag.sign, left[0].sign, up.sign, 0]), 6),
            hash(self.id, 7),
        ]
    }
}

/// Octaves of rows and columns seen: below 32.
fn progress(row: usize, column: usize) -> usize {
    let rows = (row + 1).ilog2().min(7) as usize;
    rows * 4 + ((column + 1).ilog2() / 2).min(3) as usize
}
