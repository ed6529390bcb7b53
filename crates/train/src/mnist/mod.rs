//! LeNet on MNIST: trained, pruned, quantized, distilled, coded, decoded and graded. See `docs/tutorial-lenet.md`.
//!
//! [`run`] does it all, [`eval`] grades a coded network. Test pictures are only ever used for the last table: what is to
//! be chosen is chosen on [`Options::hold_out`] pictures taken from the training set.
//!
//! A run repeats bit for bit with the same options on the same machine (one thread, fixed order of sums); see
//! [`crate::matrix`] for other machines.

mod adam;
mod checkpoint;
mod conv;
mod data;
mod loss;
mod net;
mod prune;
mod quantize;
mod report;
mod train;

pub use data::Set;
pub use loss::Grading;
pub use net::{Architecture, Params};
pub use prune::Score;
pub use quantize::{Grid, restore};
pub use report::{Report, Stage};
pub use train::{Phase, Trainer};

use minlen_core::{Env, Error, Result};
use minlen_tensor::quantized;
use std::path::{Path, PathBuf};

/// What to train, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The network: see [`Architecture::named`].
    pub network: String,
    /// Folder of the four MNIST files.
    pub data: PathBuf,
    /// Seed of everything random.
    pub seed: u64,
    /// Share of the weights that pruning leaves.
    pub keep: f32,
    /// Units to prune the hidden layers to in the first part of pruning; empty: only units that become useless go.
    pub units: Vec<usize>,
    /// Pictures of the training set (the last ones) that are kept out and graded on the way.
    pub hold_out: usize,
    /// Epochs of the dense network, of pruning, of training with rounded weights.
    pub epochs: [usize; 3],
    /// Step of the weights, relative to the root mean square of those left in the layer.
    pub step: f32,
    /// Step of the biases, relative to the weights' step.
    pub bias_step: f32,
    /// What a bit is worth in loss (nats a picture).
    pub lambda: f32,
    /// Number of shared weights a layer instead of uniform steps.
    pub codebook: Option<usize>,
    /// How weights to prune are ranked.
    pub score: Score,
    /// A coded network to learn from; else the own dense network teaches while it is pruned.
    pub teacher: Option<PathBuf>,
    /// Weight of labels beside the teacher, and its temperature.
    pub grading: Grading,
    /// Whether the teacher sees the pictures as shifted as the student does, or unshifted.
    pub every_shift: bool,
    /// Pictures a step.
    pub batch: usize,
    /// Learning rate.
    pub rate: f32,
    /// Decay of weights relative to the rate.
    pub decay: f32,
    /// Where to read the dense network instead of training it, and where to write it after training.
    pub dense: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            network: "lenet-300-100".into(),
            data: PathBuf::new(),
            seed: 1,
            keep: 0.04,
            units: Vec::new(),
            hold_out: 0,
            epochs: [20, 30, 20],
            step: 0.7,
            bias_step: 1.0,
            lambda: 1e-6,
            codebook: None,
            score: Score::Magnitude,
            teacher: None,
            grading: Grading { hard: 0.3, temperature: 3.0 },
            every_shift: true,
            batch: 64,
            rate: 1e-3,
            decay: 0.0,
            dense: None,
        }
    }
}

/// Trains, prunes, quantizes and codes a network: the file's bytes, and what each stage is worth.
///
/// # Errors
/// If files cannot be read or options make no sense.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<(Vec<u8>, Report)> {
    let architecture = Architecture::named(&options.network)?;
    let mut set = Set::read(&options.data, "train")?;
    let held = set.split_off(options.hold_out.min(set.len() / 2));
    let test = Set::read(&options.data, "t10k")?;
    if options.batch == 0 || set.len() < options.batch {
        return Err(Error::usage("the batch is empty or larger than the training set"));
    }
    let mut stages = Stages::new(&held, architecture.parameters());
    let mut trainer = Trainer::new(&architecture, &set, options.seed);
    (trainer.batch, trainer.decay, trainer.grading) = (options.batch, options.decay, options.grading);
    if !options.units.is_empty() && options.units.len() + 1 != architecture.layers.len() {
        return Err(Error::usage("the number of units is needed for every hidden layer"));
    }
    dense_phase(&mut trainer, options, &mut stages, say)?;
    prune_phase(&mut trainer, options, &mut stages, say);
    let bytes = match options.codebook {
        Some(levels) => share_phase(&mut trainer, options, levels, &mut stages, say)?,
        None => grid_phase(&mut trainer, options, &mut stages, say)?,
    };
    Ok((bytes.clone(), stages.finish(&bytes, &test)?))
}

