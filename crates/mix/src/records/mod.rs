//! Records of bytes in two dimensions: pictures of one size, tables, series of measurements.
//!
//! [`RecordModel`] predicts a value from the exact values around it in its row, in the rows above, in the channel, plane or record before,
//! from where in the record it is, and from what of the record is already there. Where [`crate::image`] takes values for numbers that are
//! a little off, this model takes them for signs that come again: it is the better one for drawings, digits and tables, and the other one
//! for photographs.
//!
//! A value that very many have (the ground of a drawing) is coded apart, by one decision before its bits, so that such data takes a third
//! of the time. Everything is integer arithmetic.
//!
//! ```
//! use minlen_core::Env;
//! use minlen_mix::records::{Layout, RecordModel};
//! // 50 records of 8 by 8 values: a square at one of four places.
//! let value = |i: u32| if (i / 64 % 4..i / 64 % 4 + 4).contains(&(i % 8)) { 200u8 } else { 0 };
//! let data: Vec<u8> = (0..3200).map(value).collect();
//! let layout = Layout { width: 8, rows: 8, ..Layout::default() }.seen_in(&data);
//! let (mut bits, mut back) = (Vec::new(), Vec::new());
//! RecordModel::new(layout, 1, data.len())?.encode(&data, &Env::default(), &mut bits)?;
//! assert!(bits.len() < 100, "{} bytes", bits.len());
//! RecordModel::new(layout, 1, data.len())?.decode(&bits, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod contexts;
mod layout;
mod predicted;
mod slots;
mod view;

pub use layout::Layout;

use contexts::{CORRECTIONS, COUNTS, Coarse, Contexts, SELECTORS};
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::{Decoder, Encoder};
use minlen_entropy::mixing::simd::{self, Task, Vector};
use minlen_entropy::mixing::{Apm, TwoLayerMixer, squash};
use minlen_nn::causal::Causal;
use predicted::{Predicted, SAID, STEPS, TRUSTED};
use slots::{DECISIONS, INPUTS, Slots};
use std::sync::Arc;
use view::View;

/// Values between two looks at whether to go on.
const STEP: usize = 1 << 14;

/// Number of the strongest model.
pub const DEEPEST: u8 = COUNTS.len() as u8 - 1;

/// What is known of the bits of a value: nothing (whether it is the common one is to come), or those behind a leading one.
const NODES: usize = 257;

/// The learning rate of the mixer, which starts high and sinks, with 16 bits more.
const RATES: [i32; 2] = [96 << 16, 6 << 16];

/// Predicts records of bytes.
#[derive(Debug)]
pub struct RecordModel {
    layout: Layout,
    depth: usize,
    view: View,
    coarse: Coarse,
    contexts: Contexts,
    slots: Slots,
    mixer: TwoLayerMixer,
    corrections: [Apm<u32>; CORRECTIONS.len()],
    /// Sets of weights for what is known of the bits.
    part: usize,
    rate: i32,
    p: u32,
    predictor: Option<Predicted>,
}

/// Where decisions go to, or come from.
trait Bits {
    /// Codes a decision of which a one has probability `p` of 65536. Whoever decodes is not told the bit, but tells it.
    fn code(&mut self, bit: u32, p: u32) -> u32;
}

impl Bits for Encoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p: u32) -> u32 {
        self.encode(bit, p);
        bit
    }
}

impl Bits for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, _: u32, p: u32) -> u32 {
        self.decode(p)
    }
}

impl RecordModel {
    /// A model for `len` values. `depth` 0 has 8 contexts, 1 has 16, 2 has 30, 3 has 46.
    ///
    /// # Errors
    /// Usage if the layout is not sane; limit if there is no memory.
    pub fn new(layout: Layout, depth: u8, len: usize) -> Result<Self> {
        if !layout.is_sane() {
            return Err(Error::usage("no records have this layout"));
        }
        let depth = usize::from(depth.min(DEEPEST));
        let inputs = INPUTS * COUNTS[depth] + 1;
        let sets: Vec<usize> = SELECTORS.iter().map(|n| n * DECISIONS).chain([NODES * PARTS]).collect();
        Ok(Self {
            layout,
            depth,
            view: View::new(layout),
            coarse: Coarse::new(&layout),
            contexts: Contexts::new(depth),
            slots: Slots::new(COUNTS[depth], len)?,
            mixer: TwoLayerMixer::new(inputs, &sets, NODES, (30_000 / inputs) as i16),
            corrections: CORRECTIONS.map(|n| Apm::new(n * NODES)),
            part: 0,
            rate: RATES[0],
            p: 32_768,
            predictor: None,
        })
    }

