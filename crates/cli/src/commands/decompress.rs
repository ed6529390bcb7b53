//! `minlen decompress`: a stream becomes a file, an archive becomes its files and folders.

use crate::args::Decompress;
use crate::engine::decode::{self, Content, Input};
use crate::engine::select::{self, Chosen};
use crate::engine::sink::{Sink, pump};
use crate::engine::{outputs, remove, verify};
use crate::exit::Tally;
use crate::plan::{self, Context, Source, Target};
use crate::ui::human;
use minlen::archive::{Archive, Existing, Summary};
use minlen::picture::{self, Format};
use minlen::{Error, Result};
use serde_json::json;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// So many inputs are kept open between the look at all of them and the work.
const KEPT_OPEN: usize = 16;

/// Decompresses every input.
pub fn run(args: &Decompress, ctx: &Context) -> Result<Tally> {
    if let Some(shift) = args.preview {
        return super::preview::run(args, shift, ctx);
    }
    let partial = args.place.skip_existing || args.place.keep_newer || args.place.strip_components > 0;
    if args.out.rm && (partial || !args.pick.patterns()?.is_empty()) {
        return Err(Error::usage("--rm would remove what was not extracted, too")
            .remedy("leave it out, or extract everything"));
    }
    let inputs = ctx.inputs(&args.io)?;
    let mut work = enter(args, ctx, inputs)?;
    Ok(super::for_each_mut(ctx, &mut work, |(input, opened)| {
        ctx.report.begin(input.label());
        let opened = match opened.take() {
            Some(opened) => opened,
            None => decode::open(input, ctx, &ctx.reading()).map_err(|e| e.in_file(input.label()))?,
        };
        ctx.ui.meter.start(&input.to_string(), opened.len());
        let done = match opened {
            Input { content: Content::Stream(reader), meta, is_picture } => {
                stream(args, ctx, (input, is_picture), reader, &meta)
            }
            Input { content: Content::Tree(mut archive), meta, .. } => {
                tree(args, ctx, input, &mut archive, &meta)
            }
        };
        done.map_err(|e| e.in_file(input.label()))
    }))
}

/// Enters what every input becomes into the plan of the run. What cannot be opened is reported when its turn comes; what comes
/// through a pipe is entered then, too.
fn enter(args: &Decompress, ctx: &Context, inputs: Vec<Source>) -> Result<Vec<(Source, Option<Input>)>> {
    let many = inputs.len() > 1;
    if many {
        ctx.expect_several();
    }
    let mut work: Vec<(Source, Option<Input>)> = Vec::with_capacity(inputs.len());
    let mut kept = 0;
    for input in inputs {
        ctx.check()?;
        let is_file = input.path().is_some_and(Path::is_file);
        let mut opened = if is_file { decode::open(&input, ctx, &ctx.reading()).ok() } else { None };
        let is_tree = opened.as_ref().is_some_and(|opened| matches!(opened.content, Content::Tree(_)));
        let is_stream = opened.is_some() && !is_tree;
        let output = args.dir.output(args.out.output.as_deref(), input.path());
        if many && is_stream && output.as_deref().is_some_and(|out| !plan::is_folder(out)) {
            return Err(Error::usage("several files do not fit into one")
                .in_file(input.label())
                .remedy("name a folder with -o FOLDER/"));
        }
        if let Some(Input { content: Content::Tree(archive), .. }) = &mut opened
            && !args.out.stdout
        {
            let places =
                outputs::Places { folder: &folder(args, &input), strip: args.place.strip_components };
            let chosen = chosen(args, archive)?;
            let chosen = chosen.as_ref().map(|chosen| &chosen.numbers[..]);
            outputs::members(archive, chosen, places, &input.to_string(), args.out.force, ctx)?;
        } else if let Some(target) =
            target(args, &input, opened.as_ref().is_some_and(|opened| opened.is_picture))?
        {
            // A pipe may bring an archive, whose files go into a folder.
            if args.out.rm && (is_stream || args.out.stdout || !is_file) {
                target.can_be_read_back()?;
            }
            if let (true, Target::File(path)) = (is_stream, &target) {
                ctx.will_write(path, &input.to_string())?;
            }
        }
        let opened = opened.filter(|_| kept < KEPT_OPEN);
        kept += usize::from(opened.is_some());
        work.push((input, opened));
    }
    Ok(work)
}

fn folder(args: &Decompress, input: &Source) -> PathBuf {
    args.dir.output(args.out.output.as_deref(), input.path()).unwrap_or_else(|| PathBuf::from("."))
}

/// The members that no pattern leaves out; `None` for all.
fn chosen(args: &Decompress, archive: &mut Archive<'_>) -> Result<Option<Chosen>> {
    let patterns = args.pick.patterns()?;
    if patterns.is_empty() {
        return Ok(None);
    }
    Ok(Some(select::choose(archive, &[])?.without(&patterns, archive)))
}

fn target(args: &Decompress, input: &Source, is_picture: bool) -> Result<Option<Target>> {
    if args.out.stdout {
        return Ok(Some(Target::Stdout));
    }
    let output = args.dir.output(args.out.output.as_deref(), input.path());
    let is_ours = output.as_deref().is_none_or(plan::is_folder);
    Ok(plan::restored(input, output.as_deref())?.map(|target| match target {
        // A JPEG that was kept near what it was comes back as a PNG, and its name should say so.
        Target::File(name) if is_picture && is_ours && plan::is_other_picture(&name) => {
            Target::File(name.with_extension("png"))
        }
        target => target,
    }))
}

