//! The dimensions of a field.

use minlen_core::{Error, Result};

/// Most dimensions that prediction looks along; outer ones beyond are taken as one.
pub(super) const MOST: usize = 4;

/// A field's cells in rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Cells in all.
    pub cells: usize,
    /// Cells in a row, at least 1.
    pub columns: usize,
    /// Sizes of the dimensions but the innermost one, outermost first.
    pub outer: Vec<usize>,
    /// Cells from one to the next along each of `outer`.
    pub strides: Vec<usize>,
}

impl Grid {
    /// The grid of this shape: dimensions of size 1 do not count, and outer ones over [`MOST`] become one.
    ///
    /// # Errors
    /// Corrupt if the shape has more cells than a slice can.
    pub fn new(shape: &[u64]) -> Result<Self> {
        let over = || Error::corrupt("a field of more cells than memory has bytes");
        let mut sizes = Vec::new();
        for &size in shape.iter().filter(|&&size| size != 1) {
            sizes.push(usize::try_from(size).map_err(|_| over())?);
        }
        while sizes.len() > MOST {
            let first = sizes.remove(0);
            sizes[0] = sizes[0].checked_mul(first).ok_or_else(over)?;
        }
        let cells = sizes.iter().try_fold(1usize, |a, &b| a.checked_mul(b)).ok_or_else(over)?;
        let columns = sizes.pop().unwrap_or(1).max(1);
        let mut strides = vec![columns; sizes.len()];
        for i in (1..sizes.len()).rev() {
            strides[i - 1] = strides[i].saturating_mul(sizes[i]);
        }
        Ok(Self { cells, columns, outer: sizes, strides })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.cells / self.columns
    }

    /// A bit for each of `outer`: set where the row is not the first along it.
    pub fn inside(&self, row: usize) -> u32 {
        let start = row * self.columns;
        let along = |i: usize| start / self.strides[i] % self.outer[i].max(1);
        (0..self.outer.len()).fold(0, |bits, i| bits | u32::from(along(i) > 0) << i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let grid = Grid::new(&[2, 3, 1, 5]).unwrap();
        assert_eq!((grid.cells, grid.columns, grid.rows()), (30, 5, 6));
        assert_eq!((grid.outer.as_slice(), grid.strides.as_slice()), ([2, 3].as_slice(), [15, 5].as_slice()));
        assert_eq!((grid.inside(0), grid.inside(1), grid.inside(3), grid.inside(4)), (0, 2, 1, 3));
        assert_eq!(Grid::new(&[]).unwrap().cells, 1);
        assert_eq!(Grid::new(&[7, 2, 2, 2, 2]).unwrap().outer, [14, 2, 2]);
        assert_eq!(Grid::new(&[0, 9]).unwrap().rows(), 0);
        assert!(Grid::new(&[1 << 40, 1 << 40]).is_err());
    }
}
