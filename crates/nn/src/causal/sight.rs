//! What is seen from where the next value comes.

use super::Geometry;
use super::geometry::{CELLS, KNOTS, STEPPED, STEPS};
pub use crate::simd::integer::Seen as Input;

/// The integer that stands for 1.
pub const FULL: i16 = 256;

/// The values so far, as far as they are looked at, and the place of the next one.
#[derive(Clone, Debug)]
pub struct Sight {
    geometry: Geometry,
    /// Rows of values with margins, the oldest first from `current` on.
    rows: Vec<u8>,
    /// Values of a row with its margins, and of the margin before it.
    stride: usize,
    margin: usize,
    /// The row that is being filled, counted around.
    current: usize,
    x: u32,
    y: u32,
    channel: u32,
    /// How far from the ground the values of each cell are, summed.
    cells: Vec<u32>,
    /// Values of a cell.
    cell_size: u32,
    zero: u8,
}

impl Sight {
    /// Before the first value of a record. The geometry has to be sane.
    #[must_use]
    pub fn new(geometry: Geometry) -> Self {
        let channels = usize::from(geometry.channels);
        let side = usize::from(geometry.side);
        let margin = usize::from(geometry.left).max(side) * channels;
        let stride = margin + (geometry.width as usize + side) * channels;
        let zero = geometry.zero();
        let cells = if geometry.rows > 0 { CELLS[0] * CELLS[0] } else { CELLS[1] };
        let along = |size: u32, cells: usize| size.div_ceil(cells as u32).max(1);
        let cell_size = if geometry.rows > 0 {
            along(geometry.width, CELLS[0]).saturating_mul(along(geometry.rows, CELLS[0]))
        } else {
            along(geometry.width, CELLS[1])
        };
        Self {
            geometry,
            rows: vec![zero; stride * (usize::from(geometry.up) + 1)],
            stride,
            margin,
            current: 0,
            x: 0,
            y: 0,
            channel: 0,
            cells: vec![0; cells],
            cell_size: cell_size.saturating_mul(u32::from(geometry.channels)),
            zero,
        }
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn memory(geometry: &Geometry) -> u64 {
        let row = u64::from(geometry.width) + 160;
        row * u64::from(geometry.channels) * (u64::from(geometry.up) + 1) + 4096
    }

    /// The row so many above.
    #[inline(always)]
    fn row(&self, up: usize) -> &[u8] {
        let all = usize::from(self.geometry.up) + 1;
        let at = (self.current + all - up) % all;
        &self.rows[at * self.stride..(at + 1) * self.stride]
    }

    /// Whether the next value is the first of a record.
    #[must_use]
    pub fn is_start(&self) -> bool {
        self.x == 0 && self.channel == 0 && (self.geometry.rows == 0 || self.y == 0)
    }

    /// Whether the values next to the one to come are all of the ground.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let channels = usize::from(self.geometry.channels);
        let at = self.margin + self.x as usize * channels + self.channel as usize;
        let reach = 2.min(usize::from(self.geometry.side)) * channels;
        let near = |row: &[u8], end: usize| row[at - reach..end].iter().all(|&v| v == self.zero);
        let up = 2.min(usize::from(self.geometry.up));
        self.geometry.ground.is_some()
            && near(self.row(0), at)
            && (1..=up).all(|up| near(self.row(up), at + reach + 1))
    }

    /// All inputs that are not 0, a pair at a time.
    #[inline(always)]
    pub fn look(&self, seen: &mut Vec<Input>) {
        seen.clear();
        let mut place = 0;
        self.look_near(&mut place, seen);
        self.look_channels(&mut place, seen);
        self.look_steps(&mut place, seen);
        for cells in self.cells.as_chunks::<2>().0 {
            let pair = cells.map(|cell| (cell / self.cell_size).min(255) as i16);
            push(place, pair, seen);
            place += 1;
        }
        knots(self.x, self.geometry.width, &mut place, seen);
        if self.geometry.rows > 0 {
            knots(self.y, self.geometry.rows, &mut place, seen);
        }
    }

