//! From inputs to a compressed output, encrypted and with recovery data where asked for.

use super::decode::Lock;
use super::inexact;
use super::named::Named;
use super::replace::Old;
use super::seal::Seal;
use super::sink::{BUFFER, Sink, pump, write_failed};
use super::source::Opened;
use crate::args::EncodeArgs;
use crate::plan::{Context, Forecast, Survey, Target, forecast};
use minlen::archive::{Compacted, Inputs, Summary, Update};
use minlen::container::recovery;
use minlen::layout::FileLayout;
use minlen::{Encoder, Error, Keep, Options, Result};
use std::cell::Cell;
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// How everything of this run is compressed.
pub struct Recipe {
    options: Options,
    recovery: Option<u16>,
    seal: Seal,
    /// Content and bytes of the streams that are on standard output already.
    before: Cell<(u64, u64)>,
}

/// What went in and what came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    /// Bytes of content.
    pub raw: u64,
    /// Bytes of output.
    pub stored: u64,
}

/// An output that is complete and has no name yet.
pub struct Made {
    /// How large everything is.
    pub sizes: Sizes,
    /// Recovery data that goes beside it.
    beside: Option<Sink>,
}

impl Made {
    /// Gives `sink`, and what goes beside it, the mode and time of `like` and their names.
    pub fn commit(self, sink: Sink, like: Option<&Metadata>) -> Result<()> {
        if let Some(beside) = self.beside {
            beside.commit(like)?;
        }
        sink.commit(like)
    }
}

impl Recipe {
    /// From the options. Asks for a passphrase at once, so that nobody waits for the question.
    pub fn new(args: &EncodeArgs, ctx: &Context) -> Result<Self> {
        let seal = Seal::new(&args.seal(), ctx)?;
        let before = Cell::new((0, 0));
        Ok(Self { options: ctx.write_options(args)?, recovery: args.recovery, seal, before })
    }

    /// The same for archives that keep this of their files.
    pub fn keeping(mut self, keep: Keep) -> Self {
        self.options = self.options.with_keep(keep);
        self
    }

    /// What compressing these inputs will take and give, roughly.
    pub fn forecast(&self, survey: &Survey, asked: bool) -> Forecast {
        forecast(&self.options, survey, asked)
    }

    /// True where the output is encrypted.
    pub fn encrypts(&self) -> bool {
        self.seal.encrypts()
    }

    /// True where the levels are up to a budget.
    pub fn has_budget(&self) -> bool {
        self.options.needs_length()
    }

    /// True where what this run writes can be opened again with what it knows.
    pub fn can_read_back(&self, ctx: &Context) -> bool {
        self.seal.can_read_back(ctx)
    }

    /// Compresses one input. What may be inexact is compared with the input before any of it is given out.
    pub fn stream(&self, input: &mut Opened, sink: &Sink, ctx: &Context, force: bool) -> Result<Made> {
        let before = match sink {
            Sink::Stdout(_) => self.before.get(),
            Sink::File(..) => (0, 0),
        };
        let made = self.finish(sink, ctx, force, |out| match self.options.target() {
            None => self.encode(input, out, before, ctx),
            Some(_) => {
                let regular = sink.file().metadata().is_ok_and(|meta| meta.is_file());
                let folder = sink.path().filter(|_| regular).and_then(Path::parent);
                let encode = |input: &mut Opened, out: &mut dyn Write| self.encode(input, out, before, ctx);
                inexact::stream(input, out, folder, &self.options, ctx, encode)
            }
        })?;
        self.before.set((before.0 + made.sizes.raw, before.1 + made.sizes.stored));
        Ok(made)
    }

    /// Encodes one input, behind so much content and so many bytes of other streams.
    fn encode(
        &self,
        input: &mut Opened,
        out: &mut dyn Write,
        before: (u64, u64),
        ctx: &Context,
    ) -> Result<u64> {
        // What is protected or encrypted keeps the form that says the most about itself.
        let small = self.options.compact() && self.recovery.is_none() && !self.seal.encrypts();
        let options = self.options.clone().with_compact(small);
        let encoder = match input.len() {
            Some(len) => Encoder::with_length(out, &options, len, &ctx.writing())?,
            None => Encoder::new(out, &options, &ctx.writing())?,
        };
        let mut encoder = encoder.following(before.0, before.1);
        // Files that say they are empty, as those of /proc, cannot be sought in.
        if input.seekable()
            && input.len() != Some(0)
            && let Some(layout) = FileLayout::of_file(&input.file, options.parsers())?
        {
            encoder = encoder.with_layout(&layout);
        }
        let raw = pump(input, &mut encoder)?;
        encoder.finish()?;
        Ok(raw)
    }

