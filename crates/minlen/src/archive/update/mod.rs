//! Bringing an archive up to date: what is new or changed is put behind what is there, which stays as it is.

mod compare;
mod gone;
mod same;

use super::contents::Disk;
use super::create::{self, Onto, check_exact};
use super::inputs::Inputs;
use super::read::Archive;
use super::{ReadSeek, Summary};
use crate::options::Options;
use minlen_container::walk::{self, Item};
use minlen_container::{Amendment, Body, Extent};
use minlen_core::{Env, Error, Event, Result};
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// How to find out what has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Updating {
    /// Take out what is in the archive under the inputs and on disk no more.
    pub delete: bool,
    /// Compare the contents of files also where length and time are the same.
    pub checksum: bool,
}

impl Updating {
    /// Sets [`Updating::delete`].
    #[must_use]
    pub fn with_delete(mut self, delete: bool) -> Self {
        self.delete = delete;
        self
    }

    /// Sets [`Updating::checksum`].
    #[must_use]
    pub fn with_checksum(mut self, checksum: bool) -> Self {
        self.checksum = checksum;
        self
    }
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not there.
    New,
    /// It holds or is something else than before.
    Changed,
    /// It has another mode, time, owner or other attributes, and the same content.
    Attributes,
    /// It goes out.
    Deleted,
}

/// One difference between an archive and what it is updated from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The path in the archive.
    pub path: Vec<u8>,
    /// What becomes of it.
    pub kind: ChangeKind,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// What an archive lacks, found and not yet written.
///
/// Nothing of the archive is decoded to find it but files that are as long as they were and have another time, and, unless
/// [`Options::with_dedup`] says no, those that are as long as a new one and have its hash: what is there under another name is not
/// stored again. Their contents are compared with those on disk by BLAKE3.
///
/// ```
/// use minlen::archive::{self, Archive, Inputs, Keys, Update, Updating};
/// use minlen::{Env, Options};
/// use std::io::Cursor;
/// let dir = tempfile::tempdir()?;
/// let notes = dir.path().join("notes");
/// std::fs::create_dir(&notes)?;
/// std::fs::write(notes.join("a"), "as it was")?;
/// let (options, env) = (Options::new(1)?, Env::default());
/// let (mut bytes, _) = archive::create(&[notes.clone()], Vec::new(), &options, &env)?;
///
/// std::fs::write(notes.join("b"), "new")?;
/// std::fs::remove_file(notes.join("a"))?;
/// let open = |bytes: Vec<u8>| Archive::from_reader(Cursor::new(bytes), &Keys::default(), &options, &env);
/// let mut old = open(bytes.clone())?;
/// let update = Update::find(&mut old, &Inputs::new(&[notes]), Updating::default().with_delete(true), &options, &env)?;
///
/// // The file is the streams that are there, and one more behind them.
/// bytes.truncate(old.streams_len() as usize);
/// let (bytes, _) = update.write(bytes, &options, &env)?;
/// let paths: Vec<_> = open(bytes)?.members()?.iter().map(|member| member.display_path()).collect();
/// assert_eq!(paths, ["notes", "notes/b"]);
/// # Ok::<(), minlen::Error>(())
/// ```
#[derive(Debug)]
pub struct Update {
    items: Vec<Item>,
    onto: Onto,
    changes: Vec<Change>,
    warnings: Vec<String>,
}

impl Update {
    /// Compares an archive with files and folders. Their names are those that [`create`] would give them.
    ///
    /// Length and time (with nanoseconds) tell whether a file has changed; where either side has no time, contents do. Modes, targets of
    /// links, owners and attributes are compared as far as they are kept. What cannot be read is left as it is in the archive, with a
    /// warning.
    ///
    /// # Errors
    /// Usage if this is a single stream; I/O for an input that is not there; corrupt where a content that has to be compared is damaged;
    /// limit; cancelled.
    ///
    /// [`create`]: super::create()
    pub fn find(
        archive: &mut Archive<'_>,
        inputs: &Inputs,
        how: Updating,
        options: &Options,
        env: &Env,
    ) -> Result<Self> {
        check_exact(options)?;
        refuse_single(archive)?;
        let walking = inputs.walking(options);
        let walked = walk::walk(&inputs.paths, &walking, env)?;
        for output in walked.outputs {
            let message = format!("{}: is the output itself: left out", output.display());
            env.progress.event(Event::Notice { message });
        }
        if let Some(message) = walked.not_kept {
            env.progress.event(Event::Notice { message });
        }
        let removed = if how.delete {
            let names = walk::names_with(&inputs.paths, &walking)?;
            gone::find(archive, &walked.items, &names, &inputs.exclude, env)?
        } else {
            gone::Gone::default()
        };
        let found = compare::compare(archive, walked.items, how, options, env)?;
        let mut update = Self::new(archive, found, removed, walked.warnings);
        update.changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(update)
    }

