//! From files to entries: what is there, in a fixed order, without following links.
//!
//! The order is that of the inputs, and below each a folder before what is in it, names in the order of their bytes.
//! Names need not be UTF-8. Sockets, devices and pipes are passed over with a warning.

mod holes;
mod names;

use minlen_core::{Error, Result};
use rustix::fs::{Mode, OFlags};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How to walk.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Follow symbolic links that are inputs themselves (never those inside).
    pub follow_inputs: bool,
    /// Leave out times.
    pub no_times: bool,
}

/// Something found, in the order of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it is on disk.
    pub source: PathBuf,
    /// Its path in the archive, as in [`crate::Entry::path`].
    pub path: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Time of the last change.
    pub mtime: Option<(i64, u32)>,
    /// What it is.
    pub body: Found,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A folder.
    Dir,
    /// A regular file.
    File {
        /// Its length.
        len: u64,
        /// Offset and length of each part that holds data, the rest being holes; one part without holes.
        data: Vec<(u64, u64)>,
    },
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// Another name of the file at this earlier position among the items.
    Hardlink(u32),
}

/// Walks `inputs`; the second part of the result are warnings for people (things passed over, unreadable folders).
///
/// An input appears under its last name (`a/b/c` as `c`, two inputs of one last name under as much of their paths
/// as tells them apart); the contents of `.`, `..` and `/` appear without a folder around them.
///
/// # Errors
/// I/O for an input that is not there; usage for inputs that would have one name in the archive.
pub fn walk(inputs: &[PathBuf], options: &Options) -> Result<(Vec<Item>, Vec<String>)> {
    let mut walker = Walker::empty(options);
    for input in names::assign(inputs, options)? {
        walker.below(input)?;
    }
    Ok((walker.items, walker.warnings))
}

/// Opens the regular file of an item for reading, without following a link that took its place meanwhile.
///
/// # Errors
/// I/O; usage if it is no regular file (any more).
pub fn open(item: &Item) -> Result<File> {
    let file = open_plain(&item.source).map_err(|e| Error::io("opening", e).in_file(&item.source))?;
    if !file.metadata()?.is_file() {
        return Err(Error::usage("is no regular file").in_file(&item.source));
    }
    Ok(file)
}

/// Opens without following a link and without waiting for a pipe's other end.
fn open_plain(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

struct Walker<'a> {
    options: &'a Options,
    items: Vec<Item>,
    warnings: Vec<String>,
    /// Files with several names, by device and number: only looked up.
    linked: HashMap<(u64, u64), u32>,
    /// Paths given out, with what is there.
    taken: HashMap<Vec<u8>, (u64, u64)>,
}

impl<'a> Walker<'a> {
    fn empty(options: &'a Options) -> Self {
        let (items, warnings) = (Vec::new(), Vec::new());
        Self { options, items, warnings, linked: HashMap::new(), taken: HashMap::new() }
    }

    /// Adds an input and everything below it, each folder before what is in it.
    fn below(&mut self, input: (PathBuf, Vec<u8>)) -> Result<()> {
        let mut waiting = vec![input];
        while let Some((source, path)) = waiting.pop() {
            let meta = match fs::symlink_metadata(&source) {
                Ok(meta) => meta,
                Err(e) => {
                    self.warn(&source, &e.to_string());
                    continue;
                }
            };
            if !meta.is_dir() {
                self.add(source, path, &meta)?;
            } else if path.is_empty() || self.take(&source, &path, &meta)? {
                if !path.is_empty() {
                    self.push(source.clone(), path.clone(), &meta, Found::Dir);
                }
                waiting.extend(self.inside(&source, &path).into_iter().rev());
            }
        }
        Ok(())
    }

    /// Adds what is not a folder.
    fn add(&mut self, source: PathBuf, path: Vec<u8>, meta: &Metadata) -> Result<()> {
        let body = match self.body(&source, meta) {
            Ok(Some(body)) => body,
            Ok(None) => {
                self.warn(&source, "is no file, folder or link: passed over");
                return Ok(());
            }
            Err(e) => {
                self.warn(&source, &e.to_string());
                return Ok(());
            }
        };
        if self.take(&source, &path, meta)? {
            if meta.is_file() && meta.nlink() > 1 {
                self.linked.entry((meta.dev(), meta.ino())).or_insert(self.items.len() as u32);
            }
            self.push(source, path, meta, body);
        }
        Ok(())
    }

    fn body(&self, source: &Path, meta: &Metadata) -> std::io::Result<Option<Found>> {
        if meta.is_symlink() {
            return Ok(Some(Found::Symlink(fs::read_link(source)?.into_os_string().into_vec())));
        }
        if !meta.is_file() {
            return Ok(None);
        }
        if let Some(&first) = self.linked.get(&(meta.dev(), meta.ino())) {
            return Ok(Some(Found::Hardlink(first)));
        }
        Ok(Some(Found::File { len: meta.len(), data: holes::data_parts(source, meta) }))
    }

    /// True if `path` is new; false if the same thing has it already.
    fn take(&mut self, source: &Path, path: &[u8], meta: &Metadata) -> Result<bool> {
        match self.taken.insert(path.to_vec(), (meta.dev(), meta.ino())) {
            None => Ok(true),
            Some(there) if there == (meta.dev(), meta.ino()) => Ok(false),
            Some(_) => Err(Error::usage("another input has the same name in the archive").in_file(source)),
        }
    }

    /// What is in a folder, in the order of the names' bytes.
    fn inside(&mut self, folder: &Path, path: &[u8]) -> Vec<(PathBuf, Vec<u8>)> {
        let names = fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().into_vec())).collect::<std::io::Result<Vec<_>>>()
        });
        let mut names = names.unwrap_or_else(|e| {
            self.warn(folder, &e.to_string());
            Vec::new()
        });
        names.sort_unstable();
        let found = |name: Vec<u8>| {
            let source = folder.join(OsStr::from_bytes(&name));
            (source, if path.is_empty() { name } else { [path, b"/", &name].concat() })
        };
        names.into_iter().map(found).collect()
    }

    fn push(&mut self, source: PathBuf, path: Vec<u8>, meta: &Metadata, body: Found) {
        let mode = meta.mode() & crate::limits::MODE_BITS;
        let mtime = (!self.options.no_times).then(|| (meta.mtime(), meta.mtime_nsec() as u32));
        self.items.push(Item { source, path, mode, mtime, body });
    }

    fn warn(&mut self, source: &Path, message: &str) {
        self.warnings.push(format!("{}: {message}", source.display()));
    }
}

#[cfg(test)]
mod tests;
