//! Opening inputs.

use crate::plan::{Context, Source};
use minlen::container::walk::State;
use minlen::{Cancel, Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::PathBuf;

/// An opened input.
pub struct Opened {
    /// Its bytes from the first on.
    pub file: File,
    /// What the file system says of it.
    pub meta: Metadata,
    /// Its name, if it has one.
    path: Option<PathBuf>,
    cancel: Cancel,
}

impl Opened {
    /// Opens a file, or takes standard input. Folders are refused.
    pub fn new(source: &Source, ctx: &Context) -> Result<Self> {
        let failed = |e| Error::io("cannot open", e).in_file(source.label());
        let file = match source {
            Source::Stdin => dup(&io::stdin()).map_err(failed)?,
            Source::Path(path) => File::open(path).map_err(|e| verb_meant(failed(e)))?,
        };
        let meta = file.metadata().map_err(failed)?;
        if meta.is_dir() {
            return Err(Error::usage("is a folder").in_file(source.label()));
        }
        let path = source.path().map(std::path::Path::to_path_buf);
        Ok(Self { file, meta, path, cancel: ctx.cancel().clone() })
    }

    /// The same input with its bytes in this file.
    pub fn as_file(&self, file: File) -> Result<Self> {
        let meta = file.metadata().map_err(|e| Error::io("cannot read back", e))?;
        Ok(Self { file, meta, path: None, cancel: self.cancel.clone() })
    }

    /// The length, where the input is a regular file.
    pub fn len(&self) -> Option<u64> {
        self.meta.is_file().then_some(self.meta.len())
    }

    /// True if the file is still what it was when it was opened, under its name, too.
    pub fn is_unchanged(&self) -> bool {
        let before = State::of(&self.meta);
        let still = |meta: io::Result<Metadata>| meta.is_ok_and(|meta| before.is_still(&State::of(&meta)));
        let named = self.path.as_ref().is_none_or(|path| still(std::fs::metadata(path)));
        !self.seekable() || (still(self.file.metadata()) && named)
    }

    /// True if it is a regular file: one can seek in it.
    pub fn seekable(&self) -> bool {
        self.meta.is_file()
    }
}

/// Reads; a signal interrupts waiting for a slow pipe.
impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meta.is_file() {
            stopped(&self.cancel)?;
        } else {
            wait(&self.file, &self.cancel)?;
        }
        self.file.read(buffer)
    }
}

/// Waits until there is something to read, looking at the stop flag five times a second.
fn wait(file: &File, cancel: &Cancel) -> io::Result<()> {
    let tick = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    loop {
        stopped(cancel)?;
        match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&tick)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            // What cannot be polled can be read.
            _ => return Ok(()),
        }
    }
}

fn stopped(cancel: &Cancel) -> io::Result<()> {
    if cancel.is_cancelled() {
        return Err(Error::new(minlen::ErrorKind::Cancelled, "stopped on request").into());
    }
    Ok(())
}

/// A file of its own for a standard stream: unbuffered, and not locked line by line.
pub fn dup(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(File::from(rustix::io::dup(stream)?))
}

/// A missing file that has the name of a verb, or nearly, was most likely meant as one.
pub fn verb_meant(error: Error) -> Error {
    use clap::CommandFactory;
    let name = error.file().filter(|path| path.symlink_metadata().is_err()).and_then(|path| path.to_str());
    let Some(name) = name.filter(|name| !name.is_empty()) else { return error };
    if crate::args::Cli::command().find_subcommand(name).is_some() {
        return error.remedy("a verb comes first, options go after it");
    }
    match crate::args::verb_like(name) {
        Some(verb) => error.remedy(format!("did you mean the verb `{verb}`?")),
        None => error,
    }
}
