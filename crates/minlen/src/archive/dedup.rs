//! Storing equal chunks once: content-defined chunks (FastCDC, Xia et al. 2016 and 2020), found by a 64-bit hash and
//! *compared byte by byte* with where they were seen first, so that a hash collision can never damage a file.

use super::contents::{Contents, Opened};
use minlen_container::walk::State;
use std::collections::HashMap;
use std::io::SeekFrom;
use xxhash_rust::xxh3::xxh3_64;

/// Smallest, usual and largest chunk in bytes.
pub(super) const CHUNK: (usize, usize, usize) = (16 << 10, 64 << 10, 256 << 10);

/// Chunks shorter than this are not looked up: the reference would cost as much as it saves.
const WORTH: usize = 128;

/// Where a chunk was seen first.
#[derive(Clone, Copy, Debug)]
struct Seen {
    content_offset: u64,
    file: u32,
    file_offset: u64,
    len: u32,
}

/// The chunks stored so far.
pub(super) struct Dedup<'a> {
    contents: &'a dyn Contents,
    seen: HashMap<u64, Seen>,
    files: Vec<(usize, State)>,
    open: Option<(u32, Box<dyn Opened + 'a>)>,
}

impl<'a> Dedup<'a> {
    /// Without any chunk; where they come from can be read again in `contents`.
    pub(super) fn new(contents: &'a dyn Contents) -> Self {
        Self { contents, seen: HashMap::new(), files: Vec::new(), open: None }
    }

    /// Tells that the chunks to come are from the file of this item in this state.
    pub(super) fn enter_file(&mut self, item: usize, state: State) {
        self.files.push((item, state));
    }

    /// What a chunk is looked up by, if that is worth it.
    pub(super) fn key(chunk: &[u8]) -> Option<u64> {
        (chunk.len() >= WORTH).then(|| xxh3_64(chunk))
    }

    /// The content offset of an equal chunk that is stored already, by its key. `recent` is the tail of the content that is still
    /// in memory, beginning at content offset `recent_start`.
    pub(super) fn find(&mut self, key: u64, chunk: &[u8], recent: &[u8], recent_start: u64) -> Option<u64> {
        let seen = *self.seen.get(&key)?;
        if seen.len as usize != chunk.len() {
            return None;
        }
        let equal = match seen.content_offset.checked_sub(recent_start) {
            Some(at) => recent.get(at as usize..at as usize + chunk.len()) == Some(chunk),
            None => self.equals_source(seen, chunk),
        };
        equal.then_some(seen.content_offset)
    }

    /// Remembers a chunk of the current file, of `len` bytes and with this key, that is stored at `content_offset`.
    pub(super) fn remember(&mut self, key: u64, len: usize, content_offset: u64, file_offset: u64) {
        if let Some(file) = self.files.len().checked_sub(1) {
            let seen = Seen { content_offset, file: file as u32, file_offset, len: len as u32 };
            self.seen.entry(key).or_insert(seen);
        }
    }

    /// Reads the place where the chunk came from again. Any trouble means "not equal", a source that was changed since, too: the
    /// chunk is stored again.
    fn equals_source(&mut self, seen: Seen, chunk: &[u8]) -> bool {
        if self.open.as_ref().is_none_or(|(file, _)| *file != seen.file) {
            let Some(&(item, state)) = self.files.get(seen.file as usize) else { return false };
            let Ok(file) = self.contents.open(item) else { return false };
            if !file.state().is_ok_and(|now| state.is_still(&now)) {
                return false;
            }
            self.open = Some((seen.file, file));
        }
        let Some((_, file)) = &mut self.open else { return false };
        let mut bytes = vec![0; chunk.len()];
        file.seek(SeekFrom::Start(seen.file_offset)).is_ok()
            && file.read_exact(&mut bytes).is_ok()
            && bytes == chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::contents::Disk;
    use minlen_container::walk::{Found, Item};

    /// Where chunks end decides which are equal, and so what is written.
    #[test]
    fn chunks_end_where_they_ended_in_every_version() {
        let mut rng = minlen_core::testing::Rng(9);
        let data: Vec<u8> = (0..1 << 20).map(|_| rng.next_u64() as u8).collect();
        let chunks = fastcdc::v2020::StreamCDC::new(&data[..], CHUNK.0, CHUNK.1, CHUNK.2);
        let ends: Vec<u64> = chunks.map(|chunk| chunk.unwrap()).map(|c| c.offset + c.length as u64).collect();
        assert_eq!(ends[..4], [85_801, 167_394, 238_362, 303_654]);
    }

    #[test]
    fn finds_equal_chunks_in_memory_and_on_disk_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("source");
        let chunk: Vec<u8> = (0..1000u32).map(|i| (i * 31) as u8).collect();
        std::fs::write(&path, [b"head".as_slice(), &chunk].concat()).unwrap();
        let state = State::of(&std::fs::metadata(&path).unwrap());
        let body = Found::File { len: 1004, data: vec![(0, 1004)] };
        let item =
            Item { source: path.clone(), path: Vec::new(), mode: 0, mtime: None, body, meta: None, state };
        let items = [item];
        let disk = Disk(&items);
        let mut dedup = Dedup::new(&disk);
        assert_eq!(Dedup::key(&chunk[..WORTH - 1]), None);
        let key = Dedup::key(&chunk).unwrap();
        assert_eq!(dedup.find(key, &chunk, &[], 0), None);
        dedup.enter_file(0, state);
        dedup.remember(key, chunk.len(), 50, 4);
        assert_eq!(dedup.find(key, &chunk, &chunk, 50), Some(50), "in memory");
        assert_eq!(dedup.find(key, &chunk, &[], 5000), Some(50), "read again");
        std::fs::write(&path, vec![1; 2000]).unwrap();
        let mut fresh = Dedup { open: None, ..dedup };
        assert_eq!(fresh.find(key, &chunk, &[], 5000), None, "the source has changed since");
    }
}
