//! How much errors of the weights of a matrix matter, and how one error is made up for by later weights.
//!
//! The divergence that an error `E` of a matrix causes is about `1/2 trace(G E A E^T)`: `A` are the second moments of the
//! inputs, `G` those of the gradients of the outputs (the Kronecker-factored Fisher matrix of Martens and Grosse 2015). With
//! `A = M D M^T` and `G = N C N^T`, `M` and `N` upper triangular with ones on the diagonal, this is
//! `1/2 sum c_i d_j (N^T E M)_ij^2`: a sum in which the error of a weight meets only those of the rows above and of the columns
//! to the left. Choosing weight after weight to make each term small is the feedback of GPTQ (Frantar et al. 2023), on both
//! sides as in YAQA (Tseng et al. 2025).

/// The second moments on one side of a matrix.
#[derive(Clone, Debug)]
pub enum Side {
    /// Only a diagonal is known.
    Diagonal(Vec<f64>),
    /// All of them, row by row.
    Full(Vec<f64>),
}

/// A side, decomposed.
#[derive(Clone, Debug)]
pub struct Factor {
    /// How much each term of the sum counts.
    pub weights: Vec<f64>,
    /// The triangle above the diagonal, row by row; empty where the matrix is diagonal.
    pub upper: Vec<f32>,
}

impl Side {
    /// How many rows or columns it is for.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Diagonal(all) => all.len(),
            Self::Full(all) => all.len().isqrt(),
        }
    }

    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The diagonal.
    #[must_use]
    pub fn diagonal(&self) -> Vec<f64> {
        match self {
            Self::Diagonal(all) => all.clone(),
            Self::Full(all) => all.iter().step_by(self.len() + 1).copied().collect(),
        }
    }

    /// Decomposes it, with `damping` times the mean of the diagonal added to the diagonal.
    #[must_use]
    pub fn factor(&self, damping: f64) -> Factor {
        let n = self.len();
        let diagonal = self.diagonal();
        let mean = diagonal.iter().sum::<f64>() / n.max(1) as f64;
        // All zero (nothing of it was seen): every weight counts the same little.
        let added = (mean * damping).max(1e-30);
        match self {
            Self::Diagonal(all) => {
                Factor { weights: all.iter().map(|d| d + added).collect(), upper: Vec::new() }
            }
            Self::Full(all) => decompose(all.clone(), n, added),
        }
    }
}

/// `M D M^T` of a symmetric matrix, from the last column to the first.
fn decompose(mut a: Vec<f64>, n: usize, added: f64) -> Factor {
    let mut factor = Factor { weights: vec![0.0; n], upper: vec![0.0; n * n] };
    (0..n).for_each(|i| a[i * n + i] += added);
    for j in (0..n).rev() {
        // Rounding may have eaten what the damping had added.
        let d = a[j * n + j].max(added * 0.5);
        factor.weights[j] = d;
        let column: Vec<f64> = (0..j).map(|i| a[i * n + j] / d).collect();
        for (i, &m) in column.iter().enumerate() {
            factor.upper[i * n + j] = m as f32;
            let row = &mut a[i * n..i * n + j];
            row.iter_mut().zip(&column).for_each(|(a, other)| *a -= d * m * other);
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_matrix_is_put_together_again() {
        let a = vec![4.0, 2.0, 1.0, 2.0, 3.0, 0.5, 1.0, 0.5, 2.0];
        let factor = Side::Full(a.clone()).factor(0.0);
        for i in 0..3 {
            for j in 0..3 {
                let m = |i: usize, k: usize| if i == k { 1.0 } else { f64::from(factor.upper[i * 3 + k]) };
                let sum: f64 = (0..3).map(|k| m(i, k) * m(j, k) * factor.weights[k]).sum();
                assert!((sum - a[i * 3 + j]).abs() < 1e-6, "{i} {j}: {sum}");
            }
        }
        assert_eq!(Side::Diagonal(vec![1.0, 3.0]).factor(0.5).weights, [2.0, 4.0]);
    }
}
