//! `minlen extract` and `minlen cat`: chosen members, or a range of bytes.

use crate::args::{Cat, Extract, Range};
use crate::engine::sink::{Sink, write_failed};
use crate::engine::{decode, select};
use crate::plan::{Context, Source, Target};
use crate::ui::human;
use minlen::archive::{Archive, ExtractOptions, Member, MemberKind};
use minlen::{Error, Result};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Takes members out into a folder, or a range into a file.
pub fn run(args: &Extract, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.archive);
    if args.salvage {
        return super::salvage::run(args, &source, ctx).map_err(|e| e.in_file(source.label()));
    }
    let done = (|| {
        let mut archive = decode::open_archive(&source, ctx, &ctx.reading())?;
        ctx.ui.meter.start(&source.to_string(), 0);
        if let Some(pattern) = &args.tensor {
            return super::tensors::extract(args, pattern, &mut archive);
        }
        if args.stdout || args.range.is_some() || !archive.is_tree() {
            let target = args.output.clone().map_or(Target::Stdout, Target::File);
            target.check(args.force, false)?;
            return write_to(&mut archive, &args.members, args.range, &target, args.force);
        }
        let folder = args.output.as_deref().unwrap_or(Path::new("."));
        let chosen = if args.members.is_empty() {
            Vec::new()
        } else {
            chosen(&mut archive, &args.members)?.into_iter().map(|m| m.path).collect()
        };
        let options = ExtractOptions::default().with_overwrite(args.force);
        let summary = archive.extract(&chosen, folder, &options)?;
        ctx.ui.meter.stop();
        ctx.ui.note(&format!("{source}: {} files, {}", summary.files, human::bytes(summary.raw_bytes)));
        Ok(())
    })();
    done.map_err(|e: Error| e.in_file(source.label()))
}

/// Writes contents to standard output.
pub fn cat(args: &Cat, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.archive);
    let done = decode::open_archive(&source, ctx, &ctx.reading())
        .and_then(|mut archive| write_to(&mut archive, &args.members, args.range, &Target::Stdout, false));
    done.map_err(|e| e.in_file(source.label()))
}

/// The contents of every file, one after another.
pub fn all_to_stdout(archive: &mut Archive) -> Result<()> {
    write_to(archive, &[], None, &Target::Stdout, false)
}

fn write_to(
    archive: &mut Archive,
    members: &[PathBuf],
    range: Option<Range>,
    target: &Target,
    force: bool,
) -> Result<()> {
    let sink = Sink::create(target, force)?;
    let mut out = sink.writer();
    if archive.is_tree() {
        let mut files = chosen(archive, members)?;
        files.retain(|m| matches!(m.kind, MemberKind::File | MemberKind::Hardlink(_)));
        if range.is_some() && files.len() != 1 {
            let count = files.len();
            return Err(Error::usage(format!("--range needs exactly one file, and {count} were chosen")));
        }
        for member in files {
            archive.read_member(&member.path, range.map(bounds), &mut out)?;
        }
    } else if members.is_empty() {
        archive.read_content(range.map_or(0..u64::MAX, bounds), &mut out)?;
    } else {
        return Err(Error::usage("is a single compressed file and has no members to choose from"));
    }
    out.flush().map_err(write_failed)?;
    drop(out);
    sink.commit(None)
}

/// An open end is the end of the file, whatever that is.
pub fn bounds(range: Range) -> std::ops::Range<u64> {
    range.start..range.end.unwrap_or(u64::MAX)
}

/// The members that were asked for; all of them by default.
pub fn chosen(archive: &mut Archive, names: &[PathBuf]) -> Result<Vec<Member>> {
    let mut members = archive.members()?;
    let patterns: Vec<&[u8]> = names.iter().map(|name| name.as_os_str().as_bytes()).collect();
    if let Some(none) = patterns.iter().find(|p| !members.iter().any(|m| select::matches(p, &m.path))) {
        return Err(Error::usage(format!("{} is not in the archive", human::name(none)))
            .remedy("see `minlen list ARCHIVE`"));
    }
    members.retain(|m| patterns.is_empty() || patterns.iter().any(|p| select::matches(p, &m.path)));
    Ok(members)
}