/// Reads a coded network and counts its errors on the test pictures: wrong, all, weights that are not 0.
///
/// # Errors
/// If a file cannot be read or is not what it should be.
pub fn eval(file: &Path, data: &Path) -> Result<(usize, usize, usize)> {
    let (architecture, params) = load(file)?;
    let test = Set::read(data, "t10k")?;
    let alive = params.weights.iter().flatten().filter(|&&w| w != 0.0).count();
    Ok((train::errors(&architecture, &params, &test), test.len(), alive))
}

fn load(file: &Path) -> Result<(Architecture, Params)> {
    let bytes = std::fs::read(file).map_err(|e| Error::io("cannot read", e).in_file(file))?;
    let network = quantized::decode(&bytes, &Env::default()).map_err(|e| e.in_file(file))?;
    restore(&network).map_err(|e| e.in_file(file))
}

/// Collects the parameters after each stage, and says how well they do on what is held out.
struct Stages<'a> {
    held: &'a Set,
    parameters: usize,
    done: Vec<(&'static str, Architecture, Params)>,
}

impl<'a> Stages<'a> {
    fn new(held: &'a Set, parameters: usize) -> Self {
        Self { held, parameters, done: Vec::new() }
    }

    /// Error on the pictures held out, as text.
    fn held(&self, architecture: &Architecture, params: &Params) -> String {
        if self.held.is_empty() {
            return String::new();
        }
        let wrong = train::errors(architecture, params, self.held);
        format!(", held out {:.2} %", 100.0 * wrong as f64 / self.held.len() as f64)
    }

    fn add(&mut self, name: &'static str, trainer: &Trainer<'_>) {
        self.done.push((name, trainer.architecture.clone(), trainer.used()));
    }

    fn finish(self, bytes: &[u8], test: &Set) -> Result<Report> {
        let network = quantized::decode(bytes, &Env::default())?;
        let (coded, params) = restore(&network)?;
        let stage = |name: &str, architecture: &Architecture, params: &Params| Stage {
            name: name.to_owned(),
            non_zeros: params.weights.iter().flatten().filter(|&&w| w != 0.0).count(),
            errors: train::errors(architecture, params, test),
        };
        let mut stages: Vec<Stage> =
            self.done.iter().map(|(name, architecture, params)| stage(name, architecture, params)).collect();
        stages.push(stage("decoded", &coded, &params));
        Ok(Report { stages, pictures: test.len(), bytes: bytes.len(), parameters: self.parameters })
    }
}

