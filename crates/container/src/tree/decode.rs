//! Bytes to tree. The bytes may come from anyone.

use super::cursors::Cursors;
use super::memory::{Charge, allocated};
use super::spec::{COLUMNS, COPY, Column, DIR, FILE, FIRST_MODES, SYMLINK, TIMED, TYPE, unzigzag};
use super::{Body, Entry, Extent, Tree, file_hash};
use crate::limits::{MAX_LINK, MAX_PATH, MODE_BITS};
use minlen_core::varint::Reader;
use minlen_core::{Budget, Error, Limits, Reservation, Result};

struct Decoder<'a> {
    columns: [Reader<'a>; COLUMNS],
    path: Vec<u8>,
    modes: [u32; 4],
    seconds: i64,
    cursors: Cursors,
    entries: Vec<Entry>,
    charge: Charge,
}

impl Tree {
    /// Reads the serialised form and checks every rule that does not need the content: paths, parents, links,
    /// extents, sums.
    ///
    /// # Errors
    /// Corrupt or truncated; limit for more than [`Limits::entries`] or a tree that would take more than
    /// [`Limits::memory`].
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self> {
        Ok(Self::decode_within(bytes, limits, &Budget::new(limits.memory))?.0)
    }

    /// The same with the memory of the tree taken from `budget` before it is allocated.
    ///
    /// # Errors
    /// As [`Tree::decode`]; limit where the budget does not do.
    pub fn decode_within(bytes: &[u8], limits: &Limits, budget: &Budget) -> Result<(Self, Reservation)> {
        let mut r = Reader::new(bytes);
        let count = r.varint()?;
        if count > limits.entries {
            return Err(Error::limit(format!("{count} entries, {} are allowed", limits.entries)));
        }
        let mut lens = [0; COLUMNS];
        for len in &mut lens {
            *len = usize::try_from(r.varint()?).map_err(|_| Error::truncated("a column of the tree"))?;
        }
        let mut columns = [const { None }; COLUMNS];
        for (column, len) in columns.iter_mut().zip(lens) {
            *column = Some(Reader::new(r.bytes(len)?));
        }
        if !r.is_empty() || lens[Column::Kinds as usize] as u64 != count {
            return Err(Error::corrupt("the tree's columns do not fit its entries"));
        }
        let mut charge = Charge::new(budget)?;
        charge.take(count.saturating_mul(size_of::<Entry>() as u64))?;
        let mut decoder = Decoder {
            columns: columns.map(|c| c.unwrap_or(Reader::new(&[]))),
            path: Vec::new(),
            modes: FIRST_MODES,
            seconds: 0,
            cursors: Cursors::new(),
            entries: Vec::with_capacity(count as usize),
            charge,
        };
        for _ in 0..count {
            decoder.entry()?;
        }
        if decoder.columns.iter().any(|c| !c.is_empty()) {
            return Err(Error::corrupt("the tree has bytes left over"));
        }
        let tree = Self { entries: decoder.entries };
        tree.check_within(limits, budget)?;
        Ok((tree, decoder.charge.into_held()))
    }
}

impl<'a> Decoder<'a> {
    fn entry(&mut self) -> Result<()> {
        let kind = self.column(Column::Kinds).u8()?;
        if kind & !(TYPE | TIMED | COPY) != 0 || (kind & COPY != 0 && kind & TYPE != FILE) {
            return Err(Error::corrupt(format!("an entry of kind {kind:#04x}")));
        }
        let mtime = if kind & TIMED != 0 { Some(self.time()?) } else { None };
        let path = self.path()?;
        let change = self.column(Column::Modes).varint_max(u64::from(MODE_BITS), "a change of mode")?;
        let mode = &mut self.modes[usize::from(kind & TYPE)];
        *mode ^= change as u32;
        let mode = *mode;
        let body = match kind & TYPE {
            DIR => Body::Dir,
            FILE if kind & COPY != 0 => self.copy()?,
            FILE => self.file()?,
            SYMLINK => self.symlink()?,
            _ => Body::Hardlink(self.back()?),
        };
        self.entries.push(Entry { path, mode, mtime, body });
        Ok(())
    }

