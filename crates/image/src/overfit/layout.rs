//! Where the latents of a picture lie: grids of each size, with room around them, and what each latent is predicted from.

use super::Shape;
use minlen_core::Result;
use std::ops::Range;

/// Room left and right of a row, in numbers.
pub(super) const PAD: usize = 16;
/// Rows of zeros above a grid.
const ABOVE: usize = 3;
/// Most sizes of grids: 1:1 to 1:64.
pub(super) const LEVELS: usize = 7;
/// Numbers that a latent is predicted from: twelve before it in its grid, and four of grids before.
pub(super) const CONTEXTS: usize = 16;
/// Of these, those of other grids.
pub(super) const SLOTS: usize = 4;

/// The distance of rows of so many numbers.
pub(super) fn stride_of(width: usize) -> usize {
    width.next_multiple_of(16) + 2 * PAD
}

/// A number that a latent is predicted from, out of a grid before: the one at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub grid: usize,
    /// How much coarser that grid is.
    pub shift: usize,
    /// The neighbour on the side of the latent, instead.
    pub beside: bool,
    /// The neighbour above or below it, instead.
    pub across: bool,
}

/// One grid of latents.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// 1:2^level.
    pub level: usize,
    /// The plane that it tells of: 0 is brightness.
    pub plane: usize,
    /// The channel that it is added to.
    pub channel: usize,
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    /// Where its first latent is.
    pub at: usize,
    /// Where the first number of its first slot is.
    pub slots_at: usize,
    pub slots: [Option<Slot>; SLOTS],
}

impl Grid {
    /// What a latent of row `y` at column 0 is predicted from: places in a buffer of [`Layout::len`].
    pub(super) fn contexts(&self, y: usize) -> [usize; CONTEXTS] {
        let slot = |k: usize| self.slots_at + (k * self.height + y) * self.stride;
        neighbours(self.at + y * self.stride, self.stride, slot)
    }

    /// All of its rows in a buffer, with the room around them.
    pub(super) fn span(&self) -> Range<usize> {
        let from = self.at - PAD - ABOVE * self.stride;
        from..self.at - PAD + self.height * self.stride
    }

    /// The place of the first number of row `y`'s room.
    pub(super) fn row(&self, y: usize) -> usize {
        self.at - PAD + y * self.stride
    }
}

/// The contexts of the latent at `own`: those of its own grid, nearest first, and `slot(k)`.
pub(super) fn neighbours(own: usize, stride: usize, slot: impl Fn(usize) -> usize) -> [usize; CONTEXTS] {
    let (one, two, three) = (own - stride, own - 2 * stride, own - 3 * stride);
    [
        own - 1,
        one,
        one + 1,
        one - 1,
        own - 2,
        two,
        one + 2,
        one - 2,
        two + 1,
        two - 1,
        own - 3,
        three,
        slot(0),
        slot(1),
        slot(2),
        slot(3),
    ]
}

/// All grids of a picture, the coarsest first.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub grids: Vec<Grid>,
    /// Numbers of all grids with room around them; those of slots follow.
    pub latents: usize,
    /// Numbers of grids and slots.
    pub len: usize,
    /// Sizes of grids, the picture's own first.
    pub sizes: Vec<(usize, usize)>,
    /// Channels that colours are made from.
    pub channels: usize,
    pub colours: usize,
}

impl Layout {
    /// The grids of a picture whose colour planes begin at 1:2^`chroma`.
    pub(super) fn new(shape: &Shape, chroma: usize) -> Result<Self> {
        shape.check()?;
        let mut sizes = vec![(shape.width, shape.height)];
        while sizes.len() < LEVELS && sizes.last().is_some_and(|&(w, h)| w.max(h) >= 16) {
            let (w, h) = sizes[sizes.len() - 1];
            sizes.push((w.div_ceil(2), h.div_ceil(2)));
        }
        let colours = shape.colours;
        let chroma = chroma.min(sizes.len() - 1);
        let mut layout = Self {
            grids: Vec::new(),
            latents: 0,
            len: 0,
            channels: if colours == 3 { 6 } else { 4 },
            colours,
            sizes,
        };
        for level in (0..layout.sizes.len()).rev() {
            for plane in 0..if level >= chroma { colours } else { 1 } {
                layout.push(level, plane);
            }
        }
        layout.len = layout.latents;
        for g in 0..layout.grids.len() {
            layout.grids[g].slots_at = layout.len + PAD;
            layout.len += SLOTS * layout.grids[g].height * layout.grids[g].stride;
        }
        Ok(layout)
    }

