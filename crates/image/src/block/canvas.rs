//! The block being coded: its samples as decoded so far, and a border of its neighbours.

use super::transform::SIDE;

/// Samples of a cell's side: what is known of a block is kept for each.
pub(super) const CELL: usize = 4;
/// Cells of the side of a root block.
pub(super) const CELLS: usize = SIDE / CELL;
/// From one row of samples to the next.
pub(super) const STRIDE: usize = 2 * SIDE + 16;
/// Where a row's first sample is, after the border.
const MARGIN: usize = 8;
/// A mode that no block has: nothing is decoded there.
pub(super) const ABSENT: u8 = 255;
/// From one row of cells to the next.
const CELL_STRIDE: usize = 2 * CELLS + 1;

/// A rectangle within a root block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub x: usize,
    pub y: usize,
    pub w: usize,
    pub h: usize,
}

impl Node {
    /// A whole root block.
    pub const ROOT: Self = Self { x: 0, y: 0, w: SIDE, h: SIDE };

    pub fn area(self) -> usize {
        self.w * self.h
    }

    /// Binary logarithms of the sides, from 0 for 4 to 4 for 64.
    pub fn logs(self) -> (usize, usize) {
        (self.w.trailing_zeros() as usize - 2, self.h.trailing_zeros() as usize - 2)
    }
}

/// A root block as decoded.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub planes: Vec<Vec<i16>>,
    /// The mode of each cell.
    pub modes: Vec<u8>,
}

/// The root blocks around one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around<'a> {
    pub left: Option<&'a Done>,
    pub corner: Option<&'a Done>,
    pub above: Option<&'a Done>,
    pub right: Option<&'a Done>,
}

/// Samples and modes of a root block and of its border.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    /// For each plane a row of border and [`SIDE`] rows.
    planes: Vec<Vec<i16>>,
    modes: Vec<u8>,
    /// Samples of the picture to the right and down from the first of the block.
    pub room: (usize, usize),
}

/// What is at a node, to be put back.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    samples: Vec<i16>,
    modes: Vec<u8>,
}

fn at(x: usize, y: usize) -> usize {
    (y + 1) * STRIDE + MARGIN + x
}

fn cell_at(x: usize, y: usize) -> usize {
    (y / CELL + 1) * CELL_STRIDE + x / CELL + 1
}

impl Canvas {
    pub fn new(planes: usize) -> Self {
        Self {
            planes: vec![vec![0; STRIDE * (SIDE + 1)]; planes],
            modes: vec![ABSENT; CELL_STRIDE * (CELLS + 1)],
            room: (0, 0),
        }
    }

    /// Begins a block with so much of the picture from its first sample on, and these neighbours.
    pub fn begin(&mut self, room: (usize, usize), around: Around<'_>) {
        self.room = room;
        self.modes.fill(ABSENT);
        let last = SIDE - 1;
        for (i, plane) in self.planes.iter_mut().enumerate() {
            if let Some(done) = around.corner {
                plane[at(0, 0) - STRIDE - 1] = done.planes[i][last * SIDE + last];
            }
            for (start, done) in [(0, around.above), (SIDE, around.right)] {
                let Some(done) = done else { continue };
                let to = at(start, 0) - STRIDE;
                plane[to..to + SIDE].copy_from_slice(&done.planes[i][last * SIDE..]);
            }
            if let Some(done) = around.left {
                for y in 0..SIDE {
                    plane[at(0, y) - 1] = done.planes[i][y * SIDE + last];
                }
            }
        }
        self.begin_modes(around);
    }

    fn begin_modes(&mut self, around: Around<'_>) {
        let last = CELLS - 1;
        if let Some(done) = around.corner {
            self.modes[0] = done.modes[last * CELLS + last];
        }
        for (start, done) in [(1, around.above), (1 + CELLS, around.right)] {
            let Some(done) = done else { continue };
            self.modes[start..start + CELLS].copy_from_slice(&done.modes[last * CELLS..]);
        }
        if let Some(done) = around.left {
            for y in 0..CELLS {
                self.modes[(y + 1) * CELL_STRIDE] = done.modes[y * CELLS + last];
            }
        }
    }

    /// The finished block.
    pub fn finish(&self) -> Done {
        let planes = self
            .planes
            .iter()
            .map(|plane| (0..SIDE).flat_map(|y| &plane[at(0, y)..at(SIDE, y)]).copied().collect());
        let modes = (0..CELLS).flat_map(|y| {
            let start = cell_at(0, y * CELL);
            &self.modes[start..start + CELLS]
        });
        Done { planes: planes.collect(), modes: modes.copied().collect() }
    }

