//! From records to a predictor in integers.

use minlen_core::{Cancel, Env, Error, Result};
use minlen_entropy::mixing::squash;
use minlen_learn::layers::Dense;
use minlen_learn::{
    Choice, Init, Length, Parameters, Plan, Progress, Random, Schedule, Settings, Split, Tape, Trainer, Var,
};
use minlen_nn::causal::{Causal, FULL, Geometry, Input, NODES, Predictor, Sight};
use minlen_nn::integer::quantize::{FloatGraph, FloatLinear, FloatNode, FloatOp, Options, Scale, quantize};
use minlen_nn::integer::{Function, Graph, Shape};

/// What a predictor is made from, and how.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// How the records lie, as [`Geometry::new`] has it; ground and middle are found out.
    pub geometry: Geometry,
    /// Units of the hidden layers.
    pub hidden: [usize; 2],
    /// Largest magnitude of a weight: 127 for 8 bits, 31 for 6.
    pub weights: i16,
    /// How long to train.
    pub length: Length,
    /// The highest learning rate.
    pub rate: f32,
    /// Seed of all that is random.
    pub seed: u64,
    /// Threads; they change nothing but the time.
    pub threads: usize,
}

/// A predictor, and how good it is.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The network in integers, and how the records lie.
    pub predictor: Predictor,
    /// Bits a value on records held out, of the network in floats and of the one in integers: each alone, not mixed with anything.
    pub bits: [f64; 2],
}

/// A value is the ground if so many percent of all are.
const GROUND_PERCENT: usize = 25;
/// Of the values among ground one in so many is learned from, and counts so often.
const QUIET: u32 = 8;
/// Records held out at most.
const HELD_OUT: usize = 400;
/// Records of a step, and of a shard of it, where records are short: about so many values.
const BATCH_VALUES: [usize; 2] = [6_400, 1_600];
/// Values that integers are made by, at most.
const CALIBRATION: usize = 4000;

/// The network over its parameters.
struct Net {
    hidden: [Dense; 2],
    nodes: Dense,
}

impl Net {
    fn bits(&self, tape: &mut Tape<'_>, x: Var, choices: &[Choice], records: usize) -> Var {
        let mut x = x;
        for layer in &self.hidden {
            x = layer.apply(tape, x);
            x = tape.relu(x);
        }
        let (w, b) = (tape.param(self.nodes.weights), tape.param(self.nodes.bias));
        tape.choice_bits(x, w, b, choices, records)
    }
}

/// Records with their geometry.
struct Data<'a> {
    bytes: &'a [u8],
    geometry: Geometry,
}

/// What is learned from in a shard.
#[derive(Default)]
struct Batch {
    seen: Vec<Input>,
    inputs: Vec<f32>,
    choices: Vec<Choice>,
    rows: u32,
}

impl Data<'_> {
    /// What is seen of earlier records from the one at `at`: rows see those before them.
    fn before(&self, at: usize, push: impl FnMut(u8)) {
        if self.geometry.rows == 0 {
            let before = usize::from(self.geometry.up) * self.geometry.record();
            let flip = self.geometry.flip();
            self.bytes[at.saturating_sub(before)..at].iter().map(|&v| v ^ flip).for_each(push);
        }
    }

    /// Appends the values of a record: those among ground by chance.
    fn record(&self, record: u32, place: u32, random: &mut Random, batch: &mut Batch) {
        let size = self.geometry.record();
        let (flip, zero) = (self.geometry.flip(), self.geometry.zero());
        let at = record as usize * size;
        let mut sight = Sight::new(self.geometry);
        self.before(at, |value| sight.push(value));
        for &value in &self.bytes[at..at + size] {
            let value = value ^ flip;

            let is_ground = self.geometry.ground.is_some() && value == zero;
            let quiet = is_ground && sight.is_quiet();
            if !quiet || random.below(QUIET as usize) == 0 {
                sight.look(&mut batch.seen);
                let weight = if quiet { QUIET as f32 } else { 1.0 };
                batch.value(self.geometry, value, (place, weight));
            }
            sight.push(value);
        }
    }
}

