//! `minlen extract` and `minlen cat`: chosen members, or a range of bytes.

use crate::args::{Cat, Extract, InputArgs, Range};
use crate::engine::sink::{Sink, write_failed};
use crate::engine::{decode, outputs, select};
use crate::plan::{Context, Source, Target};
use crate::ui::human;
use minlen::archive::{Archive, Summary};
use minlen::container::walk::Patterns;
use minlen::{Error, Result};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Takes members out into a folder, or a range into a file.
pub fn run(args: &Extract, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.archive);
    ctx.report.begin(source.label());
    if args.salvage {
        return super::salvage::run(args, &source, ctx).map_err(|e| e.in_file(source.label()));
    }
    let done = (|| {
        let mut archive = decode::open_archive(&source, ctx, &ctx.reading())?;
        ctx.ui.meter.start(&source.to_string(), 0);
        if let Some(pattern) = &args.tensor {
            return super::tensors::extract(args, pattern, &mut archive, ctx);
        }
        if args.stdout || args.range.is_some() || !archive.is_tree() {
            let target = args.output.as_deref().map_or(Target::Stdout, Target::new);
            target.check(args.force, false)?;
            let (names, patterns) = (names(args)?, args.pick.patterns()?);
            return write_to(&mut archive, (&names, &patterns), args.range, &target, args.force, ctx);
        }
        let summary = members(args, &mut archive, &source.to_string(), ctx)?;
        ctx.ui.meter.stop();
        ctx.report.done(json!({
            "output": args.output.as_deref().unwrap_or(Path::new(".")).to_string_lossy(),
            "members": summary.files,
            "content_bytes": summary.raw_bytes,
        }));
        let (files, bytes) = (summary.files, human::bytes(summary.raw_bytes));
        ctx.ui.note(&format!("{source}: {files} files, {bytes}{}", super::decompress::left(&summary)));
        Ok(())
    })();
    done.map_err(|e: Error| e.in_file(source.label()))
}

/// Takes the members out that were asked for.
fn members(args: &Extract, archive: &mut Archive<'_>, from: &str, ctx: &Context) -> Result<Summary> {
    let folder = args.output.as_deref().unwrap_or(Path::new("."));
    let places = outputs::Places { folder, strip: args.place.strip_components };
    let options = args.place.options(args.force, &args.kept);
    let (patterns, names) = (args.pick.patterns()?, names(args)?);
    let listed = args.files_from.is_some() || args.files0_from.is_some();
    if names.is_empty() && !listed && patterns.is_empty() {
        outputs::members(archive, None, places, from, args.force, ctx)?;
        return archive.extract(&[], folder, &options);
    }
    let chosen = match names.is_empty() && listed {
        true => select::Chosen::none(archive)?,
        false => select::choose(archive, &names)?.without(&patterns, archive),
    };
    outputs::members(archive, Some(&chosen.numbers), places, from, args.force, ctx)?;
    archive.extract_entries(&chosen.numbers, folder, &options)
}

/// The members that were named, and those of lists.
fn names(args: &Extract) -> Result<Vec<PathBuf>> {
    let (files_from, files0_from) = (args.files_from.clone(), args.files0_from.clone());
    if files_from.is_none() && files0_from.is_none() {
        return Ok(args.members.clone());
    }
    let io = InputArgs { inputs: args.members.clone(), files_from, files0_from };
    let names = crate::plan::gather(&io)?;
    Ok(names.iter().filter_map(Source::path).map(Path::to_path_buf).collect())
}

/// Writes contents to standard output. Single streams have no members: what follows one is a file of its own, as with `zcat`.
pub fn cat(args: &Cat, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.archive);
    ctx.report.begin(source.label());
    let done = decode::open_archive(&source, ctx, &ctx.reading()).and_then(|mut archive| {
        let members = if archive.is_tree() || args.range.is_some() { &args.members[..] } else { &[] };
        write_to(&mut archive, (members, &Patterns::default()), args.range, &Target::Stdout, false, ctx)?;
        Ok(archive.is_tree() || args.range.is_some())
    });
    if done.map_err(|e| e.in_file(source.label()))? {
        return Ok(());
    }
    for other in &args.members {
        let source = Source::new(other);
        ctx.report.begin(source.label());
        ctx.will_read_source(&source)?;
        let done = decode::open_archive(&source, ctx, &ctx.reading()).and_then(|mut archive| {
            write_to(&mut archive, (&[], &Patterns::default()), None, &Target::Stdout, false, ctx)
        });
        done.map_err(|e| e.in_file(source.label()))?;
    }
    Ok(())
}

/// The contents of every file that no pattern leaves out, one after another.
pub fn all_to_stdout(archive: &mut Archive<'_>, patterns: &Patterns, ctx: &Context) -> Result<()> {
    write_to(archive, (&[], patterns), None, &Target::Stdout, false, ctx)
}

fn write_to(
    archive: &mut Archive<'_>,
    (members, patterns): (&[PathBuf], &Patterns),
    range: Option<Range>,
    target: &Target,
    force: bool,
    ctx: &Context,
) -> Result<()> {
    let sink = Sink::create(target, force, ctx, "the archive")?;
    let mut out = sink.writer();
    let mut count = 1;
    let len = if archive.is_tree() {
        let files = select::files(archive, members)?.without(patterns, archive);
        let tree = archive.entries();
        let modes = files.numbers.iter().map(|&number| tree.entries[number].mode);
        count = files.numbers.len();
        sink.restrict(modes.fold(ctx.mask(), |mask, mode| mask & minlen::archive::readers(mode)));
        match (range, &files.numbers[..]) {
            (None, numbers) => archive.read_entries(numbers, &mut out)?,
            (Some(range), &[number]) => archive.read_entry(number, Some(select::bounds(range)), &mut out)?,
            (Some(_), numbers) => {
                let count = numbers.len();
                return Err(Error::usage(format!("--range needs exactly one file, and {count} were chosen")));
            }
        }
    } else if members.is_empty() {
        archive.read_content(range.map_or(0..u64::MAX, select::bounds), &mut out)?
    } else {
        return Err(Error::usage("is a single compressed file and has no members to choose from"));
    };
    out.flush().map_err(write_failed)?;
    drop(out);
    sink.commit(None)?;
    let output = target.path().map(Path::to_string_lossy);
    ctx.report.done(json!({"output": output, "members": count, "content_bytes": len}));
    Ok(())
}
