//! What helps to keep records exactly: a causal predictor, as part of a codec file.

use super::codec_file::{empty, scaling_of};
use super::run::{Event, Request, Told};
use crate::causal::{Learned, Recipe, learn};
use crate::records::Records;
use minlen_core::{Dtype, Env, Error, Result};
use minlen_latent::Model;
use minlen_learn::Length;
use minlen_nn::causal::Geometry;
use std::time::Duration;

/// Units of the hidden layers, and the largest magnitude of a weight: what paid on drawings (docs/format/autoencoder.md, `CAUS`).
const HIDDEN: [usize; 2] = [96, 32];
const WEIGHTS: i16 = 31;
const RATE: f32 = 2e-3;

/// Learns a predictor of these records within the time of `request`.
///
/// # Errors
/// Usage for records of another type than bytes, or of a shape that has no neighbours; cancelled; those of `told`.
pub fn predictor(records: &Records, request: &Request, env: &Env, told: &mut Told<'_>) -> Result<Learned> {
    if records.dtype != Dtype::U8 {
        let kind = records.kind();
        return Err(Error::usage(format!("records of {kind}: a predictor is for u8"))
            .remedy("leave out --exact; levels 6 and up predict other types without a codec file"));
    }
    let geometry = Geometry::new(&records.shape).ok_or_else(|| {
        Error::usage(format!("no predictor for records of {}", records.kind()))
            .remedy("records are (values), (rows, columns) or (rows, columns, channels up to 4)")
    })?;
    // More passes over few records bring nothing.
    let worth = Duration::from_secs(1) + Duration::from_micros(60 * records.bytes.len() as u64);
    let recipe = Recipe {
        geometry,
        hidden: HIDDEN,
        weights: WEIGHTS,
        length: request.epochs.map_or(Length::Time(request.time.min(worth)), Length::Epochs),
        rate: RATE,
        seed: request.seed,
        threads: request.threads,
    };
    let mut failed = None;
    let learned = learn(&recipe, &records.bytes, env, |progress| {
        let Some(held) = &progress.held_out else { return };
        let bits = held.loss / records.numbers().max(1) as f64;
        let left = progress.left.as_secs();
        let line = format!("predictor: {bits:.4} bits a value on held-out records, {left} s left");
        failed = told(Event::Line(line)).err().or(failed.take());
    })?;
    failed.map_or(Ok(learned), Err)
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
