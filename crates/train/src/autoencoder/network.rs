//! Members that are networks: an encoder, latents that are rounded, a prior that predicts one latent from those before, a decoder.
//!
//! One network serves all rates. While it learns, each record draws how dear errors are, `price` (bits for a unit of squared error),
//! from a range; the logarithm goes into the encoder, into the prior, and into a gain for each latent, which says how finely that is rounded.
//! Rounding is noise meanwhile (Ballé, Laparra and Simoncelli 2017); the loss is bits and priced errors, over the square root of the price, so
//! that no price drowns the others.

use minlen_learn::layers::{Convolution, Dense, MaskedDense, autoregressive_masks};
use minlen_learn::{Bins, Conv, Init, Parameters, Random, Records, Tape, Var};

/// What a network is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Rows, columns and channels of a record; one row for what has one dimension.
    pub shape: [usize; 3],
    /// Numbers that are kept of a record.
    pub latents: usize,
    /// The layers between records and latents.
    pub body: Body,
    /// Units of the prior.
    pub prior: usize,
    /// The least and the greatest price.
    pub prices: (f32, f32),
}

/// The layers between records and latents.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Dense layers of so many units, from the record on; the decoder has them the other way round.
    Dense(Vec<usize>),
    /// Two convolutions of stride 2 with so many channels, and blocks with skips at the lower size, of the encoder and of the decoder.
    Conv {
        /// Channels at half the size and at a quarter.
        channels: [usize; 2],
        /// Blocks with skips, of the encoder and of the decoder.
        blocks: [usize; 2],
    },
    /// The same along records of one row.
    Line {
        /// Channels at half the length and at a quarter.
        channels: [usize; 2],
        /// Blocks with skips, of the encoder and of the decoder.
        blocks: [usize; 2],
    },
}

impl Body {
    /// True for convolutions over pictures.
    pub(super) fn is_square(&self) -> bool {
        matches!(self, Self::Conv { .. })
    }
}

impl Design {
    /// Rows and columns between the convolutions.
    pub(super) fn small(&self) -> [usize; 2] {
        let [rows, columns, _] = self.shape;
        if matches!(self.body, Body::Line { .. }) { [1, columns / 4] } else { [rows / 4, columns / 4] }
    }
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Variant {
    /// With noise in place of rounding.
    #[default]
    Plain,
    /// The same from spoilt records, to be mended.
    Denoising,
    /// As a variational autoencoder, whose divergence is weighted by this.
    Beta(f32),
}

/// Logistics in a distribution.
pub(super) const PARTS: usize = minlen_latent::network::PARTS;

/// A network over its parameters.
pub struct Network {
    pub(super) design: Design,
    pub(super) encoder: Vec<Dense>,
    pub(super) decoder: Vec<Dense>,
    pub(super) down: Vec<Convolution>,
    pub(super) up: Vec<Convolution>,
    pub(super) inner: [Vec<[Convolution; 2]>; 2],
    pub(super) latents: Dense,
    pub(super) wide: Dense,
    pub(super) gain: Dense,
    pub(super) prior: [MaskedDense; 2],
    pub(super) output: Option<Dense>,
}

impl Network {
    /// A network of this design, with new parameters.
    pub fn new(design: &Design, params: &mut Parameters, random: &mut Random) -> Self {
        let [rows, columns, channels] = design.shape;
        let numbers = rows * columns * channels;
        let (mut encoder, mut decoder, mut down, mut up) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut inner = [Vec::new(), Vec::new()];
        let (last, first, output);
        match &design.body {
            Body::Dense(units) => {
                let mut sizes = vec![numbers];
                sizes.extend(units);
                for (i, pair) in sizes.windows(2).enumerate() {
                    encoder.push(Dense::new(
                        params,
                        &format!("encoder{i}"),
                        pair[0],
                        pair[1],
                        Init::He,
                        random,
                    ));
                }
                last = *sizes.last().unwrap_or(&numbers);
                for (i, pair) in units.windows(2).rev().enumerate() {
                    decoder.push(Dense::new(
                        params,
                        &format!("decoder{i}"),
                        pair[1],
                        pair[0],
                        Init::He,
                        random,
                    ));
                }
                first = last;
                output = Some(Dense::new(
                    params,
                    "output",
                    *units.first().unwrap_or(&numbers),
                    numbers,
                    Init::Glorot,
                    random,
                ));
            }
            Body::Conv { channels: [a, b], blocks } | Body::Line { channels: [a, b], blocks } => {
                let is_line = matches!(design.body, Body::Line { .. });
                let side = if is_line { Conv::line } else { Conv::square };
                let half = side(4).stride(2).padding(1);
                down.push(Convolution::new(params, "down0", (channels, *a), half, Init::He, random));
                down.push(Convolution::new(params, "down1", (*a, *b), half, Init::He, random));
                up.push(Convolution::transposed(params, "up0", (*b, *a), half, Init::He, random));
                up.push(Convolution::transposed(params, "up1", (*a, channels), half, Init::Glorot, random));
                let three = side(3).padding(1);
                for (side, (list, &count)) in inner.iter_mut().zip(blocks).enumerate() {
                    for i in 0..count {
                        let mut one = |n: usize, init| {
                            Convolution::new(
                                params,
                                &format!("inner{side}.{i}.{n}"),
                                (*b, *b),
                                three,
                                init,
                                random,
                            )
                        };
                        list.push([one(0, Init::He), one(1, Init::Zero)]);
                    }
                }
                last = design.small().iter().product::<usize>() * b;
                first = last;
                output = None;
            }
        }
        let latents = Dense::new(params, "latents", last + 2, design.latents, Init::Glorot, random);
        let wide = Dense::new(params, "wide", design.latents, first, Init::He, random);
        let gain = Dense::new(params, "gain", 2, design.latents, Init::Zero, random);
        let mut masks = autoregressive_masks(design.latents, 2, &[design.prior], 3 * PARTS).into_iter();
        let mut masked = |name: &str, sizes, init| {
            MaskedDense::new(params, name, sizes, masks.next().unwrap_or_default(), init, random)
        };
        let prior = [
            masked("prior0", (design.latents + 2, design.prior), Init::He),
            masked("prior1", (design.prior, 3 * PARTS * design.latents), Init::Glorot),
        ];
        Self { design: design.clone(), encoder, decoder, down, up, inner, latents, wide, gain, prior, output }
    }

