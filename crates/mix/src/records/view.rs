//! What is known where the next value comes: its place in the record, its neighbours, what is already there.

use super::Layout;

/// The values so far, as far as they are kept, and the place of the next one.
#[derive(Clone, Debug)]
pub(super) struct View {
    layout: Layout,
    past: Vec<u8>,
    at: usize,
    pub x: u32,
    pub y: u32,
    pub channel: u32,
    pub plane: u32,
    /// Planes that came before this one, up to those of a record.
    planes_seen: u32,
    /// What lies outside of a plane.
    ground: u8,
    /// Values of this plane, of this row and of the row above that are not the common one.
    pub ink: u32,
    pub row_ink: [u32; 2],
}

impl View {
    pub fn new(layout: Layout) -> Self {
        let ground = layout.common.unwrap_or(0) ^ layout.flip();
        Self {
            layout,
            past: vec![ground; layout.kept()],
            at: 0,
            x: 0,
            y: 0,
            channel: 0,
            plane: 0,
            planes_seen: 0,
            ground,
            ink: 0,
            row_ink: [0; 2],
        }
    }

    #[inline(always)]
    fn back(&self, distance: usize) -> u32 {
        u32::from(self.past[self.at.wrapping_sub(distance) & (self.past.len() - 1)])
    }

    /// The value `left` pixels to the left (negative: to the right) and `up` rows above.
    #[inline(always)]
    pub fn near(&self, left: i32, up: u32) -> i32 {
        let x = self.x as i32 - left;
        if x < 0 || x >= self.layout.width as i32 || self.y < up {
            return i32::from(self.ground);
        }
        let back = up as i32 * self.layout.row() as i32 + left * i32::from(self.layout.channels);
        self.back(back as usize) as i32
    }

    /// The value at the same place, or near it, in what is most like this plane: the channel before, the plane before, or the record
    /// before.
    #[inline(always)]
    pub fn other(&self, left: i32, up: i32) -> i32 {
        let (x, y) = (self.x as i32 - left, self.y as i32 - up);
        let channels = i32::from(self.layout.channels);
        let (back, known) = if self.channel > 0 {
            (1, left >= 0 && up >= 0)
        } else {
            (self.layout.plane(), self.planes_seen > 0 && y < self.layout.rows as i32)
        };
        if !known || x < 0 || x >= self.layout.width as i32 || y < 0 {
            return i32::from(self.ground);
        }
        let back = back as i32 + up * self.layout.row() as i32 + left * channels;
        self.back(back as usize) as i32
    }

    /// Takes in the next value.
    #[inline(always)]
    pub fn push(&mut self, value: u8) {
        let mask = self.past.len() - 1;
        self.past[self.at & mask] = value;
        self.at = self.at.wrapping_add(1);
        let ink = u32::from(value != self.ground);
        self.ink += ink;
        self.row_ink[0] += ink;
        self.channel += 1;
        if self.channel < u32::from(self.layout.channels) {
            return;
        }
        self.channel = 0;
        self.x += 1;
        if self.x < self.layout.width {
            return;
        }
        (self.x, self.row_ink) = (0, [0, self.row_ink[0]]);
        self.y = self.y.saturating_add(1);
        if self.layout.rows == 0 {
            // Rows without end: what came long ago says nothing.
            self.ink = 0;
        } else if self.y >= self.layout.rows {
            (self.y, self.ink, self.row_ink) = (0, 0, [0; 2]);
            self.plane = (self.plane + 1) % u32::from(self.layout.planes);
            self.planes_seen = (self.planes_seen + 1).min(u32::from(self.layout.planes));
        }
    }
}
