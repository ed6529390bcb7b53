//! SQLite databases: pages of one size.
//!
//! Source: the SQLite database file format, section 1.3 (the database header).
//!
//! The header states the page size at offset 16: a power of two from 512 to 65,536. The span has the shape `[pages, page size]` and
//! covers whole pages only.
//!
//! ```
//! use minlen_structure::{Parser, Reader, sqlite::Sqlite};
//! let mut file = vec![0; 3 * 1024 + 7];
//! file[..18].copy_from_slice(b"SQLite format 3\0\x04\0");
//! let (format, spans) = Sqlite.parse(&mut Reader::new(&&file[..]))?.expect("a database");
//! assert_eq!((format.name, &spans[0].shape[..], spans[0].len), ("sqlite", &[3, 1024][..], 3072));
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::formats;
use crate::parser::{Found, Parser};
use crate::reader::Reader;
use minlen_core::layout::{Span, SpanKind};
use minlen_core::{Kind, Result};

/// Pages of a SQLite 3 database.
pub struct Sqlite;

const MAGIC: &[u8] = b"SQLite format 3\0";

impl Parser for Sqlite {
    fn name(&self) -> &'static str {
        formats::SQLITE.name
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Pages
    }

    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        if !file.has(0, MAGIC)? {
            return Ok(None);
        }
        // 1 stands for 65,536, which does not fit.
        let size = match u64::from(u16::from_be_bytes(file.array(16)?)) {
            1 => 1 << 16,
            size => size,
        };
        if !size.is_power_of_two() || size < 512 {
            return Ok(None);
        }
        let pages = file.len() / size;
        let span = Span { shape: vec![pages, size], ..Span::bytes(SpanKind::Pages, "", 0, pages * size) };
        Ok(Some((formats::SQLITE, vec![span])))
    }

    fn is_head_enough(&self) -> bool {
        true
    }

    /// Codecs see pages in the bytes themselves.
    fn suits(&self, _kind: Kind, _level: u8, _len: usize) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pages_are_found() {
        let mut file = vec![0; 3 * 1024 + 7];
        file[..16].copy_from_slice(MAGIC);
        file[16..18].copy_from_slice(&1024u16.to_be_bytes());
        let parse = |file: &[u8]| Sqlite.parse(&mut Reader::new(&file)).unwrap();
        let (format, spans) = parse(&file).unwrap();
        assert_eq!((format, &spans[0].shape[..], spans[0].len), (formats::SQLITE, &[3, 1024][..], 3072));
        file[17] = 3;
        assert!(parse(&file).is_none() && parse(b"SQLite format 3").is_none());
    }
}
