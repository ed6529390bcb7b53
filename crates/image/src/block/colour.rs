//! From samples to the planes that are coded, and back.
//!
//! The three colours are turned by a rotation, so squared error stays what it was. The rotation is named by a quaternion of four small
//! integers, as every such quaternion gives a matrix that is orthonormal but for rounding; the encoder takes it from the principal
//! components of the picture's colours.

#![allow(clippy::needless_range_loop)] // one index into several arrays at once

use crate::Planes;
use minlen_core::Result;

/// Fraction bits of the rotation.
const FRACTION: u32 = 14;
/// Largest part of a quaternion.
pub(super) const PART_MAX: i32 = 63;

/// A rotation of colours, three rows of three; the first gives the plane with most of the energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rotation {
    pub quaternion: [i8; 4],
    rows: [[i32; 3]; 3],
}

impl Rotation {
    /// The rotation of a quaternion, which is not all 0.
    pub fn new(quaternion: [i8; 4]) -> Option<Self> {
        let [a, b, c, d] = quaternion.map(i32::from);
        let norm = a * a + b * b + c * c + d * d;
        if norm == 0 || quaternion.iter().any(|&part| i32::from(part).abs() > PART_MAX) {
            return None;
        }
        let rows = [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a - b * b - c * c + d * d],
        ];
        // Rounded half up.
        let scaled = |value: i32| {
            ((i64::from(value) << (FRACTION + 1)) + i64::from(norm)).div_euclid(2 * i64::from(norm))
        };
        Some(Self { quaternion, rows: rows.map(|row| row.map(|v| scaled(v) as i32)) })
    }

    /// The one that fits the colours of this picture.
    pub fn of(picture: &Planes) -> Self {
        let fitted = principal(picture).and_then(|rows| Self::new(quaternion(&rows)));
        // Near to luma and two differences.
        fitted
            .or_else(|| Self::new([40, 20, 8, -30]))
            .unwrap_or(Self { quaternion: [1, 0, 0, 0], rows: [[0; 3]; 3] })
    }
}

/// The eigenvectors of the covariance of the colours, the one of the largest eigenvalue first, as a rotation.
fn principal(picture: &Planes) -> Option<[[f32; 3]; 3]> {
    let mut matrix = covariance(picture)?;
    let mut vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..12 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            jacobi(&mut matrix, &mut vectors, p, q);
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|&i, &j| matrix[j][j].total_cmp(&matrix[i][i]));
    let mut rows = order.map(|i| vectors[i]);
    for row in &mut rows {
        if row[0] + row[1] + row[2] < 0.0 {
            *row = row.map(|v| -v);
        }
    }
    let [a, b, c] = rows;
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    if cross[0] * c[0] + cross[1] * c[1] + cross[2] * c[2] < 0.0 {
        rows[2] = c.map(|v| -v);
    }
    Some(rows)
}

fn covariance(picture: &Planes) -> Option<[[f32; 3]; 3]> {
    let [r, g, b] = picture.planes() else { return None };
    let mut sums = [0u64; 3];
    let mut products = [[0u64; 3]; 3];
    for ((&r, &g), &b) in r.iter().zip(g).zip(b) {
        let sample = [u64::from(r), u64::from(g), u64::from(b)];
        for i in 0..3 {
            sums[i] += sample[i];
            for j in 0..3 {
                products[i][j] += sample[i] * sample[j];
            }
        }
    }
    let n = r.len() as u128;
    let of = |i: usize, j: usize| {
        let raised = u128::from(products[i][j]) * n;
        let less = u128::from(sums[i]) * u128::from(sums[j]);
        // Divided in integers, so that no rounding depends on the order of operations.
        (raised as i128 - less as i128) as f32 / (n * n) as f32
    };
    let matrix = [0, 1, 2].map(|i| [0, 1, 2].map(|j| of(i, j)));
    (matrix[0][0] + matrix[1][1] + matrix[2][2] > 0.0).then_some(matrix)
}

