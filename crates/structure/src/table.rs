//! The table of parsers.

use crate::parser::{Found, Parser};
use crate::reader::Reader;
use crate::source::Source;
use crate::{arrays, pixels, sound, sqlite, tar};
use minlen_core::layout::{Element, Layout, Span};
use minlen_core::{Kind, Result};
use std::sync::{Arc, LazyLock};

/// Parsers in groups: of each group, the first that finds something has the word. Cheap to clone.
///
/// The default table has three groups: arrays, samples (sound, then pixels), and files that are wholes by themselves (tar, SQLite).
/// Groups matter to [`Parsers::readings`], where different readings of the same bytes stand beside one another.
///
/// ```
/// use minlen_structure::Parsers;
/// let names: Vec<_> = Parsers::default().iter().map(|parser| parser.name()).collect();
/// assert_eq!(names.first(), Some(&"safetensors"));
/// assert!(["gguf", "wav", "tiff", "tar", "sqlite"].iter().all(|name| names.contains(name)));
/// assert_eq!(Parsers::none().iter().count(), 0);
/// ```
#[derive(Clone)]
pub struct Parsers {
    groups: Arc<[Vec<Arc<dyn Parser>>]>,
}

impl Default for Parsers {
    /// All of this crate.
    fn default() -> Self {
        static ALL: LazyLock<Parsers> =
            LazyLock::new(|| Parsers { groups: [arrays::parsers(), samples(), wholes()].into() });
        ALL.clone()
    }
}

impl Parsers {
    /// Those of arrays only.
    #[must_use]
    pub fn arrays() -> Self {
        static ARRAYS: LazyLock<Parsers> = LazyLock::new(|| Parsers { groups: [arrays::parsers()].into() });
        ARRAYS.clone()
    }

