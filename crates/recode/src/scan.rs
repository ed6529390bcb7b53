//! Finds what is compressed already: the places where it may begin, and a look whether it does.

use crate::checksum::{adler32, crc32};
use crate::deflate::Found;
use crate::recipe::{Lines, Tail};
use crate::{jpeg, text};
use minlen_core::layout::Meaning;
use minlen_structure::pixels::Raster;

/// Shorter streams are left as they are.
const SHORTEST: usize = 24;
/// Text that stands for bytes is looked for at every so many bytes.
const GRID: usize = 256;
/// A run of such text begins no further before a place where it is noticed.
const FURTHEST: usize = 4096;

/// Something found.
pub(crate) enum What {
    Deflate {
        found: Found,
        tail: Tail,
        name: &'static str,
    },
    Idat {
        found: Found,
        head: [u8; 2],
        chunks: Vec<usize>,
        joined: Vec<u8>,
        shape: Option<Shape>,
    },
    Jpeg,
    Text(text::Found),
    /// A member of a ZIP that is not compressed.
    Stored,
}

/// The picture of a PNG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) depth: u8,
    pub(crate) channels: u8,
    pub(crate) interlaced: bool,
}

impl Shape {
    /// How the rows lie, filters and all; `None` for absurd sizes.
    pub(crate) fn raster(self) -> Option<Raster> {
        let stride = u32::try_from(self.stride()).ok()?;
        let raster =
            Raster { bits: self.depth, meaning: Meaning::Filtered, ..Raster::new(self.width, self.channels) };
        Some(Raster { stride, ..raster })
    }
}

/// Something found, and where.
pub(crate) struct Find {
    /// Where its wrapper begins.
    pub(crate) head: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: What,
}

/// Goes over data from front to back.
pub(crate) struct Scanner<'a> {
    data: &'a [u8],
    at: usize,
    /// Where the last find ended.
    from: usize,
    shape: Option<Shape>,
    /// Bytes looked at in vain: bounded, so that data full of false
    /// beginnings costs no more than a few passes over it.
    spent: usize,
    /// Plain text of streams may have so many bytes.
    pub(crate) limit: usize,
}

/// True for bytes that something found may begin with.
const BEGINS: [bool; 256] = {
    let mut table = [false; 256];
    let mut hi = 0;
    while hi < 8 {
        table[hi << 4 | 8] = true;
        hi += 1;
    }
    table[0x1f] = true;
    table[b'P' as usize] = true;
    table[b'I' as usize] = true;
    table[0xff] = true;
    table
};

impl<'a> Scanner<'a> {
    pub(crate) fn new(data: &'a [u8], limit: usize) -> Self {
        Self { data, at: 0, from: 0, shape: None, spent: 0, limit }
    }

    /// The next find after all before.
    pub(crate) fn next(&mut self) -> Option<Find> {
        let most = self.data.len().saturating_mul(4).saturating_add(64 << 20);
        while self.at < self.data.len() && self.spent < most {
            let (at, spent) = (self.at, self.spent);
            self.at += 1;
            let find = if BEGINS[usize::from(self.data[at])] { self.binary(at) } else { None };
            let find = find.or_else(|| if at.is_multiple_of(GRID) { self.text(at) } else { None });
            if let Some(find) = find {
                (self.at, self.from, self.spent) = (find.end, find.end, spent);
                return Some(find);
            }
        }
        None
    }

    fn binary(&mut self, at: usize) -> Option<Find> {
        let rest = &self.data[at..];
        match rest {
            [0x1f, 0x8b, 8, ..] => self.deflate(at, at + gzip_header(rest)?, "gzip"),
            [b'P', b'K', 3, 4, ..] => match zip_header(rest)? {
                (head, None) => self.deflate(at, at + head, "zip"),
                (head, Some(len)) => {
                    Some(Find { head: at, start: at + head, end: at + head + len, what: What::Stored })
                }
            },
            [b'I', b'H', b'D', b'R', ..] => {
                self.shape = shape(rest);
                None
            }
            [b'I', b'D', b'A', b'T', ..] => self.idat(at.checked_sub(4).filter(|&s| s >= self.from)?),
            [0xff, 0xd8, 0xff, ..] => {
                let end = at + jpeg::end(rest, &mut self.spent)?;
                Some(Find { head: at, start: at, end, what: What::Jpeg })
            }
            [cmf, flg, ..] if zlib(*cmf, *flg) => {
                let find = self.deflate(at, at + 2, "zlib")?;
                matches!(find.what, What::Deflate { tail: Tail::Adler, .. }).then_some(find)
            }
            _ => None,
        }
    }

    /// A deflate stream at `start`, whose wrapper begins at `head`, and the checksum behind it.
    fn deflate(&mut self, head: usize, start: usize, name: &'static str) -> Option<Find> {
        let rest = self.data.get(start..)?;
        let found = Found::at(rest, self.limit, &mut self.spent)?;
        if found.used() < SHORTEST {
            return None;
        }
        let (plain, after) = (found.plain(), &rest[found.used()..]);
        let crc = || [crc32(&[plain]).to_le_bytes(), (plain.len() as u32).to_le_bytes()].concat();
        let tail = if name == "zlib" && after.starts_with(&adler32(plain).to_be_bytes()) {
            Tail::Adler
        } else if name == "gzip" && after.starts_with(&crc()) {
            Tail::Crc
        } else {
            Tail::None
        };
        let end = start + found.used() + tail.len();
        Some(Find { head, start, end, what: What::Deflate { found, tail, name } })
    }

