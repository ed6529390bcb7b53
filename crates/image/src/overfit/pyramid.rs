//! What training begins with: axes of colour, and a Laplacian pyramid of the picture as latents.

use super::layout::{Layout, PAD};

/// One plane of numbers.
#[derive(Clone, Debug)]
struct Plane {
    data: Vec<f32>,
    width: usize,
    height: usize,
}

impl Plane {
    fn at(&self, x: isize, y: isize) -> f32 {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        self.data[y * self.width + x]
    }

    fn make(width: usize, height: usize, of: impl Fn(isize, isize) -> f32) -> Self {
        let rows = (0..height as isize).map(|y| (0..width as isize).map(move |x| (x, y)));
        Self { data: rows.flatten().map(|(x, y)| of(x, y)).collect(), width, height }
    }

    /// Half the size, by a filter of four taps each way.
    fn halved(&self) -> Self {
        let four = |a: [f32; 4]| (a[1] + a[2]) * 0.5625 - (a[0] + a[3]) * 0.0625;
        let across = Self::make(self.width.div_ceil(2), self.height, |x, y| {
            four([-1, 0, 1, 2].map(|k| self.at(2 * x + k, y)))
        });
        Self::make(across.width, self.height.div_ceil(2), |x, y| {
            four([-1, 0, 1, 2].map(|k| across.at(x, 2 * y + k)))
        })
    }

    /// Twice the size, by the taps of a stage.
    fn doubled(&self, taps: &[f32; 4], width: usize, height: usize) -> Self {
        let around = |i: isize| if i % 2 == 0 { [-2, -1, 0, 1] } else { [2, 1, 0, -1] };
        let sum = |values: [f32; 4]| (0..4).fold(0.0, |sum, k| sum + taps[k] * values[k]);
        let down = Self::make(self.width, height, |x, y| sum(around(y).map(|k| self.at(x, y / 2 + k))));
        Self::make(width, height, |x, y| sum(around(x).map(|k| down.at(x / 2 + k, y))))
    }
}

/// Orthogonal axes of the colours of a picture, that of the largest variance first: eigenvectors of their covariance (Jacobi 1846).
pub(super) fn axes(target: &[Vec<f32>]) -> [[f32; 3]; 3] {
    let mut axes: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let mean: Vec<f64> = target.iter().map(|plane| mean(plane.iter().map(|&x| f64::from(x)))).collect();
    let mut a = [[0.0f64; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            let products = target[i].iter().zip(&target[j]);
            a[i][j] =
                self::mean(products.map(|(&x, &y)| (f64::from(x) - mean[i]) * (f64::from(y) - mean[j])));
        }
    }
    for _ in 0..12 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            rotate(&mut a, &mut axes, p, q);
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    order.map(|i| {
        let axis: [f64; 3] = [axes[0][i], axes[1][i], axes[2][i]];
        let sign = if axis.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
        axis.map(|x| (x * sign) as f32)
    })
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
    sum / f64::max(count, 1.0)
}

/// One rotation that makes the element at `p, q` zero.
fn rotate(a: &mut [[f64; 3]; 3], axes: &mut [[f64; 3]; 3], p: usize, q: usize) {
    if a[p][q].abs() < 1e-15 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in a.iter_mut().chain(axes) {
        let (x, y) = (row[p], row[q]);
        (row[p], row[q]) = (c * x - s * y, s * x + c * y);
    }
    let (above, below) = (a[p], a[q]);
    a[p] = std::array::from_fn(|k| c * above[k] - s * below[k]);
    a[q] = std::array::from_fn(|k| s * above[k] + c * below[k]);
}

/// Latents of a picture: what each grid has to add to what the coarser ones give, in steps, drawn to 0 by `threshold`.
pub(super) fn latents(
    layout: &Layout,
    target: &[Vec<f32>],
    axes: &[[f32; 3]; 3],
    taps: &[[f32; 4]],
    steps: &[f32],
    threshold: f32,
) -> Vec<f32> {
    let mut all = vec![0.0; layout.latents];
    let (width, height) = layout.sizes[0];
    for (plane, axis) in axes.iter().enumerate().take(layout.colours) {
        let pixel = |i: usize| match target {
            [grey] => grey[i] - 0.5,
            _ => (0..3).fold(0.0, |sum, c| sum + axis[c] * (target[c][i] - 0.5)),
        };
        let mut pyramid = vec![Plane { data: (0..width * height).map(pixel).collect(), width, height }];
        for level in 1..layout.sizes.len() {
            pyramid.push(pyramid[level - 1].halved());
        }
        let mut known: Option<Plane> = None;
        for (level, right) in pyramid.iter().enumerate().rev() {
            let mut made = match &known {
                Some(known) => known.doubled(&taps[level], right.width, right.height),
                None => Plane::make(right.width, right.height, |_, _| 0.0),
            };
            if let Some(grid) = layout.find(level, plane) {
                let grid = &layout.grids[grid];
                for (i, (made, right)) in made.data.iter_mut().zip(&right.data).enumerate() {
                    let latent =
                        soft((right - *made) / steps[level], if level > 3 { 0.0 } else { threshold });
                    all[grid.row(i / grid.width) + PAD + i % grid.width] = latent;
                    *made += latent * steps[level];
                }
            }
            known = Some(made);
        }
    }
    all
}

/// Nearer to 0 by the threshold.
fn soft(x: f32, threshold: f32) -> f32 {
    if x > threshold {
        x - threshold
    } else if x < -threshold {
        x + threshold
    } else {
        0.0
    }
}
