//! Records to learn from, in memory: splits, orders, and changed copies of them.

use crate::{Random, Shape, Tape, Var};
use minlen_core::{Error, Result};

/// Values of all records.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Floats(Vec<f32>),
    /// Bytes with the factor and the shift that make them numbers.
    Bytes(Vec<u8>, f32, f32),
}

/// Many records of one shape.
///
/// ```
/// use minlen_learn::Records;
/// let records = Records::bytes([2, 2], vec![0, 51, 102, 255, 0, 0, 0, 255], 0.5, -1.0)?;
/// assert_eq!(records.len(), 2);
/// let mut first = [0.0; 4];
/// records.read(0, &mut first);
/// assert_eq!(first, [-1.0, 24.5, 50.0, 126.5]);
/// assert!(Records::floats([3], vec![0.0; 4]).is_err());
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    shape: Shape,
    values: Values,
}

impl Records {
    /// Records of floats.
    ///
    /// # Errors
    /// Usage if the values are not a whole number of records, or one of them is no finite number.
    pub fn floats(shape: impl Into<Shape>, values: Vec<f32>) -> Result<Self> {
        let shape = shape.into();
        check(shape, values.len())?;
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            let (record, value) = (i / shape.len(), i % shape.len());
            return Err(Error::usage(format!("record {record} has no finite number at value {value}"))
                .remedy("leave such records out, or replace the value"));
        }
        Ok(Self { shape, values: Values::Floats(values) })
    }

    /// Records of bytes, which stand for `factor` times the byte plus `shift`.
    ///
    /// # Errors
    /// Usage if the bytes are not a whole number of records.
    pub fn bytes(shape: impl Into<Shape>, bytes: Vec<u8>, factor: f32, shift: f32) -> Result<Self> {
        let shape = shape.into();
        check(shape, bytes.len())?;
        Ok(Self { shape, values: Values::Bytes(bytes, factor, shift) })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let values = match &self.values {
            Values::Floats(values) => values.len(),
            Values::Bytes(bytes, ..) => bytes.len(),
        };
        values / self.shape.len()
    }

    /// True without records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of each.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Copies one record.
    pub fn read(&self, record: u32, out: &mut [f32]) {
        let n = self.shape.len();
        let range = record as usize * n..(record as usize + 1) * n;
        match &self.values {
            Values::Floats(values) => out.copy_from_slice(&values[range]),
            Values::Bytes(bytes, factor, shift) => {
                out.iter_mut().zip(&bytes[range]).for_each(|(o, &b)| *o = factor * f32::from(b) + shift);
            }
        }
    }

    /// Puts records on a tape: (records, shape of each).
    pub fn input(&self, tape: &mut Tape<'_>, records: &[u32]) -> Var {
        self.input_with(tape, records, |_, _| {})
    }

    /// The same with each record changed by `change`, as by [`shifted`] or [`mirrored`], for which the tape's random numbers
    /// of the record may be used.
    pub fn input_with(
        &self,
        tape: &mut Tape<'_>,
        records: &[u32],
        mut change: impl FnMut(u32, &mut [f32]),
    ) -> Var {
        let (n, mut sizes) = (self.shape.len(), vec![records.len()]);
        sizes.extend(self.shape.sizes());
        tape.input_with(&sizes[..], |out| {
            for (place, &record) in out.chunks_exact_mut(n).zip(records) {
                self.read(record, place);
                change(record, place);
            }
        })
    }
}

fn check(shape: Shape, values: usize) -> Result<()> {
    if shape.is_empty() || !values.is_multiple_of(shape.len()) {
        return Err(Error::usage(format!("{values} values are no records of {shape:?}"))
            .remedy("check the shape of the records"));
    }
    if u32::try_from(values / shape.len()).is_err() {
        return Err(Error::limit("more than 2^32 records").remedy("train on a part of them"));
    }
    Ok(())
}

/// Which records are learned from, and which only measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// To learn from.
    pub train: Vec<u32>,
    /// To measure with.
    pub held_out: Vec<u32>,
}

impl Split {
    /// A share of the records held out, chosen by seed: at least one of two or more.
    #[must_use]
    pub fn by_share(records: usize, share: f64, seed: u64) -> Self {
        let mut all: Vec<u32> = (0..records as u32).collect();
        Random::new(seed).shuffle(&mut all);
        let most = records.saturating_sub(1);
        let held = ((records as f64 * share).round() as usize)
            .clamp(usize::from(share > 0.0), most.max(1))
            .min(most);
        let mut held_out = all.split_off(records - held);
        all.sort_unstable();
        held_out.sort_unstable();
        Self { train: all, held_out }
    }

    /// Whole groups (files, speakers) held out, chosen by seed, until they have this share of the records; one group at least
    /// is learned from. `groups` has the group of each record.
    #[must_use]
    pub fn by_group(groups: &[u32], share: f64, seed: u64) -> Self {
        let mut order: Vec<u32> = groups.to_vec();
        order.sort_unstable();
        order.dedup();
        Random::new(seed).shuffle(&mut order);
        let wanted = (groups.len() as f64 * share).round() as usize;
        let (mut held, mut chosen) = (0, Vec::new());
        for &group in order.iter().take(order.len().saturating_sub(1)) {
            if held >= wanted {
                break;
            }
            held += groups.iter().filter(|g| **g == group).count();
            chosen.push(group);
        }
        let (held_out, train) =
            (0..groups.len() as u32).partition(|&record| chosen.contains(&groups[record as usize]));
        Self { train, held_out }
    }
}

/// The order of an epoch.
#[must_use]
pub fn shuffled(records: &[u32], seed: u64, epoch: u64) -> Vec<u32> {
    let mut order = records.to_vec();
    Random::new(seed).stream(epoch).shuffle(&mut order);
    order
}

/// Moves a picture (height, width, channels) by whole pixels; what comes in is `fill`.
pub fn shifted(picture: &mut [f32], shape: [usize; 3], down: isize, right: isize, fill: f32) {
    let [height, width, channels] = shape;
    let before = picture.to_vec();
    for y in 0..height {
        for x in 0..width {
            let from = y.checked_add_signed(-down).zip(x.checked_add_signed(-right));
            let from = from.filter(|&(y, x)| y < height && x < width);
            let place = &mut picture[(y * width + x) * channels..][..channels];
            match from {
                Some((y, x)) => place.copy_from_slice(&before[(y * width + x) * channels..][..channels]),
                None => place.fill(fill),
            }
        }
    }
}

/// Mirrors a picture (height, width, channels), left to right.
pub fn mirrored(picture: &mut [f32], shape: [usize; 3]) {
    let [_, width, channels] = shape;
    for row in picture.chunks_exact_mut((width * channels).max(1)) {
        for x in 0..width / 2 {
            for c in 0..channels {
                row.swap(x * channels + c, (width - 1 - x) * channels + c);
            }
        }
    }
}

/// Adds normal noise.
pub fn noised(values: &mut [f32], deviation: f32, random: &mut Random) {
    values.iter_mut().for_each(|v| *v += deviation * random.normal());
}