    /// The chunks with the picture of a PNG, the first of which starts at `start`.
    fn idat(&mut self, start: usize) -> Option<Find> {
        let (mut at, mut chunks, mut joined) = (start, Vec::new(), Vec::new());
        while let Some([l0, l1, l2, l3, b'I', b'D', b'A', b'T', body @ ..]) = self.data.get(at..) {
            let len = u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
            let Some(content) = body.get(..len).filter(|_| body.len() >= len + 4) else { break };
            joined.extend_from_slice(content);
            chunks.push(len);
            at += len + 12;
        }
        self.spent = self.spent.saturating_add(joined.len());
        let head = *joined.first_chunk::<2>().filter(|h| zlib(h[0], h[1]))?;
        let found = Found::at(&joined[2..], self.limit, &mut self.spent)?;
        let whole = joined.len() == found.used() + 6;
        (whole && joined.ends_with(&adler32(found.plain()).to_be_bytes())).then_some(Find {
            head: start,
            start,
            end: at,
            what: What::Idat { found, head, chunks, joined, shape: self.shape },
        })
    }

    /// Base64 or hexadecimal digits around `at`.
    fn text(&self, at: usize) -> Option<Find> {
        let window = self.data.get(at..at + 48)?;
        let member = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        if !window.iter().all(|b| member(b) || matches!(b, b'\n' | b'\r' | b'\\')) {
            return None;
        }
        // A run that began further back was looked at from an earlier place.
        let behind = &self.data[self.from.max(at.saturating_sub(FURTHEST))..at];
        let run = |bytes: &[u8]| bytes.iter().rev().take_while(|b| member(b)).count();
        let mut start = at - run(behind);
        if at - start == FURTHEST {
            return None;
        }
        // The letter of an escaped line end is none of the line.
        if self.data[self.from..start].ends_with(b"\\") && self.data[start] == b'n' {
            start += 1;
        }
        let first = start;
        let found = text::find(&self.data[start..])?;
        // Whole lines before this one.
        let Lines { width, .. } = found.lines;
        let step = width + found.lines.text().len();
        while width > 0 && start >= self.from + step {
            let line = &self.data[start - step..start];
            if !line.ends_with(found.lines.text()) || run(&line[..width]) < width {
                break;
            }
            start -= step;
        }
        let (start, found) = match text::find(&self.data[start..]) {
            Some(all) => (start, all),
            None => (first, found),
        };
        Some(Find { head: start, start, end: start + found.len, what: What::Text(found) })
    }
}

impl Tail {
    /// Bytes that it takes.
    pub(crate) fn len(self) -> usize {
        [0, 4, 8][self as usize]
    }

    /// Appends it for a text.
    pub(crate) fn put(self, plain: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Adler => out.extend(adler32(plain).to_be_bytes()),
            Self::Crc => {
                out.extend(crc32(&[plain]).to_le_bytes());
                out.extend((plain.len() as u32).to_le_bytes());
            }
        }
    }
}

/// True for the two bytes of a zlib header (RFC 1950) without a preset dictionary.
fn zlib(cmf: u8, flg: u8) -> bool {
    cmf & 15 == 8
        && cmf < 0x80
        && flg & 0x20 == 0
        && (u32::from(cmf) << 8 | u32::from(flg)).is_multiple_of(31)
}

/// The length of a gzip header (RFC 1952).
fn gzip_header(data: &[u8]) -> Option<usize> {
    let flags = *data.get(3)?;
    let mut at = 10;
    if flags & 0xe0 != 0 {
        return None;
    }
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            at += data.get(at..)?.iter().position(|&b| b == 0)? + 1;
        }
    }
    Some(at + if flags & 2 != 0 { 2 } else { 0 })
}

/// The length of a ZIP entry's local header, if its content is not encrypted; and that of the content, if it is not deflated, either.
fn zip_header(data: &[u8]) -> Option<(usize, Option<usize>)> {
    let header = data.get(..30)?;
    let field = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from(field(at)) | u32::from(field(at + 2)) << 16;
    let len = 30 + usize::from(field(26)) + usize::from(field(28));
    match (field(8), field(6) & 1) {
        (8, 0) => Some((len, None)),
        (0, 0) if long(18) == long(22) => {
            let size = usize::try_from(long(22)).ok().filter(|&size| size >= SHORTEST)?;
            let content = data.get(len..)?.get(..size)?;
            (crc32(&[content]) == long(14)).then_some((len, Some(size)))
        }
        _ => None,
    }
}

/// What the header of a PNG says; `data` starts at its name.
fn shape(data: &[u8]) -> Option<Shape> {
    let fields = data.get(4..17)?;
    let number = |at: usize| u32::from_be_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]]);
    let channels = match fields[9] {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return None,
    };
    Some(Shape {
        width: number(0),
        height: number(4),
        depth: fields[8],
        channels,
        interlaced: fields[12] != 0,
    })
}

impl Shape {
    /// Bytes of a row with its filter byte.
    pub(crate) fn stride(self) -> u64 {
        (u64::from(self.width) * u64::from(self.depth) * u64::from(self.channels)).div_ceil(8) + 1
    }
}
