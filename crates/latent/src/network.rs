//! Members that are networks, in integers both ways: an encoder, latents that are rounded, a prior that predicts each latent from those
//! before, a decoder.
//!
//! One network serves all its rates. A rate is a gain and an offset for each latent before rounding, a step for each after it, and the context
//! that the prior is told (Ballé, Minnen et al. 2018 for priors; Cui et al. 2021 for gains).

use crate::linear::Linear;
use crate::tables::Start;
use minlen_core::{Env, Error, Result};
use minlen_entropy::binary::BitCoder;
use minlen_entropy::log2::bit_cost_q16;
use minlen_nn::integer::quantize::Scale;
use minlen_nn::integer::{Autoregressive, Graph, Network, Workspace};
use minlen_nn::logistic::{Component, Mixture, TOTAL_BITS, weights};

/// Logistics in a distribution.
pub const PARTS: usize = 2;
/// Outputs of the prior for a latent: weights in 1/256 of an octave, means in 1/256, scales in 1/256 of an octave.
pub const PER: usize = 3 * PARTS;
/// Numbers of context that the prior is told first.
pub const CONTEXT: usize = 2;
/// Latents at most.
pub(crate) const LATENTS_MAX: usize = 1024;
/// Fraction bits of gains, offsets and steps.
pub const GAIN_BITS: u32 = 16;

/// A rate of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// The step of linear members for which bits are worth as much: see [`crate::steps`].
    pub step: u8,
    /// What the prior is told.
    pub context: [i16; CONTEXT],
    /// What the encoder's numbers are multiplied with, in 2^-16.
    pub gains: Vec<u32>,
    /// What is added then, in 2^-16.
    pub offsets: Vec<i32>,
    /// What rounded latents are multiplied with, in 2^-16 of the decoder's inputs.
    pub steps: Vec<u32>,
}

/// A transform of what a network leaves, whose coefficients are coded after the latents. It takes over where more latents would not help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residual {
    /// The transform.
    pub linear: Linear,
    /// How its integers are distributed before the first record.
    pub start: Start,
    /// See [`crate::steps::restored`].
    pub pull: [i8; 2],
    /// Steps of rates beyond those of the network, which stays at its finest there; the coarsest first.
    pub steps: Vec<u8>,
}

/// A network as a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Latents {
    /// From values to latents before gains; none in a codec file for decoding only.
    pub encoder: Option<Graph>,
    /// From the context and the latents to their distributions.
    pub prior: Graph,
    /// From latents to values.
    pub decoder: Graph,
    /// The side of the patches in whose order the networks see a record: see [`patches`]. 1 for the order of the record.
    pub patch: u8,
    /// What 1 of the network's numbers stands for, in 1/256 of a value.
    pub unit: u32,
    /// What the encoder's inputs stand for, in the network's numbers.
    pub input: Scale,
    /// Fraction bits of the encoder's outputs.
    pub found_bits: u8,
    /// Fraction bits of the decoder's outputs.
    pub output_bits: u8,
    /// Fraction bits of the prior's inputs.
    pub context_bits: u8,
    /// Rounded latents are within plus and minus this.
    pub most: u16,
    /// The coarsest first.
    pub rates: Vec<Rate>,
    /// A transform of what the network leaves, where there is one.
    pub residual: Option<Box<Residual>>,
}

/// A member made ready, with room for one record.
pub struct Ready<'m> {
    pub(crate) latents: &'m Latents,
    encoder: Option<(Network, Workspace)>,
    decoder: Network,
    prior: Autoregressive,
    decoding: Workspace,
    /// Which number of a record each of the networks' is; empty where the order is the record's.
    order: Vec<u32>,
    inputs: Vec<i16>,
    outputs: Vec<i16>,
}

