//! HDF5: contiguous arrays with their shapes where groups are held in the old way or as compact links; else found by probing.
//!
//! Source: HDF5 file format specification version 3.0: sections II (superblock), III.A (B-trees), III.C (symbol tables), III.D
//! (local heaps) and IV (object headers and their messages). Chunked arrays are left to other codecs: they are mostly compressed.

use super::common::{MAX_RANK, MAX_TENSORS, fitted, push, text};
use super::probe;
use crate::reader::Reader;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{Error, Result};
use std::collections::BTreeSet;

/// Headers, nodes and messages that are looked at.
const MAX_STEPS: usize = 4 * MAX_TENSORS;
/// Bytes of a path that are kept.
const MAX_PATH: usize = 512;
/// Bytes of paths for each byte of the file: tables may name the same entries over and over.
const MAX_NAMED: u64 = 4;
const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Where the file may begin: at the start, or after a user block of 512 bytes or a power of two more.
const BASES: [u64; 5] = [0, 512, 1024, 2048, 4096];

/// The arrays that the file names, and none that are found by their looks; `None` if it is not of this format.
pub fn named(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    for base in BASES {
        if reader.has(base, MAGIC)? {
            return walk(reader, base).map(Some);
        }
    }
    Ok(None)
}

/// The arrays of the file, or `None` if it is not of this format.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    for base in BASES {
        if reader.has(base, MAGIC)? {
            // The tables come in many versions: what is not understood or damaged is probed.
            let named = walk(reader, base).unwrap_or_default();
            // Lengths are as the file states them, whatever they are.
            let covered = named.iter().fold(0u64, |all, tensor| all.saturating_add(tensor.len));
            if covered > reader.len() / 2 {
                return Ok(Some(named));
            }
            let probed = probe::regions(reader.source())?;
            let more = probed.iter().map(|tensor| tensor.len).sum::<u64>() > covered;
            return Ok(Some(if more { probed } else { named }).filter(|tensors| !tensors.is_empty()));
        }
    }
    Ok(None)
}

/// What an object header says.
#[derive(Default)]
struct Object {
    shape: Option<Vec<u64>>,
    dtype: Option<(Dtype, Declared)>,
    data: Option<(u64, u64)>,
    links: Vec<(String, u64)>,
    table: Option<(u64, u64)>,
}

struct Walk<'a, 'b> {
    reader: &'a mut Reader<'b>,
    base: u64,
    steps: usize,
    /// Bytes of all names and paths so far.
    named: u64,
}

/// The arrays that the tables name.
pub(super) fn walk(reader: &mut Reader<'_>, base: u64) -> Result<Vec<Span>> {
    let [version, .., first, second] = reader.array::<7>(base + 8)?;
    let [new_first, new_second] = reader.array(base + 9)?;
    let (sizes, root) = match version {
        0 => ([first, second], base + 64),
        1 => ([first, second], base + 68),
        2 | 3 => ([new_first, new_second], base + 36),
        _ => return Err(Error::unsupported("HDF5 superblock of an unknown version")),
    };
    if sizes != [8, 8] {
        return Err(Error::unsupported("HDF5 file with offsets of other than 8 bytes"));
    }
    let root = reader.u64(root)?;
    let mut walk = Walk { reader, base, steps: 0, named: 0 };
    let (mut tensors, mut seen) = (Vec::new(), BTreeSet::new());
    let mut open = vec![(String::new(), root)];
    while let Some((path, at)) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let object = walk.object(at)?;
        let mut links = object.links;
        if let Some((tree, heap)) = object.table {
            let names = walk.place(heap, 24).and_then(|at| walk.reader.u64(at))?;
            walk.tree(tree, names, &mut links, 0)?;
        }
        for (name, at) in links.into_iter().rev() {
            let whole = if path.is_empty() { name } else { format!("{path}/{name}") };
            let path = text(&whole.as_bytes()[..whole.len().min(MAX_PATH)]);
            walk.name(&path, at)?;
            open.push((path, at));
        }
        if let (Some(shape), Some((dtype, mut declared)), Some((at, len))) =
            (object.shape, object.dtype, object.data)
        {
            declared.shape.clone_from(&shape);
            // Elements of no type of ours are rows of bytes.
            let size = declared.unit.1;
            let shape = if dtype == Dtype::Bytes && size > 1 { vec![len / size, size] } else { shape };
            push(&mut tensors, fitted(path, dtype, shape, walk.place(at, 0)?, len).declaring(declared))?;
        }
    }
    Ok(tensors)
}