/// One rotation of the cyclic Jacobi method.
fn jacobi(m: &mut [[f32; 3]; 3], vectors: &mut [[f32; 3]; 3], p: usize, q: usize) {
    if m[p][q] == 0.0 {
        return;
    }
    let theta = (m[q][q] - m[p][p]) / (2.0 * m[p][q]);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta * sign + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..3 {
        let (a, b) = (m[k][p], m[k][q]);
        (m[k][p], m[k][q]) = (c * a - s * b, s * a + c * b);
    }
    for k in 0..3 {
        let (a, b) = (m[p][k], m[q][k]);
        (m[p][k], m[q][k]) = (c * a - s * b, s * a + c * b);
        let (a, b) = (vectors[p][k], vectors[q][k]);
        (vectors[p][k], vectors[q][k]) = (c * a - s * b, s * a + c * b);
    }
}

/// The quaternion of a rotation, from its largest part on.
fn quaternion(m: &[[f32; 3]; 3]) -> [i8; 4] {
    let trace = m[0][0] + m[1][1] + m[2][2];
    let squares =
        [1.0 + trace, 1.0 + 2.0 * m[0][0] - trace, 1.0 + 2.0 * m[1][1] - trace, 1.0 + 2.0 * m[2][2] - trace];
    let most = (0..4).fold(0, |best, i| if squares[i] > squares[best] { i } else { best });
    let (x, y, z) = (m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]);
    let (xy, xz, yz) = (m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]);
    let parts = match most {
        0 => [squares[0], x, y, z],
        1 => [x, squares[1], xy, xz],
        2 => [y, xy, squares[2], yz],
        _ => [z, xz, yz, squares[3]],
    };
    let largest = parts.iter().fold(1e-9f32, |most, part| most.max(part.abs()));
    parts.map(|part| {
        let scaled = part / largest * PART_MAX as f32;
        (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i8
    })
}

/// How samples become values of planes: 12 bits for up to 12, 14 for more, around 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    depth: u32,
    /// Bits of the values.
    pub bits: u32,
}

impl Scale {
    pub fn new(depth: u8) -> Self {
        Self { depth: u32::from(depth), bits: if depth <= 12 { 12 } else { 14 } }
    }

    #[inline(always)]
    fn up(self, sample: u16) -> i32 {
        let sample = i32::from(sample);
        let value = if self.depth <= self.bits {
            sample << (self.bits - self.depth)
        } else {
            sample >> (self.depth - self.bits)
        };
        value - (1 << (self.bits - 1))
    }

    #[inline(always)]
    fn down(self, value: i32) -> u16 {
        let value = value + (1 << (self.bits - 1));
        let sample = if self.depth <= self.bits {
            let shift = self.bits - self.depth;
            (value + ((1 << shift) >> 1)) >> shift
        } else {
            value << (self.depth - self.bits)
        };
        sample.clamp(0, (1 << self.depth) - 1) as u16
    }
}

/// The planes that are coded.
pub(super) fn forward(picture: &Planes, rotation: &Rotation) -> Vec<Vec<i16>> {
    let scale = Scale::new(picture.depth());
    match picture.planes() {
        [r, g, b] => rotation
            .rows
            .iter()
            .map(|row| {
                let one = |((&r, &g), &b): ((&u16, &u16), &u16)| {
                    let sum = row[0] * scale.up(r) + row[1] * scale.up(g) + row[2] * scale.up(b);
                    ((sum + (1 << (FRACTION - 1))) >> FRACTION) as i16
                };
                r.iter().zip(g).zip(b).map(one).collect()
            })
            .collect(),
        planes => planes.iter().map(|plane| plane.iter().map(|&s| scale.up(s) as i16).collect()).collect(),
    }
}

/// The samples of coded planes.
pub(super) fn inverse(
    planes: &[Vec<i16>],
    (width, height, depth): (usize, usize, u8),
    rotation: &Rotation,
) -> Result<Planes> {
    let scale = Scale::new(depth);
    let samples = match planes {
        [a, b, c] => (0..3)
            .map(|i| {
                let f = [rotation.rows[0][i], rotation.rows[1][i], rotation.rows[2][i]];
                let one = |((&a, &b), &c): ((&i16, &i16), &i16)| {
                    let sum = f[0] * i32::from(a) + f[1] * i32::from(b) + f[2] * i32::from(c);
                    scale.down((sum + (1 << (FRACTION - 1))) >> FRACTION)
                };
                a.iter().zip(b).zip(c).map(one).collect()
            })
            .collect(),
        planes => planes.iter().map(|plane| plane.iter().map(|&v| scale.down(v.into())).collect()).collect(),
    };
    Planes::new(width, height, depth, samples)
}
