//! A stretch of data and what is known of it.

use super::declared::{Declared, Element};
use super::dtype::Dtype;
use super::origin::Origin;
use crate::codec_id::CodecId;
use crate::error::{Error, Result};
use std::sync::Arc;

/// What a span is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SpanKind {
    /// Numbers in rows and columns. The dimensions are its own.
    #[default]
    Array,
    /// Rows of pixels: pictures (where there are several), rows, pixels, samples.
    Pixels,
    /// Sound: frames, channels.
    Sound,
    /// A file within the file.
    Member,
    /// Pages of one size: pages, bytes.
    Pages,
    /// Something that only a parser and a codec of the caller's know, under this name.
    Other(&'static str),
}

impl SpanKind {
    /// True for numbers of one type in rows and columns, whatever they stand for.
    #[must_use]
    pub const fn has_samples(self) -> bool {
        matches!(self, Self::Array | Self::Pixels | Self::Sound)
    }

    /// The name that listings show.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Pixels => "pixels",
            Self::Sound => "sound",
            Self::Member => "member",
            Self::Pages => "pages",
            Self::Other(name) => name,
        }
    }
}

/// What the numbers of a span stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Meaning {
    /// Themselves: neighbours are alike, and one that is a little off is nearly as good.
    #[default]
    Values,
    /// Entries of a table, as colours of a palette.
    Indices,
    /// Bytes of rows after a filter of PNG, whose number stands before each row.
    Filtered,
}

/// A span of the same type and length in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseSpan {
    /// The BLAKE3 hash of that file's content.
    pub file: [u8; 32],
    /// Offset of the span's first byte there.
    pub start: u64,
}

/// A short description of a span's bytes, made together with them: see [`crate::nearby`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The codec that can use it.
    pub codec: CodecId,
    /// What it decodes to exactly these bytes from, in a form that only the codec knows.
    pub payload: Arc<[u8]>,
}

/// A stretch of data, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: SpanKind,
    /// Its name; empty where there is none.
    pub name: String,
    /// The type of its elements, as models see it.
    pub dtype: Dtype,
    /// Outermost dimension first, in elements; empty for a single number. What is left of a span that was cut in the middle of a row may
    /// hold fewer.
    pub shape: Vec<u64>,
    /// Bytes from one row to the next where that is more than its elements take; 0 where one row follows the other.
    pub stride: u64,
    /// Offset of its first byte.
    pub start: u64,
    /// Bytes.
    pub len: u64,
    /// What its numbers stand for.
    pub meaning: Meaning,
    /// What the word of whoever named it is worth.
    pub origin: Origin,
    /// What the file says of it beyond that: see [`Span::declared`].
    pub declaration: Option<Box<Declared>>,
    /// What it may be coded as a difference from.
    pub base: Option<BaseSpan>,
    /// What decodes to these very bytes, where they were made together.
    pub description: Option<Description>,
}

impl Span {
    /// An array of which the file says this and no more.
    #[must_use]
    pub fn array(name: impl Into<String>, dtype: Dtype, shape: Vec<u64>, start: u64, len: u64) -> Self {
        Self { name: name.into(), dtype, shape, start, len, ..Self::default() }
    }

    /// Bytes of some kind.
    #[must_use]
    pub fn bytes(kind: SpanKind, name: impl Into<String>, start: u64, len: u64) -> Self {
        Self { kind, name: name.into(), shape: vec![len], start, len, ..Self::default() }
    }

    /// The first byte behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }

    /// Units (see [`Dtype::unit`]) in a row: the innermost dimension, or for kernels of a convolution everything but the
    /// outermost one (if that has one entry only, as depthwise kernels of TFLite have, it is the innermost again). At least 1.
    #[must_use]
    pub fn columns(&self) -> u64 {
        let weights = match self.shape.as_slice() {
            [] => 1,
            [one] => *one,
            [1, .., last] if *last >= 8 => *last,
            [_, rest @ ..] if self.shape.len() > 2 => rest.iter().fold(1u64, |a, b| a.saturating_mul(*b)),
            [_, columns, ..] => *columns,
        };
        (weights / self.dtype.weights() as u64).max(1)
    }

    /// Bytes that are best not torn apart: an element, a block of packed ones, or a row that is longer than its elements.
    #[must_use]
    pub fn unit(&self) -> u64 {
        if self.stride > 0 { self.stride } else { self.cell().1 }
    }

