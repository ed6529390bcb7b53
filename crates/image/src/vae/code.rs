//! From pictures to payloads and back.

use super::model::{Decoding, Encoding, at};
use super::symbols::{Coder, HYPER_MOST, HyperModel, LATENT_MOST, LatentModel};
use super::{CHANNELS, FOUND_BITS, HYPER, HYPER_BITS, INPUT, LATENTS, MEAN_BITS, NEAR_LIMIT};
use crate::{Encoded, Planes, Shape};
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::{Decoder, Encoder};

/// The largest number of a quantizer: 16 are an octave of the step, from 0.4 of the latents' unit on.
pub const QUANTIZER_MAX: u16 = 63;
/// Pixels for one place of the numbers that are coded first.
const PLACE: usize = 32;
/// Levels that a unit of the networks' inputs and outputs stands for.
const UNIT: i64 = 64;
/// The model that payloads of this version name.
const SHIPPED: u8 = 0;

/// The step of a quantizer with 16 fraction bits, and its logarithm in octaves with [`MEAN_BITS`].
fn step(quantizer: u16) -> (i64, i32) {
    // 2^(i/16) with 16 fraction bits.
    const FRACTIONS: [i64; 16] = [
        65_536, 68_438, 71_468, 74_632, 77_936, 81_386, 84_990, 88_752, 92_682, 96_785, 101_070, 105_545,
        110_218, 115_098, 120_194, 125_515,
    ];
    let quantizer = quantizer.min(QUANTIZER_MAX);
    let fraction = FRACTIONS[usize::from(quantizer % 16)] << (quantizer / 16);
    // log2 0.4 is -1.3219, -338 in 256ths.
    (fraction * 4 / 10, -338 + i32::from(quantizer) * 16)
}

/// Sides of the picture in places, and of the latents.
struct Sides {
    rows: usize,
    columns: usize,
}

impl Sides {
    fn of(shape: &Shape) -> Self {
        Self { rows: shape.height.div_ceil(PLACE), columns: shape.width.div_ceil(PLACE) }
    }

    fn latents(&self) -> usize {
        self.rows * self.columns * 16 * LATENTS
    }
}

/// Bytes that coding takes for a pixel.
const PIXEL_MEMORY: u64 = 160;

fn check(shape: &Shape, env: &Env) -> Result<minlen_core::Reservation> {
    let sides = Sides::of(shape);
    env.budget.reserve((sides.rows * sides.columns * PLACE * PLACE) as u64 * PIXEL_MEMORY)
}

/// Codes a picture in steps of a quantizer (0 to [`QUANTIZER_MAX`]), with the model that this crate brings.
///
/// # Errors
/// Limit where memory does not do; cancelled.
pub fn encode(picture: &Planes, quantizer: u16, env: &Env) -> Result<Encoded> {
    let shape = picture.shape();
    let _held = check(&shape, env)?;
    let (encoding, model) = (Encoding::shipped()?, Decoding::shipped()?);
    let sides = Sides::of(&shape);
    let found = run(&encoding.analysis, sides.rows * 16, sides.columns * 16, &squares(picture, &sides), env)?;
    let bounded = bounded(&found, encoding.hyper_analysis.input_limit);
    let hyper = run(&encoding.hyper_analysis, sides.rows * 4, sides.columns * 4, &bounded, env)?;
    let half = 1 << (HYPER_BITS - 1);
    let hyper: Vec<i32> =
        hyper.iter().map(|&z| ((i32::from(z) + half) >> HYPER_BITS).clamp(-HYPER_MOST, HYPER_MOST)).collect();
    let mut out = vec![SHIPPED, quantizer.min(QUANTIZER_MAX) as u8];
    let mut walk = Walk { coder: Encoder::append_to(std::mem::take(&mut out)), model, sides, env };
    let near = walk.latents(quantizer, Some((&hyper, &found)))?;
    let bytes = std::mem::replace(&mut walk.coder, Encoder::new()).finish();
    let picture = synthesise(model, &walk.sides, &near, &shape, env)?;
    Ok(Encoded { bytes, picture })
}

/// The picture of a payload.
///
/// # Errors
/// Corrupt or truncated for a payload that no encoder wrote; unsupported for a model of a later version; limit; cancelled.
pub fn decode(payload: &[u8], shape: &Shape, env: &Env) -> Result<Planes> {
    let _held = check(shape, env)?;
    let Some((&[name, quantizer], coded)) = payload.split_first_chunk::<2>() else {
        return Err(Error::truncated("vae: a payload without its first bytes"));
    };
    if name != SHIPPED {
        return Err(Error::unsupported("vae: a model of a later version"));
    }
    if u16::from(quantizer) > QUANTIZER_MAX {
        return Err(Error::corrupt("vae: a step that there is not"));
    }
    let model = Decoding::shipped()?;
    let mut walk = Walk { coder: Decoder::new(coded), model, sides: Sides::of(shape), env };
    let near = walk.latents(u16::from(quantizer), None)?;
    if walk.coder.overrun() {
        return Err(Error::truncated("vae: the payload ends too early"));
    }
    synthesise(model, &walk.sides, &near, shape, env)
}

fn run(
    graph: &minlen_nn::integer::Graph,
    height: usize,
    width: usize,
    input: &[i16],
    env: &Env,
) -> Result<Vec<i16>> {
    env.check()?;
    let network = at(graph, height, width, env)?;
    let mut out = Vec::new();
    network.run(&mut network.workspace(env)?, input, &mut out)?;
    Ok(out)
}

fn bounded(values: &[i16], limit: i16) -> Vec<i16> {
    values.iter().map(|value| (*value).clamp(-limit, limit)).collect()
}

