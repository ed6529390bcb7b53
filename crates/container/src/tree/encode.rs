//! Tree to bytes, in form 2.

use super::cursors::Cursors;
use super::hash::hash_width;
use super::spec::{
    COLUMNS, COPY, Column, DIR, FILE, FINE, FIRST_MODES, FORM_2, HARDLINK, OWNED, SAME_TIME, SYMLINK,
    TAIL_COLUMNS, TIMED, TYPE, zigzag,
};
use super::{Body, Entry, Extent, Meta, Tree};
use minlen_core::varint;
use std::collections::HashMap;

struct Encoder<'a> {
    columns: [Vec<u8>; COLUMNS],
    last_path: &'a [u8],
    last_modes: [u32; 4],
    last_time: Option<(i64, u32)>,
    cursors: Cursors,
    /// Files by hash: only looked up, so that its order cannot matter.
    seen: HashMap<[u8; 16], usize>,
    /// Owners and attributes by number: the same.
    metas: HashMap<&'a Meta, u64>,
}

/// The bytes of a tree.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    /// So many bytes at the end are not worth coding.
    pub(crate) tail: usize,
}

impl Tree {
    /// The serialised form, deterministic. A tree that breaks a rule of the format gives bytes that no reader
    /// accepts: [`crate::StreamWriter::write_tree`] checks first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encoded().bytes
    }

    /// The same, with what is known of how well it can be coded.
    pub(crate) fn encoded(&self) -> Encoded {
        self.encoded_after(0)
    }

    /// The same where so many bytes of content come before those of the stream.
    pub(crate) fn encoded_after(&self, start: u64) -> Encoded {
        let mut encoder = Encoder {
            columns: Default::default(),
            last_path: &[],
            last_modes: FIRST_MODES,
            last_time: None,
            cursors: Cursors::new(start),
            seen: HashMap::new(),
            metas: HashMap::new(),
        };
        let described = self.entries.iter().any(|entry| entry.meta.is_some());
        for (i, entry) in self.entries.iter().enumerate() {
            encoder.entry(i, entry, &self.entries);
            if described {
                encoder.meta(entry.meta.as_deref());
            }
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
        kind |= self.time(entry.mtime);
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
                let links = &mut self.columns[Column::Links as usize];
                links.extend_from_slice(target);
                links.push(0);
            }
            (Body::Hardlink(target), _) => {
                self.put(Column::Refs, (i as u64).wrapping_sub(u64::from(*target)));
            }
        }
    }

    /// Puts a time down; gives the flags for it.
    fn time(&mut self, mtime: Option<(i64, u32)>) -> u8 {
        let Some((seconds, nanos)) = mtime else { return 0 };
        let (last_seconds, last_nanos) = match self.last_time.replace((seconds, nanos)) {
            last if last == mtime => return TIMED | SAME_TIME,
            last => last.unwrap_or_default(),
        };
        self.put(Column::Seconds, zigzag(seconds, last_seconds));
        if nanos == 0 {
            return TIMED;
        }
        let [lowest, low, high, top, ..] = zigzag(nanos.into(), last_nanos.into()).to_le_bytes();
        self.columns[Column::NanosLowest as usize].push(lowest);
        self.columns[Column::NanosLow as usize].push(low);
        self.columns[Column::NanosHigh as usize].push(high);
        self.columns[Column::NanosTop as usize].push(top);
        TIMED | FINE
    }

    fn path(&mut self, path: &'a [u8]) {
        let same = shared(path, self.last_path);
        let dropped = names(&self.last_path[same..]);
        self.put(Column::Names, dropped as u64);
        let rest = &path[same..];
        let rest = if same > 0 { rest.strip_prefix(b"/").unwrap_or(rest) } else { rest };
        let column = &mut self.columns[Column::Names as usize];
        column.extend_from_slice(rest);
        column.push(0);
        self.last_path = path;
    }

    /// The earlier file that this one is byte for byte, stored in the same place: that, and not the hash, makes it a copy.
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
        self.put(Column::Lens, len >> 8);
        self.columns[Column::LenLows as usize].push(len as u8);
        if len == 0 {
            return;
        }
        self.columns[Column::Hashes as usize].extend_from_slice(&hash[..hash_width(len)]);
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

    fn meta(&mut self, meta: Option<&'a Meta>) {
        let Some(meta) = meta else { return self.put(Column::Metas, 0) };
        let next = self.metas.len() as u64 + 1;
        let number = *self.metas.entry(meta).or_insert(next);
        self.put(Column::Metas, number);
        if number == next {
            self.define(meta);
        }
    }

    fn define(&mut self, meta: &Meta) {
        self.put(Column::Definitions, if meta.owner.is_some() { OWNED } else { 0 });
        if let Some(owner) = &meta.owner {
            self.put(Column::Definitions, owner.uid.into());
            self.put(Column::Definitions, owner.gid.into());
            self.bytes(&owner.user);
            self.bytes(&owner.group);
        }
        self.put(Column::Definitions, meta.xattrs.len() as u64);
        for xattr in &meta.xattrs {
            self.bytes(&xattr.name);
            self.bytes(&xattr.value);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.put(Column::Definitions, bytes.len() as u64);
        self.columns[Column::Definitions as usize].extend_from_slice(bytes);
    }

    fn put(&mut self, column: Column, value: u64) {
        varint::put(&mut self.columns[column as usize], value);
    }

    fn finish(self, count: usize) -> Encoded {
        let mut bytes = FORM_2.to_vec();
        varint::put(&mut bytes, count as u64);
        for column in &self.columns {
            varint::put(&mut bytes, column.len() as u64);
        }
        bytes.extend(self.columns.concat());
        let last = &self.columns[COLUMNS - TAIL_COLUMNS..];
        let tail = last.iter().rev().take_while(|column| is_noise(column)).map(Vec::len).sum();
        Encoded { bytes, tail }
    }
}

