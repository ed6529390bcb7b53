//! `minlen extract --salvage`: what is left of a damaged file.

use super::damage;
use crate::args::Extract;
use crate::engine::sink::{BUFFER, Sink, write_failed};
use crate::engine::sparse::Sparse;
use crate::engine::{decode, select};
use crate::plan::ledger::in_place_of;
use crate::plan::{self, Context, Source, Target};
use crate::ui::{self, human};
use minlen::archive::ExtractOptions;
use minlen::archive::salvage::{DAMAGED, Salvage, State, Survey, Written};
use minlen::{Error, Result};
use serde_json::json;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{BufWriter, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Takes out what is left, and lists it.
pub fn run(args: &Extract, source: &Source, ctx: &Context) -> Result<()> {
    let mut salvage = decode::open_salvage(source, ctx, &ctx.reading())?;
    ctx.ui.meter.start(&source.to_string(), 0);
    if salvage.is_tree() {
        members(args, source, &mut salvage, ctx)
    } else {
        content(args, source, &mut salvage, ctx)
    }
}

fn members(args: &Extract, source: &Source, salvage: &mut Salvage<'_>, ctx: &Context) -> Result<()> {
    if args.stdout {
        return Err(
            Error::usage("what is left of an archive goes into a folder").remedy("name one with -o FOLDER")
        );
    }
    let patterns: Vec<&[u8]> = args.members.iter().map(|name| name.as_os_str().as_bytes()).collect();
    let matches = |path: &[u8]| patterns.iter().any(|pattern| select::matches(pattern, path));
    let paths = salvage.paths();
    if let Some(none) = patterns.iter().find(|p| !paths.iter().any(|path| select::matches(p, path))) {
        return Err(Error::usage(format!("{} is not among the names that are left", human::name(none)))
            .remedy("see `minlen extract --salvage ARCHIVE`"));
    }
    let survey = salvage.survey(if patterns.is_empty() { None } else { Some(&matches) })?;
    let folder = args.output.as_deref().unwrap_or(Path::new("."));
    refuse_what_is_read(&paths, folder, source, ctx)?;
    let options = ExtractOptions::default().with_existing(args.place.existing(args.force));
    let renamed = salvage.extract(&survey, folder, &options)?;
    report(source, &survey, &renamed, ctx)
}

/// Refuses to put a member, or what is left of it, in the place of something that the run reads.
fn refuse_what_is_read(paths: &[Vec<u8>], folder: &Path, source: &Source, ctx: &Context) -> Result<()> {
    for (path, role) in ctx.ledger().read_within(folder) {
        let bytes = path.as_os_str().as_bytes();
        let whole = bytes.strip_suffix(DAMAGED.as_bytes()).unwrap_or(bytes);
        if paths.iter().any(|member| member == bytes || member == whole) {
            return Err(in_place_of(role, &source.to_string(), &folder.join(path)));
        }
    }
    Ok(())
}

fn content(args: &Extract, source: &Source, salvage: &mut Salvage<'_>, ctx: &Context) -> Result<()> {
    if !args.members.is_empty() {
        return Err(Error::usage("is a single compressed file and has no members to choose from"));
    }
    let survey = salvage.survey(None)?;
    let whole = survey.lost.is_empty() && survey.content_whole;
    let gone: u64 = survey.lost.iter().map(|range| range.end - range.start).sum();
    if gone >= survey.content_len && !whole {
        return Err(Error::corrupt("nothing is left of the content"));
    }
    let mut renamed = Vec::new();
    let target = match (args.stdout, named(source, args.output.as_deref())?) {
        (true, _) => Target::Stdout,
        (false, path) if whole => Target::File(path),
        (false, path) => {
            let path = with_suffix(path);
            renamed.push(path.clone());
            Target::File(path)
        }
    };
    target.check(args.force, false)?;
    let sink = Sink::create(&target, args.force, ctx, &source.to_string())?;
    match (&target, sink.file().metadata()) {
        (Target::File(_), Ok(meta)) if meta.is_file() => {
            let mut sparse = Sparse::new(sink.file());
            salvage.write_content(&survey, &mut sparse)?;
            sparse.finish().map_err(write_failed)?;
        }
        _ => {
            let mut out = BufWriter::with_capacity(BUFFER, sink.file());
            salvage.write_content(&survey, &mut out)?;
            out.flush().map_err(write_failed)?;
        }
    }
    sink.commit(None)?;
    if args.stdout {
        ctx.report.done(json!({"found": damage::object(&survey)}));
        return told(source, &survey, ctx);
    }
    let written: Vec<Written> =
        renamed.iter().map(|path| Written::new(None, path.as_os_str().as_bytes())).collect();
    report(source, &survey, &written, ctx)
}

/// The name for all of the content: what `-o` says, or the name of the input without its suffix, in the folder that `-o` names
/// (created if need be) or the current one.
fn named(source: &Source, output: Option<&Path>) -> Result<PathBuf> {
    let folder = match output {
        Some(path) if !plan::is_folder(path) => return Ok(path.to_path_buf()),
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::io("cannot make the folder", e).in_file(folder))?;
            folder
        }
        None => Path::new("."),
    };
    match plan::restored(source, Some(&folder.join("")))? {
        Some(Target::File(path)) if source.path().is_some() => Ok(path),
        _ => Ok(folder.join("salvaged")),
    }
}

