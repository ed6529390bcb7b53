//! `minlen compress`: one file becomes one stream, a folder or several inputs with `-o` become one archive.

use crate::args::Compress;
use crate::engine::encode::{Recipe, Sizes};
use crate::engine::sink::Sink;
use crate::engine::source::Opened;
use crate::engine::{decode, remove, verify};
use crate::exit::Tally;
use crate::plan::{self, Context, Source, Survey, Target, gather};
use crate::ui::human;
use minlen::{Error, Result};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One output to make.
enum Work {
    /// A stream from one input.
    Stream(Source, Target),
    /// An archive of these.
    Archive(Vec<PathBuf>, Target),
}

/// Compresses every input.
pub fn run(args: &Compress, ctx: &Context) -> Result<Tally> {
    let recipe = Recipe::new(&args.encode, ctx)?;
    if args.out.rm && !recipe.can_read_back(ctx) {
        return Err(Error::usage("--rm reads the output back, and with --recipient alone nobody here can")
            .remedy("add the identity with -i FILE, or remove the input yourself"));
    }
    if args.out.rm && args.encode.arrays.max_error.is_some() {
        return Err(Error::usage("--rm would remove exact data of which only an approximation was stored")
            .remedy("leave out --max-error, or remove the input yourself"));
    }
    let work = split(args, gather(&args.io)?)?;
    Ok(crate::commands::for_each(ctx, &work, |work| match work {
        Work::Stream(input, target) => {
            stream(args, ctx, &recipe, input, target).map_err(|e| e.in_file(input.label()))
        }
        Work::Archive(inputs, target) => archive(args, ctx, &recipe, inputs, target),
    }))
}

/// Decides which inputs go together.
fn split(args: &Compress, sources: Vec<Source>) -> Result<Vec<Work>> {
    let output = args.out.output.as_deref();
    let any_folder = sources.iter().filter_map(Source::path).any(Path::is_dir);
    let together = if args.out.stdout {
        any_folder
    } else {
        output.is_some_and(|out| !plan::is_folder(out)) && (sources.len() > 1 || any_folder)
    };
    if together {
        let target = output.map_or(Target::Stdout, |out| Target::File(out.to_path_buf()));
        return Ok(vec![Work::Archive(paths(sources)?, target)]);
    }
    sources.into_iter().map(|source| alone(args, source)).collect()
}

fn alone(args: &Compress, source: Source) -> Result<Work> {
    let encrypted = args.encode.encrypt || !args.encode.recipient.is_empty();
    let target = match args.out.stdout {
        true => Target::Stdout,
        false => plan::compressed(&source, args.out.output.as_deref(), encrypted)?,
    };
    Ok(match source.path() {
        Some(path) if path.is_dir() => Work::Archive(vec![path.to_path_buf()], target),
        _ => Work::Stream(source, target),
    })
}

fn paths(sources: Vec<Source>) -> Result<Vec<PathBuf>> {
    let path = |source: &Source| source.path().map(Path::to_path_buf);
    sources
        .iter()
        .map(path)
        .collect::<Option<_>>()
        .ok_or_else(|| Error::usage("standard input has no name to go by in an archive"))
}

fn stream(args: &Compress, ctx: &Context, recipe: &Recipe, input: &Source, target: &Target) -> Result<()> {
    let named = args.out.stdout || args.out.output.as_deref().is_some_and(|out| !plan::is_folder(out));
    let mut opened = Opened::new(input, ctx)?;
    if !named && !args.out.force && input.path().is_some_and(plan::is_ours) {
        ctx.ui.warn(&format!("{input}: is compressed already; skipped (-f to insist)"));
        return Ok(());
    }
    if !opened.seekable() && !named && input.path().is_some() {
        return Err(Error::usage("is not a regular file").remedy("use -o FILE or -c"));
    }
    target.is_not(input)?;
    target.check(args.out.force, true)?;
    if let Some(path) = input.path().filter(|_| opened.seekable()) {
        announce(ctx, recipe, &input.to_string(), std::slice::from_ref(&path.to_path_buf()));
    }
    let start = Instant::now();
    ctx.ui.meter.start(&input.to_string(), opened.len().unwrap_or(0));
    let sink = Sink::create(target, args.out.force)?;
    let sizes = recipe.stream(&mut opened, &sink, ctx)?;
    sink.commit(Some(&opened.meta))?;
    ctx.ui.meter.stop();
    if let (true, Some(path), Target::File(made)) = (args.out.rm, input.path(), target) {
        verify::stream(made, path, ctx)?;
        remove::file(path, &opened.meta, made, ctx)?;
    }
    report(ctx, &input.to_string(), sizes, target, start);
    Ok(())
}

