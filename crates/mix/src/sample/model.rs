//! The network behind every sample model: experts, bit histories of hashed contexts, mixing, and correction.

use super::experts::{Border, Experts, Shape};
use crate::bit_history;
use crate::hash_table::{Bucket, HashTable, Place};
use minlen_core::Result;
use minlen_entropy::mixing::TwoLayerMixer;
use minlen_entropy::mixing::simd::{self, Task, Vector};
use minlen_entropy::mixing::{AdaptiveProb, stretch_table};
use minlen_entropy::mixing::{Apm, squash};

/// The size of a model.
#[derive(Clone, Debug)]
pub struct Config {
    /// The samples.
    pub shape: Shape,
    /// Number of experts.
    pub experts: usize,
    /// Number of hashed contexts.
    pub hashes: usize,
    /// log2 of the bytes of their table.
    pub slot_bits: u32,
    /// Contexts of each selector of weights; every selector also knows the bit's place.
    pub selectors: Vec<usize>,
    /// Contexts of the two corrections (of at most 256 each) besides the bits of this byte.
    pub corrections: [usize; 2],
}

/// The network. For each byte: [`SampleModel::start`], then eight times [`SampleModel::p`] and [`SampleModel::update`].
///
/// ```
/// use minlen_mix::sample::{Config, FRACTION, SampleModel, Shape};
/// let shape = Shape { bytes: 1, little: true, signed: false, wrap: false };
/// let config =
///     Config { shape, experts: 1, hashes: 1, slot_bits: 12, selectors: vec![1], corrections: [1, 1] };
/// let mut model = SampleModel::new(&config)?;
/// let mut bits = 0.0;
/// for sample in (0..400u32).map(|i| i % 100 + 50) {
///     // An expert that knows the sample, and says that it is off by half a step.
///     model.experts.set(0, (sample << FRACTION) as i32, 16);
///     model.start(0);
///     for place in (0..8).rev() {
///         let bit = sample >> place & 1;
///         let p = f64::from(model.p()) / 65_536.0;
///         bits -= if bit == 1 { p } else { 1.0 - p }.log2();
///         model.update(bit);
///     }
///     assert_eq!(model.value(), sample);
/// }
/// assert!(bits < 400.0 * 4.0, "{bits} bits for 400 samples that are known");
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Debug)]
pub struct SampleModel {
    stretch: &'static [i16; 4096],
    shape: Shape,
    /// Opinions about the samples.
    pub experts: Experts,
    table: HashTable,
    /// Hashes of the contexts for the next byte.
    pub hashes: Vec<u32>,
    places: Vec<Place>,
    buckets: Vec<Bucket>,
    states: Vec<[AdaptiveProb; 256]>,
    mixer: TwoLayerMixer,
    /// Contexts of the selectors.
    pub selected: Vec<usize>,
    /// Contexts of the corrections.
    pub corrected: [usize; 2],
    apms: [Apm; 2],
    prefix: u32,
    high: u32,
    byte: u32,
    bit: u32,
    node: usize,
    flip: u32,
    rate: i32,
    p: u32,
}

/// The last 16 bits of a learning rate that starts high and sinks.
const RATE_START: i32 = 96 << 16;
const RATE_END: i32 = 6 << 16;

impl SampleModel {
    /// A model of this size.
    ///
    /// # Errors
    /// Limit if the system has no memory for the table of contexts.
    pub fn new(config: &Config) -> Result<Self> {
        let shape = config.shape.sane();
        let places = shape.bits() as usize;
        let inputs = config.experts + 2 * config.hashes + 1;
        let mut sets: Vec<usize> = config.selectors.iter().map(|n| n * places).collect();
        sets.push(256 * shape.bytes as usize);
        let states = std::array::from_fn(|s| AdaptiveProb::new(bit_history::initial_p(s as u8)));
        Ok(Self {
            stretch: stretch_table(),
            shape,
            experts: Experts::new(shape, config.experts, 500),
            table: HashTable::new(config.slot_bits)?,
            hashes: vec![0; config.hashes],
            places: vec![0; config.hashes],
            buckets: vec![[0; 16]; config.hashes],
            states: vec![states; config.hashes],
            mixer: TwoLayerMixer::new(inputs, &sets, places, (20_000 / inputs.max(1)) as i16),
            selected: vec![0; config.selectors.len()],
            corrected: [0; 2],
            apms: config.corrections.map(|n| Apm::new(n * 256 * shape.bytes as usize)),
            prefix: 1,
            high: 0,
            byte: 0,
            bit: 0,
            node: 1,
            flip: 0,
            rate: RATE_START,
            p: 32_768,
        })
    }

    /// The probability of a one, of 65536.
    #[inline(always)]
    #[must_use]
    pub fn p(&self) -> u32 {
        self.p
    }

