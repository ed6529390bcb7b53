//! Random changes of records that leave what they are: for data augmentation.

use minlen_core::{Error, Result};
use minlen_learn::Random;

/// A random change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Moved along its sides, by up to a tenth of each; what comes in is what was at the edge.
    Shift,
    /// With noise of up to a tenth of the record's deviation.
    Noise,
    /// Its differences from its mean times 0.9 to 1.1.
    Scale,
}

/// The most that a record is moved, as a share of each side.
const FAR: f64 = 0.1;
/// The most noise, as a share of the record's deviation.
const LOUD: f64 = 0.1;

/// The changes that a list names.
///
/// ```
/// use minlen_train::insight::transforms::{Transform, parse};
/// assert_eq!(parse("shift,noise").unwrap(), [Transform::Shift, Transform::Noise]);
/// assert!(parse("turn").is_err());
/// ```
///
/// # Errors
/// Usage for others.
pub fn parse(list: &str) -> Result<Vec<Transform>> {
    let one = |name: &str| match name.trim() {
        "shift" => Ok(Transform::Shift),
        "noise" => Ok(Transform::Noise),
        "scale" => Ok(Transform::Scale),
        other => {
            Err(Error::usage(format!("{other:?} is no transform")).remedy("there are shift, noise and scale"))
        }
    };
    list.split(',').map(one).collect()
}

/// About the normal distribution of mean 0 and deviation 1: twelve uniform numbers, which are the same on every machine.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| f64::from(random.unit())).sum::<f64>() - 6.0
}

/// A number from -1 to 1.
fn either_way(random: &mut Random) -> f64 {
    2.0 * f64::from(random.unit()) - 1.0
}

impl Transform {
    /// Changes the numbers of a record of this shape.
    pub fn apply(self, numbers: &mut Vec<f64>, shape: &[u32], random: &mut Random) {
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let deviation = (numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt();
        match self {
            Self::Shift => *numbers = shifted(numbers, shape, random),
            Self::Noise => {
                let loud = deviation * LOUD * f64::from(random.unit());
                numbers.iter_mut().for_each(|x| *x += loud * normal(random));
            }
            Self::Scale => {
                let factor = 1.0 + FAR * either_way(random);
                numbers.iter_mut().for_each(|x| *x = mean + factor * (*x - mean));
            }
        }
    }
}

/// Moved along every side that is longer than a few numbers.
fn shifted(numbers: &[f64], shape: &[u32], random: &mut Random) -> Vec<f64> {
    let sides: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
    let by: Vec<isize> = sides
        .iter()
        .map(
            |&side| {
                if side < 4 { 0 } else { (either_way(random) * (FAR * side as f64 + 0.5)).round() as isize }
            },
        )
        .collect();
    let mut out = Vec::with_capacity(numbers.len());
    for place in 0..numbers.len() {
        let (mut rest, mut from, mut apart) = (place, 0, 1);
        for (&side, &by) in sides.iter().zip(&by).rev() {
            let at = (rest % side.max(1)) as isize - by;
            from += at.clamp(0, side as isize - 1) as usize * apart;
            rest /= side.max(1);
            apart *= side;
        }
        out.push(numbers.get(from).copied().unwrap_or(0.0));
    }
    out
}
