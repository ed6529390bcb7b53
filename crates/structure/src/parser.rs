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
///
/// A parser of your own goes into the table by [`crate::Parsers::with`] and is asked before all others:
///
/// ```
/// use minlen_core::layout::{Dtype, Format, Span};
/// use minlen_core::{Kind, Result};
/// use minlen_structure::{Found, Parser, Parsers, Reader};
/// use std::sync::Arc;
///
/// /// "GRID", the width and the height in 16 bits each, then 32-bit floats.
/// struct Grid;
/// impl Parser for Grid {
///     fn name(&self) -> &'static str {
///         "grid"
///     }
///     fn parse(&self, file: &mut Reader<'_>) -> Result<Option<Found>> {
///         if !file.has(0, b"GRID")? {
///             return Ok(None);
///         }
///         let (width, height) = (u64::from(file.u16(4)?), u64::from(file.u16(6)?));
///         let span = Span::array("grid", Dtype::F32, vec![height, width], 8, width * height * 4);
///         Ok(Some((Format::declared("grid"), vec![span])))
///     }
///     fn suits(&self, kind: Kind, _level: u8, _len: usize) -> bool {
///         kind == Kind::Binary
///     }
/// }
///
/// let parsers = Parsers::default().with(Arc::new(Grid));
/// let file = [&b"GRID\x02\0\x03\0"[..], &[0; 24]].concat();
/// let layout = parsers.layout(&&file[..])?.expect("a grid");
/// assert_eq!((layout.format.name, &layout.spans[0].shape[..]), ("grid", &[3, 2][..]));
/// // Spans that leave the file are refused for all parsers alike.
/// assert!(parsers.layout(&&file[..20]).is_err());
/// # Ok::<(), minlen_core::Error>(())
/// ```
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
