//! The phases of a run: dense, pruned, then rounded to steps or shared weights.

use super::grid::Grid;
use super::quantize;
use super::stages::Stages;
use super::train::{self, Phase, Trainer};
use super::{Options, checkpoint, load, prune};
use minlen_core::Result;

/// Trains the dense network (or reads it), and lets the teacher answer.
pub(super) fn dense(
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

/// Prunes while training.
pub(super) fn prune(
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

/// Trains with rounded weights, and gives the coded network.
pub(super) fn grid(
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
            let size = ordered_file(t, &grid).map_or(0, |bytes| bytes.len());
            let alive = used.weights.iter().flatten().filter(|&&w| w != 0.0).count();
            say(&format!("rounded {}: loss {loss:.4}, {alive} weights, {size} bytes{held}", epoch + 1));
        },
    );
    if let Some(error) = failure {
        return Err(error);
    }
    stages.add("quantized", trainer);
    ordered_file(trainer, &grid)
}

/// The file of the network rounded by `grid`.
fn ordered_file(trainer: &Trainer<'_>, grid: &Grid) -> Result<Vec<u8>> {
    let (architecture, params) = quantize::ordered(&trainer.architecture, &trainer.params);
    Ok(quantize::through_file(&grid.network(&architecture, &params))?.0)
}

/// Trains with shared weights, and gives the coded network.
pub(super) fn share(
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