impl Walk<'_, '_> {
    fn place(&self, address: u64, plus: u64) -> Result<u64> {
        let at = self.base.checked_add(address).and_then(|at| at.checked_add(plus));
        at.filter(|at| *at <= self.reader.len()).ok_or_else(|| Error::corrupt("HDF5 address beyond the file"))
    }

    fn step(&mut self, at: u64) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(Error::limit("HDF5 file of too many objects").at(at));
        }
        Ok(())
    }

    /// Counts a name, so that all of them together are not much longer than the file.
    fn name(&mut self, name: &str, at: u64) -> Result<()> {
        self.named += name.len() as u64 + size_of::<(String, u64)>() as u64;
        if self.named > self.reader.len().saturating_mul(MAX_NAMED) {
            return Err(Error::limit("HDF5 file of too many names").at(at));
        }
        Ok(())
    }

    /// Reads an object header of either version.
    fn object(&mut self, address: u64) -> Result<Object> {
        let at = self.place(address, 0)?;
        let mut object = Object::default();
        // Blocks of messages: the first one, then its continuations.
        let mut blocks = Vec::new();
        let new = self.reader.has(at, b"OHDR")?;
        let mut order = 0;
        if new {
            let [_, flags] = self.reader.array(at + 4)?;
            let times = if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
            order = u64::from(flags & 4) / 2;
            let width = 1u64 << (flags & 3);
            let size = self.number(at + 6 + times, width)?;
            blocks.push((at + 6 + times + width, size));
        } else {
            blocks.push((at + 16, u64::from(self.reader.u32(at + 8)?)));
        }
        let mut next = 0;
        while let Some(&(start, len)) = blocks.get(next) {
            next += 1;
            let head = if new { 4 + order } else { 8 };
            let (mut at, end) = (start, start.saturating_add(len).min(self.reader.len()));
            while at + head <= end {
                self.step(at)?;
                let (kind, size) = match new {
                    true => (u16::from(self.reader.array::<1>(at)?[0]), self.reader.u16(at + 1)?),
                    false => (self.reader.u16(at)?, self.reader.u16(at + 2)?),
                };
                let data = at + head;
                if kind == 0x10 {
                    let (to, len) = (self.reader.u64(data)?, self.reader.u64(data + 8)?);
                    let to = self.place(to, if new { 4 } else { 0 })?;
                    blocks.push((to, len.saturating_sub(if new { 8 } else { 0 })));
                } else {
                    self.message(kind, data, &mut object)?;
                }
                at = data + u64::from(size);
            }
        }
        Ok(object)
    }

    fn number(&mut self, at: u64, width: u64) -> Result<u64> {
        let bytes = self.reader.bytes(at, width as usize)?;
        Ok(bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }

    fn message(&mut self, kind: u16, at: u64, object: &mut Object) -> Result<()> {
        match kind {
            0x01 => object.shape = self.dataspace(at)?,
            0x03 => object.dtype = Some(self.datatype(at)?),
            0x06 => object.links.extend(self.link(at)?),
            // Version 3 or 4, contiguous, and with space set aside.
            0x08 if matches!(self.reader.array(at)?, [3 | 4, 1]) => {
                let span = (self.reader.u64(at + 2)?, self.reader.u64(at + 10)?);
                object.data = (span.0 != u64::MAX && span.1 > 0).then_some(span);
            }
            0x11 => object.table = Some((self.reader.u64(at)?, self.reader.u64(at + 8)?)),
            _ => {}
        }
        Ok(())
    }

    fn dataspace(&mut self, at: u64) -> Result<Option<Vec<u64>>> {
        let [version, rank] = self.reader.array(at)?;
        if usize::from(rank) > MAX_RANK {
            return Ok(None);
        }
        let from = at + if version == 1 { 8 } else { 4 };
        (0..u64::from(rank)).map(|i| self.reader.u64(from + 8 * i)).collect::<Result<_>>().map(Some)
    }

    /// The type of an element, as coding sees it and as it is.
    fn datatype(&mut self, at: u64) -> Result<(Dtype, Declared)> {
        let [class, bits, more, _] = self.reader.array::<4>(at)?;
        let size = u64::from(self.reader.u32(at + 4)?);
        let (class, big, signed) = (class & 15, bits & 1 != 0 && size > 1, bits & 8 != 0);
        let number = match (class, size, signed) {
            (0, 1, true) => Dtype::I8,
            (0, 1, false) => Dtype::U8,
            (0, 2, true) => Dtype::I16,
            (0, 2, false) => Dtype::U16,
            (0, 4, true) => Dtype::I32,
            (0, 4, false) => Dtype::U32,
            (0, 8, true) => Dtype::I64,
            (0, 8, false) => Dtype::U64,
            // The size of the exponent tells the two kinds apart.
            (1, 2, _) if self.reader.array::<1>(at + 13)? == [8] => Dtype::Bf16,
            (1, 2, _) => Dtype::F16,
            (1, 4, _) => Dtype::F32,
            (1, 8, _) => Dtype::F64,
            _ => Dtype::Bytes,
        };
        let usual = match class {
            _ if number == Dtype::Bytes => false,
            // All bits from the first on: offset and precision.
            0 => self.reader.array::<4>(at + 8)? == packed(0, size * 8),
            _ => self.is_ieee(at, number, [bits, more])?,
        };
        let element =
            if usual { Element::Number(number) } else { Element::Foreign(class_name(class).into()) };
        let declared = Declared::new(element, Vec::new(), (1, size)).big_endian(big);
        Ok((if big { Dtype::Bytes } else { number }, declared))
    }

    /// True for floats whose sign, exponent and mantissa are where IEEE 754 has them, with its bias and a hidden first bit.
    fn is_ieee(&mut self, at: u64, dtype: Dtype, bits: [u8; 2]) -> Result<bool> {
        let size = dtype.unit() as u64 * 8;
        let (exponent, mantissa) = match dtype {
            Dtype::F64 => (11, 52),
            Dtype::F32 => (8, 23),
            Dtype::Bf16 => (8, 7),
            _ => (5, 10),
        };
        // A hidden bit; not the byte order of the VAX; the sign comes first.
        let class = bits[0] >> 4 & 3 == 2 && bits[0] & 0x40 == 0 && u64::from(bits[1]) == size - 1;
        let places = [mantissa, exponent, 0, mantissa];
        let bias = (1u32 << (exponent - 1)) - 1;
        Ok(class
            && self.reader.array::<4>(at + 8)? == packed(0, size)
            && self.reader.array::<4>(at + 12)? == places
            && self.reader.u32(at + 16)? == bias)
    }

    /// A hard link: its name and where it leads.
    fn link(&mut self, at: u64) -> Result<Option<(String, u64)>> {
        let [_, flags] = self.reader.array(at)?;
        let mut from = at + 2;
        if flags & 8 != 0 {
            if self.reader.array::<1>(from)? != [0] {
                return Ok(None);
            }
            from += 1;
        }
        from += if flags & 4 != 0 { 8 } else { 0 } + if flags & 16 != 0 { 1 } else { 0 };
        let width = 1 << (flags & 3);
        let len = self.number(from, width)?.min(MAX_PATH as u64);
        let name = text(self.reader.bytes(from + width, len as usize)?);
        self.name(&name, at)?;
        Ok(Some((name, self.reader.u64(from + width + len)?)))
    }

    /// The entries of a group: a B-tree of symbol tables.
    fn tree(&mut self, address: u64, names: u64, links: &mut Vec<(String, u64)>, depth: u32) -> Result<()> {
        let at = self.place(address, 0)?;
        self.step(at)?;
        if self.reader.has(at, b"SNOD")? {
            let count = self.reader.u16(at + 6)?;
            for i in 0..u64::from(count) {
                self.step(at)?;
                let entry = at + 8 + 40 * i;
                let (offset, to) = (self.reader.u64(entry)?, self.reader.u64(entry + 8)?);
                let from = self.place(names, offset)?;
                let room = self.reader.len().saturating_sub(from).min(MAX_PATH as u64);
                let bytes = self.reader.bytes(from, room as usize)?;
                let name = text(bytes.split(|byte| *byte == 0).next().unwrap_or_default());
                self.name(&name, at)?;
                links.push((name, to));
            }
            return Ok(());
        }
        if depth > 8 || !self.reader.has(at, b"TREE")? {
            return Err(Error::corrupt("no node of an HDF5 group").at(at));
        }
        let count = self.reader.u16(at + 6)?;
        for i in 0..u64::from(count) {
            // Behind 24 bytes of header keys and children alternate.
            let child = self.reader.u64(at + 24 + 8 + 16 * i)?;
            self.tree(child, names, links, depth + 1)?;
        }
        Ok(())
    }
}

/// Bit offset and precision, as a datatype message holds them.
fn packed(offset: u16, precision: u64) -> [u8; 4] {
    let ([a, b], [c, d]) = (offset.to_le_bytes(), (precision as u16).to_le_bytes());
    [a, b, c, d]
}

/// The name of a class of types.
fn class_name(class: u8) -> &'static str {
    match class {
        0 => "integer of odd layout",
        1 => "float of odd layout",
        2 => "time",
        3 => "string",
        4 => "bit field",
        5 => "opaque",
        6 => "compound",
        7 => "reference",
        8 => "enum",
        9 => "variable length",
        10 => "array type",
        _ => "unknown class",
    }
}
