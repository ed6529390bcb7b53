//! From records to a codec file.

use super::calibrate::calibrate;
use super::export::Export;
use super::linear::{self, Settings as LinearSettings};
use super::network::{Body as Layers, Design, Network, Variant};
use super::residual::learn_residual;
use minlen_core::{Dtype, Env, Error, Result};
use minlen_latent::tables::Start;
use minlen_latent::{Body, Member, Model, RATES_MAX, Scaling, learn_tables, steps};
use minlen_learn::{Length, Parameters, Plan, Progress, Random, Records, Schedule, Settings, Split, Trainer};
use ndarray::Array2;

/// A member to be learned.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One transform for all records, with so many coordinates.
    Klt {
        /// Coordinates that are kept.
        coordinates: usize,
    },
    /// A transform for each class.
    Cklt {
        /// Classes.
        classes: usize,
        /// Coordinates that all share.
        coordinates: usize,
        /// Coefficients of a class.
        coefficients: usize,
    },
    /// A network.
    Network(NetworkRecipe),
}

/// A network to be learned.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRecipe {
    /// Numbers that are kept of a record.
    pub latents: usize,
    /// The layers between.
    pub layers: Layers,
    /// Units of the prior.
    pub prior: usize,
    /// The least and the greatest price: bits for a unit of squared error, where numbers go from 0 to 1.
    pub prices: (f32, f32),
    /// How long to train.
    pub length: Length,
    /// The highest learning rate.
    pub rate: f32,
    /// Coordinates of a transform of what the network leaves; 0 for none.
    pub residual: usize,
}

/// What a codec file is made from, and how.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The shape of a record; rows, columns and channels for networks.
    pub shape: Vec<u32>,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// The members, in the order of the file.
    pub members: Vec<Kind>,
    /// Seed of all that is random.
    pub seed: u64,
    /// Threads; they change nothing but the time.
    pub threads: usize,
}

/// Values deviate by about so much: as grey values of pictures do.
const DEVIATION: f64 = 64.0;
/// Records from which the tables of integers are learned, at most.
const FOR_TABLES: usize = 8_000;
/// Times that these are gone through.
const TABLE_ROUNDS: usize = 2;
/// Records from which a transform with classes is learned, at most: more take longer and tell little.
const FOR_CLASSES: usize = 40_000;
/// Records of a step of training. Twice as many, at half the rate, learn a third less in the same time.
pub(super) const BATCH: usize = 64;
/// Rates of a network.
const NETWORK_RATES: u8 = 16;

/// How the numbers of these records become values: bytes stay as they are, others are centred and scaled.
///
/// # Errors
/// Usage for numbers that are all the same, or none.
pub fn scaling_of(bytes: &[u8], dtype: Dtype) -> Result<Scaling> {
    if dtype == Dtype::U8 {
        return Scaling::new(dtype, 0.0, 1.0);
    }
    let plain = Scaling::new(dtype, 0.0, 1.0)?;
    let mut numbers = Vec::new();
    plain.numbers(bytes, &mut numbers);
    let finite = || numbers.iter().filter(|x| x.is_finite());
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    let deviation = (finite().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt();
    if deviation <= 0.0 || !deviation.is_finite() {
        return Err(Error::usage("all numbers of the records are the same, or none is one")
            .remedy("give the numbers themselves, not labels or a header"));
    }
    Scaling::new(dtype, mean, deviation / DEVIATION)
}

/// Learns a codec file from whole records. `told` hears how each network gets on, by the number of its member.
///
/// # Errors
/// Usage for too few records, or ones that are no records of this shape; cancelled; limit.
pub fn learn(
    recipe: &Recipe,
    bytes: &[u8],
    env: &Env,
    mut told: impl FnMut(usize, &Progress),
) -> Result<Model> {
    let scaling = scaling_of(bytes, recipe.dtype)?;
    let size = empty(&recipe.shape, scaling).record_bytes().max(1);
    let split = Split::by_share(bytes.len() / size, 0.05, recipe.seed);
    let held_out = records_of(bytes, size, &split.held_out);
    let train = records_of(bytes, size, &split.train);
    let lessons = Lessons { recipe, scaling, bytes: &train, held_out: &held_out, variant: Variant::Plain };
    if !bytes.len().is_multiple_of(size) {
        return Err(Error::usage(format!("{} bytes are no whole records of {size}", bytes.len())));
    }
    let mut members = Vec::new();
    for (number, kind) in recipe.members.iter().enumerate() {
        members.push(match kind {
            Kind::Network(own) => lessons.network(own, None, |_, progress| {
                told(number, progress);
                env.check()
            })?,
            linear => lessons.linear(linear, env)?,
        });
    }
    lessons.finish(members, env)
}

/// Records one after the other.
fn records_of(bytes: &[u8], size: usize, numbers: &[u32]) -> Vec<u8> {
    let record = |&number: &u32| bytes.get(number as usize * size..(number as usize + 1) * size);
    numbers.iter().filter_map(record).flatten().copied().collect()
}

/// A codec file without members.
pub(super) fn empty(shape: &[u32], scaling: Scaling) -> Model {
    Model {
        shape: shape.to_vec(),
        scaling,
        members: Vec::new(),
        predictor: None,
        coarsest: 0,
        rates: 1,
        licence: String::new(),
        provenance: String::new(),
        report: String::new(),
    }
}

/// Records to learn members from.
#[derive(Clone, Copy, Debug)]
pub struct Lessons<'a> {
    /// How: the members in it do not count.
    pub recipe: &'a Recipe,
    /// What the numbers are.
    pub scaling: Scaling,
    /// Whole records to learn from.
    pub bytes: &'a [u8],
    /// Others to measure networks with.
    pub held_out: &'a [u8],
    /// How networks are trained.
    pub variant: Variant,
}

