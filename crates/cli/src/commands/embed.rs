//! `minlen embed`: where records lie.

use super::insight;
use crate::args::Embed;
use crate::engine::sink::Sink;
use crate::plan::{Context, Target};
use crate::ui::human;
use minlen::Result;
use minlen_train::insight::{embed, write};
use serde_json::json;

/// Enters what is read and written into the plan.
pub fn enter(args: &Embed, ctx: &Context) -> Result<()> {
    insight::enter(&args.model, &args.inputs, &args.records, ctx)?;
    ctx.will_write(&args.output, "the records")
}

/// Writes the latents.
pub fn run(args: &Embed, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.output);
    let out = Sink::create(&Target::new(&args.output), args.force, ctx, "the records")?;
    let model = insight::open(&args.model, ctx)?;
    let member = insight::member(&model, args.member.as_deref())?;
    let rate = insight::rate(&model, args.rate)?;
    let records = insight::read(&args.inputs, &args.records, args.seed, &model, ctx)?;
    let places = embed::places(&model, member, rate, &records, ctx.threads(), &ctx.reading())?;
    let columns = places.first().map_or(0, Vec::len);
    out.write(&write::npy_rows(&places, columns)?)?;
    out.commit(None)?;
    let name = &model.members[member].name;
    let without = places.iter().filter(|place| place.iter().any(|x| x.is_nan())).count();
    ctx.report.done(json!({
        "records": places.len(),
        "latents": columns,
        "member": name,
        "rate": rate,
        "without_place": without,
    }));
    if without > 0 {
        ctx.ui.warn(&format!("{without} records have numbers that are none: their latents are NaN"));
    }
    ctx.ui.note(&format!(
        "{}: {} records, {columns} latents of {}",
        human::safe(&args.output.display().to_string()),
        places.len(),
        human::safe(name)
    ));
    Ok(())
}
