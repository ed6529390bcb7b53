//! What helps to keep records exactly: a causal predictor, as part of a codec file.

use super::checkpoint::{self, PREDICTOR, Stage};
use super::codec_file::{empty, scaling_of};
use super::run::{Event, KEPT_EVERY, Request, Told};
use crate::causal::{Learned, Recipe, learn};
use crate::records::Records;
use minlen_core::{Dtype, Env, Error, Result};
use minlen_latent::Model;
use minlen_learn::Length;
use minlen_nn::causal::Geometry;
use std::time::{Duration, Instant};

/// Units of the hidden layers, and the largest magnitude of a weight: what paid on drawings (docs/format/autoencoder.md, `CAUS`).
const HIDDEN: [usize; 2] = [96, 32];
const WEIGHTS: i16 = 31;
const RATE: f32 = 2e-3;

/// Learns a predictor of these records, which are `all` or those of them that are not held out, within the time of `request`. A training that was
/// stopped goes on with its last checkpoint, or begins behind that of the members.
///
/// # Errors
/// Usage for records of another type than bytes, or of a shape that has no neighbours, and for checkpoints of other runs; cancelled once the
/// flag is raised, after a last checkpoint; those of `told`.
pub fn predictor(
    records: &Records,
    all: &Records,
    request: &Request,
    checkpoint: Option<&[u8]>,
    env: &Env,
    told: &mut Told<'_>,
) -> Result<Learned> {
    let geometry = geometry(records)?;
    let fingerprint = checkpoint::fingerprint(request, request.members.as_deref().unwrap_or_default(), all);
    let mut stages = checkpoint.map_or(Ok(Vec::new()), |bytes| checkpoint::read(bytes, fingerprint))?;
    let before = stages.pop_if(|stage| stage.member == PREDICTOR);
    // More passes over few records bring nothing.
    let worth = Duration::from_secs(1) + Duration::from_micros(60 * records.bytes.len() as u64);
    let time = before.as_ref().and_then(|stage| stage.time).unwrap_or(request.time.min(worth));
    let recipe = Recipe {
        geometry,
        hidden: HIDDEN,
        weights: WEIGHTS,
        length: request.epochs.map_or(Length::Time(time), Length::Epochs),
        rate: RATE,
        seed: request.seed,
        threads: request.threads,
    };
    let time = Some(time).filter(|_| request.epochs.is_none());
    let write = |training: Vec<u8>| {
        let own = Stage { member: PREDICTOR, time, training };
        checkpoint::write(fingerprint, &[&stages[..], &[own]].concat())
    };
    let mut kept = Instant::now();
    let training = before.as_ref().map(|stage| &stage.training[..]);
    learn(&recipe, &records.bytes, training, env, |trainer, progress| {
        if let Some(held) = &progress.held_out {
            let bits = held.loss / records.numbers().max(1) as f64;
            let left = progress.left.as_secs();
            told(Event::Line(format!(
                "predictor: {bits:.4} bits a value on held-out records, {left} s left"
            )))?;
        }
        let goes_on = env.check();
        if goes_on.is_err() || kept.elapsed() >= KEPT_EVERY && progress.done < 1.0 {
            told(Event::Checkpoint(&write(trainer.to_bytes())))?;
            kept = Instant::now();
        }
        goes_on
    })
}

/// How records of bytes lie.
fn geometry(records: &Records) -> Result<Geometry> {
    if records.dtype != Dtype::U8 {
        let kind = records.kind();
        return Err(Error::usage(format!("records of {kind}: a predictor is for u8"))
            .remedy("leave out --exact; levels 6 and up predict other types without a codec file"));
    }
    Geometry::new(&records.shape).ok_or_else(|| {
        Error::usage(format!("no predictor for records of {}", records.kind()))
            .remedy("records are (values), (rows, columns) or (rows, columns, channels up to 4)")
    })
}

/// A codec file of the predictor alone, for members to be added.
///
/// # Errors
/// Usage for numbers that are all the same.
pub fn file_of(learned: &Learned, records: &Records, request: &Request) -> Result<Model> {
    Ok(Model {
        predictor: Some(learned.predictor.clone()),
        licence: request.licence.clone(),
        provenance: request.provenance.clone(),
        ..empty(&records.shape, scaling_of(&records.bytes, records.dtype)?)
    })
}