    /// The same with a trained predictor.
    ///
    /// # Errors
    /// Usage if it is for records that lie otherwise.
    pub fn with_predictor(mut self, causal: Arc<Causal>) -> Result<Self> {
        let Layout { width, channels, rows, common, .. } = self.layout;
        let geometry = causal.geometry();
        let same = (width, channels, rows, common)
            == (geometry.width, geometry.channels, geometry.rows, geometry.ground);
        if !same || self.layout.planes != 1 {
            return Err(Error::usage("a predictor of other records"));
        }
        let contexts = COUNTS[self.depth];
        let inputs = INPUTS * contexts + 1 + SAID;
        let sets: Vec<usize> =
            SELECTORS.iter().map(|n| n * DECISIONS).chain([NODES * PARTS, STEPS * DECISIONS]).collect();
        self.mixer = TwoLayerMixer::new(inputs, &sets, NODES, (20_000 / inputs) as i16);
        self.mixer.set_weights(INPUTS * contexts + 1, TRUSTED);
        self.predictor = Some(Predicted::new(causal));
        Ok(self)
    }

    /// About how many bytes a model takes.
    #[must_use]
    pub fn memory(layout: &Layout, depth: u8, len: usize) -> u64 {
        let contexts = COUNTS[usize::from(depth.min(DEEPEST))];
        let sets = SELECTORS.iter().sum::<usize>() * DECISIONS + NODES * PARTS;
        let weights = sets * 2 * (INPUTS * contexts + 33);
        let corrections = CORRECTIONS.iter().sum::<usize>() * NODES * 33 * 4;
        Slots::memory(contexts, len) + (weights + corrections + layout.kept() + (1 << 20)) as u64
    }

    /// About how many bytes more a model takes with a predictor.
    pub const PREDICTOR_MEMORY: u64 = 8 << 20;

    /// Appends the coded bits of `data`.
    ///
    /// # Errors
    /// Cancelled.
    pub fn encode(&mut self, data: &[u8], env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let mut coder = Encoder::append_to(std::mem::take(out));
        for piece in data.chunks(STEP) {
            self.run(&mut coder, piece.iter().copied(), |_| {});
            env.work(piece.len() as u64)?;
        }
        *out = coder.finish();
        Ok(())
    }

    /// Appends `len` values from `bits`.
    ///
    /// # Errors
    /// Truncated or corrupt for bits that are fewer or more; cancelled.
    pub fn decode(&mut self, bits: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let mut coder = Decoder::new(bits);
        let mut left = len;
        while left > 0 {
            let step = left.min(STEP);
            self.run(&mut coder, std::iter::repeat_n(0, step), |value| out.push(value));
            if coder.overrun() {
                return Err(Error::truncated("records: the payload ends too early"));
            }
            left -= step;
            env.work(step as u64)?;
        }
        if bits.len() > coder.consumed() {
            return Err(Error::corrupt("records: bytes behind the end"));
        }
        Ok(())
    }

    fn run(&mut self, bits: &mut impl Bits, values: impl Iterator<Item = u8>, done: impl FnMut(u8)) {
        simd::with(self.mixer.isa(), Run { model: self, bits, values, done });
    }

