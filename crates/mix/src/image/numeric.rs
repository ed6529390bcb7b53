//! Pixels that are numbers: grey, colours, with 8 or 16 bits.

use super::experts::PixelExperts;
use super::rows::Rows;
use super::{Layout, png, rows};
use crate::sample::experts::size;
use crate::sample::model::{Config, SampleModel, hash};
use crate::sample::{FRACTION, Shape};
use minlen_core::Result;
use minlen_entropy::mixing::AdaptiveProb;

/// The predictor.
#[derive(Debug)]
pub struct Numeric {
    layout: Layout,
    model: SampleModel,
    rows: Rows,
    experts: PixelExperts,
    side: Side,
    /// Byte of the row, and the row.
    column: u32,
    y: u64,
    filter: u8,
    /// What the PNG filter subtracts from this sample.
    offset: i32,
    offsets: [i32; 4],
    prefix: u32,
    hashes: usize,
}

/// Bytes that are no pixels: filters and padding, predicted by the last such byte.
#[derive(Debug)]
struct Side {
    cells: Vec<AdaptiveProb>,
    last: usize,
    active: bool,
}

impl Side {
    fn at(&self, prefix: u32) -> usize {
        self.last * 256 + (prefix & 255) as usize
    }
}

const HASHES: [usize; 3] = [3, 6, 10];
const SIZES: usize = 24;

impl Numeric {
    pub fn new(layout: Layout, depth: u32) -> Result<Self> {
        let depth = depth.min(2) as usize;
        let channels = usize::from(layout.channels);
        let shape = Shape {
            bytes: u32::from(layout.bits / 8),
            little: layout.little,
            signed: layout.signed,
            wrap: layout.png,
        };
        let hashes = if layout.palette { [6, 10, 10][depth] } else { HASHES[depth] };
        let config = Config {
            shape,
            experts: PixelExperts::count(depth),
            hashes,
            slot_bits: 22,
            selectors: vec![channels * SIZES, channels * 64, 16 * 16],
            corrections: [channels * SIZES, 256],
        };
        let kept = rows::MARGIN + 1 + layout.frame as usize;
        let mut model = Self {
            layout,
            model: SampleModel::new(&config)?,
            rows: Rows::new(layout.width as usize, channels, kept),
            experts: PixelExperts::new(&layout, depth),
            side: Side { cells: vec![AdaptiveProb::new(32_768); 1 << 16], last: 0, active: false },
            column: 0,
            y: 0,
            filter: 0,
            offset: 0,
            offsets: [0; 4],
            prefix: 1,
            hashes,
        };
        model.begin();
        Ok(model)
    }

    #[inline(always)]
    pub fn p(&self) -> u32 {
        if self.side.active {
            let p = self.side.cells[self.side.at(self.prefix)].p16();
            return p.clamp(16, 65_520);
        }
        self.model.p()
    }

    #[inline(always)]
    pub fn update(&mut self, bit: u32) {
        let bit = bit & 1;
        if self.side.active {
            let at = self.side.at(self.prefix);
            self.side.cells[at].update(bit, 250);
        } else {
            self.model.update(bit);
        }
        self.prefix = self.prefix << 1 | bit;
        if self.prefix >= 256 {
            self.end_byte((self.prefix & 255) as u8);
            self.prefix = 1;
            self.begin();
        }
    }

    fn end_byte(&mut self, byte: u8) {
        if self.side.active {
            self.side.last = usize::from(byte);
            if self.layout.png && self.column == 0 {
                self.filter = byte;
            }
        } else if let Some((x, channel, last)) = self.place()
            && last
        {
            let mut value = self.model.value() as i32;
            if self.layout.png {
                value = (value + self.offset) & 255;
            }
            self.rows.set(x, channel, value);
            self.experts.update(&self.rows, x, channel, value);
        }
        self.column += 1;
        if self.column >= self.layout.stride {
            self.column = 0;
            self.y += 1;
            self.rows.next();
            self.experts.end_row();
        }
    }

    /// Pixel, channel, and whether this byte is the sample's last; none for bytes that are no pixels.
    fn place(&self) -> Option<(usize, usize, bool)> {
        let column = self.column.checked_sub(u32::from(self.layout.png))?;
        let bytes = u32::from(self.layout.bits / 8);
        let channels = u32::from(self.layout.channels);
        let sample = column / bytes;
        let x = sample / channels;
        (x < self.layout.width).then_some((
            x as usize,
            (sample % channels) as usize,
            column % bytes + 1 == bytes,
        ))
    }

    fn begin(&mut self) {
        let place = self.place();
        self.side.active = place.is_none();
        let Some((x, channel, last)) = place else { return };
        let byte = if last { u32::from(self.layout.bits / 8) - 1 } else { 0 };
        if byte == 0 {
            self.offset = if self.layout.png { self.subtracted(x, channel) } else { 0 };
            self.offsets[channel & 3] = self.offset;
            self.experts.predict(&self.rows, x, channel, self.offset << FRACTION, &mut self.model.experts);
        }
        self.contexts(x, channel);
        self.model.start(byte);
    }

    fn subtracted(&self, x: usize, channel: usize) -> i32 {
        let at = |right, up| self.rows.at(x, channel, right, up);
        let left = if x > 0 { at(-1, 0) } else { 0 };
        let up = if self.y > 0 { at(0, 1) } else { 0 };
        let corner = if x > 0 && self.y > 0 { at(-1, 1) } else { 0 };
        png::predict(self.filter, left, up, corner)
    }

    /// Sets hashes, selectors and corrections of the coder.
    fn contexts(&mut self, x: usize, channel: usize) {
        let mask = if self.layout.png { 255 } else { u32::MAX };
        // In a PNG everything is seen from what its filter subtracts, as the bytes are.
        let near = |right, up| (self.rows.at(x, channel, right, up) - self.offset) as u32 & mask;
        let known = |back: usize| match channel.checked_sub(back) {
            Some(c) => (self.rows.at(x, c, 0, 0) - self.offsets[c & 3]) as u32 & mask,
            None => 0,
        };
        let (w, n, nw, ne) = (near(-1, 0), near(0, 1), near(-1, 1), near(1, 1));
        let best = self.experts.best();
        let value = ((best >> FRACTION) - self.offset) as u32 & mask;
        let s = size(self.experts.best_scale());
        let tag = (channel as u32) << 8;
        let (k1, k2) = (known(1), known(2));
        let all = [
            hash(&[tag, w, n, k1]),
            hash(&[tag, value, s]),
            hash(&[tag, w, k1, k2, 1]),
            hash(&[tag, n, k1, k2, 2]),
            hash(&[tag, w, n, nw, ne, k1, k2]),
            hash(&[tag, value, k1, 3]),
            hash(&[tag, w, near(-2, 0), k1, 4]),
            hash(&[tag, n, near(0, 2), k1, 5]),
            hash(&[tag, w, n, nw, ne, near(-2, 0), near(0, 2), k1, k2]),
            hash(&[tag, n, ne, k1, 6]),
        ];
        self.model.hashes.copy_from_slice(&all[..self.hashes]);
        let s = (s as usize).min(SIZES - 1);
        let spread = (size(self.experts.scale(0)) as usize).min(15);
        let wave = (size((w as i32 - n as i32).unsigned_abs() << FRACTION) as usize).min(15);
        self.model.selected[0] = channel * SIZES + s;
        self.model.selected[1] = channel * 64 + self.experts.pattern;
        self.model.selected[2] = spread * 16 + wave;
        self.model.corrected = [channel * SIZES + s, value as usize & 255];
    }
}
