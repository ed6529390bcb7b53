//! Where output goes: standard output, or a file that appears under its name only when it is complete.

use super::named::Named;
use super::source::dup;
use super::sparse::Sparse;
use crate::plan::{Context, Target};
use minlen::container::atomic;
use minlen::container::atomic::AtomicFile;
use minlen::{Error, ErrorKind, Result};
use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes moved at once.
pub const BUFFER: usize = 256 << 10;

/// An output that is being written.
pub enum Sink {
    /// Standard output.
    Stdout(File),
    /// A file without its name yet.
    File(PathBuf, Box<AtomicFile>),
}

impl Sink {
    /// Starts the output, made `from` this. `force` replaces a file that is there when the new one is complete. Every output of
    /// every verb goes through here, and so through the plan of the run. A source that others may not read gives an output that
    /// they may not read.
    pub fn create(target: &Target, force: bool, ctx: &Context, from: &str) -> Result<Self> {
        match target {
            Target::Stdout => {
                ctx.report.output_is_taken();
                let out = dup(&io::stdout()).map_err(|e| Error::io("standard output", e))?;
                Ok(Self::Stdout(out))
            }
            Target::File(path) => {
                ctx.will_write(path, from)?;
                let file = AtomicFile::create(path, force)?;
                let sink = Self::File(path.clone(), Box::new(file));
                sink.restrict(ctx.mask());
                Ok(sink)
            }
        }
    }

    /// Sets the permission bits of the complete file to those that any new file has and `mask` does not take away.
    pub fn restrict(&self, mask: u32) {
        if let Self::File(_, file) = self {
            file.set_mode(atomic::usual_mode() & mask);
        }
    }

    /// Sets the permission bits of the complete file to just these.
    pub fn set_mode(&self, mode: u32) {
        if let Self::File(_, file) = self {
            file.set_mode(mode);
        }
    }

    /// Writes all of `bytes` as the content.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut file = self.file();
        file.write_all(bytes).and_then(|()| file.flush()).map_err(|e| self.failed(e))
    }

    /// The error of writing this output.
    pub fn failed(&self, error: io::Error) -> Error {
        let error = write_failed(error);
        error.in_file(self.path().unwrap_or(Path::new("standard output")))
    }

    /// The file behind it.
    pub fn file(&self) -> &File {
        match self {
            Self::Stdout(file) => file,
            Self::File(_, file) => file.file(),
        }
    }

    /// Its name, unless it is standard output.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdout(_) => None,
            Self::File(path, _) => Some(path),
        }
    }

    /// A buffered writer for compressed data.
    pub fn writer(&self) -> BufWriter<Named<'_>> {
        BufWriter::with_capacity(BUFFER, Named::new(self.file(), self.label()))
    }

    /// What it is called in messages.
    pub fn label(&self) -> &Path {
        self.path().unwrap_or(Path::new("standard output"))
    }

    /// Copies everything from `reader`; into a file with holes for zeros. Gives the number of bytes.
    pub fn fill(&self, reader: &mut dyn Read) -> Result<u64> {
        match self {
            Self::Stdout(file) => pump(reader, &mut Named::new(file, self.label())),
            Self::File(_, file) if !is_regular(file.file()) => {
                pump(reader, &mut Named::new(file.file(), self.label()))
            }
            Self::File(_, file) => {
                let mut sparse = Sparse::new(file.file());
                let named = |e: Error| if e.kind() == ErrorKind::Io { e.in_file(self.label()) } else { e };
                let len = pump_to(reader, &mut sparse, &named)?;
                sparse.finish().map_err(write_failed).map_err(named)?;
                Ok(len)
            }
        }
    }

    /// Syncs the file, gives it the mode and time of `like`, and puts it under its name.
    pub fn commit(self, like: Option<&Metadata>) -> Result<()> {
        match self {
            Self::Stdout(_) => Ok(()),
            Self::File(_, file) => {
                if let Some(meta) = like.filter(|meta| meta.is_file() && is_regular(file.file())) {
                    copy_metadata(&file, meta);
                }
                file.commit()
            }
        }
    }
}

/// False for devices and pipes that were there before.
fn is_regular(file: &File) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file())
}

/// Copies until the end, telling errors of reading from errors of writing.
pub fn pump(reader: &mut dyn Read, out: &mut dyn Write) -> Result<u64> {
    pump_to(reader, out, &|error| error)
}

/// The same, with `named` saying more about errors of writing.
fn pump_to(reader: &mut dyn Read, out: &mut dyn Write, named: &dyn Fn(Error) -> Error) -> Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut len = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(len),
            Ok(n) => {
                out.write_all(&buffer[..n]).map_err(write_failed).map_err(named)?;
                len += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Names the side on which an error happened, unless it is one of ours that only travelled through `std::io`.
pub fn write_failed(error: io::Error) -> Error {
    if Error::is_in(&error) {
        return error.into();
    }
    Error::io("cannot write the output", error)
}

/// Permissions and modification time. That the time cannot be set is of no weight: the content is what matters. Set-user-id and
/// the like are left behind, since the new file may belong to somebody else.
fn copy_metadata(file: &AtomicFile, meta: &Metadata) {
    use std::os::unix::fs::PermissionsExt;
    file.set_mode(meta.permissions().mode());
    if let Ok(time) = meta.modified() {
        let _ = file.file().set_modified(time);
    }
}

/// Makes the folder's entry for a file that was just created or removed last through a power cut.
pub fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|e| Error::io("cannot sync the folder", e).in_file(folder))
}
