//! From records to a codec file.

use super::export::Export;
use super::linear::{self, Settings as LinearSettings};
use super::network::{Body as Layers, Design, Network};
use minlen_core::{Dtype, Env, Error, Result};
use minlen_latent::tables::Start;
use minlen_latent::{Body, Member, Model, Scaling, learn_tables, steps};
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
const FOR_TABLES: usize = 20_000;
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
    let mut model = Model {
        shape: recipe.shape.clone(),
        scaling,
        members: Vec::new(),
        predictor: None,
        coarsest: 0,
        rates: 1,
        licence: String::new(),
        provenance: String::new(),
        report: String::new(),
    };
    let size = model.record_bytes().max(1);
    if !bytes.len().is_multiple_of(size) {
        return Err(Error::usage(format!("{} bytes are no whole records of {size}", bytes.len())));
    }
    let values = values_of(&model, bytes);
    for (number, kind) in recipe.members.iter().enumerate() {
        env.check()?;
        let member = match *kind {
            Kind::Klt { coordinates } => {
                transform("klt", [1, coordinates, coordinates], recipe, &values, env)?
            }
            Kind::Cklt { classes, coordinates, coefficients } => {
                transform("cklt", [classes, coordinates, coefficients], recipe, &values, env)?
            }
            Kind::Network(ref own) => network(own, recipe, &values, env, |progress| told(number, progress))?,
        };
        model.members.push(member);
    }
    (model.coarsest, model.rates) = rates_for(&model);
    model.check(env)?;
    let count = (bytes.len() / size).min(FOR_TABLES);
    learn_tables(&mut model, &bytes[..count * size], 3, env)?;
    Ok(model)
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
fn rates_for(model: &Model) -> (u8, u8) {
    let largest = model.members.iter().filter_map(|member| match &member.body {
        Body::Linear { linear, .. } => linear.classes.iter().filter_map(|c| c.deviations.first()).max(),
        Body::Network(_) => None,
    });
    let coarsest = largest.max().copied().unwrap_or(56).clamp(12, steps::QUARTERS_MAX);
    let finest = steps::nearest(4.0);
    (coarsest, coarsest.saturating_sub(finest).clamp(1, 63) + 1)
}

fn network(
    own: &NetworkRecipe,
    recipe: &Recipe,
    values: &Array2<f32>,
    env: &Env,
    mut told: impl FnMut(&Progress),
) -> Result<Member> {
    let NetworkRecipe { latents, layers, prior, prices, length, rate } = own.clone();
    let side = |i: usize| recipe.shape.get(i).map_or(1, |&side| side as usize);
    let shape = match recipe.shape.len() {
        1 => [1, side(0), 1],
        _ => [side(0), side(1), recipe.shape.iter().skip(2).map(|&side| side as usize).product()],
    };
    // Numbers from 0 to 1 where values go from 0 to 255.
    let unit = 255.0;
    let scaled = values.iter().map(|value| value / unit as f32).collect();
    let data = Records::floats(shape, scaled)?;
    let (mut params, mut random) = (Parameters::default(), Random::new(recipe.seed));
    let network =
        Network::new(&Design { shape, latents, body: layers, prior, prices }, &mut params, &mut random);
    let settings = Settings {
        rate,
        schedule: Schedule::Cosine { warm: 0.03, floor: 0.01 },
        clip: 2.0,
        average: 0.995,
        seed: recipe.seed,
        threads: recipe.threads,
        ..Settings::default()
    };
    let mut trainer = Trainer::new(params, settings);
    let split = Split::by_share(data.len(), 0.05, recipe.seed);
    let stop = env.cancel.clone();
    let plan = Plan { split: &split, batch: 128, length, patience: None, stop };
    trainer.fit(
        &plan,
        |tape, records| network.loss(tape, &data, records, None),
        |_, progress| told(progress),
    )?;
    env.check()?;
    let export = Export { records: &data, count: 512, rates: NETWORK_RATES, most: 127, unit, weights: 127 };
    let latents = network.export(trainer.best(), &export)?;
    Ok(Member { name: "network".into(), body: Body::Network(latents) })
}
