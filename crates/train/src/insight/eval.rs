//! How well a codec file does on records: bytes, errors and times at each rate, from payloads that were written and read again.

use super::check;
pub use crate::autoencoder::measure::decibels;
use crate::autoencoder::measure::{EXACT, crossing};
use crate::records::Records;
use minlen_core::{Dtype, Env, Result};
use minlen_latent::{Model, Promise, decode, encode};
use std::time::{Duration, Instant};

/// Rates that are measured where nobody names any.
const RATES: u8 = 10;
/// What makes hardly more bytes and no fewer errors is not measured: the share by which errors have to fall from a rate to the next.
const FLAT: f64 = 0.995;
/// By how much bytes have to grow to be more.
const GROWN: f64 = 1.01;

/// Errors of many records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Mean of the squares.
    pub mse: f64,
    /// Decibels of that.
    pub psnr: f64,
    /// Decibels of the variance of all numbers against the mean of the squares.
    pub snr: f64,
    /// The mean of the decibels of records.
    pub psnr_mean: f64,
    /// Decibels that 95 % of the records have at least.
    pub psnr_low: f64,
    /// Those of the worst.
    pub psnr_worst: f64,
    /// Mean binary cross-entropy in nats, of bytes taken as shares of 255.
    pub bce: Option<f64>,
    /// The mean of the squares of each record.
    pub each: Vec<f64>,
}

/// What a rate gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The rate of the codec file.
    pub rate: u8,
    /// Bytes of all records.
    pub bytes: u64,
    /// Bytes of a record.
    pub per_record: f64,
    /// How far off they are.
    pub errors: Errors,
    /// Time to write and to read them, on one thread.
    pub encode: Duration,
    /// See `encode`.
    pub decode: Duration,
}

/// What 0 dB is an error of: 255 for bytes, the range of the numbers for others.
#[must_use]
pub fn peak(model: &Model, bytes: &[u8]) -> f64 {
    if model.scaling.dtype() == Dtype::U8 {
        return 255.0;
    }
    match model.scaling.spread(bytes) {
        range if range > 0.0 => range,
        _ => 1.0,
    }
}

/// How far `made` is from `exact`, both whole records. Numbers that are none are exact where they are the same.
#[must_use]
pub fn errors(model: &Model, exact: &[u8], made: &[u8], peak: f64) -> Errors {
    let size = model.record_bytes().max(1);
    let (mut a, mut b, mut each) = (Vec::new(), Vec::new(), Vec::new());
    let is_bytes = model.scaling.dtype() == Dtype::U8;
    let (mut entropy, mut sum, mut squares, mut finite) = (0.0, 0.0, 0.0, 0usize);
    for (exact, made) in exact.chunks_exact(size).zip(made.chunks_exact(size)) {
        model.scaling.numbers(exact, &mut a);
        model.scaling.numbers(made, &mut b);
        let pairs = || a.iter().zip(&b).filter(|(x, _)| x.is_finite());
        each.push(pairs().map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / a.len().max(1) as f64);
        for (x, _) in pairs() {
            (sum, squares, finite) = (sum + x, squares + x * x, finite + 1);
        }
        if is_bytes {
            entropy += pairs().map(|(x, y)| cross_entropy(x / 255.0, y / 255.0)).sum::<f64>()
                / a.len().max(1) as f64;
        }
    }
    let count = each.len().max(1) as f64;
    let mse = each.iter().sum::<f64>() / count;
    let mean = sum / finite.max(1) as f64;
    let variance = (squares / finite.max(1) as f64 - mean * mean).max(0.0);
    let mut sorted: Vec<f64> = each.iter().map(|&square| decibels(peak, square)).collect();
    sorted.sort_by(f64::total_cmp);
    Errors {
        mse,
        psnr: decibels(peak, mse),
        snr: decibels(variance.sqrt().max(1e-9), mse),
        psnr_mean: sorted.iter().sum::<f64>() / count,
        psnr_low: sorted.get(sorted.len() / 20).copied().unwrap_or(EXACT),
        psnr_worst: sorted.first().copied().unwrap_or(EXACT),
        bce: is_bytes.then_some(entropy / count),
        each,
    }
}

/// As the tutorials count it: both between 0 and 1, and never quite there.
fn cross_entropy(x: f64, y: f64) -> f64 {
    let y = y.clamp(1e-7, 1.0 - 1e-7);
    -(x * y.ln() + (1.0 - x) * (1.0 - y).ln())
}

/// What records take at a rate, and what comes back.
///
/// # Errors
/// Those of the codec file; cancelled; limit.
pub fn at(model: &Model, records: &Records, rate: u8, peak: f64, env: &Env) -> Result<(Point, Vec<u8>)> {
    let bytes = &records.bytes;
    let _held = env.budget.reserve(bytes.len() as u64)?;
    let begun = Instant::now();
    let (payload, _) = encode(model, bytes, Promise::Rate(rate), super::LEVEL, env)?;
    let encode = begun.elapsed();
    let (begun, mut made) = (Instant::now(), Vec::with_capacity(bytes.len()));
    decode(model, &payload, bytes.len(), env, &mut made)?;
    let decode = begun.elapsed();
    let errors = errors(model, bytes, &made, peak);
    let per_record = payload.len() as f64 / records.len().max(1) as f64;
    let point = Point { rate, bytes: payload.len() as u64, per_record, errors, encode, decode };
    Ok((point, made))
}

/// What records take at these rates, or from the coarsest on until finer ones make no difference.
///
/// # Errors
/// Usage for records of another kind; those of the codec file; cancelled; limit.
pub fn curve(model: &Model, records: &Records, rates: &[u8], env: &Env) -> Result<Vec<Point>> {
    check(model, records)?;
    let peak = peak(model, &records.bytes);
    let some = (0..model.rates).step_by(usize::from(model.rates.div_ceil(RATES * 2).max(1)));
    let wanted: Vec<u8> = if rates.is_empty() { some.collect() } else { rates.to_vec() };
    let mut points: Vec<Point> = Vec::new();
    for rate in wanted {
        env.check()?;
        let (point, _) = at(model, records, rate, peak, env)?;
        let flat = points.last().filter(|last| rates.is_empty() && point.errors.mse > FLAT * last.errors.mse);
        if let Some(last) = flat {
            // Rates coarser than all that a member has are its coarsest again, and finer ones follow: only bytes without use are the end.
            if point.bytes as f64 > GROWN * last.bytes as f64 {
                break;
            }
            continue;
        }
        points.push(point);
    }
    Ok(points)
}

/// Bytes of a record at so many decibels, between the points of a curve; `None` where it does not reach them.
#[must_use]
pub fn bytes_at(curve: &[Point], psnr: f64) -> Option<f64> {
    let points: Vec<[f64; 2]> = curve.iter().map(|point| [point.per_record, point.errors.psnr]).collect();
    crossing(&points, psnr)
}
