//! `minlen compress`: one file becomes one stream, a folder or several inputs with `-o` become one archive.

use crate::args::{Compress, InputArgs, PickArgs};
use crate::engine::encode::{Recipe, Sizes};
use crate::engine::sink::Sink;
use crate::engine::source::{Opened, verb_meant};
use crate::engine::{decode, remove, verify};
use crate::exit::Tally;
use crate::plan::{self, Context, Forecast, Source, Survey, Target, gather};
use crate::ui::human;
use minlen::archive::Inputs;
use minlen::container::{atomic, recovery, walk};
use minlen::{Error, Result};
use serde_json::json;
use std::collections::BTreeSet;
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

impl Work {
    fn inputs(&self) -> Vec<&Path> {
        match self {
            Self::Stream(source, _) => source.path().into_iter().collect(),
            Self::Archive(inputs, _) => inputs.iter().map(PathBuf::as_path).collect(),
        }
    }

    fn target(&self) -> &Target {
        match self {
            Self::Stream(_, target) | Self::Archive(_, target) => target,
        }
    }
}

/// Compresses every input.
pub fn run(args: &Compress, ctx: &Context) -> Result<Tally> {
    let recipe = Recipe::new(&args.encode, ctx)?.keeping(args.kept.packing());
    if args.out.rm && !recipe.can_read_back(ctx) {
        return Err(Error::usage("--rm reads the output back, and with --recipient alone nobody here can")
            .remedy("add the identity with -i FILE, or remove the input yourself"));
    }
    if args.out.rm && args.encode.arrays.target().is_some() {
        return Err(Error::usage("--rm would remove exact data of which only an approximation was stored")
            .remedy(
                "leave out --quality, --max-error, --psnr, --bpp or --max-size, or remove the input yourself",
            ));
    }
    let sources = gather(&args.io)?;
    let work = split(args, sources)?;
    enter(args, ctx, &recipe, &work)?;
    Ok(crate::commands::for_each(ctx, &work, |work| match work {
        Work::Stream(input, target) => {
            ctx.report.begin(input.label());
            stream(args, ctx, &recipe, input, target).map_err(|e| e.in_file(input.label()))
        }
        Work::Archive(inputs, target) => archive(args, ctx, &recipe, inputs, target),
    }))
}

/// Enters everything into the plan of the run, which refuses what does not go together.
fn enter(args: &Compress, ctx: &Context, recipe: &Recipe, work: &[Work]) -> Result<()> {
    if args.out.stdout && work.len() > 1 && recipe.encrypts() {
        return Err(Error::usage("several encrypted files in a row could not be read")
            .remedy("make one archive of them with -o FILE, or encrypt one at a time"));
    }
    for work in work {
        match work {
            Work::Stream(input, _) if is_skipped(args, input) => continue,
            Work::Stream(input, _) => ctx.will_read_source(input)?,
            Work::Archive(inputs, _) => inputs.iter().try_for_each(|input| ctx.will_read(INPUT, input))?,
        }
        if args.out.rm {
            work.target().can_be_read_back()?;
            work.inputs().iter().try_for_each(|input| ctx.ledger().may_remove(input))?;
        }
    }
    for work in work {
        let from = match work {
            Work::Stream(input, _) if is_skipped(args, input) => continue,
            Work::Stream(input, _) => input.to_string(),
            Work::Archive(inputs, _) => label(inputs),
        };
        if let Target::File(path) = work.target() {
            ctx.will_write(path, &from)?;
        }
        if let Some(beside) = recipe.sidecar(work.target()) {
            ctx.will_write(&beside, &format!("the recovery data of {}", work.target().label().display()))?;
            forget_interrupted(work.target().label(), &beside, ctx)?;
            Target::File(beside).check(args.out.force, true)?;
        }
    }
    Ok(())
}

/// Recovery data gets its name right before the file that it is made of. Where a run died in between, what it left says so: then this run,
/// which makes both again, is not refused for it.
fn forget_interrupted(target: &Path, beside: &Path, ctx: &Context) -> Result<()> {
    if target.symlink_metadata().is_ok() || !beside.is_file() {
        return Ok(());
    }
    for left in atomic::left_over(target) {
        if recovery::protects(beside, &left, &ctx.reading())? {
            std::fs::remove_file(beside).map_err(|e| Error::io("cannot remove", e).in_file(beside))?;
            ctx.ui.detail(&format!("{}: left by a run that was stopped; made again", beside.display()));
            break;
        }
    }
    Ok(())
}

const INPUT: plan::ledger::Role = plan::ledger::Role::Input;

