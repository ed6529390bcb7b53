//! `minlen bench`: minlen's levels and codecs beside other compressors, on the user's data.

mod beside;
mod keep;
mod own;

use crate::args::{Bench, BenchFormat};
use crate::plan::Context;
use crate::ui;
use minlen::{Error, ErrorKind, Result};
use minlen_bench::ablation::{self, Variant};
use minlen_bench::corpus::sets;
use minlen_bench::probe::{self, Probe};
use minlen_bench::render::{Detail, Format, Style, render};
use minlen_bench::{Input, Report, Resolved, Runner, load, resolve};
use std::path::Path;
use std::time::Duration;

/// What is measured where nothing was asked for.
const LEVELS: [u8; 3] = [1, 3, 5];
const RIVALS: &str = "zstd:3,zstd:19,xz:6,xz:9e,brotli:11,bzip2:9";

/// What `minlen bench ablation` stands for.
const ABLATION: (&str, &str) = ("mini", "bench/ablation.txt");

/// The inputs, and what they are called.
struct Data {
    inputs: Vec<Input>,
    /// The name of the set, where it is one.
    set: Option<String>,
}

/// Measures, and prints the table.
pub fn run(args: &Bench, ctx: &Context) -> Result<()> {
    if args.probe {
        let words: Vec<_> = args.inputs.iter().map(|word| word.clone().into_os_string()).collect();
        return ui::print(&format!("{}\n", probe::serve(&words, &own::one)?));
    }
    let variants = variants(args)?;
    let data = data(args)?;
    let resolved = rivals(args, &data, variants.as_deref())?;
    let env = ctx.writing();
    ctx.ui.meter.start("bench", 0);
    let report = Runner::new(settings(args)).run(&data.inputs, &resolved.rivals, &env);
    ctx.ui.meter.stop();
    let mut report = report?;
    report.skipped.splice(0..0, resolved.skipped);
    if let Some(path) = &args.save {
        keep::sizes(path, &report, &data.inputs, ctx)?;
    }
    if let Some(path) = &args.save_speeds {
        keep::speeds(path, data.set.as_deref().unwrap_or("files"), &report)?;
    }
    ui::print(&text(args, ctx, &data, &report, variants.as_deref())?)?;
    match report.skipped.iter().find(|skipped| skipped.error == Some(ErrorKind::Verify)) {
        Some(skipped) => Err(Error::new(ErrorKind::Verify, format!("{}: {}", skipped.method, skipped.why))),
        None => Ok(()),
    }
}

/// The files named, or the one set that is.
fn data(args: &Bench) -> Result<Data> {
    let set = match args.inputs.as_slice() {
        [one] if !one.exists() => one.to_str().map(|name| if is_ablation(args) { ABLATION.0 } else { name }),
        _ => None,
    };
    if let Some(name) = set {
        if let Some(inputs) = sets::named(name, &args.corpus)? {
            return Ok(Data { inputs, set: Some(name.to_owned()) });
        }
        if sets::is_set(name) {
            return Err(Error::usage(format!("{name}: no such set")).in_file(&args.corpus));
        }
    }
    Ok(Data { inputs: load(&args.inputs, false)?, set: None })
}

fn is_ablation(args: &Bench) -> bool {
    matches!(args.inputs.as_slice(), [one] if one == Path::new("ablation") && !one.exists())
}

fn variants(args: &Bench) -> Result<Option<Vec<Variant>>> {
    let default = is_ablation(args).then_some(Path::new(ABLATION.1));
    let Some(path) = args.ablation.as_deref().or(default) else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("cannot read", e).in_file(path))?;
    ablation::parse(&text).map(Some).map_err(|e| e.in_file(path))
}

/// Compressors by their names: minlen's own, and others.
pub fn rivals_named(names: &str) -> Result<Vec<Box<dyn minlen_bench::Rival>>> {
    Ok(resolve(names, &own::own)?.rivals)
}

fn rivals(args: &Bench, data: &Data, variants: Option<&[Variant]>) -> Result<Resolved> {
    let mut resolved = resolve(&names(args, data, variants.is_some()), &own::own)?;
    for variant in variants.unwrap_or_default() {
        let name = own::chain_name(&variant.chain);
        if !resolved.rivals.iter().any(|rival| rival.name() == name) {
            resolved.rivals.push(own::one(&name)?);
        }
    }
    Ok(resolved)
}

/// Everything to be measured, in the spelling of [`resolve`].
fn names(args: &Bench, data: &Data, variants: bool) -> String {
    let asked = variants || !args.against.is_empty() || !args.levels.is_empty() || !args.codec.is_empty();
    let levels = if asked { args.levels.clone() } else { LEVELS.to_vec() };
    let mut names: Vec<String> = levels.iter().map(|level| format!("minlen:{level}")).collect();
    names.extend(args.codec.iter().map(|chain| own::chain_name(chain)));
    names.extend(args.against.iter().cloned());
    if !asked {
        names.push(RIVALS.into());
    } else if data.set.as_deref().is_some_and(|set| set.starts_with("small")) && args.against.is_empty() {
        names.push(beside::SMALL_RIVAL.into());
    }
    names.join(",")
}

fn settings(args: &Bench) -> minlen_bench::Options {
    let probe = std::env::current_exe().ok().map(|program| {
        let args = ["bench", "--probe"].map(Into::into).to_vec();
        Probe { program, args }
    });
    let quick = args.quick || args.jobs > 1;
    let repeats = if quick { 1 } else { args.repeats.max(1) };
    minlen_bench::Options {
        repeats,
        warm_up: repeats > 1,
        time_box: Some(Duration::from_secs(60)),
        memory: !quick,
        probe,
        jobs: args.jobs.max(1),
    }
}

/// The report, and for a set the peers that were measured on it elsewhere.
fn text(
    args: &Bench,
    ctx: &Context,
    data: &Data,
    report: &Report,
    variants: Option<&[Variant]>,
) -> Result<String> {
    let markdown = args.format == BenchFormat::Md;
    if let (Some(variants), true) = (variants, markdown || args.format == BenchFormat::Table) {
        return Ok(ablation::table(report, variants, own::chain_name, markdown));
    }
    let detail = if ctx.ui.verbose() { Detail::Files } else { Detail::Total };
    let version = Some(env!("CARGO_PKG_VERSION").to_string());
    let style = Style { detail, version, ..Style::default() };
    let mut text = render(report, form(args.format), &style);
    if args.format == BenchFormat::Json {
        ctx.report.is_written();
        let fields = serde_json::from_str(&text).map_err(|e| Error::usage(format!("no JSON: {e}")))?;
        text = format!("{:#}", ui::report::document("bench", fields));
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    if let (Some(set), true) = (&data.set, markdown || args.format == BenchFormat::Table) {
        text = format!("{}\n{text}", beside::table(set, args, report, markdown)?);
    }
    Ok(text)
}

fn form(format: BenchFormat) -> Format {
    match format {
        BenchFormat::Table => Format::Table,
        BenchFormat::Json => Format::Json,
        BenchFormat::Csv => Format::Csv,
        BenchFormat::Md => Format::Markdown,
    }
}
