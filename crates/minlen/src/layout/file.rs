//! The spans of one file.

use minlen_core::layout::{BaseSpan, Declared, Dtype, Format, Layout, Span};
use minlen_core::{Advice, Error, Result};
use minlen_structure::{FileSource, Parsers};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

/// So much of a file tells what it is.
const HEAD: usize = 64 << 10;

/// The spans of a file, and what they are differences from. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FileLayout(Arc<[Span]>);

impl FileLayout {
    /// Those of a layout of which models know something, none of them with a base.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let known = layout.spans.iter().filter(|span| span.has_model());
        Self(known.cloned().collect())
    }

    /// One array that is all of a file of `len` bytes.
    ///
    /// ```
    /// use minlen::layout::{Dtype, FileLayout};
    /// let layout = FileLayout::whole(Dtype::F32, &[10, 10], 400)?;
    /// assert_eq!(layout.spans()[0].len, 400);
    /// assert!(FileLayout::whole(Dtype::F32, &[10, 10], 401).is_err());
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// Usage if it would be longer or shorter than that.
    pub fn whole(dtype: Dtype, shape: &[u64], len: u64) -> Result<Self> {
        if Declared::numbers(dtype, shape.to_vec()).len() != Some(len) {
            let sizes = shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
            return Err(Error::usage(format!(
                "{len} bytes are not {sizes} numbers of type {}",
                dtype.name()
            ))
            .advise(Advice::Shape));
        }
        let layout = Layout::new(Format::RAW, vec![Span::array("", dtype, shape.to_vec(), 0, len)], len)?;
        Ok(Self::new(&layout))
    }

    /// The spans of a file that can be sought, if it is of a format that declares some; what it says wrongly is not believed, and such a
    /// file coded as any other. The position is the start afterwards.
    ///
    /// ```
    /// use minlen::layout::{FileLayout, Parsers};
    /// use std::io::Cursor;
    /// let text = Cursor::new("nothing but text");
    /// assert!(FileLayout::of_file(text, &Parsers::default())?.is_none());
    /// # Ok::<(), minlen::Error>(())
    /// ```
    ///
    /// # Errors
    /// I/O.
    pub fn of_file<R: Read + Seek>(mut file: R, parsers: &Parsers) -> Result<Option<Self>> {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
        let len = file.seek(SeekFrom::End(0))?;
        let kind = crate::detect::detect(&head, len, &crate::detect::detectors()).kind;
        let layout = parsers.layout_of(&FileSource::new(&mut file)?, kind).map(|layout| Self::new(&layout));
        file.seek(SeekFrom::Start(0))?;
        Ok(layout.filter(|layout| !layout.is_empty()))
    }

    /// The same, where those that `base` has under the same name and with the same type are coded as differences from it if that is
    /// smaller; of spans that have more rows than there, as many rows as there. `file` is the BLAKE3 hash of the base's content.
    #[must_use]
    pub fn with_base(&self, base: &Layout, file: [u8; 32]) -> Self {
        // Without names, what stands at the same place is the same.
        let key = |span: &Span| {
            let place = if span.name.is_empty() { span.start } else { 0 };
            (span.kind, span.name.clone(), place)
        };
        let by_name: BTreeMap<_, &Span> = base.spans.iter().map(|span| (key(span), span)).collect();
        let all = self.0.iter().flat_map(|span| {
            let old = by_name.get(&key(span));
            match old.and_then(|old| split_at_base(span, old).map(|split| (old.start, split))) {
                Some((start, (first, rest))) => {
                    let first = Span { base: Some(BaseSpan { file, start }), ..first };
                    std::iter::once(first).chain(rest)
                }
                None => std::iter::once(span.clone()).chain(None),
            }
        });
        Self(all.collect())
    }

    /// True if there are no spans.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The spans, in order.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<[Span]> {
        Arc::clone(&self.0)
    }
}

/// The part of a span that `old` can be the base of, and what is left of it; `None` where the two do not fit together.
fn split_at_base(span: &Span, old: &Span) -> Option<(Span, Option<Span>)> {
    if span.dtype != old.dtype {
        return None;
    }
    let plain = Span { base: None, ..span.clone() };
    if span.len == old.len {
        return Some((plain, None));
    }
    let (rows, inner) = span.shape.split_first()?;
    let (old_rows, old_inner) = old.shape.split_first()?;
    let same = inner == old_inner && span.len / rows.max(&1) == old.len / old_rows.max(&1);
    if !same || *rows == 0 || *old_rows == 0 {
        return None;
    }
    if rows < old_rows {
        return Some((plain, None));
    }
    let part = |from: u64, len: u64, rows: u64| Span {
        start: span.start + from,
        len,
        shape: std::iter::once(rows).chain(inner.iter().copied()).collect(),
        base: None,
        ..span.clone()
    };
    let rest = part(old.len, span.len - old.len, rows - old_rows);
    Some((part(0, old.len, *old_rows), Some(rest)))
}
