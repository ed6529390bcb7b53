//! A file that is replaced by a new one made of it: at every moment it is the old one or the complete new one.

use super::decode::{self, Lock};
use super::encode::sidecar_of;
use super::sink::Sink;
use crate::args::SealArgs;
use crate::plan::{Context, Source};
use minlen::archive::Archive;
use minlen::container::walk::State;
use minlen::container::{self, recovery};
use minlen::{Env, Error, Result};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

/// Bytes that the system copies at once: between two looks at the stop flag.
const AT_ONCE: u64 = 64 << 20;

/// An archive that is there.
pub struct Old {
    /// Its path, links followed.
    pub path: PathBuf,
    /// What is in it.
    pub archive: Archive<'static>,
    /// How it is locked.
    pub lock: Lock,
    file: File,
    meta: Metadata,
}

impl Old {
    /// Opens it and enters it into the plan of the run, as read and as written.
    pub fn open(given: &Path, ctx: &Context) -> Result<Self> {
        let failed = |e| Error::io("cannot open", e).in_file(given);
        if given.as_os_str() == "-" {
            return Err(Error::usage("an archive in a pipe cannot be replaced").remedy("name a file"));
        }
        let path = fs::canonicalize(given).map_err(failed)?;
        let file = container::walk::open_plain(&path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(Error::usage("is not a regular file"));
        }
        ctx.will_replace(&path)?;
        let (archive, lock) = decode::open_locked(&Source::Path(path.clone()), ctx, &ctx.reading())?;
        Ok(Self { path, archive, lock, file, meta })
    }

    /// What makes recovery data of the old file, if it has any, inside or beside it: the percentage.
    ///
    /// # Errors
    /// Corrupt where it says that the file is damaged: new data would make that last.
    pub fn recovery(&mut self, ctx: &Context) -> Result<Option<u16>> {
        let env = ctx.reading();
        let found = if self.lock == Lock::None {
            if recovery::agrees(&mut self.file, &env)? == Some(false) {
                return Err(Error::corrupt("is damaged, by its recovery data")
                    .remedy("mend it with `minlen repair` first"));
            }
            recovery::protection(&mut self.file, &env)?
        } else {
            match File::open(sidecar_of(&self.path)) {
                Ok(mut beside) => recovery::protection(&mut beside, &env)?,
                Err(_) => None,
            }
        };
        Ok(found.and_then(|found| u16::try_from(found.percent()).ok()))
    }

    /// Copies the streams to `sink` without looking at them: the file system may share them.
    pub fn copy_plain(&mut self, sink: &Sink, env: &Env) -> Result<u64> {
        let failed = |e| sink.failed(e);
        self.file.rewind().map_err(|e| Error::io("cannot read", e))?;
        let (len, mut out) = (self.archive.streams_len(), sink.file());
        let mut left = len;
        while left > 0 {
            env.check()?;
            let n = io::copy(&mut (&self.file).take(left.min(AT_ONCE)), &mut out).map_err(failed)?;
            if n == 0 {
                return Err(Error::truncated("became shorter while it was copied"));
            }
            left -= n;
        }
        out.flush().map_err(failed)?;
        Ok(len)
    }

    /// Opens what was written, which is not encrypted, as whoever reads it will.
    pub fn check(&self, sink: &Sink, ctx: &Context) -> Result<Archive<'static>> {
        let failed = |e| sink.failed(e);
        let mut file = sink.file().try_clone().map_err(failed)?;
        file.rewind().map_err(failed)?;
        let keys = minlen::archive::Keys::default();
        Archive::from_reader(io::BufReader::new(file), &keys, &ctx.read_options(), &ctx.reading())
    }

    /// Gives the new file the owner of the old one where that is possible, and no more readers than it and the sources have.
    pub fn give_mode(&self, sink: &Sink, sources: u32, ctx: &Context) -> Result<()> {
        let new = sink.file().metadata().map_err(|e| sink.failed(e))?;
        let (user, group) = (self.meta.uid(), self.meta.gid());
        let mut mode = self.meta.mode() & 0o666 & ctx.mask() & sources;
        if (new.uid(), new.gid()) != (user, group) && fchown(sink.file(), Some(user), Some(group)).is_err() {
            // What the old group could read, another one may not.
            mode &= 0o606;
        }
        sink.set_mode(mode);
        Ok(())
    }

    /// Refuses to replace a file that is another one by now.
    pub fn is_still(&self) -> Result<()> {
        let now = fs::symlink_metadata(&self.path).map_err(|e| Error::io("cannot look at it again", e))?;
        if State::of(&now) == State::of(&self.meta) {
            return Ok(());
        }
        Err(Error::usage("was changed meanwhile by something else; it is left as it is")
            .remedy("run it again"))
    }
}

/// Who can open the output: as before, where nothing else is said. A file to keys does not say who else holds one.
pub fn sealed_as_before(args: &SealArgs, lock: Lock) -> Result<SealArgs> {
    let said = args.encrypt || args.no_encrypt || !args.recipient.is_empty();
    match lock {
        Lock::Passphrase if !said => Ok(SealArgs { encrypt: true, ..args.clone() }),
        Lock::Keys if !said => {
            Err(Error::usage("is encrypted to keys, and the output would not be encrypted")
                .remedy("name who shall open it with --recipient AGE1..., or add --no-encrypt"))
        }
        _ => Ok(args.clone()),
    }
}
