//! `minlen decompress --preview`: a small picture out of a large one.

use crate::args::Decompress;
use crate::engine::sink::Sink;
use crate::engine::source::Opened;
use crate::exit::Tally;
use crate::plan::{self, Context, Source, Target};
use crate::ui::human;
use minlen::picture::{self, Format};
use minlen::{Error, Result};
use serde_json::json;
use std::ffi::OsStr;
use std::io::BufReader;

/// Writes a preview of every input, at 1 of 2^`shift` of its size.
pub fn run(args: &Decompress, shift: u8, ctx: &Context) -> Result<Tally> {
    if args.out.rm {
        return Err(Error::usage("--rm would remove what only a preview was made of")
            .remedy("leave it out, or decompress everything"));
    }
    let inputs = ctx.inputs(&args.io)?;
    if inputs.len() > 1 && args.out.output.as_deref().is_some_and(|out| !plan::is_folder(out)) {
        return Err(Error::usage("several files do not fit into one").remedy("name a folder with -o FOLDER/"));
    }
    let mut work = Vec::new();
    for input in inputs {
        let target = target(args, &input)?;
        if let Target::File(path) = &target {
            ctx.will_write(path, &input.to_string())?;
        }
        work.push((input, target));
    }
    Ok(super::for_each(ctx, &work, |(input, target)| {
        ctx.report.begin(input.label());
        one(args, ctx, input, target, shift).map_err(|e| e.in_file(input.label()))
    }))
}

/// `photo.jpg.mln` becomes `photo.preview.png`, where no other name was given.
fn target(args: &Decompress, input: &Source) -> Result<Target> {
    if args.out.stdout {
        return Ok(Target::Stdout);
    }
    let output = args.dir.output(args.out.output.as_deref(), input.path());
    let is_ours = output.as_deref().is_none_or(plan::is_folder);
    Ok(match plan::restored(input, output.as_deref())? {
        Some(Target::File(name)) if is_ours => Target::File(name.with_extension("preview.png")),
        Some(target) => target,
        None => {
            return Err(Error::usage("has no suffix .mln to take off")
                .in_file(input.label())
                .remedy("use -o FILE or -c"));
        }
    })
}

fn one(args: &Decompress, ctx: &Context, input: &Source, target: &Target, shift: u8) -> Result<()> {
    target.check(args.out.force, true)?;
    args.dir.make(target.label())?;
    let opened = Opened::new(input, ctx)?;
    let meta = opened.meta.clone();
    let env = ctx.reading().with_threads(ctx.threads());
    let small = picture::preview(BufReader::new(opened), shift, &env)?;
    let extension =
        target.path().and_then(|name| name.extension()).and_then(OsStr::to_str).unwrap_or_default();
    let file = match Format::of(extension) {
        Some(format) => picture::write(&small, format)?,
        None => picture::to_png(&small, &env)?,
    };
    let sink = Sink::create(target, args.out.force, ctx, &input.to_string())?;
    sink.write(&file)?;
    sink.commit(Some(&meta))?;
    let output = target.path().map(std::path::Path::to_string_lossy);
    ctx.report.done(json!({"kind": "preview", "output": output, "content_bytes": file.len()}));
    ctx.ui.note(&format!(
        "{}: {} by {} pixels, {}",
        human::safe(&input.to_string()),
        small.colours.width(),
        small.colours.height(),
        human::safe(&target.label().display().to_string())
    ));
    Ok(())
}
