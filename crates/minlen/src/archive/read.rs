//! Reading archives and single streams with random access.

use super::around::Around;
use super::content::read_up_to;
use super::hash::{FileHash, zeros};
use super::keys::Keys;
use super::recent::Recent;
use super::shares::Shares;
use super::sweep::{Check, Found, sweep};
use super::{ReadSeek, Summary};
use crate::options::Options;
use minlen_container::tree::{Order, show_path};
use minlen_container::{Body, Entry, Extent, Tree, crypt};
use minlen_core::{Advice, Env, Error, Event, Learned, Reservation, Resources, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

/// An open archive, or an open single stream. It lives no longer than what it is read from (`'a`).
///
/// Opening reads the directory and the index at the end of the file, and decodes no content. Everything that names a member takes its
/// path as bytes, since paths need not be UTF-8, or its number among [`Archive::entries`].
///
/// ```
/// use minlen::archive::{Archive, Builder, Entry, Keys};
/// use minlen::{Env, ErrorKind, Options};
/// use std::io::Cursor;
/// let mut builder = Builder::new();
/// builder.add_all([Entry::file("a/one", b"1"), Entry::file("a/two", b"22"), Entry::file("b", b"333")])?;
/// let (bytes, _) = builder.write(Vec::new(), &Options::new(1)?, &Env::default())?;
///
/// let mut archive = Archive::from_reader(Cursor::new(&bytes), &Keys::default(), &Options::default(), &Env::default())?;
/// let paths: Vec<_> = archive.members()?.iter().map(|member| member.display_path()).collect();
/// assert!(["a/one", "a/two", "b"].iter().all(|path| paths.iter().any(|found| found == path)));
///
/// let mut below = 0;
/// archive.each_below(b"a", &mut |_| below += 1)?;
/// assert!(below >= 2);
/// let missing = archive.read_member(b"c", None, &mut Vec::new()).unwrap_err();
/// assert_eq!(missing.kind(), ErrorKind::Usage);
/// assert_eq!(archive.test()?.raw_bytes, 6);
/// # Ok::<(), minlen::Error>(())
/// ```
pub struct Archive<'a> {
    pub(super) container: minlen_container::Archive<Box<dyn ReadSeek + 'a>>,
    pub(super) options: Options,
    pub(super) env: Env,
    /// The learned parts that the file itself holds.
    pub(super) own: Vec<Learned>,
    pub(super) encrypted: bool,
    pub(super) stored_len: u64,
    pub(super) recent: Recent,
    /// The block of which parts were read last, and how often.
    pub(super) parts: (usize, usize),
    /// The blocks of which only the beginning was decoded.
    pub(super) begun: BTreeSet<usize>,
    /// Memory for payloads of blocks that are read in parts.
    pub(super) room: Vec<u8>,
    /// What is around the arrays of blocks that were asked for it.
    pub(super) around: BTreeMap<usize, Around>,
    /// The entries by path, once one was looked for.
    pub(super) order: Option<Order>,
    /// What of the blocks belongs to each member, once members were asked for.
    pub(super) shares: Option<Shares>,
    /// The memory of what was listed last.
    pub(super) listed: Option<Reservation>,
}

