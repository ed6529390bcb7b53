//! The members `klt` and `cklt`: a Karhunen-Loève transform, and one for each of several classes.
//!
//! A record less the mean of all goes to some tens of coordinates by one basis; each class has a centre there, and a basis of its own. What
//! is coded are a record's coordinates in the basis of the class that describes it in the fewest bits (Dony and Haykin 1995, *Optimally
//! adaptive transform coding*). One class with no basis of its own is the plain transform.
//!
//! Everything that makes a record from integers is in integers, whose sums may wrap: the same numbers everywhere, whatever a file says.

use crate::steps;
use crate::tables::{Costs, Seen};
use crate::values::FRACTION;
use minlen_core::{Error, Result};

/// A basis of small integers: each row, times its scale, has about length 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Row by row.
    pub rows: Vec<i8>,
    /// What 1 in a row stands for, in 2^-22.
    pub scales: Vec<u16>,
}

/// A class of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Where it is, in the coordinates of all, in sixteenths.
    pub centre: Vec<i32>,
    /// Its basis in those coordinates; none where it is theirs.
    pub basis: Option<Basis>,
    /// How much its coefficients deviate, largest first: see [`steps`].
    pub deviations: Vec<u8>,
}

/// A transform, or one for each class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linear {
    /// The mean of all records, in [`FRACTION`] fraction bits.
    pub mean: Vec<i32>,
    /// The coordinates of all: so many as there are scales.
    pub basis: Basis,
    /// At least one.
    pub classes: Vec<Class>,
}

/// Fraction bits of the scales of rows.
const SCALE_BITS: u32 = 22;
/// Coordinates and coefficients of a class are at most so many, and classes.
pub(crate) const COORDINATES_MAX: usize = 1024;
pub(crate) const CLASSES_MAX: usize = 256;
/// Coefficients in sixteenths stay within this.
const COEFFICIENT_MAX: i64 = 1 << 24;

impl Basis {
    fn check(&self, columns: usize) -> Result<()> {
        let is_whole = self.rows.len() == self.scales.len().saturating_mul(columns);
        if is_whole { Ok(()) } else { Err(Error::corrupt("codec file: a basis of another size")) }
    }

    fn floats(&self, columns: usize) -> Vec<f32> {
        let scale = |row: usize| f32::from(self.scales[row]) / (1u32 << SCALE_BITS) as f32;
        let rows = self.rows.chunks(columns.max(1)).enumerate();
        rows.flat_map(|(i, row)| row.iter().map(move |&x| f32::from(x) * scale(i))).collect()
    }

    /// The nearest basis to one of floats.
    #[must_use]
    pub fn nearest(rows: &[f32], columns: usize) -> Self {
        let mut basis = Self::default();
        for row in rows.chunks(columns.max(1)) {
            let most = row.iter().fold(0f32, |most, x| most.max(x.abs()));
            let scale = (most / 127.0 * (1u32 << SCALE_BITS) as f32).round().clamp(1.0, 65_535.0);
            basis.scales.push(scale as u16);
            let step = scale / (1u32 << SCALE_BITS) as f32;
            basis.rows.extend(row.iter().map(|x| (x / step).round().clamp(-127.0, 127.0) as i8));
        }
        basis
    }
}

/// `coefficient` sixteenths times the scale of a row, in `fraction` bits.
fn scaled(coefficient: i64, scale: u16, fraction: u32) -> i32 {
    let product = coefficient.clamp(-COEFFICIENT_MAX, COEFFICIENT_MAX) * i64::from(scale);
    let shift = SCALE_BITS + 4 - fraction;
    ((product + (1 << (shift - 1))) >> shift) as i32
}

fn add_row(sums: &mut [i32], row: &[i8], times: i32) {
    for (sum, &x) in sums.iter_mut().zip(row) {
        *sum = sum.wrapping_add(i32::from(x).wrapping_mul(times));
    }
}

