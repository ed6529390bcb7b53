//! From files to entries: what is there, in a fixed order, without following links.
//!
//! The order is that of the inputs, and below each a folder before what is in it, names in the order of their bytes.
//! Names need not be UTF-8. Sockets, devices and pipes are passed over with a warning.
//!
//! ```
//! use minlen_container::walk::{self, Found};
//! # let folder = tempfile::tempdir().unwrap();
//! # let root = folder.path().join("notes");
//! std::fs::create_dir(&root)?;
//! std::fs::write(root.join("b.txt"), "four")?;
//! std::os::unix::fs::symlink("b.txt", root.join("a"))?;
//! let walked = walk::walk(&[root], &walk::Options::default(), &minlen_core::Env::default())?;
//! let paths: Vec<&[u8]> = walked.items.iter().map(|item| &item.path[..]).collect();
//! assert_eq!(paths, [&b"notes"[..], b"notes/a", b"notes/b.txt"]);
//! assert!(matches!(walked.items[2].body, Found::File { len: 4, .. }));
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod holes;
mod long;
mod meta;
mod names;
mod patterns;
mod state;
mod without;

pub use names::{names, names_as, names_with};
pub use patterns::Patterns;
pub use state::State;

use crate::limits::{MAX_DEPTH, MAX_PATH};
use crate::tree::{Body, Entry, Meta};
use minlen_core::{Env, Error, Result};
use rustix::fs::{FileType, Mode, OFlags};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use without::{Leave, Without};

/// How to walk.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Follow symbolic links that are inputs themselves (never those inside).
    pub follow_inputs: bool,
    /// Inputs whose links are kept all the same.
    pub kept_links: Vec<PathBuf>,
    /// Leave out times.
    pub no_times: bool,
    /// Keep owners and groups, with their names.
    pub owners: bool,
    /// Keep extended attributes.
    pub xattrs: bool,
    /// Keep POSIX ACLs.
    pub acls: bool,
    /// Names that are left out wherever they are met, with what is being written for them: the outputs of the run.
    pub without: Vec<PathBuf>,
    /// Inputs that are called by all of their paths, made relative, as those of lists are.
    pub as_given: Vec<PathBuf>,
    /// What is left out. Patterns are held against paths in the archive, and against those below each input.
    pub exclude: Patterns,
    /// Inputs may be missing: then nothing is found of them.
    pub may_be_missing: bool,
    /// Files that are left out by device and number: where standard output leads.
    pub without_files: Vec<(u64, u64)>,
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
    /// Owner and extended attributes, where they were asked for.
    pub meta: Option<Arc<Meta>>,
    /// The state in which it was found.
    pub state: State,
}

impl Item {
    /// Its entry in the tree of an archive, with this body.
    #[must_use]
    pub fn entry(&self, body: Body) -> Entry {
        Entry { path: self.path.clone(), mode: self.mode, mtime: self.mtime, body, meta: self.meta.clone() }
    }
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

/// What a walk gave.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// What was found.
    pub items: Vec<Item>,
    /// What was passed over or could not be read, for people.
    pub warnings: Vec<String>,
    /// How many files, links and folders (each with all in it) a pattern left out.
    pub excluded: u64,
    /// What to tell people of attributes that were there and not asked for.
    pub not_kept: Option<String>,
    /// Outputs of the run that were met and left out.
    pub outputs: Vec<PathBuf>,
}

/// Walks `inputs`.
///
/// An input appears under its last name (`a/b/c` as `c`, two inputs of one last name under as much of their paths
/// as tells them apart); the contents of `.`, `..` and `/` appear without a folder around them. A folder that an output of
/// the run stands in has no time: that output would change it.
///
/// # Errors
/// I/O for an input that is not there; usage for inputs that would have one name in the archive; cancelled.
pub fn walk(inputs: &[PathBuf], options: &Options, env: &Env) -> Result<Walked> {
    let mut walker = Walker {
        options,
        env,
        without: Without::new(&options.without, &options.without_files),
        found: Walked::default(),
        linked: HashMap::new(),
        // What is in one folder has names of its own.
        taken: (inputs.len() > 1).then(HashMap::new),
        metas: meta::Metas::new(options),
    };
    for input in names::assign(inputs, options)? {
        walker.below(input)?;
    }
    walker.found.not_kept = walker.metas.not_kept();
    Ok(walker.found)
}