    fn time(&mut self) -> Result<(i64, u32)> {
        self.seconds = unzigzag(self.column(Column::Seconds).varint()?, self.seconds);
        let nanos = self.column(Column::Nanos).varint_max(999_999_999, "nanoseconds")?;
        Ok((self.seconds, nanos as u32))
    }

    fn path(&mut self) -> Result<Vec<u8>> {
        let most = self.path.len() as u64;
        let same = self.column(Column::Prefixes).varint_max(most, "a shared path")?;
        let more = self.column(Column::Suffixes).varint_max(MAX_PATH as u64, "a path's length")?;
        self.charge.take(allocated((same + more) as usize))?;
        self.path.truncate(same as usize);
        let name = self.column(Column::Names).bytes(more as usize)?;
        self.path.extend_from_slice(name);
        Ok(self.path.clone())
    }

    fn file(&mut self) -> Result<Body> {
        let len = self.column(Column::Lens).varint()?;
        if len == 0 {
            return Ok(Body::File { len, hash: file_hash(&[]), extents: Vec::new() });
        }
        let hash = self.column(Column::Hashes).array()?;
        let count = self.column(Column::Shapes).varint()?;
        if count > self.column(Column::Shapes).rest().len() as u64 {
            return Err(Error::truncated("a column of the tree"));
        }
        let mut extents = self.room_for(count.max(1) as usize)?;
        if count == 0 {
            extents.push(self.data(len)?);
        }
        for _ in 0..count {
            let shape = self.column(Column::Shapes).varint()?;
            let len = shape >> 1;
            extents.push(if shape & 1 == 1 { Extent::Hole { len } } else { self.data(len)? });
        }
        if count == 1 && matches!(extents[..], [Extent::Data { .. }]) {
            return Err(Error::corrupt("extents that are not in their shortest form"));
        }
        Ok(Body::File { len, hash, extents })
    }

    fn data(&mut self, len: u64) -> Result<Extent> {
        let code = self.column(Column::Starts).varint()?;
        let offset = if code == 0 {
            let offset = self.column(Column::Offsets).varint()?;
            if self.cursors.code(offset) != 0 {
                return Err(Error::corrupt("an extent's start is not in its shortest form"));
            }
            offset
        } else {
            self.cursors.start(code).ok_or_else(|| Error::corrupt("a start without a cursor"))?
        };
        let end = offset.checked_add(len).ok_or_else(|| Error::corrupt("an extent beyond 64 bits"))?;
        self.cursors.moved(code, end);
        Ok(Extent::Data { offset, len })
    }

    fn symlink(&mut self) -> Result<Body> {
        let len = self.column(Column::LinkLens).varint_max(MAX_LINK as u64, "a link's length")?;
        self.charge.take(allocated(len as usize))?;
        Ok(Body::Symlink(self.column(Column::Links).bytes(len as usize)?.to_vec()))
    }

    fn copy(&mut self) -> Result<Body> {
        let original = self.back()? as usize;
        let mut copied = self.room_for(self.entries[original].extents().len())?;
        match &self.entries[original].body {
            Body::File { len: len @ 1.., hash, extents } => {
                copied.extend_from_slice(extents);
                Ok(Body::File { len: *len, hash: *hash, extents: copied })
            }
            _ => Err(Error::corrupt("a copy of something that is not a file with content")),
        }
    }

    /// An earlier entry.
    fn back(&mut self) -> Result<u32> {
        let distance = self.column(Column::Refs).varint()?;
        let here = self.entries.len() as u64;
        here.checked_sub(distance)
            .filter(|&at| at < here)
            .and_then(|at| u32::try_from(at).ok())
            .ok_or_else(|| Error::corrupt("a link to an entry that does not precede it"))
    }

    fn column(&mut self, column: Column) -> &mut Reader<'a> {
        &mut self.columns[column as usize]
    }

    /// Memory for exactly so many extents.
    fn room_for(&mut self, extents: usize) -> Result<Vec<Extent>> {
        self.charge.take(allocated(extents.saturating_mul(size_of::<Extent>())))?;
        Ok(Vec::with_capacity(extents))
    }
}