fn archive(
    args: &Compress,
    ctx: &Context,
    recipe: &Recipe,
    inputs: &[PathBuf],
    target: &Target,
) -> Result<()> {
    target.check(args.out.force, true)?;
    let label = inputs.first().map(|p| p.display().to_string()).unwrap_or_default();
    announce(ctx, recipe, &label, inputs);
    let start = Instant::now();
    ctx.ui.meter.start(&label, 0);
    let sink = Sink::create(target, args.out.force)?;
    let sizes = recipe.archive(inputs, &sink, ctx)?;
    sink.commit(None)?;
    ctx.ui.meter.stop();
    if let (true, Target::File(made)) = (args.out.rm, target) {
        remove_inputs(made, inputs, ctx)?;
    }
    report(ctx, &label, sizes, target, start);
    Ok(())
}

/// Reads the archive back, compares it with the inputs and removes them.
fn remove_inputs(made: &Path, inputs: &[PathBuf], ctx: &Context) -> Result<()> {
    let mut archive = decode::open_archive(&Source::Path(made.to_path_buf()), ctx, &ctx.writing())?;
    let checked = verify::tree(&mut archive, |name| locate(name, inputs))?;
    remove::tree(&checked, made, ctx)
}

/// The input, or the file below one, that an archive calls `name`: its first part is the last part of the input.
fn locate(name: &[u8], inputs: &[PathBuf]) -> Option<PathBuf> {
    let name = Path::new(OsStr::from_bytes(name));
    let top = name.components().next()?.as_os_str();
    let input = inputs.iter().find(|input| plan::own_name(input).is_ok_and(|own| own == top))?;
    let below = name.strip_prefix(top).ok()?;
    Some(if below.as_os_str().is_empty() { input.clone() } else { input.join(below) })
}

/// From this many bytes on it takes a while, and people are told what to expect.
const WORTH_TELLING: u64 = 1 << 20;
/// Seconds from which on they are told without having asked.
const LONG: f64 = 5.0;

/// Says beforehand about how long it will take and how small it will get.
fn announce(ctx: &Context, recipe: &Recipe, label: &str, inputs: &[PathBuf]) {
    let asked = ctx.ui.verbose() || recipe.has_budget();
    if !(asked || ctx.ui.notes()) {
        return;
    }
    let survey = Survey::of(inputs);
    if survey.bytes < WORTH_TELLING && !recipe.has_budget() {
        return;
    }
    let estimate = recipe.estimate(&survey);
    if asked || estimate.seconds >= LONG {
        ctx.ui.note(&format!(
            "{}: about {} and {} at {} (seconds of the reference machine)",
            human::safe(label),
            human::seconds(estimate.seconds),
            human::bytes(estimate.bytes),
            minlen::levels()
                .iter()
                .find(|i| i.level == estimate.level)
                .map(minlen::LevelInfo::name)
                .unwrap_or_default(),
        ));
    }
}

fn report(ctx: &Context, label: &str, sizes: Sizes, target: &Target, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let time = if seconds >= 1.0 { format!(" in {}", human::seconds(seconds)) } else { String::new() };
    ctx.ui.note(&format!(
        "{}: {} -> {} ({}){time}, {}",
        human::safe(label),
        human::bytes(sizes.raw),
        human::bytes(sizes.stored),
        human::share(sizes.raw, sizes.stored),
        human::safe(&target.label().display().to_string())
    ));
}