    /// Makes an archive of files and folders.
    pub fn archive(&self, inputs: &Inputs, sink: &Sink, ctx: &Context, force: bool) -> Result<Made> {
        let mut mode = 0;
        let made = self.finish(sink, ctx, force, |out| {
            let (_, summary) = minlen::archive::create_from(inputs, out, &self.options, &ctx.writing())?;
            mode = summary.mode;
            Ok(summary.raw_bytes)
        })?;
        let sidecar = made.beside.as_ref();
        sidecar.into_iter().chain([sink]).for_each(|sink| sink.restrict(mode & ctx.mask()));
        Ok(made)
    }

    /// How everything is compressed.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Makes a new archive of an old one and what is different now. What is neither encrypted nor becomes so is copied without a look at
    /// it. The sizes are those of the content that was added and of the whole file.
    pub fn update(
        &self,
        old: &mut Old,
        found: Update,
        sink: &Sink,
        ctx: &Context,
    ) -> Result<(Made, Summary)> {
        let plain = old.lock == Lock::None && !self.seal.encrypts();
        let copied = if plain { old.copy_plain(sink, &ctx.writing())? } else { 0 };
        // Where nothing is different, only what is around the archive is made again.
        let mut summary = Summary::default();
        summary.mode = 0o666;
        let mut made = self.finish(sink, ctx, true, |out| {
            if !plain {
                old.archive.copy_streams(out)?;
            }
            if !found.is_empty() {
                (_, summary) = found.write(out, &self.options, &ctx.writing())?;
            }
            Ok(summary.raw_bytes)
        })?;
        made.sizes.stored += copied;
        Ok((made, summary))
    }

    /// Makes a new archive of what an old one still has.
    pub fn compact(&self, old: &mut Old, sink: &Sink, ctx: &Context) -> Result<(Made, Compacted)> {
        let mut done = Compacted::default();
        let made = self.finish(sink, ctx, true, |out| {
            (_, done) = old.archive.compact(out, &self.options, &ctx.writing())?;
            Ok(done.content)
        })?;
        Ok((made, done))
    }

    /// Runs `body` on the right kind of writer, then adds recovery data.
    fn finish(
        &self,
        sink: &Sink,
        ctx: &Context,
        force: bool,
        body: impl FnOnce(&mut dyn Write) -> Result<u64>,
    ) -> Result<Made> {
        // Recovery data is made from what was written, so a pipe needs a place to read that back from.
        let spool = match (self.recovery, sink) {
            (Some(_), Sink::Stdout(_)) => Some(tempfile::tempfile().map_err(write_failed)?),
            _ => None,
        };
        let file = spool.as_ref().unwrap_or(sink.file());
        let named = Named::new(file, sink.label());
        let mut out = Counted { inner: BufWriter::with_capacity(BUFFER, named), len: 0 };
        let raw = self.seal.write(&mut out, body)?;
        out.flush().map_err(write_failed)?;
        let mut stored = out.len;
        let mut beside = None;
        drop(out);
        if let Some(percent) = self.recovery {
            let (len, file) = self.protect(file, percent, sink, ctx, force)?;
            (stored, beside) = (stored + len, file);
        }
        if let Some(mut spool) = spool.as_ref() {
            spool.rewind().map_err(write_failed)?;
            pump(&mut spool, &mut Named::new(sink.file(), sink.label()))?;
        }
        Ok(Made { sizes: Sizes { raw, stored }, beside })
    }

    /// Appends recovery data; beside an age file it goes into a file of its own, since nothing may follow in that one.
    fn protect(
        &self,
        mut file: &File,
        percent: u16,
        sink: &Sink,
        ctx: &Context,
        force: bool,
    ) -> Result<(u64, Option<Sink>)> {
        let (percent, env) = (u32::from(percent), ctx.writing());
        if !self.seal.encrypts() {
            let len = recovery::append(&mut file, percent, &env).map_err(|e| e.in_file(sink.label()))?;
            return Ok((len, None));
        }
        let Some(path) = sink.path() else {
            return Err(Error::usage("recovery data of encrypted data goes into a file beside it")
                .remedy("name the output with -o"));
        };
        let target = Target::File(sidecar_of(path));
        let beside = Sink::create(&target, force, ctx, &format!("the recovery data of {}", path.display()))?;
        let made = recovery::sidecar(&mut file, &mut beside.file(), percent, &env);
        let len = made.map_err(|e| e.in_file(beside.label()))?;
        Ok((len, Some(beside)))
    }

    /// The other file that is written beside `target`, if any.
    pub fn sidecar(&self, target: &Target) -> Option<PathBuf> {
        match target {
            Target::File(path) if self.recovery.is_some() && self.seal.encrypts() => Some(sidecar_of(path)),
            _ => None,
        }
    }
}

/// Where the recovery data of an encrypted file is.
pub fn sidecar_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".rec");
    name.into()
}

/// Counts what passes through.
struct Counted<W> {
    inner: W,
    len: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(data)?;
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
