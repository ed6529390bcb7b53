//! `minlen train image`: the networks that the codec of pictures brings.

use crate::args::TrainImage;
use crate::engine::sink::Sink;
use crate::plan::{Context, Source, Target};
use crate::ui::{self, human};
use minlen::{Event, Progress, Result};
use minlen_train::picture::{self, Request, Trained};
use serde_json::json;

/// The bar has so many steps.
const STEPS: u64 = 10_000;

/// Enters what is read and written into the plan.
pub fn enter(args: &TrainImage, ctx: &Context) -> Result<()> {
    ctx.will_read_source(&Source::new(&args.data))?;
    ctx.will_write(&args.output, "the pictures")
}

/// Learns, measures and writes.
pub fn train(args: &TrainImage, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.output);
    let env = ctx.reading();
    let out = Sink::create(&Target::new(&args.output), args.force, ctx, "the pictures")?;
    let pictures = picture::pictures(&args.data, &env)?;
    let records = picture::crops(&pictures, args.crops, args.seed)?;
    let request =
        Request { time: args.time_budget, batch: args.batch, seed: args.seed, threads: ctx.threads() };
    ctx.ui.meter.start("learning", STEPS);
    let mut told = 0;
    let trained = picture::run(&request, &records, &env, |done, _| {
        let now = (done * STEPS as f64) as u64;
        ctx.ui.meter.event(Event::Advance { input: now.saturating_sub(told), output: 0 });
        told = told.max(now);
    });
    ctx.ui.meter.stop();
    let Trained { model, steps, curve } = trained?;
    let provenance = format!(
        "minlen train image, {} pictures, {} parts, batches of {}, {} steps, seed {}",
        pictures.len(),
        args.crops,
        args.batch,
        steps,
        args.seed
    );
    let file = model.write(&args.licence, &provenance, &env)?;
    out.write(&file)?;
    out.commit(None)?;
    let points = curve.iter().map(|(bits, decibels)| json!({"bpp": bits, "psnr": decibels}));
    ctx.report.done(json!({"stored_bytes": file.len(), "steps": steps, "curve": points.collect::<Vec<_>>()}));
    let mut text = format!(
        "{}: {}, {provenance}\n",
        human::safe(&args.output.display().to_string()),
        human::bytes(file.len() as u64)
    );
    for (bits, decibels) in curve {
        text += &format!("  {bits:.3} bits a pixel, {decibels:.2} dB on parts held out\n");
    }
    if ctx.ui.json() { Ok(()) } else { ui::print(&text) }
}
