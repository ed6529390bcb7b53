//! The byte predictor.

use minlen_core::Result;

use crate::config::Config;
use crate::hint::Hint;
use crate::layer::Layer;
use crate::output::Output;
use crate::random::Random;
use crate::simd::{Isa, Rms};

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
    /// One-hot inputs of each step: the last byte, the one before, a guess of the next, the trust in it.
    inputs: [Vec<u16>; 4],
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
        let mut net = Self {
            config,
            isa,
            layers: (0..config.layers).map(|i| Layer::new(&config, i, &mut random)).collect(),
            output: Output::new(&config),
            seen: 0,
            decay: [1.0; 2],
            t: 0,
            inputs: std::array::from_fn(|_| vec![0; config.horizon]),
        };
        net.forward(0, None);
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
        self.update_with(byte, None);
    }

    /// As [`ByteLstm::update`], with a guess of the byte after: an input of
    /// networks with [`Config::hints`], ignored by others.
    pub fn update_with(&mut self, byte: u8, hint: Option<Hint>) {
        let rate = self.rate();
        self.output.note(self.t, byte);
        self.seen = self.seen.saturating_add(1);
        self.t += 1;
        if self.t.is_multiple_of(self.config.out_every) || self.t == self.config.horizon {
            let from = (self.t - 1) / self.config.out_every * self.config.out_every;
            let rule = self.rule(1, rate * self.config.out_scale);
            self.output.learn(self.isa, from, self.t, &mut self.layers, rule);
        }
        if self.t == self.config.horizon {
            self.back_through_time(rate);
            self.t = 0;
        }
        self.forward(byte, hint);
    }

    /// Forgets what was read last, not what was learned: predicts as before a first byte.
    ///
    /// ```
    /// use minlen_nn::{ByteLstm, Config};
    /// let config = Config { layers: 1, cells: 16, horizon: 4, out_every: 4, ..Config::default() };
    /// let mut net = ByteLstm::new(config)?;
    /// let first = *net.probs();
    /// b"abcd".iter().for_each(|&byte| net.update(byte));
    /// net.restart();
    /// // It is at a beginning again, and has learned meanwhile.
    /// assert!(net.seen() == 4 && *net.probs() != first);
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    pub fn restart(&mut self) {
        self.layers.iter_mut().for_each(Layer::restart);
        self.inputs.iter_mut().for_each(|list| list.fill(0));
        self.t = 0;
        self.forward(0, None);
    }

    /// Changes the learning schedule from here on: the clock reads `seen` bytes, and the step size falls from
    /// `rate` to `rate_end` by `half_life` (see [`Config`]).
    ///
    /// ```
    /// use minlen_nn::{ByteLstm, Config};
    /// let config = Config { layers: 1, cells: 16, horizon: 4, out_every: 4, ..Config::default() };
    /// let mut net = ByteLstm::new(config)?;
    /// net.reschedule(1000, 0.002, 0.001, 1e6)?;
    /// assert_eq!((net.seen(), net.config().rate), (1000, 0.002));
    /// assert!(net.reschedule(0, 1.0, 0.001, 1e6).is_err());
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
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

    pub(crate) fn forward(&mut self, byte: u8, hint: Option<Hint>) {
        let t = self.t;
        let before = self.inputs[0][(t + self.config.horizon - 1) % self.config.horizon];
        let guess = hint.map_or(256, |h| u16::from(h.byte));
        let trust = hint.map_or(0, |h| 1 + u16::from(h.trust).min(Hint::TRUST as u16 - 1));
        let values = [u16::from(byte), before, guess, trust];
        for (list, value) in self.inputs.iter_mut().zip(values) {
            list[t] = value;
        }
        for i in 0..self.layers.len() {
            let (below, rest) = self.layers.split_at_mut(i);
            if let Some(layer) = rest.first_mut() {
                layer.forward(self.isa, t, &values, below.last());
            }
        }
        self.output.forward(self.isa, t, &self.layers);
    }

    fn back_through_time(&mut self, rate: f32) {
        for i in (0..self.layers.len()).rev() {
            let (below, rest) = self.layers.split_at_mut(i);
            if let Some(layer) = rest.first_mut() {
                layer.backward(self.isa, self.config.clip, below.last_mut().map(|l| &mut l.dhs[..]));
            }
        }
        let rule = self.rule(0, rate);
        for layer in &mut self.layers {
            layer.learn(self.isa, &self.inputs, rule);
        }
    }
}