/// The order of the numbers of a record patch by patch: squares of `side` by `side`, or runs of `side` where the record has one side, which follow each
/// other as their first numbers do, and the numbers within as in the record. None where the patches do not fit.
#[must_use]
pub fn patches(shape: &[u32], side: usize) -> Option<Vec<u32>> {
    let long: Vec<usize> = shape.iter().map(|&side| side as usize).filter(|&side| side > 1).collect();
    let (rows, columns, channels) = match long[..] {
        [] => (1, 1, 1),
        [columns] => (1, columns, 1),
        [rows, columns, ref rest @ ..] => (rows, columns, rest.iter().product()),
    };
    let high = if rows == 1 { 1 } else { side };
    if side == 0 || !rows.is_multiple_of(high) || !columns.is_multiple_of(side) {
        return None;
    }
    let mut order = Vec::with_capacity(rows * columns * channels);
    for (top, left) in (0..rows).step_by(high).flat_map(|y| (0..columns).step_by(side).map(move |x| (y, x))) {
        for row in top..top + high {
            let first = (row * columns + left) * channels;
            order.extend((first..first + side * channels).map(|i| i as u32));
        }
    }
    Some(order)
}

impl Latents {
    /// Numbers that are kept of a record.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rates.first().map_or(0, |rate| rate.gains.len())
    }

    /// Rates, with those that only the residual has.
    #[must_use]
    pub fn rates(&self) -> usize {
        self.rates.len() + self.residual.as_ref().map_or(0, |residual| residual.steps.len())
    }

    /// The rate of the network at a rate of the member.
    pub(crate) fn at(&self, rate: u8) -> Option<&Rate> {
        self.rates.get(usize::from(rate).min(self.rates.len().saturating_sub(1)))
    }

    /// The step of linear members for which bits are worth as much as at a rate.
    #[must_use]
    pub fn step(&self, rate: u8) -> u8 {
        let beyond = usize::from(rate).checked_sub(self.rates.len());
        let finer = beyond.and_then(|beyond| self.residual.as_ref()?.steps.get(beyond).copied());
        finer.or_else(|| self.at(rate).map(|rate| rate.step)).unwrap_or(0)
    }

    /// The rate at which bits are worth as much as with steps of `step`.
    #[must_use]
    pub fn nearest(&self, step: u8) -> u8 {
        let off = |rate: &usize| self.step(*rate as u8).abs_diff(step);
        (0..self.rates()).min_by_key(off).unwrap_or(0) as u8
    }

    /// # Errors
    /// Corrupt if its parts do not fit together, or belong to records of another shape; limit.
    pub fn ready(&self, shape: &[u32], env: &Env) -> Result<Ready<'_>> {
        let bad = |what: &str| Error::corrupt(format!("codec file: {what}"));
        let numbers = shape.iter().map(|&side| side as usize).product();
        let order = if self.patch == 1 { Some(Vec::new()) } else { patches(shape, usize::from(self.patch)) };
        let order = order.ok_or_else(|| bad("patches that do not fit"))?;
        let count = self.count();
        let fits = |rate: &Rate| {
            rate.gains.len() == count && rate.offsets.len() == count && rate.steps.len() == count
        };
        if count == 0 || count > LATENTS_MAX || !self.rates.iter().all(fits) {
            return Err(bad("rates of another size"));
        }
        let bits = [self.output_bits, self.found_bits, self.input.bits, self.context_bits];
        if bits.into_iter().any(|bits| bits > 15) || !(1..=1 << 30).contains(&self.unit) {
            return Err(bad("numbers with too many fraction bits"));
        }
        if let Some(residual) = &self.residual {
            let Residual { linear, start, .. } = &**residual;
            linear.check()?;
            if linear.numbers() != numbers || !start.fits(linear) {
                return Err(bad("a residual of another size"));
            }
        }
        let most = i32::from(self.most) << self.context_bits;
        let input_limit = self.encoder.as_ref().map_or(i16::MAX, |encoder| encoder.input_limit);
        let context =
            self.rates.iter().flat_map(|rate| rate.context).all(|x| x.abs() <= self.prior.input_limit);
        if most == 0 || most > i32::from(self.prior.input_limit) || self.input.limit > input_limit || !context
        {
            return Err(bad("latents out of range"));
        }
        let decoder = Network::new(&self.decoder, env)?;
        let prior = Autoregressive::new(&self.prior, CONTEXT, PER, env)?;
        let sizes = [decoder.input().count()?, decoder.output().count()?, prior.latents()];
        let mut encoder = None;
        if let Some(graph) = &self.encoder {
            let network = Network::new(graph, env)?;
            if network.input().count()? != numbers || network.output().count()? != count {
                return Err(bad("an encoder of another size"));
            }
            let work = network.workspace(env)?;
            encoder = Some((network, work));
        }
        if sizes != [count, numbers, count] {
            return Err(bad("networks of another size"));
        }
        let decoding = decoder.workspace(env)?;
        let (inputs, outputs) = (Vec::new(), Vec::new());
        Ok(Ready { latents: self, encoder, decoder, prior, decoding, order, inputs, outputs })
    }
}