    pub fn rows(&self, plane: usize, node: Node) -> impl Iterator<Item = &[i16]> {
        (0..node.h).map(move |y| &self.planes[plane][at(node.x, node.y + y)..at(node.x + node.w, node.y + y)])
    }

    pub fn rows_mut(&mut self, plane: usize, node: Node) -> impl Iterator<Item = &mut [i16]> {
        let rows = self.planes[plane].chunks_exact_mut(STRIDE).skip(node.y + 1).take(node.h);
        rows.map(move |row| &mut row[MARGIN + node.x..MARGIN + node.x + node.w])
    }

    /// The mode left of the node's last row, and above its last column; [`ABSENT`] where there is none.
    pub fn modes_beside(&self, node: Node) -> (u8, u8) {
        let left = self.modes[cell_at(node.x, node.y + node.h - CELL) - 1];
        (left, self.modes[cell_at(node.x + node.w - CELL, node.y) - CELL_STRIDE])
    }

    /// Says what mode the node has, or that it has none yet.
    pub fn set_mode(&mut self, node: Node, mode: u8) {
        for y in (node.y..node.y + node.h).step_by(CELL) {
            let start = cell_at(node.x, y);
            self.modes[start..start + node.w / CELL].fill(mode);
        }
    }

    pub fn save(&self, node: Node) -> Saved {
        let mut saved = Saved::default();
        for plane in 0..self.planes.len() {
            self.rows(plane, node).for_each(|row| saved.samples.extend_from_slice(row));
        }
        for y in (node.y..node.y + node.h).step_by(CELL) {
            let start = cell_at(node.x, y);
            saved.modes.extend_from_slice(&self.modes[start..start + node.w / CELL]);
        }
        saved
    }

    pub fn restore(&mut self, node: Node, saved: &Saved) {
        let mut rows = saved.samples.chunks_exact(node.w);
        for plane in 0..self.planes.len() {
            for (row, from) in self.rows_mut(plane, node).zip(&mut rows) {
                row.copy_from_slice(from);
            }
        }
        let rows = saved.modes.chunks_exact(node.w / CELL);
        for (y, from) in (node.y..).step_by(CELL).zip(rows) {
            let start = cell_at(node.x, y);
            self.modes[start..start + from.len()].copy_from_slice(from);
        }
    }

    /// Samples around the node. What is not decoded is as the nearest that is, or 0.
    pub fn references(&self, plane: usize, node: Node, to: &mut References) {
        let samples = &self.planes[plane];
        let length = node.w + node.h;
        let (mut above, mut left) = (0, 0);
        while above < length && self.modes[cell_at(node.x + above, node.y) - CELL_STRIDE] != ABSENT {
            above += CELL;
        }
        let rows = SIDE - node.y;
        while left < length.min(rows) && self.modes[cell_at(node.x, node.y + left) - 1] != ABSENT {
            left += CELL;
        }
        let start = at(node.x, node.y) - STRIDE;
        to.above[1..=above].copy_from_slice(&samples[start..start + above]);
        for y in 0..left {
            to.left[y + 1] = samples[at(node.x, node.y + y) - 1];
        }
        let corner = match (above, left) {
            (0, 0) => 0,
            (0, _) => to.left[1],
            (_, 0) => to.above[1],
            _ => samples[start - 1],
        };
        let last = |row: &[i16], n: usize| if n > 0 { row[n] } else { corner };
        let (fill_above, fill_left) = (last(&to.above, above), last(&to.left, left));
        to.above[above + 1..length + 4].fill(fill_above);
        to.left[left + 1..length + 4].fill(fill_left);
        (to.above[0], to.left[0]) = (corner, corner);
        to.known = (above.min(node.w), left.min(node.h));
    }
}

/// Samples above a node and left of it, each from the corner on.
#[derive(Clone, Debug)]
pub(super) struct References {
    pub above: [i16; 2 * SIDE + 8],
    pub left: [i16; 2 * SIDE + 8],
    /// How many of those straight above and left are decoded.
    pub known: (usize, usize),
}

impl Default for References {
    fn default() -> Self {
        Self { above: [0; 2 * SIDE + 8], left: [0; 2 * SIDE + 8], known: (0, 0) }
    }
}
