//! `minlen rebase`: the same model as differences from another base, or from none.

use crate::args::Rebase;
use crate::engine::decode::{self, Lock};
use crate::engine::replace::sealed_as_before;
use crate::engine::scratch;
use crate::engine::seal::Seal;
use crate::engine::sink::{Sink, pump, write_failed};
use crate::plan::{Context, Source, Target};
use crate::ui::human;
use minlen::container::crypt::{self, Unlock};
use minlen::layout::{BaseSet, FileLayout};
use minlen::{Decoder, Encoder, Env, Error, ErrorKind, Options, Result};
use serde_json::json;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Decodes to a temporary file, compresses that with the new base, and reads the result back before it gets its name.
pub fn run(args: &Rebase, ctx: &Context) -> Result<()> {
    let source = Source::new(&args.file);
    ctx.report.begin(source.label());
    let done = (|| {
        let (mut archive, lock) = decode::open_locked(&source, ctx, &ctx.reading())?;
        if archive.is_tree() {
            return Err(Error::usage("is an archive of several files")
                .remedy("extract it with --base, and compress the files with the new one"));
        }
        let mut plain = scratch::file(lock != Lock::None, archive.content_len())?;
        let len = archive.read_content(0..u64::MAX, &mut plain)?;
        let bases = args.onto.as_slice();
        let bases = if bases.is_empty() { BaseSet::default() } else { ctx.open_bases(bases)? };
        let seal = Seal::new(&sealed_as_before(&args.seal, lock)?, ctx)?;
        let options = args.levels.asked.options(|| Ok(Options::default()))?;
        let options = options.with_bases(bases.clone()).with_threads(ctx.threads());
        let target = Target::new(&args.output);
        target.check(args.force, false)?;
        let sink = Sink::create(&target, args.force, ctx, &source.to_string())?;
        let mut out = sink.writer();
        seal.write(&mut out, |out| write(&mut plain, len, out, &options, ctx))?;
        out.flush().map_err(write_failed)?;
        drop(out);
        check(&mut plain, sink.file(), &bases, ctx)?;
        let stored = sink.file().metadata().map_err(Error::from)?.len();
        sink.commit(None)?;
        ctx.report.done(json!({
            "output": args.output.to_string_lossy(),
            "content_bytes": len,
            "stored_bytes": stored,
        }));
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

fn write(plain: &mut File, len: u64, out: &mut dyn Write, options: &Options, ctx: &Context) -> Result<()> {
    let mut encoder = Encoder::with_length(out, options, len, &ctx.writing())?;
    if let Some(layout) = FileLayout::of_file(&*plain, options.parsers())? {
        encoder = encoder.with_layout(&layout);
    }
    plain.seek(SeekFrom::Start(0))?;
    pump(plain, &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(())
}

/// Reads back what was written: the checksums inside say whether it is what went in.
fn check(plain: &mut File, mut out: &File, bases: &BaseSet, ctx: &Context) -> Result<()> {
    let env = ctx.reading().with_resources(bases.resources());
    plain.seek(SeekFrom::Start(0))?;
    out.seek(SeekFrom::Start(0))?;
    let Some(content) = unsealed(out, ctx, &env)? else { return Ok(()) };
    let mut decoder = Decoder::new(content, &ctx.read_options(), &env)?;
    io::copy(&mut decoder, &mut io::sink()).map_err(Error::from)?;
    Ok(())
}

/// What was written, without its encryption; nothing where only others can open it.
fn unsealed<'a>(mut out: &'a File, ctx: &Context, env: &Env) -> Result<Option<Box<dyn Read + 'a>>> {
    let mut head = Vec::new();
    out.take(crypt::HEAD as u64).read_to_end(&mut head)?;
    out.seek(SeekFrom::Start(0))?;
    if !crypt::is_age(&head) {
        return Ok(Some(Box::new(out)));
    }
    let keys = ctx.keys.keys_for(&head, env)?;
    let unlock =
        Unlock { passphrase: keys.passphrase.as_deref().map(crypt::secret), identities: keys.secret_keys };
    match crypt::decrypt_pipe(out, &unlock, env) {
        Ok(plain) => Ok(Some(Box::new(plain))),
        Err(error) if error.kind() == ErrorKind::WrongKey => {
            ctx.ui.warn("what was written could not be read back: no identity that is at hand opens it");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