/// Held-out records that networks are measured with between epochs, at most: more would take time from learning, and from
/// hearing that it should end.
const MEASURED: usize = 1000;

impl Lessons<'_> {
    /// A member by transforms.
    ///
    /// # Errors
    /// Usage for too few records, and for networks; cancelled.
    pub fn linear(&self, kind: &Kind, env: &Env) -> Result<Member> {
        env.check()?;
        let sizes = match *kind {
            Kind::Klt { coordinates } => [1, coordinates, coordinates],
            Kind::Cklt { classes, coordinates, coefficients } => [classes, coordinates, coefficients],
            Kind::Network(_) => return Err(Error::usage("a network is no transform")),
        };
        let model = empty(&self.recipe.shape, self.scaling);
        let most = if sizes[0] > 1 { FOR_CLASSES.saturating_mul(model.record_bytes()) } else { usize::MAX };
        let values = values_of(&model, &self.bytes[..self.bytes.len().min(most)]);
        transform(kind.name(), sizes, self.recipe, &values, env)
    }

    /// A codec file of these members.
    ///
    /// # Errors
    /// Corrupt if they do not fit together; cancelled; limit.
    pub fn finish(&self, members: Vec<Member>, env: &Env) -> Result<Model> {
        let mut model = empty(&self.recipe.shape, self.scaling);
        model.members = members;
        (model.coarsest, model.rates) = rates_for(&model);
        model.check(env)?;
        let size = model.record_bytes();
        let count = (self.bytes.len() / size).min(FOR_TABLES);
        learn_tables(&mut model, &self.bytes[..count * size], TABLE_ROUNDS, env)?;
        calibrate(&mut model, self.bytes, env)?;
        Ok(model)
    }

    /// A member that is a network. A training that a checkpoint was written of goes on where that ends. `told` hears of each step, and may end it by an
    /// error.
    ///
    /// # Errors
    /// Usage for too few records, or a checkpoint of another training; those of `told`.
    pub fn network(
        &self,
        own: &NetworkRecipe,
        checkpoint: Option<&[u8]>,
        mut told: impl FnMut(&Trainer, &Progress) -> Result<()>,
    ) -> Result<Member> {
        let NetworkRecipe { latents, layers, prior, prices, length, rate, residual } = own.clone();
        // Numbers from 0 to 1 where values go from 0 to 255.
        let unit = 255.0;
        let (data, split) = self.data(unit)?;
        let (mut params, mut random) = (Parameters::default(), Random::new(self.recipe.seed));
        let shape = super::members::sides(&self.recipe.shape);
        let design = Design { shape, latents, body: layers, prior, prices };
        let network = Network::new(&design, &mut params, &mut random);
        let settings = Settings {
            rate,
            schedule: Schedule::Cosine { warm: 0.03, floor: 0.01 },
            clip: 2.0,
            shard: BATCH / 2,
            average: 0.995,
            seed: self.recipe.seed,
            threads: self.recipe.threads,
            ..Settings::default()
        };
        let mut trainer = Trainer::new(params, settings);
        checkpoint.map_or(Ok(()), |bytes| trainer.resume(bytes))?;
        // What is told may fail, which ends the training as a signal does.
        let stop = minlen_core::Cancel::default();
        let plan = Plan { split: &split, batch: BATCH, length, patience: None, stop: stop.clone() };
        let mut failed = Ok(());
        trainer.fit(
            &plan,
            |tape, records| network.loss_as(self.variant, tape, &data, records),
            |trainer, progress| {
                if failed.is_ok() {
                    failed = told(trainer, progress);
                }
                if failed.is_err() {
                    stop.cancel();
                }
            },
        )?;
        failed?;
        let export =
            Export { records: &data, count: 256, rates: NETWORK_RATES, most: 127, unit, weights: 127 };
        let latents = network.export(trainer.best(), &export)?;
        let name = Kind::Network(own.clone()).name().into();
        let mut model = empty(&self.recipe.shape, self.scaling);
        model.members.push(Member { name, body: Body::Network(latents) });
        if residual > 0 {
            learn_residual(&mut model, residual, self.bytes, &Env::default())?;
        }
        model.members.pop().ok_or_else(|| Error::usage("a codec file without members"))
    }

    /// All records as networks see them, and which of them are held out.
    fn data(&self, unit: f64) -> Result<(Records, Split)> {
        let model = empty(&self.recipe.shape, self.scaling);
        let size = model.record_bytes().max(1);
        let held_out = &self.held_out[..(self.held_out.len() / size).min(MEASURED) * size];
        let shape = super::members::sides(&self.recipe.shape);
        let (records, count) = if self.scaling.dtype() == Dtype::U8 {
            let all = [self.bytes, held_out].concat();
            (Records::bytes(shape, all, 1.0 / unit as f32, 0.0)?, self.bytes.len() / size)
        } else {
            let (train, held_out) = (values_of(&model, self.bytes), values_of(&model, held_out));
            let values = train.iter().chain(&held_out).map(|value| value / unit as f32).collect();
            (Records::floats(shape, values)?, train.nrows())
        };
        let (train, held_out) = (0..records.len() as u32).partition(|&record| (record as usize) < count);
        Ok((records, Split { train, held_out }))
    }
}