impl Linear {
    /// Numbers in a record.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.mean.len()
    }

    /// Coordinates that all classes share.
    #[must_use]
    pub fn coordinates(&self) -> usize {
        self.basis.scales.len()
    }

    /// Coefficients of all classes.
    #[must_use]
    pub fn coefficients(&self) -> usize {
        self.classes.iter().map(|class| class.deviations.len()).sum()
    }

    /// # Errors
    /// Corrupt if the parts do not fit together.
    pub fn check(&self) -> Result<()> {
        let bad = |what| Err(Error::corrupt(format!("codec file: {what}")));
        let coordinates = self.coordinates();
        self.basis.check(self.numbers())?;
        if !(1..=CLASSES_MAX).contains(&self.classes.len()) || coordinates > COORDINATES_MAX {
            return bad("too many classes or coordinates, or none");
        }
        for class in &self.classes {
            let coded = class.basis.as_ref().map_or(coordinates, |basis| basis.scales.len());
            class.basis.iter().try_for_each(|basis| basis.check(coordinates))?;
            if class.centre.len() != coordinates || class.deviations.len() > coded {
                return bad("a class of another size");
            }
        }
        Ok(())
    }

    /// The number of a class's first coefficient among all.
    #[must_use]
    pub fn first(&self, class: usize) -> usize {
        self.classes.iter().take(class).map(|class| class.deviations.len()).sum()
    }

    /// How many coefficients of a class are coded with steps of `step`.
    #[must_use]
    pub fn coded(&self, class: usize, step: u8) -> usize {
        let Some(class) = self.classes.get(class) else { return 0 };
        let large = |&d: &u8| steps::coarseness(d, step) >= steps::LEAST_COARSENESS;
        class.deviations.iter().rposition(large).map_or(0, |last| last + 1)
    }

    /// The values of the record with these coefficients, in sixteenths.
    pub fn restore(&self, class: usize, coefficients: &[i64], room: &mut Room) {
        let Some(class) = self.classes.get(class) else { return };
        let coordinates = self.coordinates();
        // Coordinates in 12 fraction bits, then in sixteenths.
        room.sums.clear();
        room.sums.resize(coordinates, 0);
        match &class.basis {
            Some(basis) => {
                let rows = basis.rows.chunks(coordinates.max(1)).zip(&basis.scales);
                for ((row, &scale), &size) in rows.zip(coefficients).filter(|(_, size)| **size != 0) {
                    add_row(&mut room.sums, row, scaled(size, scale, 12));
                }
                room.sums.iter_mut().for_each(|sum| *sum = (sum.wrapping_add(1 << 7)) >> 8);
            }
            None => {
                for (sum, &size) in room.sums.iter_mut().zip(coefficients) {
                    *sum = size.clamp(-COEFFICIENT_MAX, COEFFICIENT_MAX) as i32;
                }
            }
        }
        room.sums.iter_mut().zip(&class.centre).for_each(|(sum, centre)| *sum = sum.wrapping_add(*centre));
        self.restore_at(room);
    }

    /// The values of the record at coordinates of all classes, in sixteenths.
    pub fn restore_place(&self, coordinates: &[i32], room: &mut Room) {
        room.sums.clear();
        room.sums.extend(coordinates.iter().copied().chain(std::iter::repeat(0)).take(self.coordinates()));
        self.restore_at(room);
    }

    /// The same for the coordinates in `room`.
    fn restore_at(&self, room: &mut Room) {
        room.values.clear();
        room.values.resize(self.numbers(), 1 << (15 - FRACTION));
        let rows = self.basis.rows.chunks(self.numbers().max(1)).zip(&self.basis.scales);
        // Of most records most coordinates are zero.
        for ((row, &scale), &sum) in rows.zip(&room.sums).filter(|(_, sum)| **sum != 0) {
            add_row(&mut room.values, row, scaled(i64::from(sum), scale, 16));
        }
        for (value, mean) in room.values.iter_mut().zip(&self.mean) {
            *value = (*value >> (16 - FRACTION)).wrapping_add(*mean);
        }
    }
}

/// What making a record takes, kept from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Room {
    pub(crate) coefficients: Vec<i64>,
    sums: Vec<i32>,
    /// The values made, in [`FRACTION`] fraction bits.
    pub values: Vec<i32>,
}

/// The other direction, in floats in a fixed order: whatever integers it finds, what they stand for is exact.
pub struct Analysis<'m> {
    linear: &'m Linear,
    mean: Vec<f32>,
    basis: Vec<f32>,
    classes: Vec<(Vec<f32>, Vec<f32>)>,
}

/// A record in the coordinates of all classes.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    /// Class by class, in values.
    coefficients: Vec<Vec<f32>>,
    /// The squares of what no coefficient of a class describes.
    outside: Vec<f32>,
}

/// A description of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The class.
    pub class: usize,
    /// One for each coefficient that is coded.
    pub integers: Vec<i32>,
    /// Squares of the errors, as far as can be told from the coefficients, and bits.
    pub error: f32,
    /// See `error`.
    pub bits: f32,
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 16];
    let (a_chunks, a_rest) = a.as_chunks::<16>();
    let (b_chunks, b_rest) = b.as_chunks::<16>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for i in 0..16 {
            lanes[i] += x[i] * y[i];
        }
    }
    a_rest.iter().zip(b_rest).zip(&mut lanes).for_each(|((x, y), lane)| *lane += x * y);
    let mut half = 8;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

