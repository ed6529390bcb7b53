//! Learning what pictures look like: the autoencoder behind the method *vae* of the codec of pictures.

mod crops;
mod export;
mod network;

pub use crops::{SIDE, crops, pictures};
pub use network::Network;

use minlen_core::{Cancel, Env, Result};
use minlen_image::vae::Model;
use minlen_learn::{Length, Parameters, Plan, Random, Records, Rule, Schedule, Settings, Split, Trainer};
use std::time::Duration;

/// How an autoencoder is trained.
#[derive(Clone, Debug)]
pub struct Request {
    /// For how long. The schedule goes by the clock, so the weights depend on the machine.
    pub time: Duration,
    /// Parts of a step.
    pub batch: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Threads; the result of a step is the same for every number.
    pub threads: usize,
}

/// A model with what it is worth on parts that were held out.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Steps of the training.
    pub steps: u64,
    /// For some steps: bits a pixel and decibels, in floats.
    pub curve: Vec<(f64, f64)>,
}

/// Steps at which the result is measured.
const MEASURED: [f32; 4] = [0.5, 1.0, 2.0, 4.0];

/// Learns from parts of pictures. `told` hears of the share that is done and the loss.
///
/// # Errors
/// Usage for networks whose numbers are too large; cancelled.
pub fn run(
    request: &Request,
    records: &Records,
    env: &Env,
    mut told: impl FnMut(f64, f64),
) -> Result<Trained> {
    let (mut params, mut random) = (Parameters::default(), Random::new(request.seed));
    let network = Network::new(&mut params, &mut random);
    let settings = Settings {
        rule: Rule::adam(),
        rate: 1e-3,
        schedule: Schedule::Cosine { warm: 0.02, floor: 0.01 },
        clip: 50.0,
        average: 0.999,
        shard: 2,
        seed: request.seed,
        threads: request.threads,
    };
    let mut trainer = Trainer::new(params, settings);
    let split = Split::by_share(records.len(), 0.03, request.seed);
    let plan = Plan {
        split: &split,
        batch: request.batch,
        length: Length::Time(request.time),
        patience: None,
        stop: Cancel::default(),
    };
    let loss =
        |tape: &mut minlen_learn::Tape<'_>, records_: &[u32]| network.loss(tape, records, records_, None);
    trainer.fit(&plan, loss, |_, progress| told(progress.done, progress.batch.loss))?;
    let params = trainer.best().clone();
    let mut curve = Vec::new();
    for step in MEASURED {
        let means =
            trainer.evaluate(&split.held_out, |tape, some| network.loss(tape, records, some, Some(step)));
        let pixels = (SIDE * SIDE) as f64;
        let note = |name| means.note(name).unwrap_or(f64::NAN);
        let square = note("squares") / (pixels * 3.0) * 64.0 * 64.0;
        curve.push((note("bits") / pixels, 10.0 * (255.0 * 255.0 / square).log10()));
    }
    let model = network.export(&params, records, env)?;
    Ok(Trained { model, steps: trainer.steps(), curve })
}
