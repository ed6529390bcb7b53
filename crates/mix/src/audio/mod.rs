//! Sound that is not compressed: PCM of 8, 16 or 24 bits, predicted sample by sample.
//!
//! [`AudioModel`] takes the bytes of whole frames (one sample of each channel); where in a file they are, the crate
//! `minlen-structure` finds.
//! Each sample is predicted by least squares over the last samples of its channel and of the channels before it, then by
//! a cascade of adaptive filters over what that leaves (as Monkey's Audio and OptimFROG do; Ghido 2003), and a last
//! small least squares blends the stages. They are the experts of [`crate::sample`].
//!
//! Depth 0 is fast, 1 deep, 2 has everything. The model gives bits of bytes in the order of the file, so that an arithmetic coder
//! behind it needs to know nothing of samples; `minlen-structure` says what [`Format`] a file has.
//!
//! ```
//! use minlen_mix::Predictor;
//! use minlen_mix::audio::{AudioModel, Format};
//! let format = Format { bits: 16, channels: 1, little: true, signed: true };
//! let mut model = AudioModel::new(format, 0)?;
//! let mut bits = 0.0;
//! for i in 0..200i32 {
//!     // A triangle wave.
//!     let sample = ((i % 40 - 20).abs() * 100 - 1000) as i16;
//!     for byte in sample.to_le_bytes() {
//!         for place in (0..8).rev() {
//!             let bit = u32::from(byte >> place & 1);
//!             let p = f64::from(model.p()) / 65_536.0;
//!             bits -= if bit == 1 { p } else { 1.0 - p }.log2();
//!             model.update(bit);
//!         }
//!     }
//! }
//! assert!(bits < 200.0 * 8.0, "{bits} bits for 200 samples of 16");
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod experts;
mod format;
mod match_model;
mod nlms;

use crate::Predictor;
use crate::sample::experts::size;
use crate::sample::model::{Config, SampleModel, hash};
use crate::sample::{FRACTION, Shape};
use experts::SoundExperts;
use minlen_core::{Error, Result};

pub use format::Format;

/// Predicts the bits of samples, the first channel of the first frame first.
#[derive(Debug)]
pub struct AudioModel {
    format: Format,
    model: SampleModel,
    experts: SoundExperts,
    channel: usize,
    byte: u32,
    bit: u32,
    /// The last two samples of each channel.
    last: Vec<[u32; 2]>,
    hashes: usize,
}

const SIZES: usize = 44;

impl AudioModel {
    /// A model for `format`. `depth` 0 is fast, 1 deep, 2 has everything.
    ///
    /// # Errors
    /// Usage if the format is not sane; limit if there is no memory.
    pub fn new(format: Format, depth: u32) -> Result<Self> {
        if !format.is_sane() {
            return Err(Error::usage("no sound has this format"));
        }
        let depth = depth.min(2) as usize;
        let channels = usize::from(format.channels);
        let shape = Shape {
            bytes: u32::from(format.bits / 8),
            little: format.little,
            signed: format.signed,
            wrap: false,
        };
        let hashes = [4, 6, 8][depth];
        let experts = SoundExperts::new(&format, depth);
        let config = Config {
            shape,
            experts: experts.count(),
            hashes,
            slot_bits: 22,
            selectors: vec![channels * SIZES, 16 * 16, 24, 32 * 2, 9 * 3],
            corrections: [SIZES, 128],
        };
        let mut model = Self {
            format,
            model: SampleModel::new(&config)?,
            experts,
            channel: 0,
            byte: 0,
            bit: 0,
            last: vec![[0; 2]; channels],
            hashes,
        };
        model.begin();
        Ok(model)
    }

    fn begin(&mut self) {
        if self.byte == 0 {
            self.experts.predict(self.channel, &mut self.model.experts);
        }
        let c = self.channel;
        let best = self.experts.best();
        let value = (best >> FRACTION) as u32;
        let s = size(self.experts.best_scale());
        let before = if c > 0 { self.last[c - 1][0] } else { self.last[self.last.len() - 1][0] };
        let [w, ww] = self.last[c];
        let tag = c as u32;
        let (level, expected) = self.experts.repeated(c);
        let beyond = self.experts.beyond();
        let all = [
            hash(&[tag, expected as u32, level as u32 / 2]),
            hash(&[tag, beyond as u32, w, 4]),
            hash(&[tag, w]),
            hash(&[tag, value, 1]),
            hash(&[tag, w, ww]),
            hash(&[tag, before, 2]),
            hash(&[tag, w, before]),
            hash(&[tag, value, s, 3]),
        ];
        self.model.hashes.copy_from_slice(&all[..self.hashes]);
        let s = (s as usize).min(SIZES - 1);
        let (near, far) = self.experts.spreads();
        self.model.selected[0] = c * SIZES + s;
        self.model.selected[1] = (near as usize / 2).min(15) * 16 + (far as usize / 2).min(15);
        self.model.selected[2] = (self.experts.disagreement() as usize).min(23);
        self.model.selected[3] = level * 2 + usize::from(c > 0);
        let edge =
            |v: u32| usize::from(v >= self.experts.seen().1) + 2 * usize::from(v <= self.experts.seen().0);
        self.model.selected[4] = beyond * 3 + edge(w).min(2);
        self.model.corrected = [s, (best >> FRACTION) as usize & 127];
        self.model.start(self.byte);
    }
}

impl Predictor for AudioModel {
    #[inline]
    fn p(&self) -> u32 {
        self.model.p()
    }

    #[inline]
    fn update(&mut self, bit: u32) {
        self.model.update(bit);
        self.bit += 1;
        if self.bit < 8 {
            return;
        }
        self.bit = 0;
        self.byte += 1;
        if self.byte * 8 >= u32::from(self.format.bits) {
            self.byte = 0;
            let value = self.model.value();
            let [w, _] = self.last[self.channel];
            self.last[self.channel] = [value, w];
            self.experts.update(self.channel, value as i32);
            self.channel = (self.channel + 1) % usize::from(self.format.channels);
        }
        self.begin();
    }
}
