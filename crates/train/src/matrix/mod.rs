//! Products of matrices, in f32.
//!
//! Sums are taken in the order of `matrixmultiply`'s kernel for the processor: the same on every run on one machine, not
//! the same on machines with other instruction sets. Training therefore repeats exactly for a seed on one machine only.

mod gemm;

pub use gemm::multiply_into;

/// A matrix in a slice, row by row, or its transpose.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> View<'a> {
    /// `rows` by `columns` values, row by row.
    ///
    /// # Panics
    /// If the slice has another length: a mistake of the caller.
    #[must_use]
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a matrix of {rows} by {columns}");
        Self { data, rows, columns, transposed: false }
    }

    /// The transpose, without moving anything.
    #[must_use]
    pub fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    /// Rows of the matrix seen.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of the matrix seen.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// The product of `a` and `b`, row by row.
///
/// # Panics
/// If `a` has not as many columns as `b` has rows.
#[must_use]
pub fn multiply(a: View<'_>, b: View<'_>) -> Vec<f32> {
    let mut out = vec![0.0; a.rows() * b.columns()];
    multiply_into(a, b, 0.0, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_all_orientations_agree_with_sums() {
        let (m, k, n) = (5, 7, 3);
        let a: Vec<f32> = (0..m * k).map(|i| (i % 11) as f32 - 5.0).collect();
        let b: Vec<f32> = (0..k * n).map(|i| (i % 7) as f32 - 3.0).collect();
        let flip = |data: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            (0..data.len()).map(|i| data[i % rows * columns + i / rows]).collect()
        };
        let (at, bt) = (flip(&a, m, k), flip(&b, k, n));
        let sum = |i: usize, j: usize| (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum::<f32>();
        let expected: Vec<f32> = (0..m * n).map(|i| sum(i / n, i % n)).collect();
        for left in [View::new(&a, m, k), View::new(&at, k, m).t()] {
            for right in [View::new(&b, k, n), View::new(&bt, n, k).t()] {
                assert_eq!(multiply(left, right), expected);
            }
        }
        let mut twice = expected.clone();
        multiply_into(View::new(&a, m, k), View::new(&b, k, n), 1.0, &mut twice);
        assert!(twice.iter().zip(&expected).all(|(x, y)| *x == 2.0 * y));
        assert!(multiply(View::new(&[], 0, 0), View::new(&[], 0, 0)).is_empty());
    }
}
