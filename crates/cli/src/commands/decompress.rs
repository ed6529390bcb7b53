//! `minlen decompress`: a stream becomes a file, an archive becomes its files and folders.

use crate::args::Decompress;
use crate::engine::decode::{self, Content, Input};
use crate::engine::sink::Sink;
use crate::engine::{outputs, remove, verify};
use crate::exit::Tally;
use crate::plan::{self, Context, Source, Target};
use crate::ui::human;
use minlen::archive::{Archive, ExtractOptions};
use minlen::{Error, Result};
use serde_json::json;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// So many inputs are kept open between the look at all of them and the work.
const KEPT_OPEN: usize = 16;

/// Decompresses every input.
pub fn run(args: &Decompress, ctx: &Context) -> Result<Tally> {
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
            Input { content: Content::Stream(reader), meta } => stream(args, ctx, input, reader, &meta),
            Input { content: Content::Tree(mut archive), meta } => {
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
    let output = args.out.output.as_deref();
    let mut work: Vec<(Source, Option<Input>)> = Vec::with_capacity(inputs.len());
    let mut kept = 0;
    for input in inputs {
        ctx.check()?;
        let is_file = input.path().is_some_and(Path::is_file);
        let mut opened = if is_file { decode::open(&input, ctx, &ctx.reading()).ok() } else { None };
        let is_tree = opened.as_ref().is_some_and(|opened| matches!(opened.content, Content::Tree(_)));
        let is_stream = opened.is_some() && !is_tree;
        if many && is_stream && output.is_some_and(|out| !plan::is_folder(out)) {
            return Err(Error::usage("several files do not fit into one")
                .in_file(input.label())
                .remedy("name a folder with -o FOLDER/"));
        }
        if let Some(Input { content: Content::Tree(archive), .. }) = &mut opened
            && !args.out.stdout
        {
            outputs::members(archive, None, folder(args), &input.to_string(), args.out.force, ctx)?;
        } else if let Some(target) = target(args, &input)? {
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

fn folder(args: &Decompress) -> &Path {
    args.out.output.as_deref().unwrap_or(Path::new("."))
}

fn target(args: &Decompress, input: &Source) -> Result<Option<Target>> {
    match args.out.stdout {
        true => Ok(Some(Target::Stdout)),
        false => plan::restored(input, args.out.output.as_deref()),
    }
}

fn stream(
    args: &Decompress,
    ctx: &Context,
    input: &Source,
    mut reader: Box<dyn std::io::Read>,
    meta: &Metadata,
) -> Result<()> {
    let Some(target) = target(args, input)? else {
        ctx.ui.warn(&format!("{input}: has no suffix .mln to take off; skipped (use -o FILE or -c)"));
        ctx.report.done(json!({"skipped": true}));
        return Ok(());
    };
    target.check(args.out.force, false)?;
    let sink = Sink::create(&target, args.out.force, ctx, &input.to_string())?;
    let len = sink.fill(&mut reader)?;
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

fn tree(
    args: &Decompress,
    ctx: &Context,
    input: &Source,
    archive: &mut Archive<'_>,
    meta: &Metadata,
) -> Result<()> {
    if args.out.stdout {
        return super::extract::all_to_stdout(archive, ctx);
    }
    let folder = folder(args);
    outputs::members(archive, None, folder, &input.to_string(), args.out.force, ctx)?;
    let summary = archive.extract(&[], folder, &ExtractOptions::default().with_overwrite(args.out.force))?;
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
        "{}: {} files, {}, in {}",
        human::safe(&input.to_string()),
        summary.files,
        human::bytes(summary.raw_bytes),
        show(folder)
    ));
    Ok(())
}

fn show(path: &Path) -> String {
    human::safe(&path.display().to_string()).into_owned()
}