/// Opens the regular file of an item for reading, without following a link that took its place meanwhile.
///
/// # Errors
/// I/O; usage if it is no regular file (any more).
pub fn open(item: &Item) -> Result<File> {
    let file = open_plain(&item.source).map_err(|e| Error::io("opening", e).in_file(&item.source))?;
    let mode = rustix::fs::fstat(&file).map_err(std::io::Error::from)?.st_mode;
    if !FileType::from_raw_mode(mode).is_file() {
        return Err(Error::usage("is no regular file").in_file(&item.source));
    }
    Ok(file)
}

/// Opens for reading without following a link and without waiting for a pipe's other end.
///
/// # Errors
/// Whatever the system says.
pub fn open_plain(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let near = long::reach(path)?;
    Ok(rustix::fs::open(near.as_ref(), flags, Mode::empty())?.into())
}

/// True if `patterns` leave out what has this path in an archive, or a folder above it; the path of the input that it comes from has
/// `above` bytes.
///
/// ```
/// use minlen_container::walk::{Patterns, is_left_out};
/// let mut patterns = Patterns::default();
/// patterns.add(b"target/");
/// assert!(is_left_out(&patterns, b"p/target/a", 1, false) && is_left_out(&patterns, b"p/target", 1, true));
/// assert!(!is_left_out(&patterns, b"p/src/a", 1, false) && !is_left_out(&patterns, b"p/target", 1, false));
/// ```
#[must_use]
pub fn is_left_out(patterns: &Patterns, path: &[u8], above: usize, is_folder: bool) -> bool {
    let slashes = (above.max(1)..path.len()).filter(|&at| path[at] == b'/');
    slashes
        .chain([path.len()])
        .any(|end| excludes(patterns, &path[..end], above, end < path.len() || is_folder))
}

fn excludes(patterns: &Patterns, path: &[u8], above: usize, is_folder: bool) -> bool {
    if patterns.is_empty() || path.is_empty() {
        return false;
    }
    let below = path.get(above + 1..).filter(|below| above > 0 && !below.is_empty());
    let below = below.and_then(|below| patterns.verdict(below, is_folder));
    below.or_else(|| patterns.verdict(path, is_folder)) == Some(true)
}

/// True if nothing is there.
#[must_use]
pub fn is_missing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

struct Walker<'a> {
    options: &'a Options,
    env: &'a Env,
    without: Without,
    found: Walked,
    /// Files with several names, by device and number: only looked up.
    linked: HashMap<(u64, u64), u32>,
    /// Paths given out, and by which item, where inputs could overlap.
    taken: Option<HashMap<Vec<u8>, u32>>,
    metas: meta::Metas,
}