    /// Codes a value, and takes it in.
    #[inline(always)]
    fn value<V: Vector>(&mut self, v: V, bits: &mut impl Bits, value: u8) -> u8 {
        let flip = self.layout.flip();
        self.rate += (RATES[1] - self.rate) >> 13;
        self.mixer.set_rates(self.rate >> 16, 3);
        self.contexts.look(&self.view, &self.layout, self.coarse, self.depth);
        self.part = self.view.channel.max(self.view.plane).min(PARTS as u32 - 1) as usize;
        if let Some(predictor) = &mut self.predictor {
            predictor.look();
        }
        let common = self.layout.common;
        let value = match common {
            Some(common) if !self.is_other(v, bits, value != common) => common ^ flip,
            _ => self.bits_of(v, bits, value ^ flip),
        };
        self.view.push(value);
        if let Some(predictor) = &mut self.predictor {
            predictor.push(value);
        }
        value ^ flip
    }

    /// The first decision: whether the value is not the common one.
    #[inline(always)]
    fn is_other<V: Vector>(&mut self, v: V, bits: &mut impl Bits, other: bool) -> bool {
        self.slots.find_first(&self.contexts.hashes);
        self.decide(v, bits, 0, 0, u32::from(other)) == 1
    }

    #[inline(always)]
    fn bits_of<V: Vector>(&mut self, v: V, bits: &mut impl Bits, value: u8) -> u8 {
        let mut node = 1;
        for half in 0..2 {
            self.slots.find_bucket(&self.contexts.hashes, node as u32);
            let mut within = 1;
            for bit in 0..4 {
                self.slots.go(within);
                let decision = 1 + half * 4 + bit;
                let wanted = u32::from(value) >> (8 - decision) & 1;
                let bit = self.decide(v, bits, decision, node, wanted) as usize;
                (node, within) = (node << 1 | bit, within << 1 | bit);
            }
        }
        node as u8
    }

    #[inline(always)]
    fn decide<V: Vector>(
        &mut self,
        v: V,
        bits: &mut impl Bits,
        decision: usize,
        node: usize,
        wanted: u32,
    ) -> u32 {
        let inputs = self.mixer.inputs_mut();
        self.slots.predict(decision, inputs);
        if let Some(bias) = inputs.get_mut(INPUTS * self.contexts.hashes.len()) {
            *bias = 256;
        }
        if let Some(predictor) = &mut self.predictor {
            predictor.ask(node);
            if let Some(said) =
                inputs.get_mut(INPUTS * COUNTS[self.depth] + 1..).and_then(|x| x.first_chunk_mut())
            {
                *said = predictor.inputs();
            }
            self.mixer.choose(SELECTORS.len() + 1, predictor.step() * DECISIONS + decision);
        }
        for (group, context) in self.contexts.selected.iter().enumerate() {
            self.mixer.choose(group, context * DECISIONS + decision);
        }
        self.mixer.choose(SELECTORS.len(), self.part * NODES + node);
        let x = self.mixer.mix(v, node);
        let mut sum = 2 * squash(x);
        for (map, context) in self.corrections.iter_mut().zip(self.contexts.corrected) {
            sum += map.refine(x, context * NODES + node);
        }
        let mut count = 2 + CORRECTIONS.len() as u32;
        if let Some(predictor) = &mut self.predictor {
            sum += predictor.refine(x);
            count += predicted::VOICES;
        }
        self.p = ((sum + count / 2) / count).clamp(1, 65_535);
        let bit = bits.code(wanted, self.p);
        self.slots.update(decision, bit);
        self.mixer.update(v, bit);
        self.corrections.iter_mut().for_each(|map| map.update(bit, 6));
        if let Some(predictor) = &mut self.predictor {
            predictor.update(bit);
        }
        bit
    }
}

/// Channels or planes that have weights of their own.
const PARTS: usize = 4;

/// Values, to be coded.
struct Run<'a, B, I, F> {
    model: &'a mut RecordModel,
    bits: &'a mut B,
    values: I,
    done: F,
}

impl<B: Bits, I: Iterator<Item = u8>, F: FnMut(u8)> Task for Run<'_, B, I, F> {
    type Out = ();

    #[inline(always)]
    fn run<V: Vector>(mut self, v: V) {
        for value in self.values {
            (self.done)(self.model.value(v, self.bits, value));
        }
    }
}