impl Batch {
    /// Takes in what is seen, and what came.
    fn value(&mut self, geometry: Geometry, value: u8, (record, weight): (u32, f32)) {
        let start = self.inputs.len();
        self.inputs.resize(start + geometry.inputs(), 0.0);
        for Input { place, pair } in &self.seen {
            for (half, &x) in pair.iter().enumerate() {
                self.inputs[start + 2 * *place as usize + half] = f32::from(x) / f32::from(FULL);
            }
        }
        let place = self.rows;
        self.rows += 1;
        decisions(geometry, value, |node, bit| {
            self.choices.push(Choice { place, record, node, bit, weight });
        });
    }
}

/// The ground of values, or their mean.
fn with_ground(geometry: Geometry, bytes: &[u8]) -> Geometry {
    let mut counts = [0usize; 256];
    bytes.iter().for_each(|&v| counts[usize::from(v)] += 1);
    let most = (0..=255u8).rev().max_by_key(|&v| counts[usize::from(v)]).unwrap_or(0);
    let ground = (counts[usize::from(most)] * 100 >= bytes.len() * GROUND_PERCENT).then_some(most);
    let sum: u64 = bytes.iter().map(|&v| u64::from(v)).sum();
    let middle = (sum / bytes.len().max(1) as u64) as u8;
    Geometry { ground, middle, ..geometry }
}

/// Learns a predictor from whole records of bytes. A training that a checkpoint was written of goes on where that ends. `told` hears of each
/// step, and may end it by an error.
///
/// # Errors
/// Usage for bytes that are no whole records, or too few, or a checkpoint of another training; those of `told`; cancelled.
pub fn learn(
    recipe: &Recipe,
    bytes: &[u8],
    checkpoint: Option<&[u8]>,
    env: &Env,
    mut told: impl FnMut(&Trainer, &Progress) -> Result<()>,
) -> Result<Learned> {
    let size = recipe.geometry.record();
    if !recipe.geometry.is_sane() || !bytes.len().is_multiple_of(size) || bytes.len() / size < 2 {
        return Err(Error::usage(format!(
            "{} bytes are not two or more whole records of {size}",
            bytes.len()
        ))
        .remedy("give the shape of the records, and records without a header"));
    }
    let geometry = with_ground(recipe.geometry, bytes);
    let data = Data { bytes, geometry };
    let (mut params, mut random) = (Parameters::default(), Random::new(recipe.seed));
    let sizes = [geometry.inputs(), recipe.hidden[0], recipe.hidden[1], NODES];
    let mut layer =
        |name, i: usize, init| Dense::new(&mut params, name, sizes[i], sizes[i + 1], init, &mut random);
    let net = Net {
        hidden: [layer("first", 0, Init::He), layer("second", 1, Init::He)],
        nodes: layer("nodes", 2, Init::Zero),
    };
    let per = |values: usize| (values / size).max(1);
    let settings = Settings {
        rate: recipe.rate,
        schedule: Schedule::Cosine { warm: 0.02, floor: 0.005 },
        clip: 50.0 * size as f32,
        average: 0.998,
        shard: per(BATCH_VALUES[1]),
        seed: recipe.seed,
        threads: recipe.threads,
        ..Settings::default()
    };
    let mut trainer = Trainer::new(params, settings);
    checkpoint.map_or(Ok(()), |bytes| trainer.resume(bytes))?;
    let records = bytes.len() / size;
    let share = (HELD_OUT as f64 / records as f64).min(0.05);
    let split = Split::by_share(records, share, recipe.seed);
    // What is told may fail, which ends the training as a signal does.
    let stop = Cancel::default();
    let plan = Plan {
        split: &split,
        batch: per(BATCH_VALUES[0]),
        length: recipe.length,
        patience: None,
        stop: stop.clone(),
    };
    let loss = |tape: &mut Tape<'_>, records: &[u32]| {
        let mut batch = Batch::default();
        for (place, &record) in (0..).zip(records) {
            let mut random = tape.random(0, record);
            data.record(record, place, &mut random, &mut batch);
        }
        let x = tape.input([batch.rows as usize, geometry.inputs()], &batch.inputs);
        net.bits(tape, x, &batch.choices, records.len())
    };
    let mut failed = env.check();
    if failed.is_err() {
        stop.cancel();
    }
    trainer.fit(&plan, loss, |trainer, progress| {
        if failed.is_ok() {
            failed = told(trainer, progress).and_then(|()| env.check());
        }
        if failed.is_err() {
            stop.cancel();
        }
    })?;
    failed?;
    let bits = trainer.evaluate(&split.held_out, loss).loss / size as f64;
    let graph = export(&net, trainer.current(), &data, recipe)?;
    let predictor = Predictor { geometry, graph };
    let causal = predictor.ready(env)?;
    let integers = integer_bits(&causal, &data, &split.held_out);
    Ok(Learned { predictor, bits: [bits, integers] })
}