    /// The value of the sample's bytes so far; signed samples have their range's half added.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.high
    }

    /// Begins byte `byte` of a sample, in coding order, when experts, hashes and contexts are set.
    pub fn start(&mut self, byte: u32) {
        self.byte = byte.min(self.shape.bytes - 1);
        if byte == 0 {
            self.high = 0;
        }
        self.prefix = 1;
        self.bit = 0;
        for (i, hash) in self.hashes.iter_mut().enumerate() {
            *hash = spread(*hash ^ (i as u32) << 27 ^ self.high.wrapping_mul(0x9E37_79B1)).wrapping_add(byte);
            self.table.prefetch(*hash, 0);
        }
        self.fetch(0, 0);
        self.rate += (RATE_END - self.rate) >> 12;
        self.mixer.set_rates(self.rate >> 16, 3);
        simd::with(self.mixer.isa(), Turn { model: self, bit: None });
    }

    #[inline(always)]
    fn fetch(&mut self, near: u32, salt: u8) {
        self.node = 1;
        for ((hash, bucket), place) in self.hashes.iter().zip(&mut self.buckets).zip(&mut self.places) {
            *place = self.table.load(*hash, near, (*hash as u8).wrapping_add(salt), bucket);
        }
    }

    #[inline(always)]
    fn store(&mut self) {
        for (bucket, place) in self.buckets.iter().zip(&self.places) {
            self.table.store(*place, bucket);
        }
    }

    /// Takes in a bit.
    pub fn update(&mut self, bit: u32) {
        simd::with(self.mixer.isa(), Turn { model: self, bit: Some(bit & 1) });
    }

    #[inline(always)]
    fn step<V: Vector>(&mut self, v: V, bit: u32) {
        let seen = bit ^ self.flip;
        self.experts.update(seen);
        let node = self.node & 15;
        for (bucket, cells) in self.buckets.iter_mut().zip(&mut self.states) {
            let state = bucket[node];
            cells[usize::from(state)].update(seen, 400);
            bucket[node] = bit_history::next(state, seen as usize);
        }
        self.mixer.update(v, seen);
        self.apms.iter_mut().for_each(|a| a.update(seen, 6));
        self.prefix = self.prefix << 1 | seen;
        self.node = self.node << 1 | seen as usize;
        self.bit += 1;
        match self.bit {
            2 => {
                let near = self.prefix & 3 | 4;
                self.hashes.iter().for_each(|&h| self.table.prefetch(h, near));
            }
            4 => {
                self.store();
                self.fetch(self.prefix >> 2 & 3 | 4, (self.prefix as u8 & 15) * 13 + 13);
            }
            8 => {
                self.store();
                let value = self.prefix & 255;
                self.high = if self.shape.little {
                    self.high | value << (8 * self.byte)
                } else {
                    self.high << 8 | value
                };
                return;
            }
            _ => {}
        }
        self.predict(v);
    }

    #[inline(always)]
    fn predict<V: Vector>(&mut self, v: V) {
        let first = self.byte == if self.shape.little { self.shape.bytes - 1 } else { 0 };
        self.flip = u32::from(self.shape.signed && first && self.bit == 0);
        let at = self.byte as usize * 256 + self.prefix as usize;
        let width = self.shape.bytes as usize * 256;
        let corrected = self.corrected.map(|context| context * width + at);
        // Needed last, and seldom in the nearest cache.
        for (apm, at) in self.apms.iter().zip(corrected) {
            apm.prefetch(at);
        }
        let border = Border::new(self.shape, self.byte, self.bit & 7, self.prefix, self.high);
        let x = self.mixer.inputs_mut();
        let n = self.experts.count().min(x.len());
        let (inputs, rest) = x.split_at_mut(n);
        self.experts.predict(border, self.stretch, inputs);
        let node = self.node & 15;
        let pairs = self.buckets.iter().zip(&self.states);
        for ((bucket, cells), pair) in pairs.zip(rest.as_chunks_mut::<2>().0) {
            let state = bucket[node];
            let p = cells[usize::from(state)].p12();
            // A history that saw nothing has nothing to say.
            *pair =
                if state == 0 { [0; 2] } else { [self.stretch[p & 4095], ((p as i32 - 2048) >> 1) as i16] };
        }
        if let Some(bias) = rest.get_mut(2 * self.states.len()) {
            *bias = 256;
        }
        let place = border.place as usize;
        let places = self.shape.bits() as usize;
        for (group, &context) in self.selected.iter().enumerate() {
            self.mixer.choose(group, context * places + place);
        }
        self.mixer.choose(self.selected.len(), at);
        let x = self.mixer.mix(v, place);
        let p = squash(x);
        let [a, b] = &mut self.apms;
        let a = a.refine(x, corrected[0]);
        let b = b.refine(x, corrected[1]);
        let p = (2 * p + a + b + 2) >> 2;
        self.p = if self.flip == 1 { 65_536 - p } else { p }.clamp(1, 65_535);
    }
}

/// A prediction, of the first bit of a byte or after a bit.
struct Turn<'a> {
    model: &'a mut SampleModel,
    bit: Option<u32>,
}

impl Task for Turn<'_> {
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        match self.bit {
            Some(bit) => self.model.step(v, bit),
            None => self.model.predict(v),
        }
    }
}

/// Mixes the bits of a hash.
#[inline(always)]
#[must_use]
pub fn spread(x: u32) -> u32 {
    let x = (x ^ x >> 16).wrapping_mul(0x7FEB_352D);
    let x = (x ^ x >> 15).wrapping_mul(0x846C_A68B);
    x ^ x >> 16
}

/// A hash of a few numbers.
#[inline(always)]
#[must_use]
pub fn hash(numbers: &[u32]) -> u32 {
    numbers.iter().fold(0x9E37_79B9, |h, &n| (h ^ n).wrapping_mul(0x2C1B_3C6D).rotate_left(13))
}
