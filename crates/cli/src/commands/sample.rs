//! `minlen sample`: new records, and changed copies of given ones.

use super::insight;
use crate::args::Sample;
use crate::engine::sink::Sink;
use crate::plan::{Context, Target};
use crate::ui::human;
use minlen::{Error, Result};
use minlen_train::insight::sample::Maker;
use minlen_train::insight::sheet::Look;
use minlen_train::insight::{Model, write};
use minlen_train::records::Records;
use serde_json::json;
use std::path::Path;

/// Enters what is read and written into the plan.
pub fn enter(args: &Sample, ctx: &Context) -> Result<()> {
    insight::enter(&args.model, &args.data, &args.records, ctx)?;
    ctx.will_write(&args.output, "the codec file")
}

/// What the output is to be.
enum Form {
    Npy,
    Idx,
    Sheet(Look),
}

/// Makes records and writes them.
pub fn run(args: &Sample, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.output);
    let out = Sink::create(&Target::new(&args.output), args.force, ctx, "the codec file")?;
    let model = insight::open(&args.model, ctx)?;
    let form = form(&args.output, &model)?;
    let member = insight::member(&model, args.member.as_deref())?;
    let maker = Maker { model: &model, member, rate: insight::rate(&model, args.rate)?, seed: args.seed };
    let made = make(args, &maker, ctx)?;
    let count = made.len() / model.record_bytes().max(1);
    let sides: Vec<u64> =
        std::iter::once(count as u64).chain(model.shape.iter().map(|&side| u64::from(side))).collect();
    let file = match form {
        Form::Npy => write::npy(model.scaling.dtype(), &sides, &made)?,
        Form::Idx => write::idx(model.scaling.dtype(), &sides, &made)?,
        Form::Sheet(look) => {
            let records: Vec<&[u8]> = made.chunks_exact(model.record_bytes().max(1)).collect();
            look.sheet(&records, &model.scaling, columns(args, count))?
        }
    };
    out.write(&file)?;
    out.commit(None)?;
    let name = &model.members[member].name;
    ctx.report.done(json!({"records": count, "member": name, "rate": maker.rate, "seed": args.seed}));
    let output = args.output.display().to_string();
    ctx.ui.note(&format!("{}: {count} records by {}", human::safe(&output), human::safe(name)));
    Ok(())
}

fn make(args: &Sample, maker: &Maker<'_>, ctx: &Context) -> Result<Vec<u8>> {
    let env = ctx.reading();
    if args.data.is_empty() {
        return maker.draw(args.count, &env);
    }
    let records = insight::read(&args.data, &args.records, args.seed, maker.model, ctx)?;
    if let Some(ends) = args.interpolate {
        let ends = [one(&records, ends.0)?, one(&records, ends.1)?];
        return maker.between(ends, args.count, &env);
    }
    if !args.perturb {
        return Err(Error::usage("nothing says what to do with --data")
            .remedy("say --perturb for changed copies, or --interpolate A,B"));
    }
    let transforms = args.transforms.as_ref().map(|list| &list.0[..]).unwrap_or_default();
    maker.perturbed(&records, args.count, transforms, &env)
}

fn one(records: &Records, number: usize) -> Result<&[u8]> {
    if number < records.len() {
        return Ok(records.record(number));
    }
    Err(Error::usage(format!("no record {number}"))
        .remedy(format!("there are 0 to {}", records.len().saturating_sub(1))))
}

/// Pictures beside each other: copies of a record in a row, a way in one, others in a square.
fn columns(args: &Sample, count: usize) -> usize {
    if args.perturb || args.interpolate.is_some() {
        args.count
    } else {
        (count as f64).sqrt().ceil() as usize
    }
}

fn form(path: &Path, model: &Model) -> Result<Form> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let end = name.rsplit('.').next().unwrap_or_default();
    if end == "npy" {
        return Ok(Form::Npy);
    }
    if end == "idx" || name.ends_with("-ubyte") {
        return Ok(Form::Idx);
    }
    if end != "png" {
        return Err(Error::usage("the name does not say what to write")
            .in_file(path)
            .remedy("name an output that ends in .npy, .idx or .png"));
    }
    Look::of(&model.shape).map(Form::Sheet).ok_or_else(|| {
        Error::usage("these records are no pictures").in_file(path).remedy("name an output that ends in .npy")
    })
}
