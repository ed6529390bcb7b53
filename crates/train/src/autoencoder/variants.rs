//! Other ways to train the same network: what is exported, and how it is measured, stays what it was.

use super::network::{Network, Variant};
use minlen_learn::{Records, Tape, Var};

/// Deviation of the noise on inputs, where pictures go from 0 to 1, and the share of numbers that are set to 0 (Vincent et al. 2008).
const NOISE: f32 = 0.1;
const MASKED: f32 = 0.1;
/// The deviation of what is uniform in -1/2..1/2.
const UNIFORM: f32 = 0.288_675_13;
/// Numbers of streams of random numbers: those of prices, and of masks.
const PRICES: u64 = 77;
const MASKS: u64 = 78;

impl Network {
    /// The loss over records by this way of training. Without training it is that of [`Network::loss`] for all of them, so that they can be
    /// compared.
    pub fn loss_as(&self, variant: Variant, tape: &mut Tape<'_>, data: &Records, records: &[u32]) -> Var {
        if variant == Variant::Plain || !tape.is_training() {
            return self.loss(tape, data, records, None);
        }
        let (least, most) = self.design.prices;
        let x = data.input(tape, records);
        let draw = |&record: &u32| least * (most / least).powf(tape.random(PRICES, record).unit());
        let prices: Vec<f32> = records.iter().map(draw).collect();
        let inputs: Vec<f32> = prices.iter().flat_map(|&price| self.price_inputs(price)).collect();
        let given = tape.input([records.len(), 2], &inputs);
        let seen = if variant == Variant::Denoising { Self::spoilt(tape, x, records) } else { x };
        let shape: Vec<usize> = std::iter::once(records.len()).chain(self.design.shape).collect();
        let picture = if self.down.is_empty() { seen } else { tape.reshape(seen, &shape[..]) };
        let z = self.encode(tape, picture, given);
        let (z, bits) = match variant {
            Variant::Beta(beta) => self.divergence(tape, z, given, beta),
            _ => {
                let z = tape.quantize(z);
                let bits = self.bits(tape, z, given);
                (z, bits)
            }
        };
        let y = self.decode(tape, z, given);
        let (y, x) = (tape.flatten(y), tape.flatten(x));
        let squares = tape.sse(y, x);
        tape.note("bits", bits);
        tape.note("squares", squares);
        let roots: Vec<f32> = prices.iter().map(|price| price.sqrt()).collect();
        let factor = tape.input([records.len()], &roots);
        let share = tape.input([records.len()], &roots.iter().map(|root| 1.0 / root).collect::<Vec<_>>());
        let (priced, bits) = (tape.mul(squares, factor), tape.mul(bits, share));
        tape.add(bits, priced)
    }

    /// Records with noise, and with some numbers missing.
    fn spoilt(tape: &mut Tape<'_>, x: Var, records: &[u32]) -> Var {
        let shape = tape.shape(x);
        let width = shape.len() / records.len().max(1);
        let mut kept = Vec::with_capacity(shape.len());
        for &record in records {
            let mut random = tape.random(MASKS, record);
            kept.extend((0..width).map(|_| if random.unit() < MASKED { 0.0 } else { 1.0 }));
        }
        let mask = tape.input(shape, &kept);
        let noisy = tape.jitter(x, NOISE);
        tape.mul(noisy, mask)
    }

    /// Latents with normal noise as wide as rounding makes errors, and what they cost: `beta` times the divergence from a normal distribution
    /// (Higgins et al. 2017). The prior that codes them learns beside, and does not reach back to them.
    fn divergence(&self, tape: &mut Tape<'_>, z: Var, given: Var, beta: f32) -> (Var, Var) {
        // z is y times the gain, and noise of this deviation on z one of sigma = deviation / gain on y.
        let log_gain = self.gain.apply(tape, given);
        let gain = tape.exp(log_gain);
        let y = tape.div(z, gain);
        let mean = tape.square(y);
        let log_sigma = tape.affine(log_gain, -1.0, UNIFORM.ln());
        let twice = tape.scale(log_sigma, 2.0);
        let variance = tape.exp(twice);
        // (y^2 + sigma^2 - 1 - ln sigma^2) / 2, in bits.
        let sum = tape.add(mean, variance);
        let sum = tape.sub(sum, twice);
        let bits =
            tape.affine(sum, 0.5 * beta / std::f32::consts::LN_2, -0.5 * beta / std::f32::consts::LN_2);
        let divergence = tape.sum_records(bits);
        let noisy = tape.jitter(z, UNIFORM);
        let (shape, values) = (tape.shape(noisy), tape.value(noisy).to_vec());
        let apart = tape.input(shape, &values);
        let coded = self.bits(tape, apart, given);
        (noisy, tape.add(divergence, coded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoencoder::network::{Body, Design};
    use minlen_learn::{Length, Parameters, Plan, Random, Settings, Split, Trainer};

    #[test]
    fn other_ways_of_training_learn_too_and_are_measured_alike() {
        let wave = |i: u32| 0.5 + 0.4 * ((i / 16) as f32 * 0.37 + (i % 16) as f32 * 0.4).sin();
        let data = Records::floats([1, 16, 1], (0..400 * 16).map(wave).collect()).unwrap();
        let design = Design {
            shape: [1, 16, 1],
            latents: 4,
            body: Body::Dense(vec![32]),
            prior: 16,
            prices: (10.0, 100.0),
        };
        let mut before = Vec::new();
        for variant in [Variant::Plain, Variant::Denoising, Variant::Beta(1.0), Variant::Beta(20.0)] {
            let (mut params, mut random) = (Parameters::default(), Random::new(1));
            let network = Network::new(&design, &mut params, &mut random);
            let settings = Settings { rate: 3e-3, clip: 2.0, ..Settings::default() };
            let mut trainer = Trainer::new(params, settings);
            let split = Split::by_share(data.len(), 0.1, 1);
            let loss = |tape: &mut Tape<'_>, records: &[u32]| network.loss_as(variant, tape, &data, records);
            before.push(trainer.evaluate(&split.held_out, loss).loss);
            let (length, stop) = (Length::Epochs(30), minlen_core::Cancel::default());
            let plan = Plan { split: &split, batch: 32, length, patience: None, stop };
            trainer.fit(&plan, loss, |_, _| {}).unwrap();
            let means = trainer.evaluate(&split.held_out, loss);
            assert!(means.loss < 0.7 * before[0], "{variant:?}: {} of {}", means.loss, before[0]);
            if variant == Variant::Beta(20.0) {
                // Dearer latents say less.
                assert!(means.note("bits").unwrap() < 10.0, "{means:?}");
            }
        }
        assert!(before.iter().all(|loss| *loss == before[0]));
    }
}
