//! The autoencoder of pictures as it is trained.
//!
//! Three convolutions at stride 2 lead from the picture to latents, two more to the few numbers that say how those are distributed (the hyperprior of
//! Ballé, Minnen, Singh, Hwang and Johnston, *Variational image compression with a scale hyperprior*, 2018; means as in Minnen, Ballé and Toderici, *Joint
//! autoregressive and hierarchical priors*, 2018). Rounding is noise meanwhile. Each record draws how coarse the steps are; how dear errors are
//! goes with the square of that, so that one network serves all rates.

use minlen_image::vae::{CHANNELS, HYPER, LATENTS, STEP_MAX, STEP_MIN, WIDTHS};
use minlen_learn::layers::Convolution;
use minlen_learn::{Bins, Conv, Init, Parameters, Random, Records, Tape, Var};

/// Bits for a unit of squared error at a step of 1; a unit is 64 of 256 levels.
const PRICE: f32 = 150.0;

/// The layers over their parameters.
pub struct Network {
    /// From pictures to latents, and back.
    pub(super) down: Vec<Convolution>,
    /// See `down`.
    pub(super) up: Vec<Convolution>,
    /// From latents to what says how they are distributed, and back.
    pub(super) hyper_down: Vec<Convolution>,
    /// See `hyper_down`.
    pub(super) hyper_up: Vec<Convolution>,
    /// How those numbers are distributed.
    prior: Convolution,
}

impl Network {
    /// A network with new parameters.
    pub fn new(params: &mut Parameters, random: &mut Random) -> Self {
        let half = || Conv::square(4).stride(2).padding(1);
        let sizes = [CHANNELS, WIDTHS[0], WIDTHS[1], LATENTS];
        let pairs = || sizes.windows(2).enumerate();
        let down = pairs()
            .map(|(i, pair)| {
                let init = if i < 2 { Init::He } else { Init::Glorot };
                Convolution::new(params, &format!("down{i}"), (pair[0], pair[1]), half(), init, random)
            })
            .collect();
        let up = pairs()
            .rev()
            .map(|(i, pair)| {
                let init = if i > 0 { Init::He } else { Init::Glorot };
                Convolution::transposed(params, &format!("up{i}"), (pair[1], pair[0]), half(), init, random)
            })
            .collect();
        let wide = WIDTHS[1];
        let hyper_down = vec![
            Convolution::new(params, "hyper_down0", (LATENTS, wide), half(), Init::He, random),
            Convolution::new(params, "hyper_down1", (wide, HYPER), half(), Init::Glorot, random),
        ];
        let hyper_up = vec![
            Convolution::transposed(params, "hyper_up0", (HYPER, wide), half(), Init::He, random),
            Convolution::transposed(params, "hyper_up1", (wide, 2 * LATENTS), half(), Init::Glorot, random),
        ];
        let prior = Convolution::new(params, "prior", (1, 3 * HYPER), Conv::square(1), Init::Zero, random);
        Self { down, up, hyper_down, hyper_up, prior }
    }

    fn through(tape: &mut Tape<'_>, layers: &[Convolution], mut x: Var) -> Var {
        for (i, layer) in layers.iter().enumerate() {
            if i > 0 {
                x = tape.silu(x);
            }
            x = layer.apply(tape, x);
        }
        x
    }

    /// Latents before rounding.
    pub fn analyse(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        Self::through(tape, &self.down, x)
    }

    /// What says how latents are distributed, before rounding.
    pub fn analyse_hyper(&self, tape: &mut Tape<'_>, y: Var) -> Var {
        Self::through(tape, &self.hyper_down, y)
    }

    /// Means and logarithms of scales of latents, one after the other.
    pub fn distribution(&self, tape: &mut Tape<'_>, z: Var) -> Var {
        Self::through(tape, &self.hyper_up, z)
    }

    /// The picture of latents.
    pub fn synthesise(&self, tape: &mut Tape<'_>, y: Var) -> Var {
        let y = tape.silu(y);
        Self::through(tape, &self.up, y)
    }

    /// A tensor with one value for each record.
    fn each(tape: &mut Tape<'_>, like: Var, values: &[f32]) -> Var {
        let shape = tape.shape(like);
        let count = shape.len() / values.len().max(1);
        tape.input_with(shape, |out| {
            out.chunks_exact_mut(count).zip(values).for_each(|(place, &value)| place.fill(value));
        })
    }

    /// The loss over records: at a step that each draws, or at the one given.
    pub fn loss(&self, tape: &mut Tape<'_>, data: &Records, records: &[u32], step: Option<f32>) -> Var {
        let steps: Vec<f32> = records
            .iter()
            .map(|&record| {
                let mut random = tape.random(77, record);
                step.unwrap_or_else(|| STEP_MIN * (STEP_MAX / STEP_MIN).powf(random.unit()))
            })
            .collect();
        let x = data.input(tape, records);
        let y = self.analyse(tape, x);
        let z = self.analyse_hyper(tape, y);
        let z = tape.quantize(z);
        let [n, height, width] = [0, 1, 2].map(|i| tape.shape(z).sizes()[i]);
        let nothing = tape.input_with([n, height, width, 1], |out| out.fill(0.0));
        let mixture = self.prior.apply(tape, nothing);
        let hyper_bits = tape.logistic_bits(z, mixture, 1, Bins::WHOLE);
        let hyper_bits = tape.sum_records(hyper_bits);

        let found = self.distribution(tape, z);
        let means = tape.slice(found, 3, 0, LATENTS);
        let scales = tape.slice(found, 3, LATENTS, LATENTS);
        let step = Self::each(tape, y, &steps);
        let inverse: Vec<f32> = steps.iter().map(|step| 1.0 / step).collect();
        let inverse = Self::each(tape, y, &inverse);
        let logs: Vec<f32> = steps.iter().map(|step| -step.ln()).collect();
        let logs = Self::each(tape, y, &logs);
        // Steps are counted from the mean.
        let off = tape.sub(y, means);
        let off = tape.mul(off, inverse);
        let q = tape.quantize(off);
        let zero = tape.input_with(tape.shape(q), |out| out.fill(0.0));
        let scales = tape.add(scales, logs);
        let mixture = tape.concat(&[zero, zero, scales], 3);
        let bits = tape.logistic_bits(q, mixture, 1, Bins::WHOLE);
        let bits = tape.sum_records(bits);
        let bits = tape.add(bits, hyper_bits);
        let near = tape.mul(q, step);
        let near = tape.add(near, means);
        let back = self.synthesise(tape, near);
        let off = tape.sub(back, x);
        let squares = tape.square(off);
        let squares = tape.sum_records(squares);
        tape.note("bits", bits);
        tape.note("squares", squares);
        tape.note("hyper", hyper_bits);
        // Over the root of the price, so that no price drowns the others.
        let root: Vec<f32> = steps.iter().map(|step| PRICE.sqrt() / step).collect();
        let dear = tape.input([records.len()], &root);
        let cheap: Vec<f32> = root.iter().map(|root| 1.0 / root).collect();
        let cheap = tape.input([records.len()], &cheap);
        let priced = tape.mul(squares, dear);
        let bits = tape.mul(bits, cheap);
        tape.add(bits, priced)
    }
}
