//! Members of a tar archive, so that each can go where its kind belongs.
//!
//! Whatever the archive is (ustar, pax, GNU, old, sparse, cut off, several in a row, with other data around), it is seen as
//! blocks of headers and *members* between them: contents of files, and stretches that are no tar at all. Only members move; a
//! wrong guess costs size and never data.

mod build;
mod checksums;
mod groups;
mod rebuild;
mod recipe;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use recipe::Tar;

use minlen_structure::tar::{BLOCK, Header, header, sync};
use recipe::Size;

/// What a member is preceded by, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Blocks of headers (and fill) before it.
    pub(crate) gap: usize,
    pub(crate) start: usize,
    pub(crate) len: usize,
    /// How a reader learns its length.
    pub(crate) size: Size,
}

/// An archive seen as headers and members.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) places: Vec<Place>,
    /// What is unusual about it, for people.
    pub(crate) notes: Vec<&'static str>,
}

/// The members of a tar archive, in order; none if it is no such archive.
pub(crate) fn members(data: &[u8]) -> Archive {
    let first = data.get(..BLOCK).and_then(header);
    let Some(found) = first.map_or_else(|| sync(data, 0), |_| Some(0)) else { return Archive::default() };
    let mut walk = Walk { data, at: 0, gap: 0, archive: Archive::default() };
    if found > 0 {
        walk.foreign(found);
    }
    while walk.at < data.len() {
        walk.step();
    }
    walk.archive
}

/// Goes over an archive.
struct Walk<'a> {
    data: &'a [u8],
    at: usize,
    /// Blocks since the last member.
    gap: usize,
    archive: Archive,
}

impl Walk<'_> {
    fn step(&mut self) {
        let Some(block) = self.data.get(self.at..self.at + BLOCK) else {
            return self.foreign(self.data.len());
        };
        if let Some(header) = header(block) {
            self.entry(header);
        } else if block.iter().all(|&b| b == 0) {
            self.skip(BLOCK);
        } else {
            let end = sync(self.data, self.at + BLOCK).unwrap_or(self.data.len());
            self.foreign(end);
        }
    }

    /// Blocks that stay among the headers, as far as there are so many whole ones.
    fn skip(&mut self, len: usize) {
        let left = (self.data.len() - self.at) / BLOCK;
        let blocks = len.div_ceil(BLOCK).min(left);
        (self.at, self.gap) = (self.at + blocks * BLOCK, self.gap + blocks);
    }

    fn entry(&mut self, header: Header) {
        self.skip(BLOCK);
        match header.kind {
            b'0' | 0 | b'7' => {}
            b'S' => {
                self.note("sparse files");
                self.sparse();
            }
            b'L' | b'K' => return self.aside("long names", header.size),
            b'x' | b'g' => return self.aside("pax headers", header.size),
            b'1'..=b'6' => return,
            _ => return self.aside("entries of unknown types", header.size),
        }
        if header.size == 0 {
            return;
        }
        let left = self.data.len() - self.at;
        if header.size > left {
            self.note("cut off");
            return self.foreign(self.data.len());
        }
        let whole = header.size.next_multiple_of(BLOCK).min(left);
        let filled = self.data[self.at + header.size..self.at + whole].iter().all(|&b| b == 0);
        let named = filled && header.kind != b'S';
        let len = if filled { header.size } else { whole };
        self.member(len, if named { Size::Header } else { Size::Given(len) });
        self.at = (self.at + len).next_multiple_of(BLOCK).min(self.data.len());
    }

    /// What belongs to a header and stays with it.
    fn aside(&mut self, note: &'static str, len: usize) {
        self.note(note);
        self.skip(len);
    }

    /// More headers of a sparse file: each says whether another one follows.
    fn sparse(&mut self) {
        let mut flag = self.at - BLOCK + 482;
        while self.data.get(flag).is_some_and(|&b| b != 0) && self.at + BLOCK <= self.data.len() {
            flag = self.at + 504;
            self.skip(BLOCK);
        }
    }

    /// What lies before `end` is no tar.
    fn foreign(&mut self, end: usize) {
        if !self.archive.notes.contains(&"cut off") {
            self.note("other data around");
        }
        self.member(end - self.at, Size::Given(end - self.at));
        self.at = end;
    }

    fn member(&mut self, len: usize, size: Size) {
        self.archive.places.push(Place { gap: self.gap, start: self.at, len, size });
        self.gap = 0;
    }

    fn note(&mut self, note: &'static str) {
        if !self.archive.notes.contains(&note) {
            self.archive.notes.push(note);
        }
    }
}
