//! LeNet on MNIST: trained, pruned, quantized, distilled, coded, decoded and graded. See `docs/tutorial-lenet.md`.
//!
//! [`run`] does it all, [`eval`] grades a coded network. Test pictures are only ever used for the last table: what is to
//! be chosen is chosen on [`Options::hold_out`] pictures taken from the training set.
//!
//! A run repeats bit for bit with the same options on the same machine (one thread, fixed order of sums); see
//! [`minlen_learn::matrix`] for other machines.

mod adam;
mod checkpoint;
mod data;
mod grid;
mod loss;
mod net;
mod phases;
mod prune;
mod quantize;
mod report;
mod stages;
mod train;

pub use data::Set;
pub use grid::Grid;
pub use loss::Grading;
pub use net::{Architecture, Params};
pub use prune::Score;
pub use quantize::restore;
pub use report::{Report, Stage};
pub use train::{Phase, Trainer};

use minlen_core::{Env, Error, Result};
use minlen_tensor::quantized;
use stages::Stages;
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
    phases::dense(&mut trainer, options, &mut stages, say)?;
    phases::prune(&mut trainer, options, &mut stages, say);
    let bytes = match options.codebook {
        Some(levels) => phases::share(&mut trainer, options, levels, &mut stages, say)?,
        None => phases::grid(&mut trainer, options, &mut stages, say)?,
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

#[cfg(test)]
mod tests;
