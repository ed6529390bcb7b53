//! `minlen bench`: minlen's levels and codecs beside other compressors, on the user's data.

use crate::args::{Bench, BenchFormat};
use crate::plan::Context;
use crate::ui;
use minlen::{Env, Error, ErrorKind, Limits, Options, Result};
use minlen_bench::probe::{self, Probe};
use minlen_bench::render::{Detail, Format, Style, render};
use minlen_bench::results::{self, Key, Size, SizeTable};
use minlen_bench::{FnRival, Input, Report, Rival, Runner, load, resolve};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What is measured where nothing was asked for.
const LEVELS: [u8; 3] = [1, 3, 5];
const RIVALS: &str = "zstd:3,zstd:19,xz:6,xz:9e,brotli:11,bzip2:9";

/// Measures, and prints the table.
pub fn run(args: &Bench, ctx: &Context) -> Result<()> {
    if args.probe {
        let words: Vec<_> = args.inputs.iter().map(|word| word.clone().into_os_string()).collect();
        return ui::print(&format!("{}\n", probe::serve(&words, &one)?));
    }
    let resolved = resolve(&names(args), &own)?;
    let inputs = load(&args.inputs, false)?;
    let env = ctx.writing();
    ctx.ui.meter.start("bench", 0);
    let runner = Runner::new(settings(args));
    let report = runner.run(&inputs, &resolved.rivals, &env);
    ctx.ui.meter.stop();
    let mut report = report?;
    report.skipped.splice(0..0, resolved.skipped);
    if let Some(path) = &args.save {
        save(path, &report, &inputs, ctx)?;
    }
    let detail = if ctx.ui.verbose() { Detail::Files } else { Detail::Total };
    let version = Some(env!("CARGO_PKG_VERSION").to_string());
    let style = Style { detail, version, ..Style::default() };
    let mut text = render(&report, form(args.format), &style);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    ui::print(&text)?;
    match report.skipped.iter().find(|skipped| skipped.error == Some(ErrorKind::Verify)) {
        Some(skipped) => Err(Error::new(ErrorKind::Verify, format!("{}: {}", skipped.method, skipped.why))),
        None => Ok(()),
    }
}

/// Everything to be measured, in the spelling of [`resolve`].
fn names(args: &Bench) -> String {
    let asked = !args.against.is_empty() || !args.levels.is_empty() || !args.codec.is_empty();
    let levels = if asked { args.levels.clone() } else { LEVELS.to_vec() };
    let mut names: Vec<String> = levels.iter().map(|level| format!("minlen:{level}")).collect();
    names.extend(args.codec.iter().map(|chain| format!("codec={chain}")));
    names.extend(args.against.iter().cloned());
    if !asked {
        names.push(RIVALS.into());
    }
    names.join(",")
}

fn settings(args: &Bench) -> minlen_bench::Options {
    let probe = std::env::current_exe().ok().map(|program| {
        let args = ["bench", "--probe"].map(Into::into).to_vec();
        Probe { program, args }
    });
    let repeats = args.repeats.max(1);
    let time_box = Some(Duration::from_secs(60));
    minlen_bench::Options { repeats, warm_up: repeats > 1, time_box, memory: true, probe }
}

fn form(format: BenchFormat) -> Format {
    match format {
        BenchFormat::Table => Format::Table,
        BenchFormat::Json => Format::Json,
        BenchFormat::Csv => Format::Csv,
        BenchFormat::Md => Format::Markdown,
    }
}

/// minlen's own names: `minlen:LEVEL` and `codec=CHAIN`.
fn own(name: &str) -> Option<Result<Box<dyn Rival>>> {
    let options = if let Some(level) = name.strip_prefix("minlen:") {
        let level = level.parse().map_err(|_| Error::usage(format!("{name}: expected a level")));
        level.and_then(Options::new)
    } else if let Some(chain) = name.strip_prefix("codec=") {
        Options::default().with_codec(chain)
    } else {
        return None;
    };
    Some(options.map(|options| rival(name, options.with_threads(1))))
}

fn rival(name: &str, options: Options) -> Box<dyn Rival> {
    let reading = options.clone();
    let env = || Env::new(Limits::none());
    let compress = move |input: &[u8]| minlen::compress_with(input, &options, &env());
    let decompress = move |packed: &[u8], _| minlen::decompress_with(packed, &reading, &env());
    FnRival::new(name, compress, decompress).with_version(env!("CARGO_PKG_VERSION")).boxed()
}

/// The rival of this name, for a child that measures memory.
fn one(name: &str) -> Result<Box<dyn Rival>> {
    let found = resolve(name, &own)?.rivals.pop();
    found.ok_or_else(|| Error::usage(format!("{name} cannot be had here")))
}

/// Writes the sizes into a table that is kept (see docs/benchmarks.md), and says what changed there. The corpus has the
/// name of the table.
fn save(path: &Path, report: &Report, inputs: &[Input], ctx: &Context) -> Result<()> {
    let corpus = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut hashes = BTreeMap::new();
    for input in inputs {
        let hash = blake3::hash(&input.read()?).to_hex();
        hashes.insert(input.name.as_str(), hash[..16].to_string());
    }
    let mut new = SizeTable::default();
    for row in &report.rows {
        let Some(hash) = hashes.get(row.file.as_str()).cloned() else { continue };
        let key = Key { corpus: corpus.clone(), file: row.file.clone(), method: row.method.clone() };
        new.sizes.insert(key, Size { raw: row.raw, hash, packed: row.packed });
    }
    let mut table = SizeTable::read(path)?;
    let methods: Vec<String> = new.sizes.keys().map(|key| key.method.clone()).collect();
    for change in results::compare(&table.only(&corpus, &methods), &new, results::TOLERANCE) {
        ctx.ui.detail(&change.to_string());
    }
    table.update(new);
    table.write(path)
}