/// The format of a picture that is asked for by the name of the output; nothing for PNG, which it comes as.
fn format(target: &Target, is_picture: bool) -> Result<Option<Format>> {
    let Some(name) = target.path().filter(|name| is_picture && plan::is_other_picture(name)) else {
        return Ok(None);
    };
    let extension = name.extension().and_then(OsStr::to_str).unwrap_or_default();
    let unknown = || {
        Error::unsupported("pictures are not written in this format")
            .in_file(name)
            .remedy("name a .png, .ppm, .webp or .tiff file")
    };
    Format::of(extension).map(Some).ok_or_else(unknown)
}

fn stream(
    args: &Decompress,
    ctx: &Context,
    (input, is_picture): (&Source, bool),
    mut reader: Box<dyn std::io::Read>,
    meta: &Metadata,
) -> Result<()> {
    let Some(target) = target(args, input, is_picture)? else {
        ctx.ui.warn(&format!("{input}: has no suffix .mln to take off; skipped (use -o FILE or -c)"));
        ctx.report.done(json!({"skipped": true}));
        return Ok(());
    };
    let existing = args.place.existing(args.out.force);
    if let Target::File(path) = &target
        && stays(path, meta, existing)
    {
        ctx.ui.note(&format!("{}: is there already; left as it is", show(path)));
        return Ok(());
    }
    let force = matches!(existing, Existing::Replace | Existing::KeepNewer);
    target.check(force, false)?;
    args.dir.make(target.label())?;
    let format = format(&target, is_picture)?;
    if args.out.rm && format.is_some() {
        return Err(Error::usage("--rm compares what was written with the PNG that is stored")
            .remedy("leave it out, or name a .png file"));
    }
    let sink = Sink::create(&target, force, ctx, &input.to_string())?;
    let len = match format {
        None => sink.fill(&mut reader)?,
        Some(format) => converted(&mut reader, format, &sink, ctx)?,
    };
    sink.commit(Some(meta))?;
    ctx.ui.meter.stop();
    if let (true, Some(path), Target::File(made)) = (args.out.rm, input.path(), &target) {
        verify::stream(path, made, ctx, &ctx.reading())?;
        remove::file(path, meta, ctx)?;
    }
    let output = target.path().map(Path::to_string_lossy);
    ctx.report.done(json!({"kind": "stream", "output": output, "content_bytes": len}));
    ctx.ui.note(&format!(
        "{}: {}, {}",
        human::safe(&input.to_string()),
        human::bytes(len),
        show(target.label())
    ));
    Ok(())
}

/// Writes the picture that comes as PNG in another format. Gives the number of bytes.
fn converted(reader: &mut dyn std::io::Read, format: Format, sink: &Sink, ctx: &Context) -> Result<u64> {
    let mut png = Vec::new();
    pump(reader, &mut png)?;
    let read = picture::picture(&png, &ctx.reading())?;
    if !read.chunks.is_empty() {
        ctx.ui.warn(&format!(
            "{}: colour profile, orientation and texts are left out; a PNG file has them",
            show(sink.label())
        ));
    }
    let file = picture::write(&read, format)?;
    sink.write(&file)?;
    Ok(file.len() as u64)
}

/// True where a file that is there is to be left alone.
fn stays(path: &Path, packed: &Metadata, existing: Existing) -> bool {
    let Ok(there) = std::fs::symlink_metadata(path) else { return false };
    match existing {
        Existing::Skip => true,
        Existing::KeepNewer => !matches!((packed.modified(), there.modified()), (Ok(a), Ok(b)) if a > b),
        _ => false,
    }
}

fn tree(
    args: &Decompress,
    ctx: &Context,
    input: &Source,
    archive: &mut Archive<'_>,
    meta: &Metadata,
) -> Result<()> {
    if args.out.stdout {
        return super::extract::all_to_stdout(archive, &args.pick.patterns()?, ctx);
    }
    let folder = &folder(args, input);
    let chosen = chosen(args, archive)?;
    let numbers = chosen.as_ref().map(|chosen| &chosen.numbers[..]);
    let places = outputs::Places { folder, strip: args.place.strip_components };
    outputs::members(archive, numbers, places, &input.to_string(), args.out.force, ctx)?;
    let options = args.place.options(args.out.force, &args.kept);
    let summary = match numbers {
        Some(numbers) => archive.extract_entries(numbers, folder, &options)?,
        None => archive.extract(&[], folder, &options)?,
    };
    ctx.ui.meter.stop();
    if let (true, Some(path)) = (args.out.rm, input.path()) {
        let checked = verify::tree(archive, ctx, |name| Some(folder.join(OsStr::from_bytes(name))))?;
        match checked.iter().find(|item| !item.same) {
            None if checked.len() == archive.entries().entries.len() => remove::file(path, meta, ctx)?,
            item => return Err(verify::differs(item.map_or(folder, |item| &item.path))),
        }
    }
    ctx.report.done(json!({
        "kind": "archive",
        "output": folder.to_string_lossy(),
        "members": summary.files,
        "content_bytes": summary.raw_bytes,
    }));
    ctx.ui.note(&format!(
        "{}: {} files, {}{}, in {}",
        human::safe(&input.to_string()),
        summary.files,
        human::bytes(summary.raw_bytes),
        left(&summary),
        show(folder)
    ));
    Ok(())
}

/// How many members gave way to what is there.
pub fn left(summary: &Summary) -> String {
    match summary.skipped {
        0 => String::new(),
        count => format!(", {count} left out since they are there"),
    }
}

fn show(path: &Path) -> String {
    human::safe(&path.display().to_string()).into_owned()
}
