//! `minlen decompress`: a stream becomes a file, an archive becomes its files and folders.

use crate::args::Decompress;
use crate::engine::decode::{self, Content, Input};
use crate::engine::sink::Sink;
use crate::engine::{remove, verify};
use crate::exit::Tally;
use crate::plan::{self, Context, Source, Target, gather};
use crate::ui::human;
use minlen::archive::{Archive, ExtractOptions};
use minlen::{Error, Result};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Decompresses every input.
pub fn run(args: &Decompress, ctx: &Context) -> Result<Tally> {
    let inputs = gather(&args.io)?;
    let output = args.out.output.as_deref();
    let many = inputs.len() > 1;
    Ok(super::for_each(ctx, &inputs, |input| {
        let opened = decode::open(input, ctx, &ctx.reading()).map_err(|e| e.in_file(input.label()))?;
        ctx.ui.meter.start(&input.to_string(), opened.len());
        let done = match opened {
            Input { content: Content::Stream(_), .. }
                if many && output.is_some_and(|out| !plan::is_folder(out)) =>
            {
                Err(Error::usage("several files do not fit into one").remedy("name a folder with -o FOLDER/"))
            }
            Input { content: Content::Stream(reader), meta } => stream(args, ctx, input, reader, &meta),
            Input { content: Content::Tree(mut archive), meta } => {
                tree(args, ctx, input, &mut archive, &meta)
            }
        };
        done.map_err(|e| e.in_file(input.label()))
    }))
}

fn stream(
    args: &Decompress,
    ctx: &Context,
    input: &Source,
    mut reader: Box<dyn std::io::Read>,
    meta: &std::fs::Metadata,
) -> Result<()> {
    let target = match args.out.stdout {
        true => Some(Target::Stdout),
        false => plan::restored(input, args.out.output.as_deref())?,
    };
    let Some(target) = target else {
        ctx.ui.warn(&format!("{input}: has no suffix .mln to take off; skipped (use -o FILE or -c)"));
        return Ok(());
    };
    target.is_not(input)?;
    target.check(args.out.force, false)?;
    let sink = Sink::create(&target, args.out.force)?;
    let len = sink.fill(&mut reader)?;
    sink.commit(Some(meta))?;
    ctx.ui.meter.stop();
    if let (true, Some(path), Target::File(made)) = (args.out.rm, input.path(), &target) {
        verify::stream(path, made, ctx)?;
        remove::file(path, meta, made, ctx)?;
    }
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
    archive: &mut Archive,
    meta: &std::fs::Metadata,
) -> Result<()> {
    if args.out.stdout {
        return super::extract::all_to_stdout(archive);
    }
    let folder = args.out.output.as_deref().unwrap_or(Path::new("."));
    let summary = archive.extract(&[], folder, &ExtractOptions::default().with_overwrite(args.out.force))?;
    ctx.ui.meter.stop();
    if let (true, Some(path)) = (args.out.rm, input.path()) {
        verify::tree(archive, |name| Some(folder.join(OsStr::from_bytes(name))))?;
        remove::file(path, meta, folder, ctx)?;
    }
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
