//! The one trait behind every parser, and the table of them.

use crate::{Reader, Source};
use minlen_core::layout::{Element, Format, Layout, Span};
use minlen_core::{Kind, Result};
use std::sync::{Arc, LazyLock};

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

/// Parsers in groups: of each group, the first that finds something has the word. Cheap to clone.
#[derive(Clone)]
pub struct Parsers {
    groups: Arc<[Vec<Arc<dyn Parser>>]>,
}

impl Default for Parsers {
    /// All of this crate.
    fn default() -> Self {
        static ALL: LazyLock<Parsers> = LazyLock::new(|| Parsers {
            groups: [crate::arrays::parsers(), crate::samples(), crate::wholes()].into(),
        });
        ALL.clone()
    }
}

impl Parsers {
    /// Those of arrays only.
    #[must_use]
    pub fn arrays() -> Self {
        static ARRAYS: LazyLock<Parsers> =
            LazyLock::new(|| Parsers { groups: [crate::arrays::parsers()].into() });
        ARRAYS.clone()
    }

    /// The layout that a file of a known format declares, without what was found by its looks.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub fn declared(&self, source: &dyn Source) -> Result<Option<Layout>> {
        let mut reader = Reader::new(source);
        let found = first(self.declaring(), |parser| parser.parse_declared(&mut reader))?;
        let told = |(format, mut spans): Found| {
            spans.retain(|span| span.declared().element != Element::Unknown);
            (format, spans)
        };
        checked(found.map(told), source.len())
    }

    /// No parser.
    #[must_use]
    pub fn none() -> Self {
        Self { groups: Arc::from([]) }
    }

    /// The same with one more, which is asked before all others.
    #[must_use]
    pub fn with(&self, parser: Arc<dyn Parser>) -> Self {
        Self { groups: std::iter::once(vec![parser]).chain(self.groups.iter().cloned()).collect() }
    }

    /// All of them, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Parser>> {
        self.groups.iter().flatten()
    }

    fn declaring(&self) -> impl Iterator<Item = &Arc<dyn Parser>> {
        self.iter().filter(|parser| !parser.guesses())
    }

    /// The spans that a file itself names, in its own order: those that stand for the same bytes under each of their names.
    ///
    /// # Errors
    /// As [`Parser::parse`]; overlaps are not looked for.
    pub fn listing(&self, source: &dyn Source) -> Result<Option<Found>> {
        let mut reader = Reader::new(source);
        first(self.declaring(), |parser| parser.parse(&mut reader))
    }

    /// The layout of a file of a known format.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub fn layout(&self, source: &dyn Source) -> Result<Option<Layout>> {
        checked(self.listing(source)?, source.len())
    }

    /// The layout of a file that detection says is of this kind, to be followed into blocks. What is broken is coded as any other file.
    #[must_use]
    pub fn layout_of(&self, source: &dyn Source, kind: Kind) -> Option<Layout> {
        let mut reader = Reader::new(source);
        let parsers = self.declaring().filter(|parser| parser.declares(kind));
        checked(first(parsers, |parser| parser.parse(&mut reader)).ok()?, source.len()).ok()?
    }

    /// The same where only the first bytes of a file of `total` bytes (`u64::MAX` where unknown) are at hand.
    #[must_use]
    pub fn layout_of_head(&self, prefix: &[u8], total: u64, kind: Kind) -> Option<Layout> {
        let mut reader = Reader::head(&prefix, prefix.len() as u64, total);
        let parsers = self.declaring().filter(|parser| parser.is_head_enough() && parser.declares(kind));
        checked(first(parsers, |parser| parser.parse(&mut reader)).ok()?, total).ok()?
    }

    /// What a file of no known format looks like.
    ///
    /// # Errors
    /// Whatever reading gives.
    pub fn guess(&self, source: &dyn Source) -> Result<Option<Layout>> {
        let mut reader = Reader::new(source);
        checked(first(self.iter().filter(|p| p.guesses()), |parser| parser.parse(&mut reader))?, source.len())
    }

    /// All that can be said of a part of `kind` that is to be coded at `level`, and of which `known` is known: the spans of one kind are in
    /// order, those of different kinds are different readings. What is broken is no reading.
    #[must_use]
    pub fn readings(&self, data: &[u8], kind: Kind, level: u8, known: &[Span]) -> Vec<Span> {
        let mut reader = Reader::new(&data);
        let mut all = Vec::new();
        let len = data.len() as u64;
        for group in self.groups.iter() {
            let asked = group.iter().filter(|parser| parser.suits(kind, level, data.len()));
            // Of a file that is broken, or none of this format, the next one may know more.
            let mut found = asked.filter_map(|p| checked(p.parse(&mut reader).ok()?, len).ok()?);
            let spans = found.next().map(|layout| layout.spans).unwrap_or_default();
            all.extend(spans.into_iter().filter(|span| known.iter().all(|k| k.kind != span.kind)));
        }
        all
    }
}

impl std::fmt::Debug for Parsers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|parser| parser.name())).finish()
    }
}

fn first<'a>(
    parsers: impl Iterator<Item = &'a Arc<dyn Parser>>,
    mut parse: impl FnMut(&dyn Parser) -> Result<Option<Found>>,
) -> Result<Option<Found>> {
    for parser in parsers {
        if let Some(found) = parse(&**parser)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn checked(found: Option<Found>, len: u64) -> Result<Option<Layout>> {
    found.map(|(format, spans)| Layout::new(format, spans, len)).transpose()
}