    /// The price as the network sees it: its logarithm and the square of that, both about -1..1.
    #[must_use]
    pub fn price_inputs(&self, price: f32) -> [f32; 2] {
        let (least, most) = self.design.prices;
        let middle = (least * most).sqrt();
        let x = (price / middle).ln() / (most / middle).ln().max(1e-6);
        [x, x * x]
    }

    fn blocks(tape: &mut Tape<'_>, mut x: Var, blocks: &[[Convolution; 2]]) -> Var {
        for [first, second] in blocks {
            let h = tape.silu(x);
            let h = first.apply(tape, h);
            let h = tape.silu(h);
            let h = second.apply(tape, h);
            x = tape.add(x, h);
        }
        x
    }

    /// Latents before rounding.
    pub fn encode(&self, tape: &mut Tape<'_>, x: Var, price: Var) -> Var {
        let mut h = x;
        if self.down.is_empty() {
            h = tape.flatten(h);
            for layer in &self.encoder {
                h = layer.apply(tape, h);
                h = tape.silu(h);
            }
        } else {
            for (i, layer) in self.down.iter().enumerate() {
                if i > 0 {
                    h = tape.silu(h);
                }
                h = layer.apply(tape, h);
            }
            h = Self::blocks(tape, h, &self.inner[0]);
            h = tape.silu(h);
            h = tape.flatten(h);
        }
        let h = tape.concat(&[h, price], 1);
        let y = self.latents.apply(tape, h);
        let gain = self.gains(tape, price);
        tape.mul(y, gain)
    }

    fn gains(&self, tape: &mut Tape<'_>, price: Var) -> Var {
        let gain = self.gain.apply(tape, price);
        tape.exp(gain)
    }

    /// Bits of latents that are rounded, record by record.
    pub fn bits(&self, tape: &mut Tape<'_>, z: Var, price: Var) -> Var {
        let h = tape.concat(&[z, price], 1);
        let h = self.prior[0].apply(tape, h);
        let h = tape.silu(h);
        let mixture = self.prior[1].apply(tape, h);
        let bits = tape.logistic_bits(z, mixture, PARTS, Bins::WHOLE);
        tape.sum_records(bits)
    }

    /// The record of rounded latents.
    pub fn decode(&self, tape: &mut Tape<'_>, z: Var, price: Var) -> Var {
        let gain = self.gains(tape, price);
        let y = tape.div(z, gain);
        let mut h = self.wide.apply(tape, y);
        if let Some(output) = &self.output {
            for layer in &self.decoder {
                h = tape.silu(h);
                h = layer.apply(tape, h);
            }
            h = tape.silu(h);
            return output.apply(tape, h);
        }
        let [rows, columns] = self.design.small();
        let records = tape.shape(z).sizes()[0];
        let deep = tape.shape(h).len() / records / rows / columns;
        h = tape.reshape(h, [records, rows, columns, deep]);
        h = Self::blocks(tape, h, &self.inner[1]);
        for layer in &self.up {
            h = tape.silu(h);
            h = layer.apply(tape, h);
        }
        h
    }

    /// The loss over records: at a price that each draws, or at the one given.
    pub fn loss(&self, tape: &mut Tape<'_>, data: &Records, records: &[u32], price: Option<f32>) -> Var {
        let (least, most) = self.design.prices;
        let x = data.input(tape, records);
        let shape: Vec<usize> = std::iter::once(records.len()).chain(self.design.shape).collect();
        let prices: Vec<f32> = records
            .iter()
            .map(|&record| {
                let mut random = tape.random(77, record);
                price.unwrap_or_else(|| least * (most / least).powf(random.unit()))
            })
            .collect();
        let inputs: Vec<f32> = prices.iter().flat_map(|&price| self.price_inputs(price)).collect();
        let given = tape.input([records.len(), 2], &inputs);
        let picture = if self.down.is_empty() { x } else { tape.reshape(x, &shape[..]) };
        let z = self.encode(tape, picture, given);
        let z = tape.quantize(z);
        let bits = self.bits(tape, z, given);
        let y = self.decode(tape, z, given);
        let (y, x) = (tape.flatten(y), tape.flatten(x));
        let off = tape.sub(y, x);
        let squares = tape.square(off);
        let squares = tape.sum_records(squares);
        tape.note("bits", bits);
        tape.note("squares", squares);
        let factor = tape.input([records.len()], &prices.iter().map(|p| p.sqrt()).collect::<Vec<_>>());
        let share = tape.input([records.len()], &prices.iter().map(|p| 1.0 / p.sqrt()).collect::<Vec<_>>());
        let priced = tape.mul(squares, factor);
        let bits = tape.mul(bits, share);
        tape.add(bits, priced)
    }
}