impl<'m> Analysis<'m> {
    /// For a checked member.
    #[must_use]
    pub fn new(linear: &'m Linear) -> Self {
        let coordinates = linear.coordinates();
        let class = |class: &Class| {
            let centre = class.centre.iter().map(|&x| x as f32 / 16.0).collect();
            (centre, class.basis.as_ref().map(|basis| basis.floats(coordinates)).unwrap_or_default())
        };
        Self {
            linear,
            mean: linear.mean.iter().map(|&x| x as f32 / (1 << FRACTION) as f32).collect(),
            basis: linear.basis.floats(linear.numbers()),
            classes: linear.classes.iter().map(class).collect(),
        }
    }

    /// The coordinates of a record that all classes share, in values.
    #[must_use]
    pub fn place(&self, values: &[f32]) -> Vec<f32> {
        let centred: Vec<f32> = values.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        self.basis.chunks(centred.len().max(1)).map(|row| dot(row, &centred)).collect()
    }

    /// The coefficients of a record in every class.
    pub fn look(&self, values: &[f32], seen: &mut Projection) {
        let centred: Vec<f32> = values.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        let all = dot(&centred, &centred);
        let numbers = centred.len().max(1);
        let coordinates: Vec<f32> = self.basis.chunks(numbers).map(|row| dot(row, &centred)).collect();
        let beyond = (all - dot(&coordinates, &coordinates)).max(0.0);
        seen.coefficients.resize(self.classes.len(), Vec::new());
        seen.outside.clear();
        let classes = self.classes.iter().zip(&self.linear.classes).zip(&mut seen.coefficients);
        for (((centre, basis), class), found) in classes {
            let off: Vec<f32> = coordinates.iter().zip(centre).map(|(x, centre)| x - centre).collect();
            let kept = class.deviations.len();
            found.clear();
            match &class.basis {
                Some(_) => {
                    let rows = basis.chunks(off.len().max(1)).take(kept);
                    found.extend(rows.map(|row| dot(row, &off)));
                }
                None => found.extend_from_slice(&off[..kept.min(off.len())]),
            }
            seen.outside.push(beyond + (dot(&off, &off) - dot(found, found)).max(0.0));
        }
    }

    /// The best description with steps of `step`: least error plus `price` squares for each bit.
    #[must_use]
    pub fn choose(&self, seen: &Projection, step: u8, pull: [i8; 2], price: f32, costs: &Costs) -> Choice {
        let mut best: Option<(f32, Choice)> = None;
        for class in 0..self.classes.len() {
            let bound = best.as_ref().map_or(f32::MAX, |(sum, _)| *sum);
            if let Some(found) = self.in_class(seen, class, step, pull, price, costs, bound) {
                best = Some((found.error + price * found.bits, found));
            }
        }
        best.map(|(_, choice)| choice).unwrap_or_default()
    }

    /// The description in one class, if it costs less than `bound`.
    fn in_class(
        &self,
        record: &Projection,
        class: usize,
        step: u8,
        pull: [i8; 2],
        price: f32,
        costs: &Costs,
        bound: f32,
    ) -> Option<Choice> {
        let coefficients = &record.coefficients[class];
        let coded = self.linear.coded(class, step);
        let size = steps::size(step);
        let inverse = 16.0 / size as f32;
        let (mut error, mut bits) = (record.outside[class], 0.0f32);
        error += dot(&coefficients[coded..], &coefficients[coded..]);
        let (mut seen, mut integers) = (Seen::default(), Vec::with_capacity(coded));
        for (k, &x) in coefficients[..coded].iter().enumerate() {
            let coarse = steps::coarseness(self.linear.classes[class].deviations[k], step);
            let nearest = (x.abs() * inverse + 0.5).min(crate::tables::INTEGER_MAX as f32) as i32;
            let mut best = (f32::MAX, 0, 0.0, 0.0);
            for size_of in [nearest, nearest - 1, 0] {
                if size_of < 0 || (size_of == 0 && best.1 == 0 && best.0 < f32::MAX) {
                    continue;
                }
                let q = if x < 0.0 { -size_of } else { size_of };
                let off = x - steps::restored(q, size, pull) as f32 / 16.0;
                let cost = costs.of(q, coarse, &seen) as f32 / 65_536.0;
                let sum = off * off + price * cost;
                if sum < best.0 {
                    best = (sum, q, off * off, cost);
                }
            }
            integers.push(best.1);
            error += best.2;
            bits += best.3;
            seen.note(best.1, coarse);
            if error + price * bits >= bound {
                return None;
            }
        }
        Some(Choice { class, integers, error, bits })
    }
}
