//! The byte predictor.

use minlen_core::Result;

use crate::config::Config;
use crate::layer::Layer;
use crate::output::Output;
use crate::random::Random;
use crate::simd::{Buffer, Isa, Rms};

/// An LSTM over bytes that learns from every byte it is shown.
///
/// Two networks of the same [`Config`] that were shown the same bytes hold the same bits, on every machine.
#[derive(Clone, Debug)]
pub struct ByteLstm {
    pub(crate) config: Config,
    pub(crate) isa: Isa,
    pub(crate) layers: Vec<Layer>,
    pub(crate) output: Output,
    /// Bytes shown so far, those of earlier training included: the clock of the step size.
    pub(crate) seen: u64,
    /// β2^(changes) of the recurrent and the output weights.
    pub(crate) decay: [f32; 2],
    /// The step that the present prediction belongs to, below the horizon.
    t: usize,
    /// Input byte of each step.
    inputs: Vec<u8>,
    /// Hidden states of each step, all layers in a row, and the gradients of the losses.
    hs: Buffer,
    dhs: Buffer,
}

/// Added under the root of the mean square.
const EPSILON: f32 = 1e-9;

impl ByteLstm {
    /// A network with start weights, about to predict the first byte.
    ///
    /// # Errors
    /// A field of `config` that is out of range.
    pub fn new(config: Config) -> Result<Self> {
        Self::with_isa(config, Isa::detect())
    }

    /// As [`ByteLstm::new`] on a chosen instruction set: the results are the same.
    ///
    /// # Errors
    /// A field of `config` that is out of range.
    pub fn with_isa(config: Config, isa: Isa) -> Result<Self> {
        config.check()?;
        let mut random = Random::new(config.seed);
        let hidden = config.layers * config.cells * config.horizon;
        let mut net = Self {
            config,
            isa,
            layers: (0..config.layers).map(|i| Layer::new(&config, i, &mut random)).collect(),
            output: Output::new(&config),
            seen: 0,
            decay: [1.0; 2],
            t: 0,
            inputs: vec![0; config.horizon],
            hs: Buffer::zeros(hidden),
            dhs: Buffer::zeros(hidden),
        };
        net.forward(0);
        Ok(net)
    }

    /// The distribution of the next byte: 256 numbers in (0, 1] that add up to about 1.
    ///
    /// Each is at least 4e-10: the floor e^-16 before the sum, over a sum of at most 256.
    #[must_use]
    pub fn probs(&self) -> &[f32; 256] {
        &self.output.probs
    }

    /// The likeliest next byte (the smallest of equals): a context for a mixer's weight sets.
    #[must_use]
    pub fn expected(&self) -> u8 {
        let better = |best: usize, i: usize| if self.probs()[i] > self.probs()[best] { i } else { best };
        (1..256).fold(0, better) as u8
    }

    /// Shows the next byte: learns from it and predicts the one after.
    pub fn update(&mut self, byte: u8) {
        let rate = self.rate();
        self.output.note(self.t, byte);
        self.seen = self.seen.saturating_add(1);
        self.t += 1;
        if self.t.is_multiple_of(self.config.out_every) || self.t == self.config.horizon {
            let from = (self.t - 1) / self.config.out_every * self.config.out_every;
            let rule = self.rule(1, rate * self.config.out_scale);
            self.output.backward(self.isa, from, self.t, &mut self.dhs);
            self.output.learn(self.isa, from, self.t, &self.hs, rule);
        }
        if self.t == self.config.horizon {
            self.back_through_time(rate);
            self.t = 0;
        }
        self.forward(byte);
    }

    /// Forgets what was read last, not what was learned: predicts as before a first byte.
    pub fn restart(&mut self) {
        self.layers.iter_mut().for_each(Layer::restart);
        self.t = 0;
        self.forward(0);
    }

    /// Changes the learning schedule from here on: the clock reads `seen` bytes, and the step size falls from
    /// `rate` to `rate_end` by `half_life` (see [`Config`]).
    ///
    /// # Errors
    /// A number that is out of range.
    pub fn reschedule(&mut self, seen: u64, rate: f32, rate_end: f32, half_life: f32) -> Result<()> {
        let config = Config { rate, rate_end, half_life, ..self.config };
        config.check()?;
        (self.config, self.seen) = (config, seen);
        Ok(())
    }

    /// Bytes shown so far, by the clock of the step size.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Shape and schedule.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Step size at this moment.
    fn rate(&self) -> f32 {
        let c = &self.config;
        c.rate_end + (c.rate - c.rate_end) / (1.0 + self.seen as f32 / c.half_life)
    }

    /// The rule for the next change of the recurrent (0) or the output (1) weights.
    fn rule(&mut self, which: usize, rate: f32) -> Rms {
        self.decay[which] *= self.config.keep;
        let correction = 1.0 / (1.0 - self.decay[which]);
        Rms { rate, keep: self.config.keep, correction, epsilon: EPSILON }
    }

    pub(crate) fn forward(&mut self, byte: u8) {
        let (cells, t) = (self.config.cells, self.t);
        self.inputs[t] = byte;
        let hidden = self.config.layers * cells;
        let hs = &mut self.hs[t * hidden..(t + 1) * hidden];
        for i in 0..self.layers.len() {
            let (done, rest) = hs.split_at_mut(i * cells);
            let below = (i > 0).then(|| &done[(i - 1) * cells..]);
            self.layers[i].forward(self.isa, t, byte, below);
            rest[..cells].copy_from_slice(&self.layers[i].h);
        }
        self.output.forward(self.isa, hs);
    }

    fn back_through_time(&mut self, rate: f32) {
        let (cells, clip) = (self.config.cells, self.config.clip);
        let hidden = self.config.layers * cells;
        self.layers.iter_mut().for_each(Layer::backward_begin);
        for t in (0..self.config.horizon).rev() {
            let dh = &mut self.dhs[t * hidden..(t + 1) * hidden];
            for i in (0..self.layers.len()).rev() {
                let (below, own) = dh.split_at_mut(i * cells);
                self.layers[i].backward(self.isa, t, &mut own[..cells], clip);
                if i > 0 {
                    let down = self.layers[i].dx[..cells].iter();
                    below[(i - 1) * cells..].iter_mut().zip(down).for_each(|(a, b)| *a += b);
                }
            }
        }
        let rule = self.rule(0, rate);
        for layer in &mut self.layers {
            layer.learn(self.isa, &self.inputs, rule);
        }
    }
}