/// One pass over the numbers of a picture, in one direction or the other.
struct Walk<'a, C> {
    coder: C,
    model: &'a Decoding,
    sides: Sides,
    env: &'a Env,
}

impl<C: Coder> Walk<'_, C> {
    /// Codes all numbers and gives the latents as decoding has them: the inputs of the synthesis network. Encoding gives what was found.
    fn latents(&mut self, quantizer: u16, given: Option<(&[i32], &[i16])>) -> Result<Vec<i16>> {
        let hyper = self.hyper(given.map(|(hyper, _)| hyper))?;
        let limit = self.model.hyper_synthesis.input_limit;
        let inputs: Vec<i16> = hyper.iter().map(|&z| (z << HYPER_BITS) as i16).collect();
        let told = run(
            &self.model.hyper_synthesis,
            self.sides.rows,
            self.sides.columns,
            &bounded(&inputs, limit),
            self.env,
        )?;
        let (step, log) = step(quantizer);
        let chances = LatentModel::new()?;
        let mut near = Vec::with_capacity(self.sides.latents());
        for (place, told) in told.chunks_exact(2 * LATENTS).enumerate() {
            if place % 64 == 0 {
                self.env.check()?;
            }
            let (means, scales) = told.split_at(LATENTS);
            for (channel, (&mean, &scale)) in means.iter().zip(scales).enumerate() {
                let mean = i64::from(mean) << (16 - MEAN_BITS);
                let index = (((i32::from(scale) - log + 16) >> 5) + 48).clamp(0, 128) as u8;
                let wanted = given.map_or(0, |(_, found)| {
                    let value = i64::from(found[place * LATENTS + channel]) << (16 - FOUND_BITS);
                    nearest(value - mean, step)
                });
                let q = chances.code(&mut self.coder, wanted, index)?;
                let value = mean + i64::from(q) * step;
                let shift = 16 - u32::from(self.model.near_bits);
                let value = (value + (1i64 << shift >> 1)) >> shift;
                near.push(value.clamp(-i64::from(NEAR_LIMIT), i64::from(NEAR_LIMIT)) as i16);
            }
        }
        self.env.work((self.sides.rows * self.sides.columns * PLACE * PLACE) as u64)?;
        Ok(near)
    }

    fn hyper(&mut self, given: Option<&[i32]>) -> Result<Vec<i32>> {
        let Sides { rows, columns } = self.sides;
        let mut values: Vec<i32> = Vec::with_capacity(rows * columns * HYPER);
        let mut learned = HyperModel::new();
        for place in 0..rows * columns {
            for channel in 0..HYPER {
                let before = |back: usize, there: bool| {
                    if there { values[(place - back) * HYPER + channel] } else { 0 }
                };
                let around = (before(1, !place.is_multiple_of(columns)), before(columns, place >= columns));
                let wanted = given.map_or(0, |given| given[place * HYPER + channel]);
                values.push(learned.code(&mut self.coder, wanted, channel, around)?);
            }
        }
        Ok(values)
    }
}

/// How many steps, the nearest.
fn nearest(value: i64, step: i64) -> i32 {
    let rounded = (value.abs() + step / 2) / step;
    (rounded.min(i64::from(LATENT_MOST)) * value.signum()) as i32
}

/// The picture as squares of 2 by 2 pixels, filled up to whole places with its last row and column.
fn squares(picture: &Planes, sides: &Sides) -> Vec<i16> {
    let (width, height) = (picture.width(), picture.height());
    let peak = i64::from(picture.peak());
    let limit = i64::from(INPUT.limit);
    // Levels of 255 from the middle, with half levels.
    let of = |sample: u16| {
        let level = (2 * i64::from(sample) - peak) * 255;
        let unit = 1i64 << INPUT.bits;
        ((level * unit / (2 * UNIT) + peak / 2 * level.signum()) / peak).clamp(-limit, limit) as i16
    };
    let mut out = Vec::with_capacity(sides.rows * sides.columns * PLACE * PLACE * CHANNELS);
    let plane = |c: usize| picture.planes().get(c).unwrap_or(&picture.planes()[0]);
    for y in (0..sides.rows * PLACE).step_by(2) {
        for x in (0..sides.columns * PLACE).step_by(2) {
            for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let at = (y + dy).min(height - 1) * width + (x + dx).min(width - 1);
                out.extend((0..CHANNELS).map(|c| of(plane(c)[at])));
            }
        }
    }
    out
}

/// The picture of latents.
fn synthesise(model: &Decoding, sides: &Sides, near: &[i16], shape: &Shape, env: &Env) -> Result<Planes> {
    let out = run(&model.synthesis, sides.rows * 4, sides.columns * 4, near, env)?;
    let peak = (1i64 << shape.depth) - 1;
    let unit = 1i64 << model.output_bits;
    let sample = |value: i64| {
        // Half levels of 255, then the range of the samples.
        let level = value * 2 * UNIT + 255 * unit;
        ((level * peak + 255 * unit) / (2 * 255 * unit)).clamp(0, peak) as u16
    };
    let row = sides.columns * PLACE / 2;
    let at = |c: usize, x: usize, y: usize| {
        let square = (y / 2 * row + x / 2) * 4 * CHANNELS;
        i64::from(out[square + (y % 2 * 2 + x % 2) * CHANNELS + c])
    };
    let plane = |c: usize| {
        let pixels = (0..shape.height).flat_map(|y| (0..shape.width).map(move |x| (x, y)));
        match shape.colours {
            3 => pixels.map(|(x, y)| sample(at(c, x, y))).collect::<Vec<u16>>(),
            _ => pixels.map(|(x, y)| sample((at(0, x, y) + at(1, x, y) + at(2, x, y)) / 3)).collect(),
        }
    };
    Planes::new(shape.width, shape.height, shape.depth, (0..shape.colours).map(plane).collect())
}