/// Bits a value of records under the network in integers.
fn integer_bits(causal: &Causal, data: &Data<'_>, records: &[u32]) -> f64 {
    let (size, flip) = (data.geometry.record(), data.geometry.flip());
    let mut sum = 0.0;
    for &record in records {
        let at = record as usize * size;
        let mut look = causal.start();
        data.before(at, |value| look.push(value));
        for &value in &data.bytes[at..at + size] {
            let value = value ^ flip;
            causal.look(&mut look);
            decisions(data.geometry, value, |node, bit| {
                let p = f64::from(squash(causal.stretch(&look, node as usize))) / 65_536.0;
                sum -= if bit { p } else { 1.0 - p }.log2();
            });
            look.push(value);
        }
    }
    sum / (records.len() * size).max(1) as f64
}

/// The decisions that a value is made of.
fn decisions(geometry: Geometry, value: u8, mut decide: impl FnMut(u32, bool)) {
    if geometry.ground.is_some() {
        decide(0, value != geometry.zero());
        if value == geometry.zero() {
            return;
        }
    }
    let mut node = 1;
    for shift in (0..8).rev() {
        let bit = value >> shift & 1;
        decide(node, bit == 1);
        node = node << 1 | u32::from(bit);
    }
}

/// The network in integers.
fn export(net: &Net, params: &Parameters, data: &Data<'_>, recipe: &Recipe) -> Result<Graph> {
    let float = |layer: &Dense, factor: f32| {
        let shape = params.shape(layer.weights);
        let all = |values: &[f32]| values.iter().map(|v| v * factor).collect();
        FloatLinear {
            rows: shape.sizes()[0],
            columns: shape.sizes()[1],
            weights: all(params.values(layer.weights)),
            bias: all(params.values(layer.bias)),
        }
    };
    let relu = || FloatOp::Activation(Function::Relu);
    let ops = [
        FloatOp::Dense(float(&net.hidden[0], 1.0)),
        relu(),
        FloatOp::Dense(float(&net.hidden[1], 1.0)),
        relu(),
        // From natural logarithms to those of base 2.
        FloatOp::Dense(float(&net.nodes, std::f32::consts::LOG2_E)),
    ];
    let nodes = ops.into_iter().enumerate().map(|(from, op)| FloatNode { from, op }).collect();
    let graph = FloatGraph { input: Shape::flat(data.geometry.inputs()), nodes };
    let mut batch = Batch::default();
    let mut random = Random::new(recipe.seed);
    let records = data.bytes.len() / data.geometry.record();
    while (batch.rows as usize) < CALIBRATION {
        let before = batch.rows;
        data.record(random.below(records) as u32, 0, &mut random, &mut batch);
        if batch.rows == before {
            break;
        }
    }
    batch.inputs.truncate(CALIBRATION * data.geometry.inputs());
    let input = Scale { bits: 8, limit: FULL };
    let output = Some(Scale { bits: 7, limit: 2047 });
    let options = Options { weights: recipe.weights, output, headroom: 2.0, ..Options::new(input) };
    Ok(quantize(&graph, &batch.inputs, &options)?.graph)
}
