//! Bytes to tree. The bytes may come from anyone.

use super::cursors::Cursors;
use super::hash::hash_width;
use super::memory::{Charge, allocated};
use super::spec::{
    ALL_COLUMNS, COLUMNS, COPY, Column, DIR, FILE, FINE, FIRST_MODES, FORM_1, FORM_2, FORM_3, OWNED,
    SAME_TIME, SYMLINK, TIMED, TYPE, unzigzag,
};
use super::{Body, Entry, Extent, Meta, Owner, Tree, Xattr, file_hash};
use crate::limits::{MAX_LINK, MAX_OWNER_NAME, MAX_PATH, MAX_XATTR, MAX_XATTR_NAME, MAX_XATTRS, MODE_BITS};
use minlen_core::varint::Reader;
use minlen_core::{Budget, Error, Limits, Reservation, Result};
use std::sync::Arc;

/// The forms of a serialised tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    First,
    Second,
}

struct Decoder<'a> {
    form: Form,
    columns: [Reader<'a>; ALL_COLUMNS],
    path: Vec<u8>,
    modes: [u32; 4],
    time: Option<(i64, u32)>,
    cursors: Cursors,
    entries: Vec<Entry>,
    /// Owners and attributes that were defined.
    metas: Vec<Arc<Meta>>,
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
        let (form, r) = form(bytes)?;
        let layout = if form == Form::First { Layout::First } else { Layout::Second { start: 0 } };
        decode_entries(layout, r, limits, budget, Charge::new(budget)?)
    }
}

/// How the entries of a tree are serialised.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    First,
    /// In columns of form 2, in a stream whose content begins at `start`.
    Second {
        start: u64,
    },
}

/// Reads the entries, from their number on.
pub(super) fn decode_entries(
    layout: Layout,
    mut r: Reader<'_>,
    limits: &Limits,
    budget: &Budget,
    mut charge: Charge,
) -> Result<(Tree, Reservation)> {
    let (form, start) = match layout {
        Layout::First => (Form::First, 0),
        Layout::Second { start } => (Form::Second, start),
    };
    let count = r.varint()?;
    if count > limits.entries {
        return Err(Error::limit(format!("{count} entries, {} are allowed", limits.entries)));
    }
    let columns = columns(form, &mut r)?;
    if columns[Column::Kinds as usize].rest().len() as u64 != count {
        return Err(Error::corrupt("the tree's columns do not fit its entries"));
    }
    charge.take(count.saturating_mul(size_of::<Entry>() as u64))?;
    let mut decoder = Decoder {
        form,
        columns,
        path: Vec::new(),
        modes: FIRST_MODES,
        time: None,
        cursors: Cursors::new(start),
        entries: Vec::with_capacity(count as usize),
        metas: Vec::new(),
        charge,
    };
    let described = !decoder.column(Column::Metas).is_empty();
    for _ in 0..count {
        decoder.entry(described)?;
    }
    if decoder.columns.iter().any(|c| !c.is_empty()) || described && decoder.metas.is_empty() {
        return Err(Error::corrupt("the tree has bytes left over"));
    }
    let tree = Tree { entries: decoder.entries };
    tree.check_within(limits, budget)?;
    Ok((tree, decoder.charge.into_held()))
}

/// The form of a tree, and a reader of what follows.
fn form(bytes: &[u8]) -> Result<(Form, Reader<'_>)> {
    match bytes {
        [first, second, rest @ ..] if [*first, *second] == FORM_2 => Ok((Form::Second, Reader::new(rest))),
        [first, second, ..] if [*first, *second] == FORM_3 => {
            Err(Error::corrupt("a tree that amends others in a stream that does not"))
        }
        // Without entries, form 1 has no bytes in its columns either.
        [0, other, ..] if *other > FORM_3[1] => {
            Err(Error::unsupported(format!("a directory of form {other}")).remedy("get a newer minlen"))
        }
        _ => Ok((Form::First, Reader::new(bytes))),
    }
}

