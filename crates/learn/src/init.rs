//! First values of weights.

use crate::Random;

/// How weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform, of variance 2 / inputs (He et al. 2015): before ReLU and its kind.
    He,
    /// Uniform, of variance 2 / (inputs + outputs) (Glorot and Bengio 2010): before tanh, or nothing.
    Glorot,
    /// Rows that are orthogonal to each other (Saxe et al. 2013), times this.
    Orthogonal(f32),
    /// Zeros, for the last layer of a residual branch.
    Zero,
}

impl Init {
    /// `outputs` rows of `inputs` values.
    #[must_use]
    pub fn draw(self, outputs: usize, inputs: usize, random: &mut Random) -> Vec<f32> {
        let uniform = |variance: f32, random: &mut Random| {
            let bound = (3.0 * variance).sqrt();
            (0..outputs * inputs).map(|_| random.uniform(-bound, bound)).collect()
        };
        match self {
            Self::He => uniform(2.0 / inputs.max(1) as f32, random),
            Self::Glorot => uniform(2.0 / (inputs + outputs).max(1) as f32, random),
            Self::Orthogonal(gain) => orthogonal(outputs, inputs, gain, random),
            Self::Zero => vec![0.0; outputs * inputs],
        }
    }
}

/// Random rows, each freed of what it has in common with those before it (Gram and Schmidt). Where there are more rows than
/// columns, it is the columns that become orthogonal.
fn orthogonal(rows: usize, columns: usize, gain: f32, random: &mut Random) -> Vec<f32> {
    if rows > columns {
        let turned = orthogonal(columns, rows, gain, random);
        return (0..rows * columns).map(|i| turned[i % columns * rows + i / columns]).collect();
    }
    let mut all: Vec<f32> = (0..rows * columns).map(|_| random.normal()).collect();
    for i in 0..rows {
        let (before, row) = all.split_at_mut(i * columns);
        let row = &mut row[..columns];
        for other in before.chunks_exact(columns) {
            let common = product(row, other);
            row.iter_mut().zip(other).for_each(|(x, o)| *x -= common * o);
        }
        let length = product(row, row).sqrt().max(1e-6);
        row.iter_mut().for_each(|x| *x /= length);
    }
    all.iter_mut().for_each(|x| *x *= gain);
    all
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
}