/// True for bytes that coding would hardly make smaller: all values are about equally frequent.
fn is_noise(column: &[u8]) -> bool {
    let mut counts = [0u64; 256];
    column.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let squares: u128 = counts.iter().map(|&n| u128::from(n) * u128::from(n)).sum();
    let len = column.len() as u128;
    // Random bytes give n + n (n - 1) / 256.
    squares <= len + len * len / 200
}

/// How many bytes of whole names two paths have in common.
fn shared(path: &[u8], last: &[u8]) -> usize {
    let same = path.iter().zip(last).take_while(|(a, b)| a == b).count();
    let ends = |path: &[u8]| path.get(same).is_none_or(|&byte| byte == b'/');
    if ends(path) && ends(last) {
        return same;
    }
    path[..same].iter().rposition(|&byte| byte == b'/').unwrap_or(0)
}

/// How many names there are behind what is shared.
fn names(rest: &[u8]) -> usize {
    let slashes = rest.iter().filter(|&&byte| byte == b'/').count();
    slashes + usize::from(rest.first().is_some_and(|&byte| byte != b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_share_whole_names() {
        for (path, last, same, dropped) in [
            ("a", "", 0, 0),
            ("a/b", "a", 1, 0),
            ("a/bc", "a/bd/e", 1, 2),
            ("a/b/c", "a/b", 3, 0),
            ("a", "a/b/c", 1, 2),
            ("ab", "a", 0, 1),
            ("a", "ab", 0, 1),
            ("ab/c", "ad/c", 0, 2),
        ] {
            let (path, last): (&[u8], &[u8]) = (path.as_bytes(), last.as_bytes());
            assert_eq!((shared(path, last), names(&last[shared(path, last)..])), (same, dropped), "{path:?}");
        }
    }

    #[test]
    fn noise_is_told_from_what_can_be_coded() {
        let mut random = minlen_core::testing::Rng(3);
        let noise: Vec<u8> = (0..2000).map(|_| random.next_u64() as u8).collect();
        assert!(is_noise(&noise) && is_noise(&noise[..20]) && is_noise(&[]));
        let half: Vec<u8> = noise.iter().enumerate().map(|(i, &b)| if i % 2 == 0 { b } else { 0 }).collect();
        assert!(!is_noise(&half) && !is_noise(&[0; 100]));
    }
}