/// The columns, whose lengths come first.
fn columns<'a>(form: Form, r: &mut Reader<'a>) -> Result<[Reader<'a>; ALL_COLUMNS]> {
    let order = match form {
        Form::First => FORM_1.map(|column| column as usize).to_vec(),
        Form::Second => (0..COLUMNS).collect(),
    };
    let mut lens = [0; ALL_COLUMNS];
    for &column in &order {
        lens[column] = usize::try_from(r.varint()?).map_err(|_| Error::truncated("a column of the tree"))?;
    }
    let mut columns = [const { Reader::new(&[]) }; ALL_COLUMNS];
    for &column in &order {
        columns[column] = Reader::new(r.bytes(lens[column])?);
    }
    if !r.is_empty() {
        return Err(Error::corrupt("the tree's columns do not fit its entries"));
    }
    Ok(columns)
}

impl<'a> Decoder<'a> {
    fn entry(&mut self, described: bool) -> Result<()> {
        let kind = self.column(Column::Kinds).u8()?;
        let fine = if self.form == Form::Second { FINE | SAME_TIME } else { 0 };
        let times = kind & (TIMED | FINE | SAME_TIME);
        if kind & !(TYPE | TIMED | COPY | fine) != 0
            || (kind & COPY != 0 && kind & TYPE != FILE)
            || !matches!(times, 0 | TIMED) && !matches!(times ^ TIMED, FINE | SAME_TIME)
        {
            return Err(Error::corrupt(format!("an entry of kind {kind:#04x}")));
        }
        let mtime = if kind & TIMED != 0 { Some(self.time(kind)?) } else { None };
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
        let meta = if described { self.meta()? } else { None };
        self.entries.push(Entry { path, mode, mtime, body, meta });
        Ok(())
    }

    fn time(&mut self, kind: u8) -> Result<(i64, u32)> {
        if kind & SAME_TIME != 0 {
            return self.time.ok_or_else(|| Error::corrupt("a time like that before, and there is none"));
        }
        let (last_seconds, last_nanos) = self.time.unwrap_or_default();
        let seconds = unzigzag(self.column(Column::Seconds).varint()?, last_seconds);
        let nanos = match self.form {
            Form::First => self.column(Column::Nanos).varint_max(999_999_999, "nanoseconds")? as u32,
            Form::Second if kind & FINE == 0 => 0,
            Form::Second => self.fine(last_nanos)?,
        };
        let time = (seconds, nanos);
        if self.form == Form::Second && self.time == Some(time) {
            return Err(Error::corrupt("a time is not in its shortest form"));
        }
        self.time = Some(time);
        Ok(time)
    }

    /// Nanoseconds other than 0, from the four bytes of a difference.
    fn fine(&mut self, last: u32) -> Result<u32> {
        let mut code = [0; 8];
        let planes = [Column::NanosLowest, Column::NanosLow, Column::NanosHigh, Column::NanosTop];
        for (byte, column) in code.iter_mut().zip(planes) {
            *byte = self.column(column).u8()?;
        }
        let nanos = unzigzag(u64::from_le_bytes(code), last.into());
        let possible = u32::try_from(nanos).ok().filter(|nanos| (1..1_000_000_000).contains(nanos));
        possible.ok_or_else(|| Error::corrupt(format!("{nanos} nanoseconds")))
    }

    fn path(&mut self) -> Result<Vec<u8>> {
        match self.form {
            Form::First => {
                let most = self.path.len() as u64;
                let same = self.column(Column::Prefixes).varint_max(most, "a shared path")?;
                let more = self.column(Column::Suffixes).varint_max(MAX_PATH as u64, "a path's length")?;
                self.path.truncate(same as usize);
                let name = self.column(Column::Names).bytes(more as usize)?;
                self.path.extend_from_slice(name);
            }
            Form::Second => {
                let dropped = self.column(Column::Names).varint()?;
                for _ in 0..dropped {
                    if self.path.is_empty() {
                        return Err(Error::corrupt("a path without as many names as are dropped"));
                    }
                    self.path.truncate(self.path.iter().rposition(|&byte| byte == b'/').unwrap_or(0));
                }
                let rest = self.terminated(Column::Names, MAX_PATH, "a path")?;
                if !self.path.is_empty() && !rest.is_empty() {
                    self.path.push(b'/');
                }
                self.path.extend_from_slice(rest);
                if self.path.len() > MAX_PATH {
                    return Err(Error::corrupt(format!("a path of over {MAX_PATH} bytes")));
                }
            }
        }
        self.charge.take(allocated(self.path.len()))?;
        Ok(self.path.clone())
    }