    /// The layout that a file of a known format declares, without what was found by its looks.
    ///
    /// This is what decides what may become inexact and what can be exported: a file's own word, and nothing else.
    ///
    /// ```
    /// use minlen_structure::Parsers;
    /// // Numbers that nobody declares have a layout by their looks, and declare nothing.
    /// let waves: Vec<u8> = (0..16_384).flat_map(|i| (i as f32 / 100.0).sin().to_le_bytes()).collect();
    /// assert!(Parsers::default().guess(&&waves[..])?.is_some());
    /// assert!(Parsers::default().declared(&&waves[..])?.is_none());
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub fn declared(&self, source: &dyn Source) -> Result<Option<Layout>> {
        let mut reader = Reader::new(source);
        let found = first(self.declaring(), |parser| parser.parse_declared(&mut reader))?;
        let declaring = |(format, mut spans): Found| {
            spans.retain(|span| span.declared().element != Element::Unknown);
            (format, spans)
        };
        checked(found.map(declaring), source.len())
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
    /// ```
    /// use minlen_structure::Parsers;
    /// // Two names for the same bytes, as tied weights have them: both are listed, and a layout keeps one.
    /// let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    /// let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
    /// let parsers = Parsers::default();
    /// assert_eq!(parsers.listing(&&file[..])?.map(|(_, spans)| spans.len()), Some(2));
    /// assert_eq!(parsers.layout(&&file[..])?.map(|layout| layout.spans.len()), Some(1));
    /// # Ok::<(), minlen_core::Error>(())
    /// ```
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
    ///
    /// ```
    /// use minlen_core::Kind;
    /// use minlen_structure::Parsers;
    /// let picture = [&b"P5 20 20 255\n"[..], &[128; 400]].concat();
    /// assert!(Parsers::default().layout_of(&&picture[..], Kind::ImageRaw).is_some());
    /// // What detection takes for text is not asked about.
    /// assert!(Parsers::default().layout_of(&&picture[..], Kind::Text).is_none());
    /// ```
    #[must_use]
    pub fn layout_of(&self, source: &dyn Source, kind: Kind) -> Option<Layout> {
        let mut reader = Reader::new(source);
        let parsers = self.declaring().filter(|parser| parser.declares(kind));
        checked(first(parsers, |parser| parser.parse(&mut reader)).ok()?, source.len()).ok()?
    }

    /// The same where only the first bytes of a file of `total` bytes (`u64::MAX` where unknown) are at hand.
    ///
    /// ```
    /// use minlen_core::Kind;
    /// use minlen_structure::Parsers;
    /// // A PGM picture of 100 by 100 pixels, of which 15 bytes have come so far.
    /// let head = b"P5 100 100 255\n";
    /// let layout = Parsers::default().layout_of_head(head, 15 + 10_000, Kind::ImageRaw).expect("pixels");
    /// assert_eq!((layout.spans[0].start, layout.spans[0].len), (15, 10_000));
    /// ```
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
    ///
    /// The planner asks this for each part, and hands what it gets to the codecs: each takes the kinds that it has models for.
    ///
    /// ```
    /// use minlen_core::Kind;
    /// use minlen_core::layout::SpanKind;
    /// use minlen_structure::Parsers;
    /// let picture = [&b"P5 100 100 255\n"[..], &[128; 10_000]].concat();
    /// let kinds = |level| {
    ///     let spans = Parsers::default().readings(&picture, Kind::ImageRaw, level, &[]);
    ///     spans.iter().map(|span| span.kind).collect::<Vec<_>>()
    /// };
    /// assert_eq!(kinds(6), [SpanKind::Pixels]);
    /// // The models of pixels are too slow for the levels below, so nobody looks.
    /// assert_eq!(kinds(5), []);
    /// ```
    #[must_use]
    pub fn readings(&self, data: &[u8], kind: Kind, level: u8, known: &[Span]) -> Vec<Span> {
        let mut reader = Reader::new(&data);
        let mut all = Vec::new();
        let len = data.len() as u64;
        for group in self.groups.iter() {
            let asked = group.iter().filter(|parser| known.iter().all(|span| span.kind != parser.kind()));
            let asked = asked.filter(|parser| parser.suits(kind, level, data.len()));
            // Of a file that is broken, or none of this format, the next one may know more.
            let mut found = asked.filter_map(|p| checked(p.parse(&mut reader).ok()?, len).ok()?);
            all.extend(found.next().map(|layout| layout.spans).unwrap_or_default());
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

/// The parsers of samples: sound before pixels.
fn samples() -> Vec<Arc<dyn Parser>> {
    [sound::parsers(), pixels::parsers()].concat()
}

/// The parsers of files that are whole by themselves.
fn wholes() -> Vec<Arc<dyn Parser>> {
    vec![Arc::new(tar::Tar), Arc::new(sqlite::Sqlite)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    /// What files of each format begin with.
    const HEADS: [&[u8]; 15] = [
        b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
        b"P5 30 20 255\n",
        b"P4\n# a comment\n64 64\n",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"\x08\0\x05\0\x0a\0\0\0",
        b"\0\0\x03\0\0\0\0\0\0\0\0\0\x20\0\x20\0\x08\0",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data",
        b"FORM\0\0\0\0AIFFCOMM\0\0\0\x12\0\x02\0\0\0\x10\0\x10",
        b"SQLite format 3\0\x04\0",
        b"\x93NUMPY\x01\0\x20\0{'descr': '<f4', ",
        b"GGUF\x03\0\0\0",
        b"\0\0\x08\x02\0\0\0\x03\0\0\0",
        b"PK\x03\x04",
        b"",
    ];

    /// Whatever follows a right beginning: an answer, and spans inside of the file, in order.
    #[test]
    fn any_bytes_are_answered() {
        let (mut rng, parsers) = (Rng(11), Parsers::default());
        let mut named = 0;
        for round in 0..6000 {
            let mut file = HEADS[round % HEADS.len()].to_vec();
            let len = rng.below(700);
            // Small numbers are sizes that fit more often.
            file.extend(
                (0..len).map(|_| if rng.below(3) > 0 { rng.below(4) as u8 } else { rng.next_u64() as u8 }),
            );
            let total = file.len() as u64;
            for parser in parsers.iter() {
                let found = parser.parse(&mut Reader::new(&&file[..])).ok().flatten();
                let layout = found.and_then(|(format, spans)| Layout::new(format, spans, total).ok());
                let mut end = 0;
                for span in layout.iter().flat_map(|layout| &layout.spans) {
                    assert!(
                        span.start >= end && span.len > 0 && span.unit() > 0 && span.row() > 0,
                        "{span:?}"
                    );
                    let part = span.part(span.len / 3, span.len / 2, 0);
                    assert!(part.is_none_or(|part| part.len <= span.len / 2));
                    (end, named) = (span.end(), named + 1);
                }
                assert!(end <= total, "{}", parser.name());
            }
            for kind in [Kind::Tensors, Kind::ImageRaw, Kind::AudioRaw] {
                let head = parsers.layout_of_head(&file, total * 3, kind);
                assert!(head.iter().flat_map(|layout| &layout.spans).all(|span| span.end() <= total * 3));
            }
        }
        assert!(named > 500, "only {named} spans were found");
    }
}