    fn new(archive: &Archive<'_>, found: compare::Found, gone: gone::Gone, warnings: Vec<String>) -> Self {
        let has_data = |body: &Body| match body {
            Body::File { extents, .. } => extents.iter().any(|extent| matches!(extent, Extent::Data { .. })),
            _ => false,
        };
        let content = archive.content_len();
        let before = if found.known.values().any(has_data) { content } else { 0 };
        // What says nothing of before is an archive like any other, which older readers read.
        let amends = before > 0 || !gone.removed.is_empty();
        let amendment = amends.then_some(Amendment { before, removed: gone.removed });
        let before = (content.max(archive.output_len()), archive.streams_len());
        let mut changes = found.changes;
        changes.extend(gone.changes);
        let embedded = archive.embedded().iter().map(|part| *part.hash()).collect();
        let onto = Onto { amendment, known: found.known, before, embedded };
        Self { items: found.items, onto, changes, warnings }
    }

    /// What is different, by path.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// True if the archive is up to date.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.onto.amendment.is_none()
    }

    /// What could not be read, and stays as it is in the archive. [`Update::write`] tells it, too.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How many changes of each kind there are: new, changed, with other attributes only, deleted.
    #[must_use]
    pub fn counts(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        self.changes.iter().for_each(|change| counts[change.kind as usize] += 1);
        counts
    }

    /// Writes the stream that goes right behind the first [`Archive::streams_len`] bytes of the file, and gives `out` back. The summary
    /// is of this stream alone.
    ///
    /// # Errors
    /// I/O of `out`; cancelled.
    pub fn write<W: Write>(self, out: W, options: &Options, env: &Env) -> Result<(W, Summary)> {
        create::store(&self.items, &Disk(&self.items), self.warnings, self.onto, out, options, env)
    }
}

/// Refuses what is no archive.
pub(super) fn refuse_single(archive: &Archive<'_>) -> Result<()> {
    if archive.is_tree() {
        return Ok(());
    }
    Err(Error::usage("is one compressed file and no archive of files")
        .remedy("make an archive: compress a folder, or several inputs with one output"))
}

impl Archive<'_> {
    /// Bytes of the streams, at the beginning of the file: recovery data, and the zeros of tapes, may follow. What is put behind them
    /// belongs to the archive.
    #[must_use]
    pub fn streams_len(&self) -> u64 {
        self.container.streams_end().unwrap_or(self.stored_len)
    }

    /// Writes the streams to `out` as they are, without what may follow them.
    ///
    /// # Errors
    /// I/O of either side.
    pub fn copy_streams(&mut self, out: &mut dyn Write) -> Result<u64> {
        let len = self.streams_len();
        let reader: &mut Box<dyn ReadSeek + '_> = self.container.reader();
        reader.seek(SeekFrom::Start(0))?;
        let mut buffer = vec![0; 1 << 18];
        let mut left = len;
        while left > 0 {
            self.env.check()?;
            let most = left.min(buffer.len() as u64) as usize;
            match reader.read(&mut buffer[..most]) {
                Ok(0) => return Err(Error::truncated("the archive became shorter while it was copied")),
                Ok(n) => {
                    out.write_all(&buffer[..n])?;
                    left -= n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(len)
    }
}

/// Entries of the archive by length of their content: those that a new file may be equal to.
type ByLen = HashMap<u64, Vec<usize>>;
