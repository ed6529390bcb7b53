//! Windows of sensors that do not exist: data for tests and for trying out, the same on every machine for a seed.
//!
//! Sines, bells and noise are made of sums and products alone, which are the same everywhere.
//!
//! ```
//! use minlen_core::Dtype;
//! use minlen_train::waves::{Wave, npy};
//! let file = npy(Wave::Heart, 10, 256, Dtype::I16, 1)?;
//! assert!(file.starts_with(b"\x93NUMPY") && file.ends_with(&npy(Wave::Heart, 10, 256, Dtype::I16, 1)?[128..]));
//! # Ok::<(), minlen_core::Error>(())
//! ```

use minlen_core::layout::Declared;
use minlen_core::{Dtype, Error, Result};
use minlen_learn::Random;
use minlen_structure::export::{Export, Target, header};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// An electrocardiogram: one waveform of P, QRS and T, at any phase, rate and height, over a baseline that wanders.
    Heart,
    /// The housing of a machine: harmonics of its shaft, and the ringing of a bearing that is hit again and again.
    Machine,
}

/// Turns to the sine of the angle, within 1e-5.
fn sine(turns: f64) -> f64 {
    // Folded to a quarter turn to both sides of 0.
    let t = turns - (turns + 0.5).floor();
    let t = if t > 0.25 {
        0.5 - t
    } else if t < -0.25 {
        -0.5 - t
    } else {
        t
    };
    let x = 2.0 * std::f64::consts::PI * t;
    let s = x * x;
    x * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0))))
}

/// e^-x for x of at least 0, within a hundredth of it.
fn decay(x: f64) -> f64 {
    let mut y = (1.0 - x / 1024.0).max(0.0);
    for _ in 0..10 {
        y *= y;
    }
    y
}

/// About normal: a sum of uniform numbers.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| f64::from(random.unit())).sum::<f64>() - 6.0
}

fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    low + (high - low) * f64::from(random.unit())
}

/// Place in the beat, width and height of each wave.
const BEAT: [[f64; 3]; 5] = [
    [0.18, 0.025, 0.15],
    [0.285, 0.009, -0.12],
    [0.31, 0.011, 1.0],
    [0.335, 0.010, -0.25],
    [0.55, 0.045, 0.3],
];

/// A window of `samples` numbers of about 1 in magnitude.
fn heart(samples: usize, random: &mut Random) -> Vec<f64> {
    let (phase, beat) = (f64::from(random.unit()), between(random, 100.0, 180.0));
    let (height, wander) = (between(random, 0.7, 1.3), between(random, 0.0, 0.15));
    let (slow, start) = (between(random, 0.2, 0.8), f64::from(random.unit()));
    let at = |i: usize, random: &mut Random| {
        let place = i as f64 / beat + phase;
        let place = place - place.floor();
        let bell = |[centre, width, size]: [f64; 3]| {
            let off = (place - centre) / width;
            size * decay(0.5 * off * off)
        };
        let drift = wander * sine(start + slow * i as f64 / 256.0);
        height * BEAT.into_iter().map(bell).sum::<f64>() + drift + 0.005 * normal(random)
    };
    (0..samples).map(|i| at(i, random)).collect()
}

fn machine(samples: usize, random: &mut Random) -> Vec<f64> {
    let turns = between(random, 8.0, 12.0) / 256.0;
    let harmonics: Vec<[f64; 2]> = [0.35, 0.2, 0.1, 0.05]
        .map(|size| [size * between(random, 0.6, 1.4), f64::from(random.unit())])
        .into();
    let (every, hit) = (between(random, 36.0, 60.0), between(random, 0.2, 0.7));
    let (first, ring) = (every * f64::from(random.unit()), between(random, 0.17, 0.2));
    let at = |i: usize, random: &mut Random| {
        let t = i as f64;
        let shaft =
            harmonics.iter().zip(1..).map(|([size, phase], k)| size * sine(phase + turns * f64::from(k) * t));
        let since = (t + first) - ((t + first) / every).floor() * every;
        shaft.sum::<f64>() + hit * decay(since / 6.0) * sine(ring * since) + 0.02 * normal(random)
    };
    (0..samples).map(|i| at(i, random)).collect()
}

/// An npy file of so many windows, a row each.
///
/// # Errors
/// Usage for types other than `u8` and `i16`, and for no windows or too many.
pub fn npy(wave: Wave, windows: usize, samples: usize, dtype: Dtype, seed: u64) -> Result<Vec<u8>> {
    let (scale, middle) = match dtype {
        Dtype::U8 => (90.0, 110.0),
        Dtype::I16 => (12_000.0, 0.0),
        _ => {
            return Err(
                Error::usage(format!("no windows of {}", dtype.name())).remedy("there are u8 and i16")
            );
        }
    };
    if samples == 0 || windows == 0 || windows.checked_mul(samples).is_none_or(|all| all > 1 << 30) {
        return Err(Error::usage("no numbers at all, or more than 2^30"));
    }
    let declared = Declared::numbers(dtype, vec![windows as u64, samples as u64]);
    let mut file = header(Target::Npy, &[Export::new(Target::Npy, "", declared)?])?;
    for window in 0..windows {
        let mut random = Random::new(seed).stream(window as u64);
        let values = match wave {
            Wave::Heart => heart(samples, &mut random),
            Wave::Machine => machine(samples, &mut random),
        };
        let numbers = values.iter().map(|x| (middle + scale * x + 0.5).floor());
        if dtype == Dtype::U8 {
            file.extend(numbers.map(|x| x.clamp(0.0, 255.0) as u8));
        } else {
            file.extend(numbers.flat_map(|x| (x.clamp(-32_768.0, 32_767.0) as i16).to_le_bytes()));
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn sines_and_bells_are_what_they_should_be() {
        for i in -400..400 {
            let t = f64::from(i) / 100.0;
            assert!((sine(t) - (2.0 * std::f64::consts::PI * t).sin()).abs() < 1e-5, "{t}");
            assert!((decay(t.abs()) - (-t.abs()).exp()).abs() < 0.01, "{t}");
        }
        assert_eq!(decay(5000.0), 0.0);
    }

    #[test]
    fn the_same_windows_for_a_seed_for_ever() {
        let hash = |wave, dtype| xxh3_64(&npy(wave, 50, 256, dtype, 7).unwrap());
        let found = [
            hash(Wave::Heart, Dtype::I16),
            hash(Wave::Heart, Dtype::U8),
            hash(Wave::Machine, Dtype::I16),
            hash(Wave::Machine, Dtype::U8),
        ];
        let known = [
            2_985_358_681_752_340_170,
            4_342_932_635_555_345_548,
            9_267_393_852_724_158_234,
            10_137_373_193_962_307_217,
        ];
        assert_eq!(found, known);
        assert_ne!(found[0], xxh3_64(&npy(Wave::Heart, 50, 256, Dtype::I16, 8).unwrap()));
        assert!(npy(Wave::Heart, 0, 256, Dtype::I16, 7).is_err());
        assert!(npy(Wave::Heart, 1, 256, Dtype::F64, 7).is_err());
    }
}
