//! `minlen eval`: how well a codec file, or a small network, does on data that it was not trained on.

mod image;
mod page;
mod tell;

pub use page::training;

use super::{insight, network};
use crate::args::{Eval, EvalAutoencoder, EvalWhat};
use crate::engine::sink::Sink;
use crate::plan::ledger::Role;
use crate::plan::{Context, Source, Target};
use crate::ui;
use minlen::{Error, Result};
use minlen_bench::{Job, Op};
use minlen_train::autoencoder::codec_file::{self, Kind, Recipe};
use minlen_train::insight::Model;
use minlen_train::insight::eval::{self, Point};
use minlen_train::insight::peers::{self, Peer};
use minlen_train::records::{LEAST, Records};
use serde_json::Value;
use std::time::Duration;

/// Coordinates of a transform that is learned for comparison.
const COORDINATES: usize = 256;

/// Enters what is read and written into the plan.
pub fn enter(args: &Eval, ctx: &Context) -> Result<()> {
    if let Some(EvalWhat::Autoencoder(args)) = &args.what {
        insight::enter(&args.model, &args.inputs, &args.records, ctx)?;
        let mut training = args.training.iter();
        training.try_for_each(|path| ctx.will_read(Role::Help("report of a training"), path))?;
        return args.report.iter().try_for_each(|path| ctx.will_write(path, "the records"));
    }
    if let Some(EvalWhat::Image(args)) = &args.what {
        return image::enter(args, ctx);
    }
    let Some((file, data)) = args.network() else { return Ok(()) };
    ctx.will_read_source(&Source::new(file)).and_then(|()| ctx.will_read(Role::Help("data"), data))
}

/// Measures, and prints the figures.
pub fn run(args: &Eval, ctx: &Context) -> Result<()> {
    match (&args.what, args.network()) {
        (Some(EvalWhat::Autoencoder(args)), _) => autoencoder(args, ctx),
        (Some(EvalWhat::Image(args)), _) => image::run(args, ctx),
        (_, Some((file, data))) => network::eval(file, data, ctx),
        _ => Err(Error::usage("nothing says what to measure")),
    }
}

/// A compressor of all records at once, which is exact.
struct Exact {
    name: String,
    bytes: u64,
    times: [Duration; 2],
}

/// Everything that was measured.
struct Figures<'a> {
    model: &'a Model,
    /// Bytes of the codec file.
    file: u64,
    records: &'a Records,
    peak: f64,
    /// All members together.
    curve: Vec<Point>,
    /// Members alone, and a transform that was learned for comparison.
    alone: Vec<(String, Vec<Point>)>,
    peers: Vec<Peer>,
    missing: Vec<&'static str>,
    exact: Vec<Exact>,
    /// What `train autoencoder --report` wrote.
    training: Option<Value>,
}

fn autoencoder(args: &EvalAutoencoder, ctx: &Context) -> Result<()> {
    let first = args.inputs.first().cloned().unwrap_or_default();
    ctx.report.begin(&first);
    let page =
        args.report.as_ref().map(|path| Sink::create(&Target::new(path), args.force, ctx, "the records"));
    let page = page.transpose()?;
    let model = insight::open(&args.model, ctx)?;
    for &rate in &args.rates {
        insight::rate(&model, Some(rate))?;
    }
    let training = args.training.as_deref().map(read_json).transpose()?;
    let records = insight::read(&args.inputs, &args.records, args.seed, &model, ctx)?;
    let file =
        std::fs::metadata(&args.model).map_err(|e| Error::io("cannot read", e).in_file(&args.model))?.len();
    ctx.ui.meter.start(&first.display().to_string(), 0);
    let figures = measure(args, &model, &records, file, training, ctx);
    ctx.ui.meter.stop();
    let figures = figures?;
    if let Some(page) = page {
        page.write(page::evaluation(&figures, ctx)?.as_bytes())?;
        page.commit(None)?;
    }
    ctx.report.done(figures.json());
    if ctx.ui.json() { Ok(()) } else { ui::print(&figures.text()) }
}

fn read_json(path: &std::path::Path) -> Result<Value> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("cannot read", e).in_file(path))?;
    let bad = |_| {
        Error::usage("this is no report of a training")
            .in_file(path)
            .remedy("give the file that `minlen train autoencoder --report` wrote")
    };
    serde_json::from_slice(&bytes).map_err(bad)
}

fn measure<'a>(
    args: &EvalAutoencoder,
    model: &'a Model,
    records: &'a Records,
    file: u64,
    training: Option<Value>,
    ctx: &Context,
) -> Result<Figures<'a>> {
    let env = ctx.reading();
    let curve = eval::curve(model, records, &args.rates, &env)?;
    let mut alone = Vec::new();
    if model.members.len() > 1 {
        for number in 0..model.members.len() {
            let Some(one) = model.only(number) else { continue };
            alone.push((model.members[number].name.clone(), eval::curve(&one, records, &args.rates, &env)?));
        }
    }
    if !model.members.iter().any(|member| member.name == "klt") && records.len() >= LEAST {
        let klt = transform(model, records, ctx)?;
        alone.push(("klt learned here".into(), eval::curve(&klt, records, &[], &env)?));
    }
    let (found, missing) =
        if args.no_peers { Default::default() } else { peers::measure(model, records, &env)? };
    let exact = exact(&args.against, records, ctx)?;
    let peak = eval::peak(model, &records.bytes);
    Ok(Figures { model, file, records, peak, curve, alone, peers: found, missing, exact, training })
}

/// A transform of these very records, to compare with: it has seen what it is measured on, which is to its advantage.
fn transform(model: &Model, records: &Records, ctx: &Context) -> Result<Model> {
    let coordinates = COORDINATES.min(model.numbers()).min(records.len());
    let recipe = Recipe {
        shape: model.shape.clone(),
        dtype: model.scaling.dtype(),
        members: vec![Kind::Klt { coordinates }],
        seed: 1,
        threads: ctx.threads(),
    };
    codec_file::learn(&recipe, &records.bytes, &ctx.reading(), |_, _| {})
}

/// What compressors make of all records at once.
fn exact(against: &str, records: &Records, ctx: &Context) -> Result<Vec<Exact>> {
    if against.is_empty() || against == "none" {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for rival in super::bench::rivals_named(against)? {
        ctx.check()?;
        let raw_len = records.bytes.len();
        let there = rival.run(Job { op: Op::Compress, input: &records.bytes, raw_len, memory: false })?;
        let back = rival.run(Job { op: Op::Decompress, input: &there.bytes, raw_len, memory: false })?;
        if back.bytes != records.bytes {
            return Err(Error::new(
                minlen::ErrorKind::Verify,
                format!("{} did not give the records back", rival.name()),
            ));
        }
        let (name, bytes) = (rival.name(), there.bytes.len() as u64);
        found.push(Exact { name, bytes, times: [there.elapsed, back.elapsed] });
    }
    Ok(found)
}