/// Decides which inputs go together. One that is given twice comes once.
fn split(args: &Compress, sources: Vec<Source>) -> Result<Vec<Work>> {
    let mut seen = BTreeSet::new();
    let place = |source: &Source| source.path().map(|path| plan::ledger::Place::of(path).real);
    let any_folder = sources.iter().filter_map(Source::path).any(Path::is_dir);
    // As streams in a row, it comes as often as it is given.
    let in_a_row = args.out.stdout && !any_folder;
    let sources: Vec<Source> =
        sources.into_iter().filter(|source| in_a_row || seen.insert(place(source))).collect();
    let output = args.out.output.as_deref();
    let together = if args.out.stdout {
        any_folder
    } else {
        output.is_some_and(|out| !plan::is_folder(out)) && (sources.len() > 1 || any_folder)
    };
    if together {
        let target = output.map_or(Target::Stdout, Target::new);
        return Ok(vec![Work::Archive(paths(sources)?, target)]);
    }
    sources.into_iter().map(|source| alone(args, source)).collect()
}

fn alone(args: &Compress, source: Source) -> Result<Work> {
    let encrypted = args.encode.encrypt || !args.encode.recipient.is_empty();
    let target = match args.out.stdout {
        true => Target::Stdout,
        false => {
            let output = args.dir.output(args.out.output.as_deref(), source.path());
            plan::compressed(&source, output.as_deref(), encrypted)?
        }
    };
    Ok(match source.path() {
        Some(path) if path.is_dir() => Work::Archive(vec![path.to_path_buf()], target),
        _ => Work::Stream(source, target),
    })
}

pub(super) fn paths(sources: Vec<Source>) -> Result<Vec<PathBuf>> {
    let path = |source: &Source| source.path().map(Path::to_path_buf);
    sources
        .iter()
        .map(path)
        .collect::<Option<_>>()
        .ok_or_else(|| Error::usage("standard input has no name to go by in an archive"))
}

/// True where the output has a name of the user's choice.
fn is_named(args: &Compress) -> bool {
    args.out.stdout || args.out.output.as_deref().is_some_and(|out| !plan::is_folder(out))
}

/// True for what is compressed already: it is passed over unless somebody insists.
fn is_skipped(args: &Compress, input: &Source) -> bool {
    !is_named(args) && !args.out.force && input.path().is_some_and(plan::is_ours)
}

fn stream(args: &Compress, ctx: &Context, recipe: &Recipe, input: &Source, target: &Target) -> Result<()> {
    let mut opened = Opened::new(input, ctx)?;
    if is_skipped(args, input) {
        ctx.ui.warn(&format!(
            "{input}: is compressed already; skipped (`minlen decompress {input}` unpacks it, `minlen list {input}` shows what is in it, \
             -f compresses it again)"
        ));
        ctx.report.done(json!({"skipped": true}));
        return Ok(());
    }
    if !opened.seekable() && !is_named(args) && input.path().is_some() {
        return Err(Error::usage("is not a regular file").remedy("use -o FILE or -c"));
    }
    target.check(args.out.force, true)?;
    args.dir.make(target.label())?;
    if let Some(path) = input.path().filter(|_| opened.seekable()) {
        announce(ctx, recipe, &input.to_string(), std::slice::from_ref(&path.to_path_buf()));
    }
    let start = Instant::now();
    ctx.ui.meter.start(&input.to_string(), opened.len().unwrap_or(0));
    let sink = Sink::create(target, args.out.force, ctx, &input.to_string())?;
    let made = recipe.stream(&mut opened, &sink, ctx, args.out.force)?;
    let changed = !opened.is_unchanged();
    if changed {
        ctx.ui.warn(&format!("{input}: was changed while it was read: stored as it was read"));
    }
    let sizes = made.sizes;
    made.commit(sink, Some(&opened.meta))?;
    ctx.ui.meter.stop();
    if let (true, Some(path), Target::File(made)) = (args.out.rm, input.path(), target) {
        remove_input(path, &opened, changed, made, ctx)?;
    }
    told(ctx, "stream", sizes, target);
    report(ctx, &input.to_string(), sizes, target, start);
    Ok(())
}

/// Reads the output back, compares it with the input and removes that. An input that was changed meanwhile stays.
fn remove_input(path: &Path, opened: &Opened, changed: bool, made: &Path, ctx: &Context) -> Result<()> {
    match verify::stream(made, path, ctx, &ctx.reading_back()) {
        Ok(()) if !changed => return remove::file(path, &opened.meta, ctx),
        Err(error) if !changed && verify::is_unchanged(path, &opened.meta) => return Err(error),
        Err(error) if error.kind() != minlen::ErrorKind::Verify => return Err(error),
        _ => {}
    }
    ctx.ui.warn(&format!("{}: was changed meanwhile; kept", path.display()));
    Ok(())
}