impl<'a> Archive<'a> {
    /// Opens a file, decrypting it where needed.
    ///
    /// # Errors
    /// I/O, corrupt, truncated, unsupported, wrong key, limit; each naming the file.
    pub fn open(path: &Path, keys: &Keys, options: &Options, env: &Env) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io("cannot open", e).in_file(path))?;
        Self::from_reader(std::io::BufReader::new(file), keys, options, env).map_err(|e| e.in_file(path))
    }

    /// Opens anything that can be read and sought: also what is only borrowed, as a file or bytes in memory.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_reader(
        reader: impl ReadSeek + 'a,
        keys: &Keys,
        options: &Options,
        env: &Env,
    ) -> Result<Self> {
        let mut reader: Box<dyn ReadSeek + 'a> = Box::new(reader);
        let mut head = [0; crypt::HEAD];
        let n = read_up_to(&mut reader, &mut head)?;
        reader.seek(SeekFrom::Start(0))?;
        let encrypted = crypt::is_age(&head[..n]);
        if encrypted {
            reader = Box::new(crypt::open_reader(reader, &keys.unlock(env)?, env)?);
        }
        let stored_len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let container = minlen_container::Archive::open(reader, options.registry(), env)?;
        if let Some(message) = container.padding_warning() {
            env.progress.event(Event::Warning { message });
        }
        Self::over(container, encrypted, stored_len, options, env)
    }

    /// Over a container that is open.
    pub(super) fn over(
        mut container: minlen_container::Archive<Box<dyn ReadSeek + 'a>>,
        encrypted: bool,
        stored_len: u64,
        options: &Options,
        env: &Env,
    ) -> Result<Self> {
        let named = |file: Vec<u8>| {
            let hash = *blake3::hash(&file).as_bytes();
            Learned::new(file, hash)
        };
        let (parts, damaged) = container.read_learned()?;
        if damaged {
            let message = "what stands before the blocks is damaged: a codec file there is lost".into();
            env.progress.event(Event::Warning { message });
        }
        let mut own: Vec<Learned> = parts.into_iter().map(named).collect();
        // Streams in a row may hold the same one.
        let mut seen = BTreeSet::new();
        own.retain(|part| seen.insert(*part.hash()));
        let resources = own.iter().cloned().fold(Resources::default(), Resources::with_learned);
        let mut env = options.informed(env);
        env.resources = std::mem::take(&mut env.resources).or(&resources);
        Ok(Self {
            container,
            options: options.clone(),
            env,
            own,
            encrypted,
            stored_len,
            recent: Recent::default(),
            parts: (usize::MAX, 0),
            begun: BTreeSet::new(),
            room: Vec::new(),
            around: BTreeMap::new(),
            order: None,
            shares: None,
            listed: None,
        })
    }

    /// The learned parts that the file itself holds for its blocks.
    #[must_use]
    pub fn embedded(&self) -> &[Learned] {
        &self.own
    }

    /// True for a tree of files, false for a single nameless stream.
    #[must_use]
    pub fn is_tree(&self) -> bool {
        self.container.tree().is_some()
    }

    /// Bytes of the file, after decryption.
    #[must_use]
    pub fn stored_len(&self) -> u64 {
        self.stored_len
    }

    /// Bytes of the content.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.container.content_len()
    }

    /// Decodes and checks everything: block checksums, file hashes, the hash of the whole.
    ///
    /// This is the check to run on a backup: when it succeeds, everything in the file can be read back. It takes as long as unpacking
    /// and writes nothing.
    ///
    /// ```
    /// use minlen::archive::{Archive, Keys};
    /// use minlen::{Env, Options, compress};
    /// use std::io::Cursor;
    /// let options = Options::new(1)?.with_compact(false);
    /// let mut bytes = compress(&b"a line to be kept\n".repeat(100), &options)?;
    /// let test = |bytes: &[u8]| {
    ///     Archive::from_reader(Cursor::new(bytes), &Keys::default(), &options, &Env::default())?.test()
    /// };
    /// assert_eq!(test(&bytes)?.raw_bytes, 1800);
    /// let middle = bytes.len() / 3;
    /// bytes[middle] ^= 1;
    /// assert!(test(&bytes).is_err());
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn test(&mut self) -> Result<Summary> {
        self.test_all(&mut |_, _| {})
    }

    /// The same; gives the BLAKE3 of every file by its number among the entries. What a tree says itself is shorter: too short to say
    /// that a small file is equal to another one.
    ///
    /// # Errors
    /// The first thing that is wrong; limit.
    pub fn test_and_hash(&mut self) -> Result<BTreeMap<usize, [u8; 32]>> {
        const EACH: usize = 2 * size_of::<(usize, [u8; 32])>();
        let files = self.entries().entries.iter().filter(|e| matches!(e.body, Body::File { .. })).count();
        let _held = self.env.budget.reserve((files * EACH) as u64)?;
        let mut hashes = BTreeMap::new();
        self.test_all(&mut |number, hash| {
            hashes.insert(number, *hash.as_bytes());
        })?;
        Ok(hashes)
    }

    fn test_all(&mut self, found: Found<'_>) -> Result<Summary> {
        // Nothing is put out, so this stands alone, whatever else is counted.
        let output = self.output_len().max(self.content_len());
        self.env.limits.check_output(output, self.stored_len)?;
        self.env.progress.event(Event::Total { bytes: self.stored_len });
        if !self.is_tree() {
            let raw = self.content_len();
            self.copy_content(0..raw, &mut std::io::sink())?;
            return Ok(Summary {
                files: 1,
                raw_bytes: raw,
                unique_bytes: raw,
                stored_bytes: self.stored_len,
                ..Summary::default()
            });
        }
        let tree = self.entries();
        let late = sweep(&mut self.container, &tree.entries, found, &self.options, &self.env)?;
        self.recent.begin(output, self.content_len());
        for &number in &late.numbers {
            found(number as usize, self.verify_file(&tree.entries[number as usize])?);
        }
        Ok(self.summary(&mut tree.entries.iter()))
    }

    /// All of the BLAKE3 of the files with these numbers; every block that they need is decoded once.
    pub(super) fn hashes_of(&mut self, numbers: &BTreeSet<usize>) -> Result<HashMap<usize, [u8; 32]>> {
        let mut hashes = HashMap::new();
        if numbers.is_empty() {
            return Ok(hashes);
        }
        let tree = self.entries();
        let chosen: Vec<usize> = numbers.iter().copied().filter(|&n| n < tree.entries.len()).collect();
        let _held = self.env.budget.reserve((chosen.len() * 2 * size_of::<Entry>()) as u64)?;
        let entries: Vec<Entry> = chosen.iter().map(|&number| tree.entries[number].clone()).collect();
        let mut found = |number: usize, hash: blake3::Hash| {
            hashes.insert(chosen[number], *hash.as_bytes());
        };
        let late = sweep(&mut self.container, &entries, &mut found, &self.options, &self.env)?;
        self.recent.begin(self.output_len(), self.content_len());
        for &number in &late.numbers {
            found(number as usize, self.verify_file(&entries[number as usize])?);
        }
        Ok(hashes)
    }

    /// Reads a file of the tree in file order and checks its hash.
    fn verify_file(&mut self, entry: &Entry) -> Result<blake3::Hash> {
        let mut check = Check::default();
        self.copy_entry(entry, 0..u64::MAX, &mut |at, bytes| {
            check.update(at, bytes);
            Ok(())
        })?;
        check.finish(entry)
    }

    /// Refuses output that is over the limits, without counting it.
    pub(super) fn check_limits(&self, output: u64) -> Result<()> {
        self.env.limits.check_output(output, self.stored_len)
    }

    /// The hash of a file of the tree, or of one made of its content.
    pub(super) fn hash_of(&mut self, entry: &Entry) -> Result<FileHash> {
        let mut hash = FileHash::default();
        self.copy_entry(entry, 0..u64::MAX, &mut |at, bytes| {
            hash.zeros_until(at);
            hash.update(bytes);
            Ok(())
        })?;
        Ok(hash)
    }

    pub(super) fn summary(&self, entries: &mut dyn Iterator<Item = &Entry>) -> Summary {
        let mut sum =
            Summary { stored_bytes: self.stored_len, unique_bytes: self.content_len(), ..Summary::default() };
        for entry in entries {
            match &entry.body {
                Body::Dir => sum.dirs += 1,
                Body::File { len, .. } => {
                    sum.files += 1;
                    sum.raw_bytes = sum.raw_bytes.saturating_add(*len);
                }
                Body::Symlink(_) | Body::Hardlink(_) => sum.links += 1,
            }
        }
        sum
    }

    /// Writes a byte range of the content of a single stream to `out`; returns how many bytes that were. The whole content
    /// is checked against its hash, a part against the checksums of its blocks.
    ///
    /// A range beyond the end is cut short, as reading a file would.
    ///
    /// ```
    /// use minlen::archive::{Archive, Keys};
    /// use minlen::{Env, Options, compress};
    /// let bytes = compress(b"predict, then code", &Options::new(1)?)?;
    /// let reader = std::io::Cursor::new(&bytes);
    /// let mut stream = Archive::from_reader(reader, &Keys::default(), &Options::default(), &Env::default())?;
    /// let mut text = Vec::new();
    /// assert_eq!(stream.read_content(14..1000, &mut text)?, 4);
    /// assert_eq!((text.as_slice(), stream.is_tree()), (&b"code"[..], false));
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Corrupt, limit, I/O of `out`.
    pub fn read_content(&mut self, range: Range<u64>, out: &mut dyn Write) -> Result<u64> {
        let len = self.content_len();
        let (start, end) = (range.start.min(len), range.end.min(len));
        self.env.claim(end.saturating_sub(start), self.stored_len)?;
        self.copy_content(start..end.max(start), out)
    }

    fn copy_content(&mut self, range: Range<u64>, out: &mut dyn Write) -> Result<u64> {
        let whole = range == (0..self.content_len());
        let len = range.end - range.start;
        let mut hasher = blake3::Hasher::new();
        self.recent.begin(len, self.content_len());
        self.read_extent(range, &mut |bytes| {
            if whole {
                hasher.update(bytes);
            }
            out.write_all(bytes).map_err(Error::from)
        })?;
        if whole
            && let Some(expected) = self.container.content_hash()
            && *hasher.finalize().as_bytes() != expected
        {
            return Err(Error::corrupt("the content does not match its BLAKE3 hash"));
        }
        Ok(len)
    }

    /// Writes one file of the tree, or a byte range of it, to `out`; returns how many bytes that were. Holes are written as
    /// zeros. Decodes only the blocks under the range.
    ///
    /// # Errors
    /// Usage if there is no such file; corrupt, limit, I/O of `out`.
    pub fn read_member(
        &mut self,
        path: &[u8],
        range: Option<Range<u64>>,
        out: &mut dyn Write,
    ) -> Result<u64> {
        let number = self.find(path)?.ok_or_else(|| not_there(path))?;
        self.read_entry(number, range, out)
    }

    /// The same for the file with this number among the entries.
    ///
    /// # Errors
    /// As [`Archive::read_member`].
    pub fn read_entry(
        &mut self,
        number: usize,
        range: Option<Range<u64>>,
        out: &mut dyn Write,
    ) -> Result<u64> {
        let tree = self.entries();
        let entry = file_of(&tree, number)?;
        let range = within(range, entry);
        self.env.claim(range.end - range.start, self.stored_len)?;
        self.recent.begin(range.end - range.start, self.content_len());
        self.write_entry(entry, range, out)
    }

    /// Writes the files with these numbers one after another; returns how many bytes that were. The limits on output are for
    /// all of them together, and are looked at before the first byte.
    ///
    /// # Errors
    /// As [`Archive::read_member`].
    pub fn read_entries(&mut self, numbers: &[usize], out: &mut dyn Write) -> Result<u64> {
        let tree = self.entries();
        let mut sum = 0u64;
        for &number in numbers {
            let range = within(None, file_of(&tree, number)?);
            sum = sum.saturating_add(range.end - range.start);
        }
        self.env.claim(sum, self.stored_len)?;
        self.recent.begin(sum, self.content_len());
        for &number in numbers {
            let entry = file_of(&tree, number)?;
            self.write_entry(entry, within(None, entry), out)?;
        }
        Ok(sum)
    }

    fn write_entry(&mut self, entry: &Entry, range: Range<u64>, out: &mut dyn Write) -> Result<u64> {
        self.env.check()?;
        let whole = range == within(None, entry);
        let len = range.end - range.start;
        if whole && let Some(bytes) = self.read_early(entry)? {
            out.write_all(&bytes)?;
            return Ok(len);
        }
        let mut check = Check::default();
        self.copy_entry(entry, range, &mut |at, bytes| {
            if whole {
                check.update(at, bytes);
            }
            out.write_all(bytes).map_err(Error::from)
        })?;
        if whole {
            check.finish(entry)?;
        }
        Ok(len)
    }

    /// Where a byte of a file is in the content, and how many of the file's follow it there; `None` within a hole.
    pub(super) fn locate(&self, number: usize, at: u64) -> Option<(u64, u64)> {
        let tree = self.entries();
        let mut start = 0;
        for extent in file_of(&tree, number).ok()?.extents() {
            let (Extent::Data { len, .. } | Extent::Hole { len }) = *extent;
            match *extent {
                Extent::Data { offset, .. } if at - start < len => {
                    return Some((offset + (at - start), len - (at - start)));
                }
                _ if at - start < len => return None,
                _ => start += len,
            }
        }
        None
    }

    fn copy_entry(
        &mut self,
        entry: &Entry,
        range: Range<u64>,
        each: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let Body::File { extents, .. } = &entry.body else { return Ok(()) };
        let mut at = 0u64;
        for extent in extents {
            let (Extent::Data { len, .. } | Extent::Hole { len }) = *extent;
            let (from, to) = (range.start.clamp(at, at + len), range.end.clamp(at, at + len));
            let mut position = from;
            match *extent {
                Extent::Hole { .. } => zeros(from, to, each)?,
                Extent::Data { offset, .. } => {
                    self.read_extent(offset + (from - at)..offset + (to - at), &mut |bytes| {
                        each(position, bytes)?;
                        position += bytes.len() as u64;
                        Ok(())
                    })?;
                }
            }
            at += len;
        }
        Ok(())
    }
}

/// The bytes of a file that a range means.
fn within(range: Option<Range<u64>>, entry: &Entry) -> Range<u64> {
    let Body::File { len, .. } = entry.body else { return 0..0 };
    let range = range.unwrap_or(0..len);
    let start = range.start.min(len);
    start..range.end.clamp(start, len)
}

/// The file with this number, hard links followed.
pub(super) fn file_of(tree: &Tree, number: usize) -> Result<&Entry> {
    let entry = tree.entries.get(number).ok_or_else(|| no_entry(number))?;
    let shown = || show_path(&entry.path);
    match &entry.body {
        Body::File { .. } => Ok(entry),
        Body::Hardlink(to) => (tree.entries.get(*to as usize))
            .ok_or_else(|| Error::corrupt(format!("{}: the link leads nowhere", shown()))),
        _ => Err(Error::usage(format!("{} is not a regular file", shown()))),
    }
}

/// What to say of a path that no entry has.
pub(super) fn not_there(path: &[u8]) -> Error {
    Error::usage(format!("{} is not in the archive", show_path(path))).advise(Advice::ListMembers)
}

pub(super) fn no_entry(number: usize) -> Error {
    Error::usage(format!("there is no entry {number}"))
}