    /// Elements in the smallest unit of storage, and bytes of it.
    fn cell(&self) -> (u64, u64) {
        match (self.dtype, &self.declaration) {
            (Dtype::Bytes, Some(declaration)) => (declaration.unit.0.max(1), declaration.unit.1.max(1)),
            (dtype, _) => (dtype.weights() as u64, dtype.unit() as u64),
        }
    }

    /// Bytes of a row.
    #[must_use]
    pub fn row(&self) -> u64 {
        match self.stride {
            0 => (self.dtype.unit() as u64).saturating_mul(self.columns()).max(1),
            stride => stride,
        }
    }

    /// True unless it is an array of bytes of which nothing more is known.
    #[must_use]
    pub fn has_model(&self) -> bool {
        self.kind != SpanKind::Array || self.dtype != Dtype::Bytes
    }

    /// Its place `at` bytes further on.
    #[must_use]
    pub fn moved(mut self, at: u64) -> Self {
        self.start = self.start.saturating_add(at);
        self
    }

    /// True of everything but arrays whose length is not that of their shape.
    pub(super) fn is_as_long_as_its_shape(&self) -> bool {
        let weights = self.shape.iter().try_fold(1u64, |a, b| a.checked_mul(*b));
        let bytes =
            weights.and_then(|n| (n / self.dtype.weights() as u64).checked_mul(self.dtype.unit() as u64));
        self.kind != SpanKind::Array || bytes == Some(self.len)
    }

    /// What the file says of it.
    #[must_use]
    pub fn declared(&self) -> Declared {
        self.declaration.as_ref().map_or_else(|| self.plain(), |declaration| (**declaration).clone())
    }

    /// What type and shape say by themselves.
    fn plain(&self) -> Declared {
        match self.dtype {
            Dtype::Bytes => Declared::unknown(self.len),
            dtype => Declared::numbers(dtype, self.shape.clone()),
        }
    }

    /// The same, of which the file says more than type and shape do.
    #[must_use]
    pub fn declaring(mut self, declared: Declared) -> Self {
        self.declaration = (declared != self.plain()).then(|| Box::new(declared));
        self
    }

    /// The same, of which the file says nothing.
    #[must_use]
    pub fn undeclared(self) -> Self {
        let len = self.len;
        self.declaring(Declared::unknown(len))
    }

    /// What the file says of it, once it is sure that the file holds it.
    ///
    /// # Errors
    /// Truncated if it reaches beyond the end of the file; corrupt if it is not as long as type and shape say; unsupported for a type
    /// of unknown size.
    pub fn checked(&self, file_len: u64) -> Result<Declared> {
        let name = &self.name;
        if self.start.checked_add(self.len).is_none_or(|end| end > file_len) {
            return Err(Error::truncated(format!("array {name:?} reaches beyond the end of its file"))
                .at(self.start)
                .remedy("fetch or export the model again"));
        }
        let declared = self.declared();
        if let Element::Unsized(kind) = &declared.element {
            return Err(Error::unsupported(format!("array {name:?} is of an unknown type ({kind})")));
        }
        if declared.len() != Some(self.len) {
            let (len, kind, shape) = (self.len, declared.name(), &declared.shape);
            return Err(Error::corrupt(format!(
                "array {name:?} has {len} bytes, not those of {kind} {shape:?}"
            ))
            .at(self.start)
            .remedy("fetch or export the model again"));
        }
        Ok(declared)
    }

    /// The type of the floats that may be stored inexactly: those of 32 and 64 bits in the byte order that models know, which the file
    /// itself declares and holds no checksum of.
    #[must_use]
    pub fn inexact(&self) -> Option<Dtype> {
        let floats = matches!(self.dtype, Dtype::F32 | Dtype::F64) && self.kind == SpanKind::Array;
        self.changeable().filter(|_| floats)
    }

    /// The type of the numbers that an approximator of the user's choice may replace by others near them: any that models know and that
    /// stand for themselves, which the file itself declares and holds no checksum of.
    #[must_use]
    pub fn changeable(&self) -> Option<Dtype> {
        let numbers = self.dtype != Dtype::Bytes && self.dtype.weights() == 1;
        let values = self.kind.has_samples() && self.meaning == Meaning::Values && self.stride == 0;
        // What says no more than its type and shape may be a part that was cut in the middle of a row.
        let as_told = self.declaration.as_ref().is_none_or(|declaration| {
            declaration.element == Element::Number(self.dtype)
                && !declaration.big_endian
                && declaration.len() == Some(self.len)
        });
        (self.origin == Origin::Declared && numbers && values && as_told).then_some(self.dtype)
    }

