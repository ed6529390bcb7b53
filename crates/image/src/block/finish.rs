//! Filtering of a whole picture: which strength each root block has, and its work.

use super::canvas::CELL;
use super::filter::{Class, Filter, Padded, STRENGTHS, filtered};
use super::syntax::State;
use super::transform::SIDE;
use super::{Grid, priors};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::mixing::simd;

/// Cells along a root block.
const CELLS: usize = SIDE / CELL;

/// Strengths of each plane, root by root.
pub(super) type Strengths = Vec<[u8; 3]>;

/// Goes through the cells of a plane, root by root, with what the filter adds to each.
fn each_cell(
    filter: &Filter<'_>,
    classes: &[Class],
    grid: &Grid,
    plane: usize,
    mut visit: impl FnMut(usize, (usize, usize), &[i32; CELL * CELL]),
    wanted: impl Fn(usize) -> bool,
) {
    let mut adds = vec![[0; CELL * CELL]; CELLS];
    let (columns, rows) = filter.cells;
    for row in 0..rows {
        for root_column in 0..grid.columns {
            let root = row / CELLS * grid.columns + root_column;
            if !wanted(root) {
                continue;
            }
            let range = root_column * CELLS..((root_column + 1) * CELLS).min(columns);
            filter.row(plane, classes, (row, range.clone()), &mut adds);
            for (column, add) in range.zip(&adds) {
                visit(root, (column, row), add);
            }
        }
    }
}

/// The samples of a cell that are in the picture: index in the plane, and in the cell.
fn samples(grid: &Grid, (column, row): (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    let (width, height) = (grid.width, grid.height);
    let rows = row * CELL..((row + 1) * CELL).min(height);
    rows.flat_map(move |y| {
        let columns = column * CELL..((column + 1) * CELL).min(width);
        columns.map(move |x| (y * width + x, (y % CELL) * CELL + x % CELL))
    })
}

/// The strengths that bring the planes nearest to the source; a strength is worth it if it saves more than `price`.
pub(super) fn strengths(
    filter: &Filter<'_>,
    grid: &Grid,
    planes: &[Vec<i16>],
    source: &[Vec<i16>],
    price: f32,
) -> Strengths {
    let classes = filter.classes();
    let mut strengths = vec![[0; 3]; grid.columns * grid.rows];
    for plane in 0..planes.len() {
        // Of errors times additions, and of additions squared.
        let mut sums = vec![(0i64, 0i64); strengths.len()];
        let visit = |root: usize, cell: (usize, usize), add: &[i32; CELL * CELL]| {
            for (i, k) in samples(grid, cell) {
                let error = i64::from(source[plane][i]) - i64::from(planes[plane][i]);
                sums[root].0 += error * i64::from(add[k]);
                sums[root].1 += i64::from(add[k]) * i64::from(add[k]);
            }
        };
        each_cell(filter, &classes, grid, plane, visit, |_| true);
        for (strengths, (cross, square)) in strengths.iter_mut().zip(sums) {
            let cost = |s: usize| {
                let s = s as f32;
                s * s * 0.25 * square as f32 - s * cross as f32 + price * [1.0, 2.0, 0.0, 2.0][s as usize]
            };
            strengths[plane] =
                (0..STRENGTHS).fold(2, |best, s| if cost(s) < cost(best) { s } else { best }) as u8;
        }
    }
    strengths
}

/// Filters the planes.
pub(super) fn apply(filter: &Filter<'_>, grid: &Grid, planes: &mut [Vec<i16>], strengths: &Strengths) {
    if strengths.iter().flatten().all(|&s| s == 0) {
        return;
    }
    let classes = filter.classes();
    for (plane, samples_of) in planes.iter_mut().enumerate() {
        let visit = |root: usize, cell: (usize, usize), add: &[i32; CELL * CELL]| {
            for (i, k) in samples(grid, cell) {
                samples_of[i] = filtered(samples_of[i], add[k], strengths[root][plane]);
            }
        };
        each_cell(filter, &classes, grid, plane, visit, |root| strengths[root][plane] > 0);
    }
}

/// Codes the strengths.
pub(super) fn code<C: BitCoder>(
    state: &mut State,
    coder: &mut C,
    grid: &Grid,
    planes: usize,
    strengths: &mut Strengths,
) {
    strengths.resize(grid.columns * grid.rows, [0; 3]);
    for plane in 0..planes {
        for root in 0..strengths.len() {
            let left = if root % grid.columns > 0 { strengths[root - 1][plane] } else { 2 };
            let above = if root >= grid.columns { strengths[root - grid.columns][plane] } else { 2 };
            strengths[root][plane] = state.strength(coder, plane, (left, above), strengths[root][plane]);
        }
    }
}

/// Calls with the filter of these planes.
pub(super) fn with_filter<T>(
    state: &State,
    grid: &Grid,
    planes: &[Vec<i16>],
    call: impl FnOnce(&Filter<'_>) -> T,
) -> T {
    let padded: Vec<Padded> =
        planes.iter().map(|plane| Padded::new(plane, grid.width, grid.height)).collect();
    call(&Filter {
        planes: &padded,
        weights: priors::filters(),
        quantizer: state.quantizer,
        known: &state.known(),
        cells: (grid.cell_columns(), grid.cell_rows()),
        isa: simd::isa(),
    })
}
