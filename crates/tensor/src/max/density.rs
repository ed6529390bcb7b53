//! How many numbers of a row and of a column belong to the low group (zeros, as a rule).

use minlen_entropy::mixing::stretch;

/// Numbers that the average of the array counts for at the start of a row, and of a column.
const PRIOR: u32 = 3;
/// Longest row whose columns are followed.
const MAX_COLUMNS: usize = 1 << 20;

/// Shares of the low group, in 1/65536.
#[derive(Clone, Debug)]
pub struct Density {
    columns: Vec<u16>,
    width: usize,
    column: usize,
    rows: u32,
    array: u32,
    row: u32,
    count: u32,
}

/// Stretched shares: of the row, of the column, and of both together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shares {
    /// Of the row so far.
    pub row: i32,
    /// Of the column so far.
    pub column: i32,
    /// Row and column together.
    pub both: i32,
}

impl Density {
    /// For rows of `width` numbers, `len` in all, about half of them low.
    pub fn new(width: usize, len: usize) -> Self {
        let followed = if width <= MAX_COLUMNS && width < len { width } else { 0 };
        let columns = vec![1 << 15; followed];
        Self { columns, width: width.max(1), column: 0, rows: 0, array: 1 << 15, row: 1 << 15, count: PRIOR }
    }

    /// The shares where the next number stands.
    #[inline]
    pub fn shares(&self) -> Shares {
        let array = stretch(self.array);
        let column = self.columns.get(self.column).map_or(array, |p| stretch(u32::from(*p)));
        let row = stretch(self.row);
        Shares { row, column, both: row + column - array }
    }

    /// Takes a number in.
    #[inline]
    pub fn update(&mut self, low: bool) {
        let target = if low { 65_535 } else { 1 };
        self.row = toward(self.row, target, self.count);
        self.count = (self.count + 1).min(64);
        self.array = toward(self.array, target, 255);
        if let Some(column) = self.columns.get_mut(self.column) {
            *column = toward(u32::from(*column), target, self.rows + PRIOR) as u16;
        }
        self.column += 1;
        if self.column == self.width {
            self.column = 0;
            self.rows = (self.rows + 1).min(250);
            if !self.columns.is_empty() {
                (self.row, self.count) = (self.array, PRIOR);
            }
            if self.rows == 1 {
                let array = self.array as u16;
                self.columns.iter_mut().for_each(|p| *p = ((u32::from(*p) + u32::from(array)) / 2) as u16);
            }
        }
    }
}

/// `1 / (n + 1)` of the way.
#[inline(always)]
const fn toward(p: u32, target: u32, n: u32) -> u32 {
    let step = (target as i32 - p as i32) / (n as i32 + 1);
    (p as i32 + step) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_differ() {
        let mut density = Density::new(8, 800);
        for i in 0..800 {
            density.update(i % 8 < 4 || i / 8 % 2 == 0 && i % 3 == 0);
        }
        assert!(density.shares().column > 300);
        (0..5).for_each(|_| density.update(true));
        assert!(density.shares().column < -50 && density.shares().row > 100);
    }
}
