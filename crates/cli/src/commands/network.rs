//! `minlen train network` and `minlen eval`: small networks for handwritten digits.

use crate::args::TrainNetwork;
use crate::engine::sink::Sink;
use crate::plan::{Context, Target};
use crate::ui;
use minlen::{Error, Result};
use minlen_train::mnist::{self, Grading, Options};
use serde_json::json;
use std::path::Path;

/// Trains, prunes, quantizes and codes a network, and prints what each stage is worth.
pub fn train(args: &TrainNetwork, ctx: &Context) -> Result<()> {
    let options = Options {
        network: args.network.clone(),
        data: args.data.clone(),
        seed: args.seed,
        keep: args.keep,
        units: args.units.as_ref().map(|units| units.0.clone()).unwrap_or_default(),
        hold_out: args.hold_out,
        epochs: args.epochs.0,
        step: args.step,
        bias_step: args.bias_step,
        lambda: args.lambda,
        codebook: args.codebook,
        score: args.score,
        teacher: args.teacher.clone(),
        grading: Grading { hard: args.hard, temperature: args.temperature },
        every_shift: args.every_shift,
        batch: args.batch,
        rate: args.rate,
        decay: args.decay,
        dense: args.dense.clone(),
    };
    ctx.report.begin(&args.output);
    let out = Sink::create(&Target::new(&args.output), args.force, ctx, "the network")?;
    let (bytes, report) = mnist::run(&options, &mut |line| ctx.ui.note(line))?;
    out.write(&bytes)?;
    out.commit(None)?;
    let stage = |stage: &mnist::Stage| json!({"name": stage.name, "nonzeros": stage.non_zeros, "wrong": stage.errors});
    ctx.report.done(json!({
        "stored_bytes": report.bytes,
        "parameters": report.parameters,
        "pictures": report.pictures,
        "stages": report.stages.iter().map(stage).collect::<Vec<_>>(),
    }));
    if ctx.ui.json() { Ok(()) } else { ui::print(&report.to_string()) }
}

/// Counts the errors of a coded network on the test pictures.
pub fn eval(file: &Path, data: &Path, ctx: &Context) -> Result<()> {
    ctx.report.begin(file);
    let (wrong, all, alive) = mnist::eval(file, data)?;
    let bytes = std::fs::metadata(file).map_err(|e| Error::io("cannot read", e).in_file(file))?.len();
    let percent = 100.0 * wrong as f64 / all.max(1) as f64;
    ctx.report.done(json!({"stored_bytes": bytes, "nonzeros": alive, "wrong": wrong, "pictures": all}));
    if ctx.ui.json() {
        return Ok(());
    }
    ui::print(&format!("{bytes} bytes, {alive} non-zeros, {wrong} of {all} wrong: {percent:.2} %\n"))
}