    /// Bytes up to a NUL.
    fn terminated(&mut self, column: Column, most: usize, what: &str) -> Result<&'a [u8]> {
        let column = self.column(column);
        let rest = column.rest();
        let Some(end) = rest.iter().take(most + 1).position(|&byte| byte == 0) else {
            return Err(if rest.len() > most {
                Error::corrupt(format!("{what} of over {most} bytes"))
            } else {
                Error::truncated(format!("{what} without its end"))
            });
        };
        let bytes = column.bytes(end)?;
        column.u8()?;
        Ok(bytes)
    }

    /// The owner and attributes of an entry.
    fn meta(&mut self) -> Result<Option<Arc<Meta>>> {
        let known = self.metas.len() as u64;
        let number = self.column(Column::Metas).varint_max(known + 1, "the number of an owner")?;
        if number > known {
            let meta = self.definition()?;
            self.charge.take(meta.own_memory() + 2 * size_of::<Arc<Meta>>() as u64)?;
            self.metas.push(Arc::new(meta));
        }
        Ok(number.checked_sub(1).and_then(|at| self.metas.get(at as usize).cloned()))
    }

    fn definition(&mut self) -> Result<Meta> {
        let flags = self.column(Column::Definitions).varint_max(OWNED, "the flags of an owner")?;
        let owner = if flags & OWNED != 0 { Some(self.owner()?) } else { None };
        let count =
            self.column(Column::Definitions).varint_max(MAX_XATTRS as u64, "a number of attributes")?;
        if count > self.column(Column::Definitions).rest().len() as u64 {
            return Err(Error::truncated("a column of the tree"));
        }
        self.charge.take(allocated(count as usize * size_of::<Xattr>()))?;
        let mut xattrs = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let name = self.defined(MAX_XATTR_NAME, "an attribute's name")?;
            xattrs.push(Xattr { name, value: self.defined(MAX_XATTR, "an attribute's value")? });
        }
        Ok(Meta { owner, xattrs })
    }

    fn owner(&mut self) -> Result<Owner> {
        let most = u64::from(u32::MAX - 1);
        let uid = self.column(Column::Definitions).varint_max(most, "a user's number")? as u32;
        let gid = self.column(Column::Definitions).varint_max(most, "a group's number")? as u32;
        let user = self.defined(MAX_OWNER_NAME, "a user's name")?;
        Ok(Owner { uid, gid, user, group: self.defined(MAX_OWNER_NAME, "a group's name")? })
    }

    /// A string of a definition.
    fn defined(&mut self, most: usize, what: &str) -> Result<Vec<u8>> {
        let column = self.column(Column::Definitions);
        let len = column.varint_max(most as u64, &format!("the length of {what}"))?;
        let bytes = column.bytes(len as usize)?;
        self.charge.take(allocated(bytes.len()))?;
        Ok(bytes.to_vec())
    }

    fn file(&mut self) -> Result<Body> {
        let len = self.len()?;
        if len == 0 {
            return Ok(Body::File { len, hash: file_hash(&[]), extents: Vec::new() });
        }
        let width = if self.form == Form::Second { hash_width(len) } else { 16 };
        let mut hash = [0; 16];
        hash[..width].copy_from_slice(self.column(Column::Hashes).bytes(width)?);
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

    /// The length of a file.
    fn len(&mut self) -> Result<u64> {
        let high = self.column(Column::Lens).varint()?;
        if self.form == Form::First {
            return Ok(high);
        }
        let low = self.column(Column::LenLows).u8()?;
        let high = high.checked_mul(256).ok_or_else(|| Error::corrupt("a file of over 2^64 bytes"))?;
        Ok(high | u64::from(low))
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
        let target = match self.form {
            Form::First => {
                let len = self.column(Column::LinkLens).varint_max(MAX_LINK as u64, "a link's length")?;
                self.column(Column::Links).bytes(len as usize)?
            }
            Form::Second => self.terminated(Column::Links, MAX_LINK, "a link's target")?,
        };
        self.charge.take(allocated(target.len()))?;
        Ok(Body::Symlink(target.to_vec()))
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
