//! What a codec file knows of records beside how to code them: which are odd, where they lie, what others would look like, and how well it
//! does on them.
//!
//! | You want | Use |
//! |---|---|
//! | how odd each record is | [`score`], against [`Held`] |
//! | where records lie, as numbers for search and clustering | [`embed`] |
//! | new records, or changed copies of given ones | [`sample`] |
//! | bytes, errors and times at each rate, beside other methods | [`eval`] |
//! | files and pictures of what comes out | [`mod@write`], [`sheet`] |

mod auc;
pub mod embed;
pub mod eval;
mod held;
mod neighbours;
mod pca;
pub mod peers;
pub mod sample;
pub mod score;
pub mod sheet;
#[cfg(test)]
mod tests;
pub mod transforms;
pub mod write;

pub use auc::auc;
pub use held::{Held, Quantiles};
pub use neighbours::Neighbours;
pub use pca::plane;

use crate::records::Records;
use minlen_core::{Env, Error, Result};
pub use minlen_latent::Model;
use minlen_latent::{Description, Promise, describe, is_codec_file};
use std::io::Read;
use std::path::Path;

/// Records that are described in one go: what a record takes depends on those before it within a piece only, and so neither on threads nor on
/// how many records there are.
const PIECE: usize = 256;
/// Level at which records are described: latents are not refined.
const LEVEL: u8 = 5;
/// Codec files are not longer than this, and begin with what fits into so much.
const MOST: u64 = 1 << 30;
/// See [`MOST`].
const HEAD: u64 = 8;

/// What `told` makes of the description of each record at a rate, in order.
///
/// # Errors
/// Those of the codec file; cancelled.
pub fn each<T: Send>(
    model: &Model,
    bytes: &[u8],
    rate: u8,
    threads: usize,
    env: &Env,
    told: impl Fn(Description) -> T + Sync,
) -> Result<Vec<T>> {
    let size = model.record_bytes().max(1);
    pieces(&bytes.chunks(PIECE * size).collect::<Vec<_>>(), threads, |piece| {
        let mut found = Vec::with_capacity(PIECE);
        describe(model, piece, Promise::Rate(rate), LEVEL, env, |_, description| {
            found.push(told(description));
            Ok(())
        })?;
        Ok(found)
    })
}

/// What `work` makes of each piece, on threads, joined in order.
fn pieces<I: Sync, T: Send>(
    all: &[I],
    threads: usize,
    work: impl Fn(&I) -> Result<Vec<T>> + Sync,
) -> Result<Vec<T>> {
    let threads =
        if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads };
    let found = minlen_core::threads::in_order(all.len(), threads, |number| work(&all[number]))?;
    Ok(found.into_iter().flatten().collect())
}

/// The bytes of the file at `path`, if that is a codec file.
///
/// # Errors
/// Io.
pub fn file(path: &Path) -> Result<Option<Vec<u8>>> {
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let (mut file, mut bytes) = (std::fs::File::open(path).map_err(failed)?, Vec::new());
    (&mut file).take(HEAD).read_to_end(&mut bytes).map_err(failed)?;
    if !is_codec_file(&bytes) {
        return Ok(None);
    }
    file.take(MOST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// The bytes of the codec file at `path`.
///
/// # Errors
/// Io; usage for a file that is none.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    let none = || Error::usage("this is no codec file").in_file(path);
    file(path)?.ok_or_else(|| none().remedy("give one that `minlen train autoencoder` made"))
}

/// The codec file at `path`, whose members describe records.
///
/// # Errors
/// Io; those of [`Model::read`]; usage for a file that is none, or that has a predictor only.
pub fn open(path: &Path, env: &Env) -> Result<Model> {
    let model = Model::read(&bytes(path)?, env).map_err(|e| e.in_file(path))?;
    if model.members.is_empty() {
        return Err(Error::usage("this codec file predicts records and describes none")
            .in_file(path)
            .remedy("train one without --exact, or with --members beside it"));
    }
    Ok(model)
}

/// # Errors
/// Usage where records are not of the model's shape and type, or there are none.
pub fn check(model: &Model, records: &Records) -> Result<()> {
    if records.is_empty() {
        return Err(Error::usage("there are no records"));
    }
    let own = Records::new(model.shape.clone(), model.scaling.dtype(), Vec::new())?;
    if records.shape != own.shape || records.dtype != own.dtype {
        return Err(Error::usage(format!(
            "its records are of {}, and the codec file is for {}",
            records.kind(),
            own.kind()
        ))
        .remedy("give records of the kind that it was trained on, or train one for these"));
    }
    Ok(())
}

/// The number of the member of this name, or of this number from 0.
///
/// # Errors
/// Usage for one that is not there: names those that are.
pub fn member(model: &Model, name: &str) -> Result<usize> {
    let named = model.members.iter().position(|member| member.name == name);
    let numbered = || name.parse().ok().filter(|&number: &usize| number < model.members.len());
    named.or_else(numbered).ok_or_else(|| {
        let names: Vec<&str> = model.members.iter().map(|member| member.name.as_str()).collect();
        Error::usage(format!("no member {name:?}")).remedy(format!("it has {}", names.join(", ")))
    })
}

/// The rate that is asked for, or the usual one.
///
/// # Errors
/// Usage for one that is not there: says which there are.
pub fn rate(model: &Model, asked: Option<u8>) -> Result<u8> {
    let rate = asked.unwrap_or_else(|| Held::usual_rate(model));
    if rate < model.rates {
        return Ok(rate);
    }
    Err(Error::usage(format!("no rate {rate}"))
        .remedy(format!("the codec file has the rates 0 to {}", model.rates.saturating_sub(1))))
}
