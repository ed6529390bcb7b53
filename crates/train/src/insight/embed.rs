//! Where records lie.

use super::{check, pieces};
use crate::records::Records;
use minlen_core::{Env, Error, Result};
use minlen_latent::{Body, Model, View};

/// The place of each record by a member, at a rate of the codec file: latents before they are rounded, or coordinates of a transform. Records with
/// numbers that are none have no place: as many `NaN`.
///
/// # Errors
/// Usage for records of another kind, and for a codec file that can only decode; cancelled; limit.
pub fn places(
    model: &Model,
    member: usize,
    rate: u8,
    records: &Records,
    threads: usize,
    env: &Env,
) -> Result<Vec<Vec<f32>>> {
    check(model, records)?;
    let rate = model.rate_of(member, rate);
    let dimensions = View::new(model, member, env)?.dimensions();
    let _held = env.budget.reserve((records.len() * (dimensions * 4 + 24)) as u64)?;
    let size = records.record_bytes().max(1);
    let chunks: Vec<&[u8]> = records.bytes.chunks(super::PIECE * size).collect();
    pieces(&chunks, threads, |piece| {
        env.check()?;
        let mut view = View::new(model, member, env)?;
        let place = |record| Ok(view.place(record, rate)?.unwrap_or_else(|| vec![f32::NAN; dimensions]));
        piece.chunks_exact(size).map(place).collect()
    })
}

/// The member whose places say most where nobody names one: the first network that can look at records, else the first member.
///
/// # Errors
/// None for a checked model.
pub fn usual_member(model: &Model) -> Result<usize> {
    let looks = |body: &Body| matches!(body, Body::Network(latents) if latents.encoder.is_some());
    let linear = |body: &Body| matches!(body, Body::Linear { .. });
    let find = |suits: &dyn Fn(&Body) -> bool| model.members.iter().position(|member| suits(&member.body));
    find(&looks).or_else(|| find(&linear)).ok_or_else(|| {
        Error::usage("this codec file can only decode").remedy("take the one that it was cut from")
    })
}