    /// Values around, and whether they are of the ground (without one: whether they differ from what is beside them).
    #[inline(always)]
    fn look_near(&self, place: &mut u32, seen: &mut Vec<Input>) {
        let Geometry { channels, left, up, side, ground, .. } = self.geometry;
        let (channels, zero) = (usize::from(channels), i16::from(self.zero));
        let at = self.margin + self.x as usize * channels + self.channel as usize;
        let mut one = |value: u8, before: u8| {
            let other = if ground.is_some() { value != self.zero } else { value != before };
            push(*place, [i16::from(value) - zero, if other { FULL } else { 0 }], seen);
            *place += 1;
        };
        let row = &self.row(0)[at - usize::from(left) * channels..at];
        let mut before = self.zero;
        for &value in row.iter().step_by(channels) {
            one(value, before);
            before = value;
        }
        let side = usize::from(side) * channels;
        for up in 1..=usize::from(up) {
            let row = &self.row(up)[at - side..=at + side];
            let mut before = self.zero;
            for &value in row.iter().step_by(channels) {
                one(value, before);
                before = value;
            }
        }
    }

    /// The channels of the pixel that are there, and which one comes.
    #[inline(always)]
    fn look_channels(&self, place: &mut u32, seen: &mut Vec<Input>) {
        let channels = u32::from(self.geometry.channels);
        if channels == 1 {
            return;
        }
        let at = self.margin + self.x as usize * channels as usize;
        let row = self.row(0);
        for k in 0..channels - 1 {
            if k < self.channel {
                let value = row[at + k as usize];
                push(*place, [i16::from(value) - i16::from(self.zero), FULL], seen);
            }
            *place += 1;
        }
        for pair in 0..2 {
            let one = |k: u32| if self.channel == 2 * pair + k { FULL } else { 0 };
            push(*place, [one(0), one(1)], seen);
            *place += 1;
        }
    }

    /// Steps that the nearest values have reached.
    #[inline(always)]
    fn look_steps(&self, place: &mut u32, seen: &mut Vec<Input>) {
        let channels = usize::from(self.geometry.channels);
        let at = self.margin + self.x as usize * channels + self.channel as usize;
        let above = self.row(usize::from(self.geometry.up.min(1)));
        let side = channels.min(usize::from(self.geometry.side) * channels);
        let beside = if self.geometry.up > 0 {
            [above[at], above[at - side], above[at + side]]
        } else {
            [self.zero; 3]
        };
        let near: [u8; STEPPED] = [self.row(0)[at - channels], beside[0], beside[1], beside[2]];
        for value in near {
            for steps in STEPS.as_chunks::<2>().0 {
                push(*place, steps.map(|step| if value >= step { FULL } else { 0 }), seen);
                *place += 1;
            }
        }
    }

    /// Takes in the next value.
    #[inline(always)]
    pub fn push(&mut self, value: u8) {
        let Geometry { channels, width, rows, up, .. } = self.geometry;
        let at = self.margin + self.x as usize * usize::from(channels) + self.channel as usize;
        self.rows[self.current * self.stride + at] = value;
        if value != self.zero {
            let along = |at: u32, of: u32, cells: usize| {
                (u64::from(at) * cells as u64 / u64::from(of.max(1))) as usize
            };
            let cell = if rows > 0 {
                along(self.y, rows, CELLS[0]) * CELLS[0] + along(self.x, width, CELLS[0])
            } else {
                along(self.x, width, CELLS[1])
            };
            self.cells[cell] += u32::from(value.abs_diff(self.zero));
        }
        self.channel += 1;
        if self.channel < u32::from(channels) {
            return;
        }
        (self.channel, self.x) = (0, self.x + 1);
        if self.x < width {
            return;
        }
        self.x = 0;
        self.y += 1;
        let ended = rows == 0 || self.y >= rows;
        if ended {
            self.y = 0;
            self.cells.fill(0);
        }
        if ended && rows > 0 {
            self.rows.fill(self.zero);
        } else {
            self.current = (self.current + 1) % (usize::from(up) + 1);
            let start = self.current * self.stride;
            self.rows[start..start + self.stride].fill(self.zero);
        }
    }
}

#[inline(always)]
fn push(place: u32, pair: [i16; 2], seen: &mut Vec<Input>) {
    if pair != [0; 2] {
        seen.push(Input { place, pair });
    }
}

/// A place along an axis: how near it is to each of some knots.
#[inline(always)]
fn knots(at: u32, of: u32, place: &mut u32, seen: &mut Vec<Input>) {
    let fine = u64::from(at) * (KNOTS as u64 - 1) * FULL as u64 / u64::from(of.max(2) - 1);
    let fine = fine.min((KNOTS as u64 - 1) * FULL as u64) as i32;
    for pair in 0..KNOTS as i32 / 2 {
        let near = |k: i32| (i32::from(FULL) - (fine - (2 * pair + k) * i32::from(FULL)).abs()).max(0) as i16;
        push(*place, [near(0), near(1)], seen);
        *place += 1;
    }
}
