//! Errors carried on to later weights.

use super::factor::Factor;

/// Walks over a matrix row by row and tells for each place what the errors before it ask for.
pub(super) struct Feedback<'a> {
    factors: (&'a Factor, &'a Factor),
    columns: usize,
    /// The errors of each finished row, gone through the feedback among columns.
    errors: Vec<f32>,
    /// What the rows above, and the places to the left, say for each column of the present row.
    above: Vec<f32>,
    left: Vec<f32>,
}

impl<'a> Feedback<'a> {
    /// At the first row of a matrix with these factors, by row and by column.
    pub(super) fn new(factors: (&'a Factor, &'a Factor)) -> Self {
        let columns = factors.1.weights.len();
        let none = vec![0.0; columns];
        Self { factors, columns, errors: Vec::new(), above: none.clone(), left: none }
    }

    /// How much a squared error counts at a place: half of the product of the weights of row and column.
    pub(super) fn matters(&self, row: usize, column: usize) -> f64 {
        0.5 * self.factors.0.weights[row] * self.factors.1.weights[column]
    }

    /// What is to be taken off the weight in a column of the present row before it is rounded.
    pub(super) fn owed(&self, column: usize) -> f32 {
        self.left[column] + self.above[column]
    }

    /// Says what error was made in a column; columns come in order.
    pub(super) fn made(&mut self, column: usize, error: f32) {
        if !self.factors.0.upper.is_empty() {
            self.errors.push(error + self.left[column]);
        }
        if !self.factors.1.upper.is_empty() {
            let factors =
                &self.factors.1.upper[column * self.columns + column + 1..(column + 1) * self.columns];
            self.left[column + 1..].iter_mut().zip(factors).for_each(|(sum, factor)| *sum += factor * error);
        }
    }

    /// Goes to the beginning of `row`.
    pub(super) fn begin(&mut self, row: usize) {
        self.left.fill(0.0);
        self.above.fill(0.0);
        let rows = self.factors.0.weights.len();
        for (before, errors) in self.errors.chunks(self.columns).enumerate() {
            let factor = self.factors.0.upper[before * rows + row];
            self.above.iter_mut().zip(errors).for_each(|(sum, error)| *sum += factor * error);
        }
    }
}
