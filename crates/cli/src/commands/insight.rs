//! What `score`, `embed`, `sample` and `eval autoencoder` have in common: a codec file, and records of its kind.

use crate::args::RecordArgs;
use crate::plan::ledger::Role;
use crate::plan::{Context, Source};
use minlen::{Error, Event, Progress, Result};
pub use minlen_train::insight::rate;
use minlen_train::insight::{self, Model};
use minlen_train::records::{self, Records};
use std::path::{Path, PathBuf};

/// Enters a codec file and files with records into the plan.
pub fn enter(model: &Path, inputs: &[PathBuf], records: &RecordArgs, ctx: &Context) -> Result<()> {
    ctx.will_read(Role::Model, model)?;
    inputs.iter().try_for_each(|path| ctx.will_read_source(&Source::new(path)))?;
    records.label_file().iter().try_for_each(|path| ctx.will_read(Role::Help("file of labels"), path))
}

/// The codec file.
pub fn open(model: &Path, ctx: &Context) -> Result<Model> {
    insight::open(model, &ctx.reading())
}

/// Records of the kind that a codec file is for.
pub fn read(
    inputs: &[PathBuf],
    args: &RecordArgs,
    seed: u64,
    model: &Model,
    ctx: &Context,
) -> Result<Records> {
    let like = Some((model.shape.clone(), model.scaling.dtype()));
    let source = records::Source { like, ..args.source(inputs, seed) };
    let records = source.read(&ctx.reading())?;
    for note in &records.notes {
        say(note, ctx);
    }
    let named = |e: Error| match (e.file(), inputs) {
        (None, [first, ..]) => e.in_file(first),
        _ => e,
    };
    insight::check(model, &records).map_err(named)?;
    Ok(records)
}

/// A line that people should see.
pub fn say(message: &str, ctx: &Context) {
    if !ctx.ui.json() {
        ctx.ui.meter.event(Event::Notice { message: format!("minlen: {message}") });
    }
}

/// The member that is named, or the one whose latents say most.
pub fn member(model: &Model, name: Option<&str>) -> Result<usize> {
    name.map_or_else(|| insight::embed::usual_member(model), |name| insight::member(model, name))
}