fn with_suffix(path: PathBuf) -> PathBuf {
    let mut name = path.into_os_string().into_vec();
    name.extend(DAMAGED.as_bytes());
    OsString::from_vec(name).into()
}

/// Lists what was found and makes the exit code say whether all of it is whole.
fn report(source: &Source, survey: &Survey, renamed: &[Written], ctx: &Context) -> Result<()> {
    ctx.ui.meter.stop();
    if ctx.ui.json() {
        let written = renamed.iter().map(|w| {
            json!({"member": w.member.as_ref().map(|m| String::from_utf8_lossy(m)), "path": String::from_utf8_lossy(&w.path)})
        });
        let renamed: Vec<_> = written.collect();
        ctx.report.done(json!({"found": damage::object(survey), "renamed": renamed}));
    } else {
        ui::print(&text(survey, renamed))?;
    }
    told(source, survey, ctx)
}

fn text(survey: &Survey, renamed: &[Written]) -> String {
    let mut text = String::new();
    let by_member: HashMap<&[u8], &Written> =
        renamed.iter().filter_map(|w| w.member.as_deref().map(|member| (member, w))).collect();
    for member in survey.members.iter().filter(|member| member.asked) {
        let name = human::name(&member.path);
        let new = by_member.get(&*member.path);
        let detail = match (member.state, new) {
            (State::Partly, Some(new)) => {
                format!("  ({}; in {})", damage::left(member), human::name(&new.path))
            }
            _ => String::new(),
        };
        text += &format!("{:<7} {name}{detail}\n", damage::word(member.state));
    }
    for piece in renamed.iter().filter(|w| w.member.is_none()) {
        text += &format!("{:<7} {}\n", "piece", human::name(&piece.path));
    }
    text
}

/// Warnings, one line for each thing that is wrong with the file.
pub fn told(source: &Source, survey: &Survey, ctx: &Context) -> Result<()> {
    if survey.padding > 0 {
        let count = survey.padding;
        ctx.ui.warn(&format!(
            "{source}: {count} zero bytes behind the end are no part of it; the content was read"
        ));
    }
    if survey.is_whole() {
        return Ok(());
    }
    for (line, at) in damage::lines(survey) {
        let place = at.map_or_else(String::new, |at| format!(" (at byte {at})"));
        ctx.ui.warn(&format!("{source}: {line}{place}"));
    }
    Ok(())
}
