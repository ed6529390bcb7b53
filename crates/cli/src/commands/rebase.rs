//! `minlen rebase`: the same model as differences from another base, or from none.

use crate::args::Rebase;
use crate::engine::decode;
use crate::engine::sink::{Sink, pump};
use crate::plan::{Context, Source, Target};
use crate::ui::human;
use minlen::tensors::BaseSet;
use minlen::{Decoder, Encoder, Error, Numbers, Options, Result};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Decodes to a temporary file, compresses that with the new base, and reads the result back before it gets its name.
pub fn run(args: &Rebase, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.file);
    let done = (|| {
        let mut archive = decode::open_archive(&source, ctx, &ctx.reading())?;
        if archive.is_tree() {
            return Err(Error::usage("is an archive of several files")
                .remedy("extract it with --base, and compress the files with the new one"));
        }
        let mut plain = tempfile::tempfile().map_err(|e| Error::io("cannot make a temporary file", e))?;
        let len = archive.read_content(0..u64::MAX, &mut plain)?;
        let bases = args.onto.as_slice();
        let bases = if bases.is_empty() { BaseSet::default() } else { ctx.open_bases(bases)? };
        let options = match args.levels {
            crate::args::LevelArgs::Level(level) => Options::new(level)?,
            crate::args::LevelArgs::Max => Options::new(minlen::MAX_LEVEL)?,
            crate::args::LevelArgs::Default => Options::default(),
        };
        let options = options.with_bases(bases.clone()).with_threads(args.common.threads);
        let target = Target::new(&args.output);
        target.check(args.force, false)?;
        let sink = Sink::create(&target, args.force, ctx, &source.to_string())?;
        write(&mut plain, len, sink.file(), &options, ctx)?;
        check(&mut plain, sink.file(), &bases, ctx)?;
        let stored = sink.file().metadata().map_err(Error::from)?.len();
        sink.commit(None)?;
        ctx.ui.note(&format!(
            "{}: {} in {}",
            human::safe(&args.output.display().to_string()),
            human::bytes(len),
            human::bytes(stored)
        ));
        Ok(())
    })();
    done.map_err(|e: Error| e.in_file(source.label()))
}

fn write(plain: &mut File, len: u64, out: &File, options: &Options, ctx: &Context) -> Result<()> {
    let mut encoder = Encoder::with_length(out, options, len, &ctx.writing())?;
    if let Some(arrays) = minlen::tensors::of_file(&*plain)? {
        encoder = encoder.with_arrays(&arrays);
    }
    plain.seek(SeekFrom::Start(0))?;
    pump(plain, &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(())
}

/// Reads back what was written: the checksums inside say whether it is what went in.
fn check(plain: &mut File, mut out: &File, bases: &BaseSet, ctx: &Context) -> Result<()> {
    let numbers = Numbers { bases: bases.bases(), ..Numbers::default() };
    let env = ctx.reading().with_numbers(numbers);
    plain.seek(SeekFrom::Start(0))?;
    out.seek(SeekFrom::Start(0))?;
    let mut decoder = Decoder::new(out, &ctx.read_options(), &env)?;
    io::copy(&mut decoder, &mut io::sink()).map_err(Error::from)?;
    Ok(())
}