/// The values of all records that are numbers, a row each.
fn values_of(model: &Model, bytes: &[u8]) -> Array2<f32> {
    let (mut numbers, mut values, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for record in bytes.chunks_exact(model.record_bytes()) {
        model.scaling.numbers(record, &mut numbers);
        if model.scaling.values(&numbers, &mut values) {
            all.extend_from_slice(&values);
        }
    }
    let columns = model.numbers();
    Array2::from_shape_vec((all.len() / columns.max(1), columns), all).unwrap_or_default()
}

/// A linear member of so many classes, coordinates of all, and coefficients of a class.
fn transform(
    name: &str,
    [classes, coordinates, coefficients]: [usize; 3],
    recipe: &Recipe,
    values: &Array2<f32>,
    env: &Env,
) -> Result<Member> {
    let settings = LinearSettings { classes, coordinates, coefficients, distortion: 300.0, rounds: 6 };
    let linear = linear::learn(&values.view(), &settings, recipe.seed, env)?;
    let start = Start::flat(linear.coefficients());
    Ok(Member { name: name.into(), body: Body::Linear { linear, start, pull: [0, 0] } })
}

/// Steps from those that are worth it for the largest coefficients to a quarter of a value.
pub(super) fn rates_for(model: &Model) -> (u8, u8) {
    let largest = model.members.iter().filter_map(|member| match &member.body {
        Body::Linear { linear, .. } => linear.classes.iter().filter_map(|c| c.deviations.first()).max(),
        Body::Network(_) => None,
    });
    let coarsest = largest.max().copied().unwrap_or(56).clamp(12, steps::QUARTERS_MAX);
    let finest = steps::nearest(4.0);
    let of_network = |member: &Member| match &member.body {
        Body::Linear { .. } => 0,
        Body::Network(latents) => latents.rates(),
    };
    let most = model.members.iter().map(of_network).max().unwrap_or(0).clamp(1, usize::from(RATES_MAX)) as u8;
    let rates = (coarsest.saturating_sub(finest).clamp(1, RATES_MAX - 1) + 1).max(most);
    (coarsest.max(rates - 1), rates)
}
