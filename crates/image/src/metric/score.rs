//! SSIMULACRA 2 (Sneyers, Cloudinary 2022-2023, version 2.1): structural similarity in a perceptual colour space at six scales, with the
//! published weights.

use super::blur::Blur;
use super::exact::{cube_root, power};
use crate::Planes;
use minlen_core::threads::in_order;
use minlen_core::{Error, Result};

/// Scales, each half the size of the one before.
const SCALES: usize = 6;
/// Sides below this are not halved.
const LEAST: usize = 8;

/// What the recursive Gaussian blur of the published program, with sigma 1.5, does to a single pixel: nine taps.
const BLUR: Blur<9> = Blur([
    0.009_414_368,
    0.036_011_115,
    0.109_335_37,
    0.212_928_6,
    0.264_621_1,
    0.212_928_6,
    0.109_335_37,
    0.036_011_115,
    0.009_414_368,
]);

/// From linear red, green and blue to what the cones absorb, and the bias before the cube root.
const OPSIN: [[f32; 3]; 3] =
    [[0.30, 0.622, 0.078], [0.23, 0.692, 0.078], [0.243_422_69, 0.204_767_45, 0.551_809_86]];
const BIAS: f32 = 0.003_793_073_4;

/// The SSIMULACRA 2 score of `other` as a copy of `picture`: 100 for equal pictures, 90 where hardly anybody sees a difference, 70 high, 50
/// medium and 30 low quality; it may be negative.
///
/// Both are taken as sRGB. By `threads` threads at most, with the same result for every number.
///
/// # Errors
/// Usage for pictures of different sizes.
pub fn ssimulacra2(picture: &Planes, other: &Planes, threads: usize) -> Result<f64> {
    let sides = |planes: &Planes| (planes.width(), planes.height(), planes.planes().len());
    if sides(picture) != sides(other) {
        return Err(Error::usage("pictures of different sizes"));
    }
    if picture == other {
        return Ok(100.0);
    }
    let (mut width, mut height, _) = sides(picture);
    let mut pair = [linear(picture), linear(other)];
    let mut scales: Vec<[Norms; 3]> = Vec::new();
    for scale in 0..SCALES {
        // A picture that is too small from the beginning is compared once all the same.
        if scale > 0 && (width < LEAST || height < LEAST) {
            break;
        }
        if scale > 0 {
            let half = |planes: &[Vec<f32>; 3]| std::array::from_fn(|c| halved(&planes[c], width, height));
            pair = [half(&pair[0]), half(&pair[1])];
            (width, height) = (width.div_ceil(2), height.div_ceil(2));
        }
        let [a, b] = [perceived(&pair[0]), perceived(&pair[1])];
        let norms = in_order(3, threads, |c| Ok(compare(&a[c], &b[c], width)))?;
        scales.push(std::array::from_fn(|c| norms[c]));
    }
    Ok(score(&scales))
}

/// Six error maps' norms of one plane at one scale: of structure, of what was added, of what was lost, each the mean and the fourth root of
/// the mean of fourth powers.
type Norms = [[f64; 2]; 3];

/// Linear red, green and blue; of grey three times the same.
fn linear(planes: &Planes) -> [Vec<f32>; 3] {
    let peak = f64::from(planes.peak());
    let table: Vec<f32> =
        (0..=planes.peak()).map(|sample| of_srgb(f64::from(sample) / peak) as f32).collect();
    std::array::from_fn(|c| {
        let plane = planes.planes().get(c).unwrap_or(&planes.planes()[0]);
        plane.iter().map(|&sample| table[usize::from(sample)]).collect()
    })
}

/// The transfer function of IEC 61966-2-1.
fn of_srgb(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { power((value + 0.055) / 1.055, 2.4) }
}

/// Half the size: means of four, the last row and column repeated.
fn halved(plane: &[f32], width: usize, height: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(width.div_ceil(2) * height.div_ceil(2));
    for y in (0..height).step_by(2) {
        let above = &plane[y * width..][..width];
        let below = &plane[(y + 1).min(height - 1) * width..][..width];
        for x in (0..width).step_by(2) {
            let right = (x + 1).min(width - 1);
            out.push((above[x] + above[right] + below[x] + below[right]) * 0.25);
        }
    }
    out
}

/// The planes X, Y and B - Y of XYB, moved to be positive.
fn perceived(rgb: &[Vec<f32>; 3]) -> [Vec<f32>; 3] {
    let offset = cube_root(BIAS);
    let mut out: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; rgb[0].len()]);
    let [x, y, b] = &mut out;
    let pixels = rgb[0].iter().zip(&rgb[1]).zip(&rgb[2]);
    for (((x, y), b), ((&red, &green), &blue)) in x.iter_mut().zip(y).zip(b).zip(pixels) {
        let cone = |row: [f32; 3]| cube_root(row[0] * red + row[1] * green + row[2] * blue + BIAS) - offset;
        let [long, medium, short] = OPSIN.map(cone);
        let luma = (long + medium) * 0.5;
        *x = (long - medium) * 0.5 * 14.0 + 0.42;
        *b = short - luma + 0.55;
        *y = luma + 0.01;
    }
    out
}

