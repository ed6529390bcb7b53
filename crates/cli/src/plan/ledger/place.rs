//! Where a name is and what is there.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A name on disk, whether there is something or not.
#[derive(Clone, Debug)]
pub struct Place {
    /// As it was given.
    pub path: PathBuf,
    /// The real folder and the name in it.
    pub real: PathBuf,
    /// Where a link at this place leads to in the end; the same as `real` without one.
    pub whole: PathBuf,
    /// What is there, links followed.
    pub meta: Option<Metadata>,
    /// Device and number of what is there, of a link itself, too.
    numbers: Vec<(u64, u64)>,
}

impl Place {
    /// Looks at a path.
    pub fn of(path: &Path) -> Self {
        let real = real(path);
        let whole = fs::canonicalize(path).unwrap_or_else(|_| real.clone());
        let (meta, link) = (fs::metadata(path).ok(), fs::symlink_metadata(path).ok());
        let numbers = meta.iter().chain(&link).map(|meta| (meta.dev(), meta.ino())).collect();
        Self { path: path.to_path_buf(), real, whole, meta, numbers }
    }

    /// True if both are one name.
    pub fn is_at(&self, other: &Self) -> bool {
        self.real == other.real
    }

    /// True if writing to one would change or replace what reading the other gives, or a link to it.
    pub fn is(&self, other: &Self) -> bool {
        let things = |place: &Self| !place.meta.as_ref().is_some_and(is_device);
        let linked = || self.numbers.iter().any(|number| other.numbers.contains(number));
        things(self) && things(other) && (self.real == other.real || linked())
    }

    /// True for a folder.
    pub fn is_folder(&self) -> bool {
        self.meta.as_ref().is_some_and(Metadata::is_dir)
    }

    /// The numbers of what is here.
    pub fn numbers(&self) -> &[(u64, u64)] {
        &self.numbers
    }

    /// True if one of the things at this place has this number.
    pub fn has_number(&self, number: (u64, u64)) -> bool {
        self.numbers.contains(&number)
    }

    /// True for the regular file of this number.
    pub fn is_file_numbered(&self, number: Option<(u64, u64)>) -> bool {
        self.meta.as_ref().is_some_and(Metadata::is_file) && number.is_some_and(|n| self.has_number(n))
    }

    /// The name here, and that of what a link leads to.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [&*self.real, &*self.whole].into_iter()
    }
}

/// The real folder of a path, with its last name.
fn real(path: &Path) -> PathBuf {
    let Some(name) = path.file_name() else {
        return fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    };
    folder(path).join(name)
}

/// The real folder of a path; of what is not there yet, as far as it is.
fn folder(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::canonicalize(parent).unwrap_or_else(|_| {
        let missing = parent.file_name().unwrap_or(OsStr::new(""));
        if missing.is_empty() { parent.to_path_buf() } else { folder(parent).join(missing) }
    })
}

fn is_device(meta: &Metadata) -> bool {
    let kind = meta.file_type();
    kind.is_char_device() || kind.is_fifo() || kind.is_block_device() || kind.is_socket()
}

/// True for a device, pipe or socket, or a link to one: what is written there cannot be read back.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| is_device(&meta))
}

/// Device and number of a stream that is a regular file.
pub fn of_stream(stream: &impl AsFd) -> Option<(u64, u64)> {
    let file = File::from(rustix::io::dup(stream).ok()?);
    let meta = file.metadata().ok().filter(Metadata::is_file)?;
    Some((meta.dev(), meta.ino()))
}

/// True for a file that begins as compressed files and priors do.
pub fn is_an_output(path: &Path) -> bool {
    let mut head = [0; 32];
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    let head = &head[..read.unwrap_or(0)];
    minlen::container::is_mln(head) || minlen::container::crypt::is_age(head)
}
