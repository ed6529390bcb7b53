//! Archives of what is in memory, or comes out of readers.

use super::Summary;
use super::contents::{Contents, Opened};
use super::create;
use super::spool::{Bytes, Spool};
use crate::options::Options;
use minlen_container::walk::{Found, Item, State};
use minlen_container::{Body, Tree};
use minlen_core::{Env, Error, ErrorKind, Limits, Result};
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;

/// A file, folder or symbolic link for a [`Builder`].
pub struct Entry<'a> {
    path: Vec<u8>,
    mode: u32,
    mtime: Option<(i64, u32)>,
    what: What<'a>,
}

enum What<'a> {
    Bytes(Cow<'a, [u8]>),
    Reader(Box<dyn Read + 'a>),
    Folder,
    Symlink(Vec<u8>),
}

impl<'a> Entry<'a> {
    /// A regular file with these bytes, which may be borrowed. Its mode is 0644 unless another one is given.
    ///
    /// `path` is relative, its components are separated by `/`, and none of them is empty, `.` or `..`.
    pub fn file(path: impl Into<Vec<u8>>, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::new(path.into(), 0o644, What::Bytes(bytes.into()))
    }

    /// A regular file of everything that `reader` gives, however much that is: [`Builder::add`] reads it to its end, and keeps
    /// what is not little in a temporary file without a name.
    pub fn reader(path: impl Into<Vec<u8>>, reader: impl Read + 'a) -> Self {
        Self::new(path.into(), 0o644, What::Reader(Box::new(reader)))
    }

    /// A folder. Its mode is 0755 unless another one is given. Folders that only hold others need no entry.
    pub fn folder(path: impl Into<Vec<u8>>) -> Self {
        Self::new(path.into(), 0o755, What::Folder)
    }

    /// A symbolic link to `target`, which may name anything.
    pub fn symlink(path: impl Into<Vec<u8>>, target: impl Into<Vec<u8>>) -> Self {
        Self::new(path.into(), 0o777, What::Symlink(target.into()))
    }

    fn new(path: Vec<u8>, mode: u32, what: What<'a>) -> Self {
        Self { path, mode, mtime: None, what }
    }

    /// Sets the permission bits, at most 0o7777.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the time of the last change: seconds since 1970 and nanoseconds. Without it there is none.
    #[must_use]
    pub fn with_mtime(mut self, seconds: i64, nanos: u32) -> Self {
        self.mtime = Some((seconds, nanos));
        self
    }
}

/// Puts an archive together from memory, readers and iterators; nothing of it needs to be on disk.
///
/// The archive is the same, byte for byte, that [`super::create`] makes of a tree with these entries in this order.
///
/// ```
/// use minlen::{Env, Options, archive::{Builder, Entry}};
/// let mut builder = Builder::new();
/// builder
///     .add(Entry::folder("notes").with_mode(0o700))?
///     .add(Entry::file("notes/a.txt", b"predict, then code").with_mtime(1_700_000_000, 0))?
///     .add(Entry::reader("notes/zeros", std::io::Read::take(std::io::repeat(0), 1 << 20)))?
///     .add(Entry::symlink("newest", "notes/a.txt"))?;
/// builder.add_all((1..=3).map(|n| Entry::file(format!("{n}.csv"), format!("n\n{n}\n").into_bytes())))?;
/// let (bytes, summary) = builder.write(Vec::new(), &Options::new(3)?, &Env::default())?;
/// assert_eq!((summary.files, summary.dirs, summary.links), (5, 1, 1));
/// assert_eq!(summary.stored_bytes, bytes.len() as u64);
/// # Ok::<(), minlen::Error>(())
/// ```
#[derive(Default)]
pub struct Builder<'a> {
    items: Vec<Item>,
    bytes: Vec<Option<Bytes<'a>>>,
    spool: Spool,
}

impl<'a> Builder<'a> {
    /// Without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry behind those that are there. Reads a reader to its end.
    ///
    /// ```
    /// use minlen::ErrorKind;
    /// use minlen::archive::{Builder, Entry};
    /// let mut builder = Builder::new();
    /// for path in ["", "/etc/passwd", "a/../b", "a//b"] {
    ///     let refused = builder.add(Entry::file(path, b"x")).err().map(|error| error.kind());
    ///     assert_eq!(refused, Some(ErrorKind::Usage));
    /// }
    /// assert!(builder.add(Entry::file("a/b", b"x")).is_ok());
    /// ```
    ///
    /// # Errors
    /// Usage for a path that no archive may have, an impossible mode or time, a link to nothing; whatever a reader says. Then
    /// nothing was added.
    pub fn add(&mut self, entry: Entry<'a>) -> Result<&mut Self> {
        let Entry { path, mode, mtime, what } = entry;
        let source = OsString::from_vec(path.clone()).into();
        let mut item =
            Item { source, path, mode, mtime, body: Found::Dir, meta: None, state: State::unchanging(0) };
        let bytes = match what {
            What::Folder => None,
            What::Symlink(target) => {
                item.body = Found::Symlink(target);
                None
            }
            What::Bytes(bytes) => Some(Bytes::Memory(bytes)),
            What::Reader(mut reader) => {
                check([&item])?;
                Some(self.spool.take(&mut *reader).map_err(|e| e.in_file(&item.source))?)
            }
        };
        if let Some(bytes) = &bytes {
            let len = bytes.len();
            (item.body, item.state) = (Found::File { len, data: vec![(0, len)] }, State::unchanging(len));
        }
        check([&item])?;
        self.items.push(item);
        self.bytes.push(bytes);
        Ok(self)
    }

    /// Adds entries one after another.
    ///
    /// # Errors
    /// As [`Builder::add`], for the first that does not go; those before it were added.
    pub fn add_all(&mut self, entries: impl IntoIterator<Item = Entry<'a>>) -> Result<&mut Self> {
        for entry in entries {
            self.add(entry)?;
        }
        Ok(self)
    }

    /// Writes the archive to `out`, and gives `out` back.
    ///
    /// # Errors
    /// Usage for two entries of one path, or one below something that is not a folder; whatever `out` says; cancelled.
    pub fn write<W: Write>(&self, out: W, options: &Options, env: &Env) -> Result<(W, Summary)> {
        check(&self.items)?;
        let mut items = self.items.clone();
        if !options.times {
            items.iter_mut().for_each(|item| item.mtime = None);
        }
        create::store(&items, self, Vec::new(), create::Onto::default(), out, options, env)
    }
}

impl Contents for Builder<'_> {
    fn open(&self, number: usize) -> Result<Box<dyn Opened + '_>> {
        match self.bytes.get(number) {
            Some(Some(bytes)) => self.spool.open(bytes),
            _ => Err(Error::usage("not a regular file")),
        }
    }

    fn may_leave_out(&self) -> bool {
        false
    }
}

/// Refuses what readers of archives would refuse.
fn check<'i>(items: impl IntoIterator<Item = &'i Item>) -> Result<()> {
    let entries = items.into_iter().map(|item| {
        let body = match &item.body {
            Found::Symlink(target) => Body::Symlink(target.clone()),
            Found::File { .. } => Body::File { len: 0, hash: [0; 16], extents: Vec::new() },
            Found::Dir | Found::Hardlink(_) => Body::Dir,
        };
        item.entry(body)
    });
    let tree = Tree { entries: entries.collect() };
    tree.check(&Limits::none()).map_err(|error| match error.kind() {
        ErrorKind::Corrupt => Error::usage(error.to_string()),
        _ => error,
    })
}