/// Compares two planes.
fn compare(a: &[f32], b: &[f32], width: usize) -> Norms {
    let mut room = Vec::new();
    let mut blurred = |plane: &[f32]| BLUR.plane(plane, width, &mut room);
    let product = |a: &[f32], b: &[f32]| -> Vec<f32> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
    let (mean_a, mean_b) = (blurred(a), blurred(b));
    let (aa, bb, ab) = (blurred(&product(a, a)), blurred(&product(b, b)), blurred(&product(a, b)));
    let mut sums = [[0.0f64; 2]; 3];
    let mut add = |map: usize, error: f64| {
        sums[map][0] += error;
        sums[map][1] += error * error * error * error;
    };
    for i in 0..a.len() {
        add(0, unlike((mean_a[i], mean_b[i]), (aa[i], bb[i], ab[i])));
        let edge = |value: f32, mean: f32| 1.0 + f64::from((value - mean).abs());
        let change = edge(b[i], mean_b[i]) / edge(a[i], mean_a[i]) - 1.0;
        add(1, change.max(0.0));
        add(2, (-change).max(0.0));
    }
    let count = a.len() as f64;
    sums.map(|[mean, fourth]| [mean / count, (fourth / count).sqrt().sqrt()])
}

/// How unlike two neighbourhoods are in structure, from their means and the means of their products: 1 - SSIM without the denominator of the
/// means, at least 0.
fn unlike((mean_a, mean_b): (f32, f32), (aa, bb, ab): (f32, f32, f32)) -> f64 {
    const C2: f32 = 0.0009;
    let apart = mean_a - mean_b;
    let means = 1.0 - apart * apart;
    let together = 2.0 * (ab - mean_a * mean_b) + C2;
    let alone = (aa - mean_a * mean_a) + (bb - mean_b * mean_b) + C2;
    (1.0 - f64::from(means * together / alone)).max(0.0)
}

/// The weighted sum of all norms, bent to the scale of opinions.
fn score(scales: &[[Norms; 3]]) -> f64 {
    let mut sum = 0.0;
    let mut weights = WEIGHTS.iter();
    for plane in 0..3 {
        for scale in scales {
            for norm in 0..2 {
                for map in &scale[plane] {
                    sum += weights.next().unwrap_or(&0.0) * map[norm];
                }
            }
        }
    }
    let x = sum * 0.956_238_261_683_484_4;
    let bent =
        2.326_765_642_916_932 * x - 0.020_884_521_182_843_837 * x * x + 6.248_496_625_763_138e-5 * x * x * x;
    100.0 - 10.0 * power(bent, 0.627_633_646_783_138_7)
}

/// The published weights: of the planes X, Y, B - Y, of six scales, of means and fourth roots, of structure, what was added, what was lost.
/// Found by their author by searching for the best agreement with opinions of people.
#[rustfmt::skip]
const WEIGHTS: [f64; 108] = [
    0.0, 0.000_737_660_670_740_658_6, 0.0, 0.0, 0.000_779_348_168_286_730_9, 0.0,
    0.0, 0.000_437_115_573_010_737_9, 0.0, 1.104_172_642_665_734_6, 0.000_662_848_341_292_71, 0.000_152_316_327_837_187_52,
    0.0, 0.001_640_643_745_659_975_4, 0.0, 1.842_245_552_053_929_8, 11.441_172_603_757_666, 0.0,
    0.000_798_910_943_601_516_3, 0.000_176_816_438_078_653, 0.0, 1.878_759_497_954_638_7, 10.949_069_906_051_42, 0.0,
    0.000_728_934_699_150_807_2, 0.967_793_708_062_683_3, 0.0, 0.000_140_034_242_854_358_84, 0.998_176_697_785_496_7, 0.000_319_497_559_344_350_53,
    0.000_455_099_211_379_206_3, 0.0, 0.0, 0.001_364_876_616_324_339_8, 0.0, 0.0,
    0.0, 0.0, 0.0, 7.466_890_328_078_848, 0.0, 17.445_833_984_131_262,
    0.000_623_560_163_404_146_6, 0.0, 0.0, 6.683_678_146_179_332, 0.000_377_244_079_796_112_96, 1.027_889_937_768_264,
    225.205_153_008_492_74, 0.0, 0.0, 19.213_238_186_143_016, 0.001_140_152_458_661_836_1, 0.001_237_755_635_509_985,
    176.393_175_984_506_94, 0.0, 0.0, 24.433_009_998_704_76, 0.285_208_026_121_177_57, 0.000_448_543_692_383_340_8,
    0.0, 0.0, 0.0, 34.779_063_444_837_72, 44.835_625_328_877_896, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.000_868_055_657_329_169_8, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.000_531_319_187_435_874_7, 0.0, 0.000_165_338_141_613_791_12, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.000_417_917_180_325_133_6, 0.001_729_082_823_472_283_3, 0.0,
    0.002_082_700_584_663_643_7, 0.0, 0.0, 8.826_982_764_996_862, 23.192_433_439_989_26, 0.0,
    95.108_049_881_108_6, 0.986_397_803_440_068_2, 0.983_438_279_246_535_3, 0.001_228_640_504_827_849_3, 171.266_725_589_730_7, 0.980_785_887_243_537_9,
    0.0, 0.0, 0.0, 0.000_513_006_458_899_067_9, 0.0, 0.000_108_540_578_584_115_37,
];
