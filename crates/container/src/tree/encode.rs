//! Tree to bytes.

use super::cursors::Cursors;
use super::spec::{COLUMNS, COPY, Column, DIR, FILE, FIRST_MODES, HARDLINK, SYMLINK, TIMED, TYPE, zigzag};
use super::{Body, Entry, Extent, Tree};
use minlen_core::varint;
use std::collections::HashMap;

struct Encoder<'a> {
    columns: [Vec<u8>; COLUMNS],
    last_path: &'a [u8],
    last_modes: [u32; 4],
    last_seconds: i64,
    cursors: Cursors,
    /// Files by hash: only looked up, so that its order cannot matter.
    seen: HashMap<[u8; 16], usize>,
}

impl Tree {
    /// The serialised form, deterministic. A tree that breaks a rule of the format gives bytes that no reader
    /// accepts: [`crate::StreamWriter::write_tree`] checks first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder {
            columns: Default::default(),
            last_path: &[],
            last_modes: FIRST_MODES,
            last_seconds: 0,
            cursors: Cursors::new(),
            seen: HashMap::new(),
        };
        for (i, entry) in self.entries.iter().enumerate() {
            encoder.entry(i, entry, &self.entries);
        }
        encoder.finish(self.entries.len())
    }
}

impl<'a> Encoder<'a> {
    fn entry(&mut self, i: usize, entry: &'a Entry, all: &[Entry]) {
        let copy_of = self.find_copy(i, &entry.body, all);
        let mut kind = match entry.body {
            Body::Dir => DIR,
            Body::File { .. } => FILE,
            Body::Symlink(_) => SYMLINK,
            Body::Hardlink(_) => HARDLINK,
        };
        if let Some((seconds, nanos)) = entry.mtime {
            kind |= TIMED;
            self.put(Column::Seconds, zigzag(seconds, self.last_seconds));
            self.put(Column::Nanos, u64::from(nanos));
            self.last_seconds = seconds;
        }
        if copy_of.is_some() {
            kind |= COPY;
        }
        self.columns[Column::Kinds as usize].push(kind);
        self.path(&entry.path);
        let last_mode = &mut self.last_modes[usize::from(kind & TYPE)];
        let change = std::mem::replace(last_mode, entry.mode) ^ entry.mode;
        self.put(Column::Modes, u64::from(change));
        match (&entry.body, copy_of) {
            (_, Some(original)) => self.put(Column::Refs, (i - original) as u64),
            (Body::Dir, _) => {}
            (Body::File { len, hash, extents }, _) => self.file(*len, hash, extents),
            (Body::Symlink(target), _) => {
                self.put(Column::LinkLens, target.len() as u64);
                self.columns[Column::Links as usize].extend_from_slice(target);
            }
            (Body::Hardlink(target), _) => {
                self.put(Column::Refs, (i as u64).wrapping_sub(u64::from(*target)));
            }
        }
    }

    fn path(&mut self, path: &'a [u8]) {
        let same = path.iter().zip(self.last_path).take_while(|(a, b)| a == b).count();
        self.put(Column::Prefixes, same as u64);
        self.put(Column::Suffixes, (path.len() - same) as u64);
        self.columns[Column::Names as usize].extend_from_slice(&path[same..]);
        self.last_path = path;
    }

    /// The earlier file that this one is byte for byte, stored in the same place.
    fn find_copy(&mut self, i: usize, body: &Body, all: &[Entry]) -> Option<usize> {
        match body {
            Body::File { len, hash, .. } if *len > 0 => {
                let first = *self.seen.entry(*hash).or_insert(i);
                (first != i && all[first].body == *body).then_some(first)
            }
            _ => None,
        }
    }

    fn file(&mut self, len: u64, hash: &[u8; 16], extents: &[Extent]) {
        self.put(Column::Lens, len);
        if len == 0 {
            return;
        }
        self.columns[Column::Hashes as usize].extend_from_slice(hash);
        let one = matches!(extents, [Extent::Data { len: only, .. }] if *only == len);
        self.put(Column::Shapes, if one { 0 } else { extents.len() as u64 });
        for extent in extents {
            if !one {
                self.put(
                    Column::Shapes,
                    extent.len() << 1 | u64::from(matches!(extent, Extent::Hole { .. })),
                );
            }
            if let Extent::Data { offset, len } = *extent {
                let code = self.cursors.code(offset);
                self.put(Column::Starts, code);
                if code == 0 {
                    self.put(Column::Offsets, offset);
                }
                self.cursors.moved(code, offset.wrapping_add(len));
            }
        }
    }

    fn put(&mut self, column: Column, value: u64) {
        varint::put(&mut self.columns[column as usize], value);
    }

    fn finish(self, count: usize) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put(&mut out, count as u64);
        for column in &self.columns {
            varint::put(&mut out, column.len() as u64);
        }
        out.extend(self.columns.concat());
        out
    }
}