fn archive(
    args: &Compress,
    ctx: &Context,
    recipe: &Recipe,
    inputs: &[PathBuf],
    target: &Target,
) -> Result<()> {
    let label = label(inputs);
    ctx.report.begin(Path::new(&label));
    target.check(args.out.force, true)?;
    args.dir.make(target.label())?;
    announce(ctx, recipe, &label, inputs);
    let start = Instant::now();
    ctx.ui.meter.start(&label, 0);
    let sink = Sink::create(target, args.out.force, ctx, &label)?;
    let gathered = gathered(&args.io, &args.pick, inputs, ctx)?;
    let made = recipe.archive(&gathered, &sink, ctx, args.out.force).map_err(verb_meant)?;
    let sizes = made.sizes;
    made.commit(sink, None)?;
    ctx.ui.meter.stop();
    if let (true, Target::File(made)) = (args.out.rm, target) {
        remove_inputs(made, inputs, &gathered.as_given, ctx)?;
    }
    told(ctx, "archive", sizes, target);
    report(ctx, &label, sizes, target, start);
    Ok(())
}

/// What goes into an archive: these inputs, without what the run writes and without what was asked to be left out.
pub(super) fn gathered(io: &InputArgs, pick: &PickArgs, inputs: &[PathBuf], ctx: &Context) -> Result<Inputs> {
    // Lists come from a walk mostly, in which a link is one thing among the others.
    let listed = |path: &&PathBuf| inputs.len() > 1 && path.is_symlink() && !io.inputs.contains(path);
    let kept = inputs.iter().filter(listed).cloned().collect();
    let gathered = Inputs::new(inputs).with_follow(true).with_kept_links(kept);
    let gathered = gathered.with_as_given(as_given(io, inputs)).with_exclude(pick.patterns()?);
    let gathered = gathered.without(ctx.ledger().outputs_in(inputs));
    Ok(gathered.without_files(ctx.ledger().standard_output().into_iter().collect()))
}

/// The inputs that come from a list, which are called by all of their paths.
fn as_given(io: &InputArgs, inputs: &[PathBuf]) -> Vec<PathBuf> {
    let listed = io.files_from.is_some() || io.files0_from.is_some();
    let typed: BTreeSet<&PathBuf> = io.inputs.iter().collect();
    inputs.iter().filter(|input| listed && !typed.contains(input)).cloned().collect()
}

fn label(inputs: &[PathBuf]) -> String {
    inputs.first().map(|path| path.display().to_string()).unwrap_or_default()
}

/// Reads the archive back, compares it with the inputs and removes them. What a link among the inputs leads to stays.
fn remove_inputs(made: &Path, inputs: &[PathBuf], as_given: &[PathBuf], ctx: &Context) -> Result<()> {
    let source = Source::Path(made.to_path_buf());
    let mut archive = decode::open_archive(&source, ctx, &ctx.reading_back())?;
    let names = walk::names_as(inputs, as_given)?;
    let mut checked = verify::tree(&mut archive, ctx, |name| locate(name, &names))?;
    // Also where a slash behind its name leads through the link.
    let is_link = |input: &&PathBuf| plan::ledger::Place::of(input).real.is_symlink();
    for link in inputs.iter().filter(is_link) {
        ctx.ui.warn(&format!("{}: is a symbolic link; kept", link.display()));
        checked.retain(|item| !item.path.starts_with(link));
    }
    remove::tree(&checked, ctx)
}

/// The input, or the file below one, that an archive calls `name`; `names` are what the inputs are called in it.
fn locate(name: &[u8], names: &[(PathBuf, Vec<u8>)]) -> Option<PathBuf> {
    let name = Path::new(OsStr::from_bytes(name));
    let below = |called: &Vec<u8>| name.strip_prefix(OsStr::from_bytes(called)).ok();
    // The longest one: `a/b` may be an input beside `a`.
    let (input, called) =
        names.iter().filter(|(_, called)| below(called).is_some()).max_by_key(|(_, called)| called.len())?;
    let below = below(called)?;
    Some(if below.as_os_str().is_empty() { input.clone() } else { input.join(below) })
}

/// Seconds from which on people are told what to expect: without having asked, and with `-v`.
const LONG: f64 = 5.0;
const SHORT: f64 = 0.1;

/// Says beforehand about how long it will take and how small it will get.
fn announce(ctx: &Context, recipe: &Recipe, label: &str, inputs: &[PathBuf]) {
    let asked = ctx.ui.verbose() || recipe.has_budget();
    if !ctx.ui.notes() {
        return;
    }
    let Forecast { estimate, measured } = recipe.forecast(&Survey::of(inputs), asked);
    if estimate.seconds >= if asked { SHORT } else { LONG } || recipe.has_budget() {
        ctx.ui.note(&format!(
            "{}: about {} and {} at {}{}",
            human::safe(label),
            human::seconds(estimate.seconds),
            human::bytes(estimate.bytes),
            minlen::levels()
                .iter()
                .find(|i| i.level == estimate.level)
                .map(minlen::LevelInfo::name)
                .unwrap_or_default(),
            if measured { "" } else { " (seconds of the reference machine)" },
        ));
    }
}

/// The same for programs.
fn told(ctx: &Context, kind: &str, sizes: Sizes, target: &Target) {
    ctx.report.done(json!({
        "kind": kind,
        "output": target.path().map(Path::to_string_lossy),
        "content_bytes": sizes.raw,
        "stored_bytes": sizes.stored,
    }));
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
