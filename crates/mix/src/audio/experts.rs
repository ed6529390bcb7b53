//! The experts on a sample of sound.

use super::Format;
use super::match_model::SampleMatchModel;
use super::nlms::{NlmsFilter, Past};
use crate::sample::FRACTION;
use crate::sample::experts::{Experts, size};
use crate::sample::ols::SeriesOls;

const ONE: f64 = (1 << FRACTION) as f64;

/// Inputs of the least squares: own past, past of the other channel; memory; samples between solutions.
struct OlsSpec {
    own: usize,
    other: usize,
    keep: f64,
    every: u32,
}

const OLS: [&[OlsSpec]; 3] = [
    &[OlsSpec { own: 12, other: 6, keep: 0.998, every: 8 }],
    &[
        OlsSpec { own: 24, other: 12, keep: 0.998, every: 4 },
        OlsSpec { own: 8, other: 4, keep: 0.99, every: 2 },
    ],
    &[
        OlsSpec { own: 32, other: 16, keep: 0.998, every: 1 },
        OlsSpec { own: 12, other: 8, keep: 0.987, every: 1 },
        OlsSpec { own: 16, other: 8, keep: 0.9997, every: 2 },
    ],
];

/// Orders and rates of the filters behind the first least squares.
const FILTERS: [&[(usize, f32)]; 3] = [
    &[(32, 0.1), (16, 0.2)],
    &[(256, 0.05), (32, 0.1), (16, 0.2)],
    &[(1024, 0.05), (256, 0.05), (32, 0.1), (16, 0.2)],
];

/// What one channel remembers.
#[derive(Clone, Debug)]
struct Channel {
    lines: Vec<SeriesOls>,
    filters: Vec<NlmsFilter>,
    guesses: Vec<f32>,
    /// Blends all of them.
    last: SeriesOls,
    stages: Vec<f64>,
    past: Past<f64>,
    repeats: SampleMatchModel,
    /// Mean absolute errors of each stage, and of the blend, fading fast and slowly.
    errors: Vec<[u32; 3]>,
    bias: Vec<(i64, i64)>,
}

/// Everything about the next sample.
#[derive(Clone, Debug)]
pub struct SoundExperts {
    channels: Vec<Channel>,
    systems: &'static [OlsSpec],
    middle: f64,
    inputs: Vec<f64>,
    values: Vec<i32>,
    scales: Vec<u32>,
    stages: usize,
    bias_at: usize,
    /// The smallest and the largest sample so far.
    seen: (i32, i32),
}

impl std::fmt::Debug for OlsSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{}", self.own, self.other)
    }
}

const PAST: usize = 32;

/// Samples of the loop before as inputs.
const LOOPED: usize = 5;

impl SoundExperts {
    pub fn new(format: &Format, depth: usize) -> Self {
        let systems = OLS[depth];
        let stages = systems.len() + FILTERS[depth].len();
        let make = |_| Channel {
            lines: systems.iter().map(|s| line(s, usize::from(format.channels))).collect(),
            filters: FILTERS[depth].iter().map(|&(n, rate)| NlmsFilter::new(n, rate)).collect(),
            guesses: vec![0.0; FILTERS[depth].len()],
            last: blend(stages),
            stages: vec![0.0; stages + 1],
            past: Past::new(PAST),
            repeats: SampleMatchModel::new(),
            errors: vec![[1 << 10; 3]; stages + 2],
            bias: vec![(0, 0); 256],
        };
        Self {
            channels: (0..usize::from(format.channels)).map(make).collect(),
            systems,
            middle: f64::from(1u32 << (format.bits - 1)),
            inputs: Vec::new(),
            values: vec![0; stages + 6],
            scales: vec![0; stages + 6],
            stages,
            bias_at: 0,
            seen: (1 << (format.bits - 1), 1 << (format.bits - 1)),
        }
    }

    pub fn count(&self) -> usize {
        self.values.len()
    }

    pub fn best(&self) -> i32 {
        self.values[self.stages]
    }

    pub fn best_scale(&self) -> u32 {
        self.scales[self.stages]
    }

    /// Sizes of the fast and the slow idea of the error.
    pub fn spreads(&self) -> (u32, u32) {
        (size(self.scales[self.stages + 1]), size(self.scales[self.stages + 2]))
    }

    /// How far the first and the last stage are from each other.
    pub fn disagreement(&self) -> u32 {
        size(self.values[0].abs_diff(self.values[self.stages])) / 2
    }

    /// What the repeats of channel `c` know, and the sample they expect.
    pub fn repeated(&self, c: usize) -> (usize, i32) {
        let repeats = &self.channels[c].repeats;
        (repeats.level(), repeats.expected(0).0)
    }

    /// The smallest and the largest sample so far.
    pub fn seen(&self) -> (u32, u32) {
        (self.seen.0 as u32, self.seen.1 as u32)
    }

    /// Whether the best prediction is beyond the smallest and the largest sample so far, in 8 steps, 0 for inside.
    pub fn beyond(&self) -> usize {
        let (best, s) = (self.best(), self.best_scale().max(1) as i32);
        let over = |d: i32| match d {
            i32::MIN..=0 => 0,
            d if d < s / 2 => 1,
            d if d < 2 * s => 2,
            _ => 3,
        };
        let (low, high) = ((self.seen.0 << FRACTION) - best, best - (self.seen.1 << FRACTION));
        if low + s > 0 {
            1 + over(low)
        } else if high + s > 0 {
            5 + over(high)
        } else {
            0
        }
    }

