//! Structural similarity at several scales (Wang, Simoncelli and Bovik, *Multiscale structural similarity for image quality assessment*, 2003).

use crate::Planes;

/// Weights of the scales, the finest first.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// Taps of the window.
const TAPS: usize = 11;

/// The MS-SSIM of `other` as a copy of `picture`, the mean over their planes: 1 for equal pictures. With a window of 11 by 11 and sigma 1.5
/// where it fits as a whole, and as many of five scales as fit the picture.
#[must_use]
pub fn ms_ssim(picture: &Planes, other: &Planes) -> f64 {
    let pairs = picture.planes().iter().zip(other.planes());
    let peak = f64::from(picture.peak());
    let of = |(a, b): (&Vec<u16>, &Vec<u16>)| plane(a, b, (picture.width(), picture.height()), peak);
    pairs.map(of).sum::<f64>() / picture.planes().len() as f64
}

fn plane(a: &[u16], b: &[u16], (mut width, mut height): (usize, usize), peak: f64) -> f64 {
    let floats = |plane: &[u16]| plane.iter().map(|&sample| f64::from(sample)).collect::<Vec<_>>();
    let (mut a, mut b) = (floats(a), floats(b));
    let (mut product, mut used, mut last) = (1.0f64, 0.0, 1.0f64);
    for weight in WEIGHTS {
        if width < TAPS || height < TAPS {
            break;
        }
        let (luminance, structure) = similarity(&a, &b, width, peak);
        product *= structure.max(0.0).powf(weight);
        (used, last) = (used + weight, luminance.max(0.0).powf(weight));
        (a, b) = (halved(&a, width, height), halved(&b, width, height));
        (width, height) = (width / 2, height / 2);
    }
    // The luminance counts at the coarsest scale only.
    if used > 0.0 { (product * last).powf(1.0 / used) } else { 1.0 }
}

/// The means of luminance and of contrast with structure.
fn similarity(a: &[f64], b: &[f64], width: usize, peak: f64) -> (f64, f64) {
    let (c1, c2) = ((0.01 * peak).powi(2), (0.03 * peak).powi(2));
    let product = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
    let blurred = |plane: &[f64]| blur(plane, width);
    let (mean_a, mean_b) = (blurred(a), blurred(b));
    let (aa, bb, ab) = (blurred(&product(a, a)), blurred(&product(b, b)), blurred(&product(a, b)));
    let (mut luminance, mut structure) = (0.0, 0.0);
    for i in 0..mean_a.len() {
        let (x, y) = (mean_a[i], mean_b[i]);
        let (square, both) = (x * x + y * y, x * y);
        luminance += (2.0 * both + c1) / (square + c1);
        structure += (2.0 * (ab[i] - both) + c2) / (aa[i] + bb[i] - square + c2);
    }
    let count = mean_a.len() as f64;
    (luminance / count, structure / count)
}

/// The means under the window wherever it fits.
fn blur(plane: &[f64], width: usize) -> Vec<f64> {
    let tap = |i: usize| (-(i as f64 - 5.0).powi(2) / (2.0 * 1.5 * 1.5)).exp();
    let sum: f64 = (0..TAPS).map(tap).sum();
    let taps: [f64; TAPS] = std::array::from_fn(|i| tap(i) / sum);
    let narrow = width + 1 - TAPS;
    let across: Vec<f64> = plane
        .chunks_exact(width)
        .flat_map(|row| row.windows(TAPS).map(|w| w.iter().zip(&taps).map(|(v, t)| v * t).sum::<f64>()))
        .collect();
    let height = plane.len() / width;
    let mut out = vec![0.0; narrow * (height + 1 - TAPS)];
    for (y, row) in out.chunks_exact_mut(narrow).enumerate() {
        for (i, tap) in taps.iter().enumerate() {
            row.iter_mut().zip(&across[(y + i) * narrow..]).for_each(|(sum, value)| *sum += value * tap);
        }
    }
    out
}

/// Means of four.
fn halved(plane: &[f64], width: usize, height: usize) -> Vec<f64> {
    let at = |x: usize, y: usize| plane[y * width + x];
    let mean = |x, y| (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0;
    (0..height / 2)
        .flat_map(|y| (0..width / 2).map(move |x| (2 * x, 2 * y)))
        .map(|(x, y)| mean(x, y))
        .collect()
}