    fn push(&mut self, level: usize, plane: usize) {
        let (width, height) = self.sizes[level];
        let stride = stride_of(width);
        let channel = if plane == 0 { level.min(3) } else { 3 + plane };
        let at = self.latents + ABOVE * stride + PAD;
        let mut grid =
            Grid { level, plane, channel, width, height, stride, at, slots_at: 0, slots: [None; SLOTS] };
        let slot = |grid, shift| Some(Slot { grid, shift, beside: false, across: false });
        let same = |up: usize, plane: usize| self.find(level + up, plane);
        grid.slots[0] = same(1, plane).and_then(|g| slot(g, 1));
        grid.slots[3] = same(2, plane).and_then(|g| slot(g, 2));
        if plane == 0 {
            grid.slots[1] = same(1, 0).map(|grid| Slot { grid, shift: 1, beside: true, across: false });
            grid.slots[2] = same(1, 0).map(|grid| Slot { grid, shift: 1, beside: false, across: true });
        } else {
            grid.slots[1] = same(0, 0).and_then(|g| slot(g, 0));
            grid.slots[2] = if plane == 2 { same(0, 1).and_then(|g| slot(g, 0)) } else { None };
        }
        self.latents += (height + ABOVE) * stride;
        self.grids.push(grid);
    }

    /// The grid of a level and a plane.
    pub(super) fn find(&self, level: usize, plane: usize) -> Option<usize> {
        self.grids.iter().position(|grid| grid.level == level && grid.plane == plane)
    }

    /// The coarsest level of a channel, and the finest: none for one without grids.
    pub(super) fn levels(&self, channel: usize) -> Option<(usize, usize)> {
        let of = |grid: &&Grid| grid.channel == channel;
        let (coarsest, finest) = (self.grids.iter().find(of)?, self.grids.iter().rfind(of)?);
        Some((coarsest.level, finest.level))
    }

    /// The grid of a level that is added to a channel.
    pub(super) fn grid_of(&self, level: usize, channel: usize) -> Option<&Grid> {
        self.grids.iter().find(|grid| grid.level == level && grid.channel == channel)
    }
}

/// Fills one row of a slot: `width` numbers for row `y` out of a grid's `rows` (its rows without those above), or zeros.
pub(super) fn fill_slot<T: Copy + Default>(
    slot: &Slot,
    grid: &Grid,
    rows: &[T],
    y: usize,
    width: usize,
    out: &mut [T],
) {
    let source = (y >> slot.shift).checked_add_signed(match (slot.across, y & 1) {
        (false, _) => 0,
        (true, 0) => -1,
        (true, _) => 1,
    });
    let Some(row) = source.filter(|&row| row < grid.height) else {
        return out[..width].fill(T::default());
    };
    // The row with the room before it.
    let row = &rows[row * grid.stride..][..grid.stride];
    let step = 1 << slot.shift;
    if slot.beside {
        for (i, out) in out[..width].chunks_mut(2).enumerate() {
            out[0] = row[PAD + i - 1];
            if let Some(odd) = out.get_mut(1) {
                *odd = row[PAD + i + 1];
            }
        }
        return;
    }
    for (x, out) in row[PAD..].iter().zip(out[..width].chunks_mut(step)) {
        out.fill(*x);
    }
}

/// The gradient of [`fill_slot`]: adds to the grid's rows.
pub(super) fn unfill_slot(slot: &Slot, grid: &Grid, rows: &mut [f32], y: usize, width: usize, d: &[f32]) {
    let source = (y >> slot.shift).checked_add_signed(match (slot.across, y & 1) {
        (false, _) => 0,
        (true, 0) => -1,
        (true, _) => 1,
    });
    let Some(row) = source.filter(|&row| row < grid.height) else { return };
    let row = &mut rows[row * grid.stride..][..grid.stride];
    if slot.beside {
        for (i, d) in d[..width].chunks(2).enumerate() {
            row[PAD + i - 1] += d[0];
            if let Some(odd) = d.get(1) {
                row[PAD + i + 1] += odd;
            }
        }
        return;
    }
    for (x, d) in row[PAD..].iter_mut().zip(d[..width].chunks(1 << slot.shift)) {
        let mut sum = 0.0;
        d.iter().for_each(|d| sum += d);
        *x += sum;
    }
}
