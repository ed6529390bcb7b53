//! Reading archives and single streams with random access.

use super::hash::{FileHash, zeros};
use super::member::{BlockInfo, Info, Member, describe};
use super::sweep::{Check, sweep};
use super::window::{Around, Recent};
use super::{ReadSeek, Summary};
use crate::options::Options;
use crate::planner::chain_text;
use minlen_container::{Body, Entry, Extent, crypt};
use minlen_core::{Env, Error, Event, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What opens an encrypted file.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The passphrase, for files encrypted with one.
    pub passphrase: Option<String>,
    /// age identity files (secret keys), for files encrypted to recipients.
    pub identities: Vec<PathBuf>,
}

impl Keys {
    /// Reads the identity files.
    pub(super) fn unlock(&self) -> Result<crypt::Unlock> {
        let mut identities = Vec::new();
        for path in &self.identities {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Error::io("cannot read the identity", e).in_file(path))?;
            identities.extend(crypt::parse_identities(&text).map_err(|e| e.in_file(path))?);
        }
        Ok(crypt::Unlock { passphrase: self.passphrase.as_deref().map(crypt::secret), identities })
    }
}

/// An open archive, or an open single stream.
pub struct Archive {
    pub(super) container: minlen_container::Archive<Box<dyn ReadSeek>>,
    pub(super) options: Options,
    pub(super) env: Env,
    encrypted: bool,
    stored_len: u64,
    pub(super) recent: Option<Recent>,
    /// The block of which parts were read last, and how often.
    pub(super) parts: (usize, usize),
    /// Memory for payloads of blocks that are read in parts.
    pub(super) room: Vec<u8>,
    /// What is around the arrays of blocks that were asked for it.
    pub(super) around: BTreeMap<usize, Around>,
    /// The tree's, shared: reading changes the archive, and copying them for every member read would cost more than it.
    entries: Arc<[Entry]>,
}