impl Ready<'_> {
    /// The latents of records before gains.
    ///
    /// # Errors
    /// Usage in a codec file for decoding only; those of the network.
    pub fn look(&mut self, values: &[f32], found: &mut Vec<i16>) -> Result<()> {
        let scale = self.latents.input;
        let unit = (256u64 << scale.bits) as f32 / self.latents.unit as f32;
        let limit = f32::from(scale.limit);
        self.inputs.clear();
        let integer = |x: &f32| (x * unit).clamp(-limit, limit);
        // Rounded by the bits of a sum: the same everywhere.
        let rounded = |x: &f32| (integer(x) + if *x < 0.0 { -0.5 } else { 0.5 }) as i16;
        if self.order.is_empty() {
            self.inputs.extend(values.iter().map(rounded));
        } else {
            let numbers = self.order.len();
            let records = values.chunks_exact(numbers);
            self.inputs.extend(records.flat_map(|x| self.order.iter().map(|&i| rounded(&x[i as usize]))));
        }
        let limit = scale.limit;
        self.inputs.iter_mut().for_each(|x| *x = (*x).clamp(-limit, limit));
        found.clear();
        match &mut self.encoder {
            Some((encoder, work)) => encoder.run(work, &self.inputs, found),
            None => {
                Err(Error::usage("this codec file can only decode")
                    .remedy("take the one that it was cut from"))
            }
        }
    }

    /// Latents at a rate before they are rounded, in [`GAIN_BITS`] fraction bits.
    fn scaled<'a>(&'a self, found: &'a [i16], rate: u8) -> impl Iterator<Item = i64> + 'a {
        let rate = self.latents.at(rate);
        let all = rate.into_iter().flat_map(|rate| rate.gains.iter().zip(&rate.offsets)).zip(found);
        all.map(|((&gain, &offset), &y)| {
            ((i64::from(y) * i64::from(gain)) >> self.latents.found_bits) + i64::from(offset)
        })
    }

    /// Latents at a rate: rounded to the nearest.
    #[must_use]
    pub fn rounded(&self, found: &[i16], rate: u8) -> Vec<i32> {
        let most = i64::from(self.latents.most);
        let round = |fixed: i64| ((fixed + (1 << (GAIN_BITS - 1))) >> GAIN_BITS).clamp(-most, most) as i32;
        self.scaled(found, rate).map(round).collect()
    }

    /// The same before they are rounded.
    #[must_use]
    pub fn unrounded(&self, found: &[i16], rate: u8) -> Vec<f32> {
        let unit = f64::from(1u32 << GAIN_BITS);
        self.scaled(found, rate).map(|fixed| (fixed as f64 / unit) as f32).collect()
    }

    /// The values of records from their rates and rounded latents, in [`crate::FRACTION`] fraction bits.
    ///
    /// # Errors
    /// None for latents within their range; those of the network.
    pub fn restore<'r>(
        &mut self,
        records: impl IntoIterator<Item = (u8, &'r [i32])>,
        values: &mut Vec<i32>,
    ) -> Result<()> {
        let limit = i64::from(self.latents.decoder.input_limit);
        self.inputs.clear();
        for (rate, integers) in records {
            let Some(rate) = self.latents.at(rate) else { continue };
            self.inputs.extend(integers.iter().zip(&rate.steps).map(|(&q, &step)| {
                let fixed = i64::from(q) * i64::from(step);
                ((fixed + (1 << (GAIN_BITS - 1))) >> GAIN_BITS).clamp(-limit, limit) as i16
            }));
        }
        self.outputs.clear();
        self.decoder.run(&mut self.decoding, &self.inputs, &mut self.outputs)?;
        let (unit, bits) = (i64::from(self.latents.unit), self.latents.output_bits);
        values.clear();
        let value = |y: &i16| ((i64::from(*y) * unit + ((1i64 << bits) >> 1)) >> bits) as i32;
        if self.order.is_empty() {
            values.extend(self.outputs.iter().map(value));
            return Ok(());
        }
        values.resize(self.outputs.len(), 0);
        let records = self.outputs.chunks_exact(self.order.len());
        for (outputs, values) in records.zip(values.chunks_exact_mut(self.order.len())) {
            self.order.iter().zip(outputs).for_each(|(&i, y)| values[i as usize] = value(y));
        }
        Ok(())
    }

    fn mixture(out: &[i16; PER], most: u16) -> Result<Mixture> {
        let shares = weights(&out[..PARTS]);
        let component = |part: usize| Component {
            mean: (i32::from(out[PARTS + part]) + 2) >> 2,
            scale: (((i32::from(out[2 * PARTS + part]) + 16) >> 5) + 48).clamp(0, 128) as u8,
            weight: shares[part],
        };
        Mixture::new(&[component(0), component(1)], most)
    }

    /// Codes the latents of a record (which are not looked at when decoding) and gives them.
    ///
    /// # Errors
    /// None for a checked member; those of the prior.
    pub fn code<C: BitCoder>(&self, coder: &mut C, rate: u8, integers: &[i32]) -> Result<Vec<i32>> {
        let mut found = Vec::with_capacity(self.latents.count());
        self.each(rate, |k, mixture| {
            let wanted = integers.get(k).copied().unwrap_or(0);
            let q = code_integer(coder, mixture, i32::from(self.latents.most), wanted);
            found.push(q);
            q
        })?;
        Ok(found)
    }

    /// The bits that the latents of a record take.
    ///
    /// # Errors
    /// As [`Ready::code`].
    pub fn bits(&self, rate: u8, integers: &[i32]) -> Result<f32> {
        let mut sum = 0;
        self.each(rate, |k, mixture| {
            let q = integers.get(k).copied().unwrap_or(0);
            sum += bit_cost_q16(mixture.interval(q).1.clamp(1, 65_535), true);
            q
        })?;
        Ok(sum as f32 / 65_536.0)
    }

    /// The bits of each latent of a record, if it were less by one, as it is, and more by one.
    pub(crate) fn around(&self, rate: u8, integers: &[i32], bits: &mut Vec<[f32; 3]>) -> Result<()> {
        bits.clear();
        self.each(rate, |k, mixture| {
            let q = integers.get(k).copied().unwrap_or(0);
            let cost = |q| bit_cost_q16(mixture.interval(q).1.clamp(1, 65_535), true) as f32 / 65_536.0;
            bits.push([cost(q - 1), cost(q), cost(q + 1)]);
            q
        })
    }

    /// Calls `value` with the distribution of each latent in turn; it gives the latent.
    fn each(&self, rate: u8, mut value: impl FnMut(usize, &Mixture) -> i32) -> Result<()> {
        let Some(rate) = self.latents.at(rate) else { return Ok(()) };
        let mut state = self.prior.start(&rate.context)?;
        let mut out = [0; PER];
        for k in 0..self.latents.count() {
            self.prior.outputs(&mut state, k, &mut out)?;
            let q = value(k, &Self::mixture(&out, self.latents.most)?);
            self.prior.push(&mut state, (q << self.latents.context_bits) as i16)?;
        }
        Ok(())
    }
}

/// Codes an integer in steps from the middle of its distribution outwards, each as likely as the distribution says.
fn code_integer<C: BitCoder>(coder: &mut C, mixture: &Mixture, most: i32, wanted: i32) -> i32 {
    let total = 1u32 << TOTAL_BITS;
    let middle = mixture.find(total / 2);
    let (start, size) = mixture.interval(middle);
    let mut bit = |part: u32, whole: u32, bit: bool| {
        let p1 = (u64::from(part) << 16) / u64::from(whole.max(1));
        coder.code(u32::from(bit), (p1 as u32).clamp(1, 65_535)) == 1
    };
    if bit(size, total, wanted == middle) {
        return middle;
    }
    let (below, above) = (start, total - start - size);
    let is_above = above > 0 && (below == 0 || bit(above, below + above, wanted > middle));
    let (mut left, step) = if is_above { (above, 1) } else { (below, -1) };
    let mut q = middle + step;
    while q.abs() < most || (q != most && q != -most) {
        let size = mixture.interval(q).1;
        if size >= left || bit(size, left, wanted == q) {
            break;
        }
        left -= size;
        q += step;
    }
    q.clamp(-most, most)
}
