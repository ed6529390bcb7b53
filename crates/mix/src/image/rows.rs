//! The samples so far, row by row, with margins so that every neighbour exists.

/// Pixels of margin on each side.
pub const MARGIN: usize = 4;

/// A ring of rows of samples.
#[derive(Clone, Debug)]
pub struct Rows {
    data: Vec<i32>,
    channels: usize,
    width: usize,
    pitch: usize,
    kept: usize,
    y: usize,
}

impl Rows {
    /// Room for `kept` rows (at least one more than the margin) of `width` pixels.
    #[must_use]
    pub fn new(width: usize, channels: usize, kept: usize) -> Self {
        let pitch = (width + 2 * MARGIN) * channels;
        let kept = kept.max(MARGIN + 1);
        Self { data: vec![0; pitch * kept], channels, width, pitch, kept, y: 0 }
    }

    /// The sample `up` rows above and `right` pixels to the right (negative: to the left) of column `x`.
    #[inline(always)]
    #[must_use]
    pub fn at(&self, x: usize, channel: usize, right: i32, up: usize) -> i32 {
        let row = (self.y + self.kept - up % self.kept) % self.kept;
        let column = (x as i32 + MARGIN as i32 + right).max(0) as usize;
        self.data.get(row * self.pitch + column * self.channels + channel).copied().unwrap_or(0)
    }

    /// Start of the row `up` rows above in the ring, at pixel `x`.
    #[inline(always)]
    #[must_use]
    pub fn place(&self, x: usize, up: usize) -> usize {
        (self.y + self.kept - up % self.kept) % self.kept * self.pitch + (x + MARGIN) * self.channels
    }

    /// Sets the sample at `x`.
    #[inline(always)]
    pub fn set(&mut self, x: usize, channel: usize, value: i32) {
        let at = self.place(x, 0) + channel;
        if let Some(slot) = self.data.get_mut(at) {
            *slot = value;
        }
    }

    /// Ends a row: fills its right margin from its last pixel, and begins the next, whose left margin is what is above
    /// its first pixel.
    pub fn next(&mut self) {
        let (c, row) = (self.channels, self.y * self.pitch);
        let last = row + (MARGIN + self.width.max(1) - 1) * c;
        for i in 0..MARGIN * c {
            self.data[last + c + i] = self.data[last + i % c];
        }
        self.y = (self.y + 1) % self.kept;
        let next = self.y * self.pitch;
        for i in 0..MARGIN * c {
            self.data[next + i] = self.data[row + MARGIN * c + i % c];
        }
    }
}