impl Walker<'_> {
    /// Adds an input and everything below it, each folder before what is in it.
    fn below(&mut self, input: (PathBuf, Vec<u8>)) -> Result<()> {
        let above = input.1.len();
        let mut waiting = vec![input];
        while let Some((source, path)) = waiting.pop() {
            self.env.check()?;
            if path.len() > MAX_PATH
                || path.iter().filter(|&&byte| byte == b'/').count() >= MAX_DEPTH as usize
            {
                self.warn(&source, "has a path that is too long for an archive: left out");
                continue;
            }
            let meta = match long::reach(&source).and_then(fs::symlink_metadata) {
                Ok(meta) => meta,
                Err(e) if self.options.may_be_missing && is_missing(&e) => continue,
                Err(e) => {
                    self.warn(&source, &e.to_string());
                    continue;
                }
            };
            if self.without.is_output(&meta) {
                self.found.outputs.push(source);
            } else if self.is_excluded(&path, above, meta.is_dir()) {
                self.found.excluded += 1;
            } else if !meta.is_dir() {
                self.add(source, path, &meta)?;
            } else if path.is_empty() || self.take(&source, &path)? {
                let id = (meta.dev(), meta.ino());
                let names = self.inside(&source);
                let names = self.leave_out(&source, id, names);
                if !path.is_empty() {
                    self.push(source.clone(), path.clone(), &meta, Found::Dir);
                    let holds = self.without.holds(id);
                    if let Some(folder) = self.found.items.last_mut().filter(|_| holds) {
                        folder.mtime = None;
                    }
                }
                let full = |name: Vec<u8>| {
                    let inner = source.join(OsStr::from_bytes(&name));
                    (inner, if path.is_empty() { name } else { [&path[..], b"/", &name].concat() })
                };
                waiting.extend(names.into_iter().rev().map(full));
            }
        }
        Ok(())
    }

    /// True for what a pattern leaves out; `above` is how long the path of the input is. Folders come before what is in them.
    fn is_excluded(&self, path: &[u8], above: usize, is_folder: bool) -> bool {
        excludes(&self.options.exclude, path, above, is_folder)
    }

    /// Takes away the names of outputs and of unfinished files.
    fn leave_out(&mut self, folder: &Path, id: (u64, u64), names: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let mut kept = Vec::with_capacity(names.len());
        for name in names {
            let full = || folder.join(OsStr::from_bytes(&name));
            match self.without.leave(id, &name) {
                None => kept.push(name),
                Some(Leave::Output) => self.found.outputs.push(full()),
                Some(Leave::UnfinishedOutput) => {}
                Some(Leave::Unfinished) => {
                    let message =
                        "is the unfinished output of a minlen that was stopped or still runs: left out";
                    self.warn(&full(), message);
                }
            }
        }
        kept
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
        if self.take(&source, &path)? {
            if meta.is_file() && meta.nlink() > 1 {
                self.linked.entry((meta.dev(), meta.ino())).or_insert(self.found.items.len() as u32);
            }
            self.push(source, path, meta, body);
        }
        Ok(())
    }

    fn body(&self, source: &Path, meta: &Metadata) -> std::io::Result<Option<Found>> {
        if meta.is_symlink() {
            return Ok(Some(Found::Symlink(
                fs::read_link(long::reach(source)?)?.into_os_string().into_vec(),
            )));
        }
        if !meta.is_file() {
            return Ok(None);
        }
        if meta.nlink() > 1
            && let Some(&first) = self.linked.get(&(meta.dev(), meta.ino()))
        {
            return Ok(Some(Found::Hardlink(first)));
        }
        Ok(Some(Found::File { len: meta.len(), data: holes::data_parts(source, meta) }))
    }

    /// True if `path` is new; false if the same name on disk has it already, as where inputs overlap.
    fn take(&mut self, source: &Path, path: &[u8]) -> Result<bool> {
        let next = self.found.items.len() as u32;
        let Some(taken) = &mut self.taken else { return Ok(true) };
        let first = *taken.entry(path.to_vec()).or_insert(next);
        if first == next {
            return Ok(true);
        }
        let first = self.found.items.get(first as usize).map_or(Path::new(""), |item| &item.source);
        if names::place(first) == names::place(source) {
            return Ok(false);
        }
        let message = format!("would have the same name in the archive as {}", first.display());
        Err(Error::usage(message).in_file(source).remedy("compress one of them alone, or rename it"))
    }

    /// What is in a folder, in the order of the names' bytes.
    fn inside(&mut self, folder: &Path) -> Vec<Vec<u8>> {
        let names = long::reach(folder).and_then(fs::read_dir).and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().into_vec())).collect::<std::io::Result<Vec<_>>>()
        });
        let mut names = names.unwrap_or_else(|e| {
            self.warn(folder, &e.to_string());
            Vec::new()
        });
        names.sort_unstable();
        // A folder that is changed while it is read may name something twice.
        names.dedup();
        names
    }

    fn push(&mut self, source: PathBuf, path: Vec<u8>, meta: &Metadata, body: Found) {
        let mode = meta.mode() & crate::limits::MODE_BITS;
        let mtime = (!self.options.no_times).then(|| (meta.mtime(), meta.mtime_nsec() as u32));
        let (kept, state) = (self.metas.of(&source, meta), State::of(meta));
        self.found.items.push(Item { source, path, mode, mtime, body, meta: kept, state });
    }

    fn warn(&mut self, source: &Path, message: &str) {
        self.found.warnings.push(format!("{}: {message}", source.display()));
    }
}

#[cfg(test)]
mod tests;