    fn fixed(&self, x: f64) -> i32 {
        // Beyond the range, but not far: how far is what tells clipped samples.
        let x = (x + self.middle) * ONE;
        x.clamp(-self.middle / 4.0 * ONE, (2.25 * self.middle) * ONE) as i32
    }

    /// The past of channel `c` first, then the channel before (with what is known of this frame), or the last.
    fn gather(&mut self, c: usize, own: usize, other: usize) {
        self.inputs.clear();
        self.inputs.extend(&self.channels[c].past.values()[..own]);
        let n = self.channels.len();
        if n > 1 {
            let from = if c > 0 { c - 1 } else { 1 };
            self.inputs.extend(&self.channels[from].past.values()[..other]);
        }
        let repeats = &self.channels[c].repeats;
        let lag = repeats.lag();
        for i in 0..LOOPED {
            // What came around the sample one loop before, the two after it included.
            let back = (lag + i).saturating_sub(2);
            self.inputs.push(if lag > 8 { f64::from(repeats.back(back)) } else { 0.0 });
        }
    }

    /// All predictions of the next sample of channel `c`.
    pub fn predict(&mut self, c: usize, experts: &mut Experts) {
        for (i, system) in self.systems.iter().enumerate() {
            self.gather(c, system.own, system.other);
            let channel = &mut self.channels[c];
            channel.stages[i] = channel.lines[i].predict(&self.inputs);
        }
        let channel = &mut self.channels[c];
        let mut sum = channel.stages[0];
        for (i, (filter, guess)) in channel.filters.iter().zip(&mut channel.guesses).enumerate() {
            *guess = filter.predict();
            sum += f64::from(*guess);
            channel.stages[self.systems.len() + i] = sum;
        }
        let best = channel.last.predict(&channel.stages);
        for i in 0..self.stages {
            self.values[i] = self.fixed(self.channels[c].stages[i]);
            self.scales[i] = self.channels[c].errors[i][1] >> 6;
        }
        let best = self.fixed(best);
        let s = self.channels[c].errors[self.stages];
        self.bias_at = (size(s[0] >> 6) as usize / 2).min(15) * 16 + (best >> FRACTION) as usize % 16;
        let (sum, n) = self.channels[c].bias[self.bias_at];
        let corrected = best + (sum / (n + 16)) as i32;
        for (i, (v, s)) in [
            (best, s[1]),
            (best, s[0]),
            (best, s[2]),
            (corrected, (s[0] + s[1]) / 2),
            (self.values[self.stages - 1], s[2]),
        ]
        .into_iter()
        .enumerate()
        {
            self.values[self.stages + i] = v;
            self.scales[self.stages + i] = s >> 6;
        }
        let (value, error) = self.channels[c].repeats.expected(FRACTION);
        self.values[self.stages + 5] = self.fixed(f64::from(value));
        self.scales[self.stages + 5] = error;
        for (i, (&v, &s)) in self.values.iter().zip(&self.scales).enumerate() {
            experts.set(i, v, s);
        }
    }

    /// Learns the sample that came, with the middle of its range added.
    pub fn update(&mut self, c: usize, value: i32) {
        let truth = f64::from(value) - self.middle;
        self.seen = (self.seen.0.min(value), self.seen.1.max(value));
        for (i, system) in self.systems.iter().enumerate() {
            self.gather(c, system.own, system.other);
            self.inputs.push(truth);
            self.channels[c].lines[i].update(&self.inputs);
        }
        let channel = &mut self.channels[c];
        let mut rest = (truth - channel.stages[0]) as f32;
        for (filter, &guess) in channel.filters.iter_mut().zip(&channel.guesses) {
            filter.update(guess, rest, rest);
            rest -= guess;
        }
        let n = self.stages;
        channel.stages[n] = truth;
        channel.last.update(&channel.stages);
        channel.past.push(truth);
        channel.repeats.push(truth as i32);
        let fixed = value << FRACTION;
        for (errors, &v) in channel.errors.iter_mut().zip(&self.values) {
            let e = fixed.abs_diff(v).min(1 << 24) << 6;
            for (m, shift) in errors.iter_mut().zip([3, 5, 8]) {
                *m = (i64::from(*m) + ((i64::from(e) - i64::from(*m)) >> shift)) as u32;
            }
        }
        let (sum, count) = &mut channel.bias[self.bias_at];
        *sum += i64::from(fixed - self.values[n]);
        *count += 1;
        if *count >= 256 {
            *sum /= 2;
            *count /= 2;
        }
    }
}

fn line(s: &OlsSpec, channels: usize) -> SeriesOls {
    let n = s.own + if channels > 1 { s.other } else { 0 } + LOOPED;
    let mut line = SeriesOls::new(n, s.keep, 0.1, s.every);
    line.weights_mut()[0] = 1.0;
    line
}

fn blend(stages: usize) -> SeriesOls {
    let mut line = SeriesOls::new(stages, 0.998, 1.0, 1);
    line.weights_mut()[stages - 1] = 1.0;
    line
}