impl Archive {
    /// Opens a file, decrypting it where needed.
    ///
    /// # Errors
    /// I/O, corrupt, truncated, unsupported, wrong key, limit; each naming the file.
    pub fn open(path: &Path, keys: &Keys, options: &Options, env: &Env) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io("cannot open", e).in_file(path))?;
        Self::from_reader(Box::new(std::io::BufReader::new(file)), keys, options, env)
            .map_err(|e| e.in_file(path))
    }

    /// Opens anything that can be read and sought.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn from_reader(
        mut reader: Box<dyn ReadSeek>,
        keys: &Keys,
        options: &Options,
        env: &Env,
    ) -> Result<Self> {
        let mut head = [0; 64];
        let n = read_up_to(&mut reader, &mut head)?;
        reader.seek(SeekFrom::Start(0))?;
        let encrypted = crypt::is_age(&head[..n]);
        if encrypted {
            reader = Box::new(crypt::open_reader(reader, &keys.unlock()?, env)?);
        }
        let stored_len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let container = minlen_container::Archive::open(reader, options.registry(), env)?;
        if let Some(message) = container.padding_warning() {
            env.progress.event(Event::Warning { message });
        }
        Ok(Self::over(container, encrypted, stored_len, options, env))
    }

    /// Over a container that is open.
    pub(super) fn over(
        container: minlen_container::Archive<Box<dyn ReadSeek>>,
        encrypted: bool,
        stored_len: u64,
        options: &Options,
        env: &Env,
    ) -> Self {
        let entries = container.tree().map_or_else(|| Arc::from([]), |tree| Arc::from(&tree.entries[..]));
        Self {
            container,
            options: options.clone(),
            env: env.clone(),
            encrypted,
            stored_len,
            recent: None,
            parts: (usize::MAX, 0),
            room: Vec::new(),
            around: BTreeMap::new(),
            entries,
        }
    }

    /// True for a tree of files, false for a single nameless stream.
    #[must_use]
    pub fn is_tree(&self) -> bool {
        self.container.tree().is_some()
    }

    /// Bytes of the content.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.container.content_len()
    }

    /// Everything about the archive that can be said without decoding its content.
    ///
    /// # Errors
    /// I/O or corrupt block headers.
    pub fn info(&mut self) -> Result<Info> {
        Ok(Info {
            is_tree: self.is_tree(),
            encrypted: self.encrypted,
            stored_len: self.stored_len,
            content_len: self.content_len(),
            output_len: self.output_len(),
            content_hash: self.container.content_hash(),
            streams: self.container.streams().len() as u64,
            entries: self.entries().len() as u64,
            blocks: self.blocks()?,
        })
    }

    /// Bytes that come out when everything is unpacked, holes not counted.
    fn output_len(&self) -> u64 {
        self.container.tree().map_or_else(|| self.content_len(), minlen_container::Tree::output_len)
    }

    /// The blocks of the content.
    ///
    /// # Errors
    /// I/O or corrupt block headers.
    pub fn blocks(&mut self) -> Result<Vec<BlockInfo>> {
        (0..self.container.blocks().len())
            .map(|i| {
                let ids = self.container.block_header(i)?.ids;
                let entry = &self.container.blocks()[i];
                Ok(BlockInfo {
                    raw_start: entry.raw_start,
                    raw_len: entry.raw_len,
                    stored_len: entry.stored_len,
                    file_offset: entry.file_offset,
                    codec: chain_text(&ids, self.options.registry()),
                })
            })
            .collect()
    }

    /// The entries of the tree with their share of the blocks; empty for a single stream. Decodes nothing.
    ///
    /// # Errors
    /// I/O or corrupt block headers.
    pub fn members(&mut self) -> Result<Vec<Member>> {
        let blocks = self.blocks()?;
        let entries = self.entries();
        Ok(entries.iter().map(|entry| with_blocks(describe(entry, &entries), entry, &blocks)).collect())
    }

    pub(super) fn entries(&self) -> Arc<[Entry]> {
        Arc::clone(&self.entries)
    }

    /// Decodes and checks everything: block checksums, file hashes, the hash of the whole.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn test(&mut self) -> Result<Summary> {
        self.check_limits(self.output_len())?;
        self.env.progress.event(Event::Total { bytes: self.stored_len });
        if !self.is_tree() {
            self.read_content(0..u64::MAX, &mut std::io::sink())?;
            let (raw, stored) = (self.content_len(), self.stored_len);
            return Ok(Summary {
                files: 1,
                raw_bytes: raw,
                unique_bytes: raw,
                stored_bytes: stored,
                ..Summary::default()
            });
        }
        let entries = self.entries();
        let files: Vec<usize> = (0..entries.len()).filter(|&i| is_file(&entries[i])).collect();
        let late = sweep(&mut self.container, &entries, &files, &self.options, &self.env, |_, _, _| Ok(()))?;
        for index in late {
            self.verify_file(&entries[index])?;
        }
        Ok(self.summary(&entries))
    }

    /// Reads a file of the tree in file order and checks its hash.
    pub(super) fn verify_file(&mut self, entry: &Entry) -> Result<()> {
        let mut check = Check::default();
        self.read_entry(entry, 0..u64::MAX, &mut |at, bytes| {
            check.update(at, bytes);
            Ok(())
        })?;
        check.finish(entry)
    }

    /// The hash of a file of the tree, or of one made of its content.
    pub(super) fn hash_of(&mut self, entry: &Entry) -> Result<[u8; 16]> {
        let mut hash = FileHash::default();
        self.read_entry(entry, 0..u64::MAX, &mut |at, bytes| {
            hash.zeros_until(at);
            hash.update(bytes);
            Ok(())
        })?;
        Ok(hash.finish())
    }

    pub(super) fn summary(&self, entries: &[Entry]) -> Summary {
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

    pub(super) fn check_limits(&self, output: u64) -> Result<()> {
        self.env.limits.check_output(output, self.stored_len)
    }

    /// Writes a byte range of the content of a single stream to `out`; returns how many bytes that were. The whole content
    /// is checked against its hash, a part against the checksums of its blocks.
    ///
    /// # Errors
    /// Corrupt, limit, I/O of `out`.
    pub fn read_content(&mut self, range: Range<u64>, out: &mut dyn Write) -> Result<u64> {
        let len = self.content_len();
        let (start, end) = (range.start.min(len), range.end.min(len));
        self.check_limits(end.saturating_sub(start))?;
        let whole = (start, end) == (0, len);
        let mut hasher = blake3::Hasher::new();
        self.read_extent(start..end.max(start), &mut |bytes| {
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
        Ok(end.saturating_sub(start))
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
        let entries = self.entries();
        let entry = find_file(&entries, path)?;
        let range = range.unwrap_or(0..u64::MAX);
        let Body::File { len, .. } = entry.body else { return Ok(0) };
        let (start, end) = (range.start.min(len), range.end.min(len));
        self.check_limits(end.saturating_sub(start))?;
        let whole = (start, end) == (0, len);
        let mut check = Check::default();
        self.read_entry(entry, start..end, &mut |at, bytes| {
            if whole {
                check.update(at, bytes);
            }
            out.write_all(bytes).map_err(Error::from)
        })?;
        if whole {
            check.finish(entry)?;
        }
        Ok(end.saturating_sub(start))
    }

    /// Where a byte of a file is in the content, and how many of the file's follow it there; `None` within a hole.
    pub(super) fn locate(&self, path: &[u8], at: u64) -> Option<(u64, u64)> {
        let entries = self.entries();
        let Body::File { extents, .. } = &find_file(&entries, path).ok()?.body else { return None };
        let mut start = 0;
        for extent in extents {
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

    fn read_entry(
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

fn is_file(entry: &Entry) -> bool {
    matches!(entry.body, Body::File { .. })
}

/// The file with this path, hard links followed.
fn find_file<'e>(entries: &'e [Entry], path: &[u8]) -> Result<&'e Entry> {
    let shown = String::from_utf8_lossy(path);
    let found = entries.iter().find(|e| e.path == path);
    match found.map(|e| &e.body) {
        Some(Body::File { .. }) => Ok(found.unwrap_or(&entries[0])),
        Some(Body::Hardlink(to)) => entries
            .get(*to as usize)
            .ok_or_else(|| Error::corrupt(format!("{shown}: the link leads nowhere"))),
        Some(_) => Err(Error::usage(format!("{shown} is not a regular file"))),
        None => {
            Err(Error::usage(format!("{shown} is not in the archive")).remedy("see `minlen list ARCHIVE`"))
        }
    }
}

/// Adds the codecs and the share of the blocks.
fn with_blocks(mut member: Member, entry: &Entry, blocks: &[BlockInfo]) -> Member {
    let Body::File { extents, .. } = &entry.body else { return member };
    let mut codecs = BTreeSet::new();
    for extent in extents {
        let Extent::Data { offset, len } = *extent else { continue };
        let first = blocks.partition_point(|b| b.raw_start + b.raw_len <= offset);
        for block in blocks[first..].iter().take_while(|b| b.raw_start < offset + len) {
            let overlap = (offset + len).min(block.raw_start + block.raw_len) - offset.max(block.raw_start);
            member.stored += (u128::from(block.stored_len) * u128::from(overlap)
                / u128::from(block.raw_len.max(1))) as u64;
            codecs.insert(block.codec.clone());
        }
    }
    member.codecs = codecs.into_iter().collect();
    member
}

pub(super) fn read_up_to(reader: &mut dyn ReadSeek, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}
