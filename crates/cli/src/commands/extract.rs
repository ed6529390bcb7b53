//! `minlen extract` and `minlen cat`: chosen members, or a range of bytes.

use crate::args::{Cat, Extract, Range};
use crate::engine::sink::{Sink, write_failed};
use crate::engine::{decode, outputs, select};
use crate::plan::{Context, Source, Target};
use crate::ui::human;
use minlen::archive::{Archive, ExtractOptions};
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
            return write_to(&mut archive, &args.members, args.range, &target, args.force, ctx);
        }
        let folder = args.output.as_deref().unwrap_or(Path::new("."));
        let options = ExtractOptions::default().with_overwrite(args.force);
        let from = source.to_string();
        let summary = if args.members.is_empty() {
            outputs::members(&mut archive, None, folder, &from, args.force, ctx)?;
            archive.extract(&[], folder, &options)?
        } else {
            let chosen = select::choose(&mut archive, &args.members)?;
            outputs::members(&mut archive, Some(&chosen.numbers), folder, &from, args.force, ctx)?;
            archive.extract_entries(&chosen.numbers, folder, &options)?
        };
        ctx.ui.meter.stop();
        ctx.report.done(json!({
            "output": folder.to_string_lossy(),
            "members": summary.files,
            "content_bytes": summary.raw_bytes,
        }));
        ctx.ui.note(&format!("{source}: {} files, {}", summary.files, human::bytes(summary.raw_bytes)));
        Ok(())
    })();
    done.map_err(|e: Error| e.in_file(source.label()))
}

/// Writes contents to standard output. Single streams have no members: what follows one is a file of its own, as with `zcat`.
pub fn cat(args: &Cat, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.archive);
    ctx.report.begin(source.label());
    let done = decode::open_archive(&source, ctx, &ctx.reading()).and_then(|mut archive| {
        let members = if archive.is_tree() || args.range.is_some() { &args.members[..] } else { &[] };
        write_to(&mut archive, members, args.range, &Target::Stdout, false, ctx)?;
        Ok(archive.is_tree() || args.range.is_some())
    });
    if done.map_err(|e| e.in_file(source.label()))? {
        return Ok(());
    }
    for other in &args.members {
        let source = Source::new(other);
        ctx.report.begin(source.label());
        ctx.will_read_source(&source)?;
        let done = decode::open_archive(&source, ctx, &ctx.reading())
            .and_then(|mut archive| write_to(&mut archive, &[], None, &Target::Stdout, false, ctx));
        done.map_err(|e| e.in_file(source.label()))?;
    }
    Ok(())
}

/// The contents of every file, one after another.
pub fn all_to_stdout(archive: &mut Archive<'_>, ctx: &Context) -> Result<()> {
    write_to(archive, &[], None, &Target::Stdout, false, ctx)
}

fn write_to(
    archive: &mut Archive<'_>,
    members: &[PathBuf],
    range: Option<Range>,
    target: &Target,
    force: bool,
    ctx: &Context,
) -> Result<()> {
    let sink = Sink::create(target, force, ctx, "the archive")?;
    let mut out = sink.writer();
    let mut count = 1;
    let len = if archive.is_tree() {
        let files = select::files(archive, members)?;
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
