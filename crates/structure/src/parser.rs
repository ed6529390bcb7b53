//! The one trait behind every parser.

use crate::reader::Reader;
use minlen_core::layout::{Format, Span, SpanKind};
use minlen_core::{Kind, Result};

/// What a parser finds: the format, and its spans in the file's own order. Several may name the same bytes.
pub type Found = (Format, Vec<Span>);

/// Reads what files of one format are made of.
///
/// A parser reads just enough of a file to name spans with a type and a shape. What it does not name belongs to other codecs, so a
/// parser can never lose bytes; what it may not do is trust them: counts and offsets are checked against the file before use, and the
/// work is linear in the bytes of the header.
pub trait Parser: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// The kind of the spans that it finds.
    fn kind(&self) -> SpanKind {
        SpanKind::Array
    }

    /// What the file is and its spans; `None` if it is of another format.
    ///
    /// # Errors
    /// Corrupt, truncated or a limit where the file is of this format but broken: it is then to be treated as plain bytes.
    /// Whatever reading gives.
    fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>>;

    /// As [`Parser::parse`], without what was found by its looks.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    fn parse_declared(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
        self.parse(file)
    }

    /// True if a header at the front names everything, so that the first bytes are enough.
    fn is_head_enough(&self) -> bool {
        false
    }

    /// True if it goes by looks.
    fn guesses(&self) -> bool {
        false
    }

    /// True if `len` bytes of this kind, that are to be coded at this level, are worth a look.
    fn suits(&self, kind: Kind, level: u8, len: usize) -> bool;

    /// True if files of this kind are of a format that this parser reads, so that their spans are worth following into the blocks that they
    /// are cut into.
    fn declares(&self, kind: Kind) -> bool {
        let _ = kind;
        false
    }
}
