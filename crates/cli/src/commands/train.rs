//! `minlen train`: a prior from typical data.

use crate::args::TrainPrior;
use crate::engine::sink::Sink;
use crate::plan::{Context, Target};
use crate::ui::human;
use minlen::{Error, Result, prior};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// No more than this is read of one file: models look at less.
const MOST: u64 = prior::MOST as u64;

/// Makes what was asked for.
pub fn run(args: &TrainPrior, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.output);
    let mut paths = Vec::new();
    for input in &args.inputs {
        collect(input, &mut paths, ctx)?;
    }
    let data = paths.iter().map(|path| head(path)).collect::<Result<Vec<_>>>()?;
    let name = if args.name.is_empty() { own_name(&args.output) } else { args.name.clone() };
    let file = prior::train(args.kind, &name, &data)?;
    let out = Sink::create(&Target::new(&args.output), args.force, ctx, "the training data")?;
    out.write(&file)?;
    out.commit(None)?;
    let read: u64 = data.iter().map(|piece| piece.len() as u64).sum();
    ctx.report.done(json!({"stored_bytes": file.len(), "read_bytes": read, "inputs": paths.len()}));
    let from = human::bytes(read);
    ctx.ui.note(&format!(
        "{}: {} from {from} in {} files",
        human::safe(&args.output.display().to_string()),
        human::bytes(file.len() as u64),
        paths.len()
    ));
    Ok(())
}

fn own_name(output: &Path) -> String {
    output.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The regular files below `path`, by name, so that the prior does not depend on the file system.
fn collect(path: &Path, paths: &mut Vec<PathBuf>, ctx: &Context) -> Result<()> {
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let meta = fs::symlink_metadata(path).map_err(failed)?;
    if meta.is_file() {
        ctx.note_source(&meta);
        paths.push(path.to_path_buf());
    } else if meta.is_dir() {
        let entries = fs::read_dir(path).map_err(failed)?;
        let mut below =
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
        below.sort();
        below.iter().try_for_each(|path| collect(path, paths, ctx))?;
    }
    Ok(())
}

fn head(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let mut data = Vec::new();
    fs::File::open(path).map_err(failed)?.take(MOST).read_to_end(&mut data).map_err(failed)?;
    Ok(data)
}