    /// The part of `len` bytes from `from` on, as far as it is whole units: nameless, and standing at `at`. `None` if there is no whole unit.
    #[must_use]
    pub fn part(&self, from: u64, len: u64, at: u64) -> Option<Self> {
        let unit = self.unit();
        let skip = (unit - from % unit) % unit;
        let from = from + skip;
        let len = len.checked_sub(skip)? / unit * unit;
        let shape = self.shape_of(from, len);
        // Of numbers that models know, the type says enough.
        let declaration = self.declaration.as_ref().filter(|_| self.dtype == Dtype::Bytes);
        let declaration = declaration
            .map(|declaration| Box::new(Declared { shape: shape.clone(), ..(**declaration).clone() }));
        (len > 0).then(|| Self {
            kind: self.kind,
            name: String::new(),
            dtype: self.dtype,
            shape,
            stride: self.stride,
            start: at + skip,
            len,
            meaning: self.meaning,
            origin: self.origin_of_parts(),
            declaration,
            base: self.base.map(|base| BaseSpan { start: base.start + from, ..base }),
            // A description is one of the whole.
            description: self.description.clone().filter(|_| (from, len) == (0, self.len)),
        })
    }

    /// A part has no declaration of its own, so that it must say by itself whether its numbers may change.
    fn origin_of_parts(&self) -> Origin {
        match self.origin {
            Origin::Declared if self.changeable().is_none() => Origin::Sealed,
            origin => origin,
        }
    }

    /// What is left of the shape in `len` bytes from `from` on: whole outermost slices, or rows, or numbers in a row.
    fn shape_of(&self, from: u64, len: u64) -> Vec<u64> {
        if from == 0 && len == self.len {
            return self.shape.clone();
        }
        if self.stride > 0 {
            // Rows, whatever they were counted in.
            let inner = self.shape.len().saturating_sub(2).max(1).min(self.shape.len());
            return std::iter::once(len.div_ceil(self.stride))
                .chain(self.shape[inner..].iter().copied())
                .collect();
        }
        let (weights, bytes) = self.cell();
        let (from, len) = (from / bytes * weights, len / bytes * weights);
        for outer in 1..self.shape.len() {
            let inner = self.shape[outer..].iter().product::<u64>().max(1);
            if from % inner == 0 && len % inner == 0 {
                return std::iter::once(len / inner).chain(self.shape[outer..].iter().copied()).collect();
            }
        }
        // Not whole rows: their length still tells what stands above what.
        match self.shape.last() {
            Some(&columns) if self.shape.len() > 1 && columns > 1 => vec![len.div_ceil(columns), columns],
            _ => vec![len],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_beyond_the_end_is_refused() {
        let span = |start, len| Span::array("w", Dtype::F32, vec![4], start, len);
        assert!(span(4, 16).checked(20).is_ok());
        assert!(span(5, 16).checked(20).unwrap_err().is_truncated());
        assert!(span(u64::MAX, 16).checked(20).unwrap_err().is_truncated());
        assert!(!span(0, 12).checked(20).unwrap_err().is_truncated());
    }

    #[test]
    fn a_part_keeps_what_is_left_of_its_shape() {
        let span = Span::array("w", Dtype::F32, vec![2, 3, 5], 100, 120);
        let part = |from, len| span.part(from, len, 7).map(|p| (p.shape, p.start, p.len));
        assert_eq!(part(0, 120), Some((vec![2, 3, 5], 7, 120)));
        assert_eq!(part(60, 60), Some((vec![1, 3, 5], 7, 60)));
        assert_eq!(part(20, 40), Some((vec![2, 5], 7, 40)));
        // Torn numbers are left out at both ends.
        assert_eq!(part(22, 41), Some((vec![2, 5], 9, 36)));
        assert_eq!(part(1, 4), None);
        assert_eq!(span.part(0, 8, 0).map(|p| p.inexact()), Some(Some(Dtype::F32)));
        let big = span.clone().declaring(Declared::numbers(Dtype::F32, vec![2, 3, 5]).big_endian(true));
        assert_eq!(big.part(0, 8, 0).map(|p| p.inexact()), Some(None));
    }
}