fn dense_phase(
    trainer: &mut Trainer<'_>,
    options: &Options,
    stages: &mut Stages<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<()> {
    let teaching = options.grading.hard < 1.0;
    if let Some(file) = options.teacher.as_ref().filter(|_| teaching) {
        let (architecture, params) = load(file)?;
        trainer.teacher = train::teach(&architecture, &params, trainer.set, options.every_shift);
        say(&format!("the teacher answered{}", stages.held(&architecture, &params)));
    }
    match &options.dense {
        Some(file) if file.exists() => trainer.params = checkpoint::read(file, &trainer.architecture)?,
        _ => train_dense(trainer, options, stages, say)?,
    }
    stages.add("dense", trainer);
    if teaching && trainer.teacher.is_empty() {
        trainer.teacher =
            train::teach(&trainer.architecture, &trainer.params, trainer.set, options.every_shift);
    }
    say(&format!("dense{}", stages.held(&trainer.architecture, &trainer.params)));
    Ok(())
}

fn train_dense(
    trainer: &mut Trainer<'_>,
    options: &Options,
    stages: &Stages<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<()> {
    let phase = Phase { epochs: options.epochs[0], rates: (options.rate, options.rate * 0.01) };
    trainer.run(
        phase,
        |_, _, _| (),
        |t, epoch, loss| {
            let held = stages.held(&t.architecture, &t.params);
            say(&format!("dense {}: loss {loss:.4}{held}", epoch + 1));
        },
    );
    match &options.dense {
        Some(file) => checkpoint::write(file, &trainer.architecture, &trainer.params),
        None => Ok(()),
    }
}

/// Steps from one pruning to the next.
const PRUNE_EVERY: usize = 50;
/// Part of the phase after which no more units are pruned for their own sake.
const UNITS_UNTIL: f32 = 0.3;
/// Part of the phase after which nothing more is pruned.
const PRUNE_UNTIL: f32 = 0.7;

fn prune_phase(
    trainer: &mut Trainer<'_>,
    options: &Options,
    stages: &mut Stages<'_>,
    say: &mut dyn FnMut(&str),
) {
    let weights: usize = trainer.params.weights.iter().map(Vec::len).sum();
    let units = trainer.architecture.units();
    let phase = Phase { epochs: options.epochs[1], rates: (options.rate, options.rate * 0.1) };
    trainer.run(
        phase,
        |t, part, step| {
            // The optimiser's moments must have seen something before they rank anything.
            if step % PRUNE_EVERY == PRUNE_EVERY - 1 && part < PRUNE_UNTIL + 0.02 {
                let keep = prune::schedule(part / PRUNE_UNTIL, options.keep);
                if !options.units.is_empty() {
                    let part = part / UNITS_UNTIL;
                    let count = |(&all, &few): (&usize, &usize)| {
                        (prune::schedule(part, few as f32 / all as f32) * all as f32).round() as usize
                    };
                    let counts: Vec<usize> = units.iter().zip(&options.units).map(count).collect();
                    prune::prune_units(t, &counts);
                }
                prune::prune(t, (keep * weights as f32) as usize, options.score);
                t.compact();
            }
        },
        |t, epoch, loss| {
            let held = stages.held(&t.architecture, &t.params);
            say(&format!(
                "pruned {}: loss {loss:.4}, {} weights in {:?} units{held}",
                epoch + 1,
                t.alive(),
                t.architecture.units()
            ));
        },
    );
    stages.add("pruned", trainer);
}

/// Part of the phase of rounded weights after which the coder's costs prune no more.
const ROUND_UNTIL: f32 = 0.75;

fn grid_phase(
    trainer: &mut Trainer<'_>,
    options: &Options,
    stages: &mut Stages<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<u8>> {
    let grid = Grid::relative(&trainer.params, options.step, options.bias_step);
    trainer.grid = Some(grid.clone());
    let phase = Phase { epochs: options.epochs[2], rates: (options.rate * 0.3, options.rate * 0.003) };
    let mut failure = None;
    let half = trainer.set.len() / trainer.batch / 2;
    trainer.run(
        phase,
        |t, part, step| {
            if step == half && part < ROUND_UNTIL && options.lambda > 0.0 {
                // The price rises, so that weights may leave in the order of their worth.
                let lambda = options.lambda * (part / (0.8 * ROUND_UNTIL)).min(1.0);
                failure = quantize::optimise(t, lambda).err().or(failure.take());
                t.compact();
            }
        },
        |t, epoch, loss| {
            let used = t.used();
            let held = stages.held(&t.architecture, &used);
            let size =
                quantize::through_file(&grid.network(&t.architecture, &t.params)).map_or(0, |f| f.0.len());
            let alive = used.weights.iter().flatten().filter(|&&w| w != 0.0).count();
            say(&format!("rounded {}: loss {loss:.4}, {alive} weights, {size} bytes{held}", epoch + 1));
        },
    );
    if let Some(error) = failure {
        return Err(error);
    }
    stages.add("quantized", trainer);
    let (architecture, params) = quantize::ordered(&trainer.architecture, &trainer.params);
    Ok(quantize::through_file(&grid.network(&architecture, &params))?.0)
}

fn share_phase(
    trainer: &mut Trainer<'_>,
    options: &Options,
    levels: usize,
    stages: &mut Stages<'_>,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<u8>> {
    let grid = Grid::relative(&trainer.params, options.step, options.bias_step);
    quantize::share(trainer, levels);
    let phase = Phase { epochs: options.epochs[2], rates: (options.rate * 0.1, options.rate * 0.001) };
    trainer.run(
        phase,
        |_, _, _| (),
        |t, epoch, loss| {
            say(&format!("shared {}: loss {loss:.4}{}", epoch + 1, stages.held(&t.architecture, &t.params)));
        },
    );
    stages.add("quantized", trainer);
    let (architecture, params) = quantize::ordered(&trainer.architecture, &trainer.params);
    Ok(quantize::through_file(&quantize::shared_network(&architecture, &params, &grid))?.0)
}

#[cfg(test)]
mod tests;
