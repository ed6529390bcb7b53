//! Sums of absolute coefficients of a Hadamard transform: a quick guess at what a residual costs.

#![allow(clippy::needless_range_loop)] // one index into several arrays at once

use super::canvas::Node;
use super::transform::SIDE;
use minlen_entropy::mixing::simd::{self, Isa, Task, Vector};

/// The guess.
#[derive(Clone, Debug)]
pub(super) struct Hadamard {
    isa: Isa,
}

impl Default for Hadamard {
    fn default() -> Self {
        Self { isa: simd::isa() }
    }
}

struct Sum<'a, const N: usize> {
    source: &'a [i16],
    prediction: &'a [i16],
    node: Node,
}

#[inline(always)]
fn butterflies<const N: usize>(block: &mut [[i32; N]; N]) {
    let mut step = 1;
    while step < N {
        for i in 0..N {
            if i & step == 0 {
                for c in 0..N {
                    let (a, b) = (block[i][c], block[i + step][c]);
                    (block[i][c], block[i + step][c]) = (a + b, a - b);
                }
            }
        }
        step *= 2;
    }
}

impl<const N: usize> Task for Sum<'_, N> {
    type Out = i64;
    #[inline(always)]
    fn run<V: Vector>(self, _: V) -> i64 {
        let node = self.node;
        let mut sum = 0i64;
        for y in (0..node.h).step_by(N) {
            for x in (0..node.w).step_by(N) {
                let mut block = [[0i32; N]; N];
                for (i, row) in block.iter_mut().enumerate() {
                    let source = &self.source[(node.y + y + i) * SIDE + node.x + x..][..N];
                    let prediction = &self.prediction[(y + i) * node.w + x..][..N];
                    for c in 0..N {
                        row[c] = i32::from(source[c]) - i32::from(prediction[c]);
                    }
                }
                butterflies(&mut block);
                let mut turned = [[0i32; N]; N];
                for i in 0..N {
                    for c in 0..N {
                        turned[c][i] = block[i][c];
                    }
                }
                butterflies(&mut turned);
                sum += i64::from(turned.iter().flatten().map(|v| v.abs()).sum::<i32>());
            }
        }
        sum
    }
}

impl Hadamard {
    /// The sum for a node of a root block, as of an orthonormal transform.
    pub fn of(&self, source: &[i16], prediction: &[i16], node: Node) -> f32 {
        if node.w.min(node.h) < 8 {
            simd::with(self.isa, Sum::<4> { source, prediction, node }) as f32 / 4.0
        } else {
            simd::with(self.isa, Sum::<8> { source, prediction, node }) as f32 / 8.0
        }
    }
}
