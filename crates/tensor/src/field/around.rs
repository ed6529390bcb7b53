//! The cells around a cell that precede it.

use super::grid::Grid;

/// A neighbour: how many steps back along each dimension (outer ones first, at most 3, then the innermost).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    outer: [i8; 3],
    inner: i8,
    /// Cells back.
    back: isize,
}

/// Lists the neighbours of a cell in a grid.
pub(super) struct Around {
    sizes: [usize; 3],
    columns: usize,
    dims: usize,
    strides: [usize; 3],
}

impl Around {
    pub fn new(grid: &Grid) -> Self {
        let (mut sizes, mut strides) = ([1; 3], [0; 3]);
        let dims = grid.outer.len().min(3);
        sizes[..dims].copy_from_slice(&grid.outer[..dims]);
        strides[..dims].copy_from_slice(&grid.strides[..dims]);
        Self { sizes, columns: grid.columns, dims, strides }
    }

    fn step(&self, outer: [i8; 3], inner: i8) -> Step {
        let mut back = inner as isize;
        for (&steps, &stride) in outer.iter().zip(&self.strides) {
            back += steps as isize * stride as isize;
        }
        Step { outer, inner, back }
    }

    /// The neighbours to predict from, the nearest first: those of the row, of the rows before in the plane, and of the planes
    /// before at the same place and around it.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> =
            (1..=if self.dims == 0 { 8 } else { 3 }).map(|k| self.step([0; 3], k)).collect();
        if self.dims >= 1 {
            let row = self.dims - 1;
            let at = |back: i8, inner| {
                let mut outer = [0; 3];
                outer[row] = back;
                self.step(outer, inner)
            };
            steps.extend([at(1, 0), at(1, 1), at(1, -1), at(1, 2), at(1, -2), at(2, 0), at(2, 1), at(2, -1)]);
        }
        for axis in 0..self.dims.saturating_sub(1) {
            let row = self.dims - 1;
            let at = |back: i8, row_back: i8, inner| {
                let mut outer = [0; 3];
                outer[axis] = back;
                outer[row] = row_back;
                self.step(outer, inner)
            };
            for row_back in [0, 1, -1] {
                steps.extend([0, 1, -1].map(|inner| at(1, row_back, inner)));
            }
            steps.extend([at(1, 0, 2), at(1, 0, -2), at(1, 2, 0), at(1, -2, 0)]);
            steps.extend([at(2, 0, 0), at(2, 1, 0), at(2, 0, 1), at(2, -1, 0), at(2, 0, -1)]);
        }
        steps
    }

    /// The coordinates of a cell.
    #[inline(always)]
    pub fn place(&self, cell: usize) -> Place {
        let mut outer = [0; 3];
        for i in 0..self.dims {
            outer[i] = (cell / self.strides[i].max(1)) % self.sizes[i];
        }
        Place { cell, outer, inner: cell % self.columns }
    }

    /// The cell at `step` from `place`, if there is one.
    #[inline(always)]
    pub fn cell(&self, place: &Place, step: &Step) -> Option<usize> {
        let within = |at: usize, back: i8, size: usize| ((at as isize - back as isize) as usize) < size;
        let mut inside = within(place.inner, step.inner, self.columns);
        for i in 0..3 {
            inside &= within(place.outer[i], step.outer[i], self.sizes[i]);
        }
        inside.then(|| (place.cell as isize - step.back) as usize)
    }
}

/// A cell and its coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its number.
    pub cell: usize,
    outer: [usize; 3],
    inner: usize,
}
