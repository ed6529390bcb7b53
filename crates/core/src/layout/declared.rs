//! What a container itself says of an array.
//!
//! Coding needs to know how numbers lie in the file, and may see a complex number as two floats, or a big-endian one as bytes. Who
//! takes an array out, or stores it inexactly, needs to know what the file says it is.

use super::dtype::Dtype;
use crate::error::{Error, Result};
use std::ops::Range;

/// What the elements of an array are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// One of our types.
    Number(Dtype),
    /// A byte that is 0 or 1.
    Bool,
    /// A complex number: two floats of this type.
    Complex(Dtype),
    /// A type of safetensors that is none of ours, by its name there.
    Safetensors(String),
    /// A type of NumPy that is none of ours, as `descr` of an npy file names it: text, times, records.
    Npy(String),
    /// A type that only its own container holds, by its name there.
    Foreign(String),
    /// A type of which nothing but a name is known, so that the length of the array is not known either.
    Unsized(String),
    /// The container does not say: bytes that were found by their looks, or that are not explained.
    Unknown,
}

/// An array as its container declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The type of the elements.
    pub element: Element,
    /// Dimensions as the container counts them.
    pub shape: Vec<u64>,
    /// The dimensions from the outermost to the innermost one in the file; empty where that is their own order (row-major).
    pub order: Vec<usize>,
    /// True where numbers of several bytes have the highest one first.
    pub big_endian: bool,
    /// Elements in the smallest unit of storage, and bytes of it.
    pub unit: (u64, u64),
}

impl Declared {
    /// Little-endian and row-major.
    #[must_use]
    pub fn new(element: Element, shape: Vec<u64>, unit: (u64, u64)) -> Self {
        Self { element, shape, order: Vec::new(), big_endian: false, unit }
    }

    /// Numbers of one of our types, little-endian and row-major.
    #[must_use]
    pub fn numbers(dtype: Dtype, shape: Vec<u64>) -> Self {
        Self::new(Element::Number(dtype), shape, (dtype.weights() as u64, dtype.unit() as u64))
    }

    /// Bytes of which nothing is known.
    #[must_use]
    pub fn unknown(len: u64) -> Self {
        Self::new(Element::Unknown, vec![len], (1, 1))
    }

    /// The same with the bytes of numbers the other way round.
    #[must_use]
    pub fn big_endian(mut self, big: bool) -> Self {
        self.big_endian = big && self.width() > 1;
        self
    }

    /// The same with the first dimension running fastest, as Fortran has it.
    #[must_use]
    pub fn column_major(self, fortran: bool) -> Self {
        let order = if fortran { (0..self.shape.len()).rev().collect() } else { Vec::new() };
        self.ordered(order)
    }

    /// The same with the dimensions in this order in the file. Where they are of size 1 or less it makes no difference.
    #[must_use]
    pub fn ordered(mut self, order: Vec<usize>) -> Self {
        let long: Vec<usize> = order.iter().copied().filter(|&i| self.shape.get(i) != Some(&1)).collect();
        self.order = if long.is_sorted() { Vec::new() } else { order };
        self
    }

    /// True if the first dimension runs fastest and the last one slowest.
    #[must_use]
    pub fn is_column_major(&self) -> bool {
        !self.order.is_empty() && self.order.iter().rev().copied().eq(0..self.shape.len())
    }

    /// Bytes that change places where the byte order does; 1 where none do.
    #[must_use]
    pub fn width(&self) -> usize {
        match self.element {
            Element::Number(dtype) if dtype.weights() == 1 => dtype.unit(),
            Element::Complex(part) => part.unit(),
            _ => 1,
        }
    }

    /// Bytes of the whole array; `None` where that is absurd, or no whole number of units.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        self.bytes(self.shape.iter().try_fold(1u64, |all, dim| all.checked_mul(*dim))?)
    }

    /// True if there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    fn bytes(&self, elements: u64) -> Option<u64> {
        elements.is_multiple_of(self.unit.0).then(|| (elements / self.unit.0).checked_mul(self.unit.1))?
    }

    /// The sizes of the dimensions as they lie in the file, the outermost first.
    #[must_use]
    pub fn stored_shape(&self) -> Vec<u64> {
        match self.order.is_empty() {
            true => self.shape.clone(),
            false => self.order.iter().filter_map(|&i| self.shape.get(i).copied()).collect(),
        }
    }

    /// What listings show as the type.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match &self.element {
            Element::Number(dtype) => dtype.name(),
            Element::Bool => "bool",
            Element::Complex(Dtype::F32) => "c64",
            Element::Complex(_) => "c128",
            Element::Safetensors(name)
            | Element::Npy(name)
            | Element::Foreign(name)
            | Element::Unsized(name) => name,
            Element::Unknown => "unknown",
        };
        format!("{name}{}", if self.big_endian { " big-endian" } else { "" })
    }

    /// What is left when only these slices along the first dimension are, and which bytes those are.
    ///
    /// # Errors
    /// Usage for rows that are not there, or that are no whole number of units.
    pub fn rows(&self, name: &str, rows: &Range<u64>) -> Result<(Self, Slices)> {
        let (first, last) = (rows.start, rows.end);
        let Some(&count) = self.shape.first() else {
            return Err(Error::usage(format!("array {name:?} is a single number and has no rows")));
        };
        if first > last || last > count {
            return Err(Error::usage(format!("{name} has {count} rows, not {first}..{last}")));
        }
        let place = self.order.iter().position(|&i| i == 0).unwrap_or(0);
        let inner = self.stored_shape().iter().skip(place + 1).try_fold(1u64, |all, n| all.checked_mul(*n));
        let bytes = |rows: u64| self.bytes(inner?.checked_mul(rows)?);
        let (Some(period), Some(from), Some(to)) = (bytes(count), bytes(first), bytes(last)) else {
            let unit = self.unit.0;
            return Err(Error::usage(format!(
                "rows {first}..{last} of {name} are no whole blocks of {unit}"
            ))
            .remedy("take rows from a block's start to a block's end, or the whole array"));
        };
        let mut left = self.clone();
        left.shape[0] = last - first;
        let order = std::mem::take(&mut left.order);
        Ok((left.ordered(order), Slices { period, from, to }))
    }
}

/// The bytes of some slices of an array: `from..to` of every `period` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slices {
    /// Bytes from one of them to the next.
    pub period: u64,
    /// The first byte.
    pub from: u64,
    /// The byte behind the last.
    pub to: u64,
}

impl Slices {
    /// The parts of the bytes `at..at + len` of the array that belong to them, counted from `at`.
    pub fn parts(self, at: u64, len: u64) -> impl Iterator<Item = Range<usize>> {
        let end = at + len;
        let first = at.checked_div(self.period).unwrap_or(0);
        let starts = (first..).map(move |i| i.saturating_mul(self.period));
        starts.take_while(move |start| self.period > 0 && *start < end).filter_map(move |start| {
            let from = start.saturating_add(self.from).clamp(at, end) - at;
            let to = start.saturating_add(self.to).clamp(at, end) - at;
            (from < to).then_some(from as usize..to as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(slices: Slices, len: u64, piece: u64) -> Vec<u64> {
        let pieces = (0..len).step_by(piece as usize);
        let parts = pieces.flat_map(|at| {
            let parts = slices.parts(at, piece.min(len - at)).collect::<Vec<_>>();
            parts.into_iter().flatten().map(move |i| at + i as u64)
        });
        parts.collect()
    }

    #[test]
    fn rows_are_slices_of_the_first_dimension() {
        let rows = Declared::numbers(Dtype::I16, vec![5, 3]);
        let (left, slices) = rows.rows("a", &(1..3)).unwrap();
        assert_eq!((left.shape, slices), (vec![2, 3], Slices { period: 30, from: 6, to: 18 }));
        let fortran = rows.clone().column_major(true);
        let (left, slices) = fortran.rows("a", &(1..3)).unwrap();
        assert_eq!((&left.shape, left.is_column_major()), (&vec![2, 3], true));
        for piece in [1, 4, 7, 30] {
            assert_eq!(all(slices, 30, piece), [2, 3, 4, 5, 12, 13, 14, 15, 22, 23, 24, 25]);
        }
        assert!(rows.rows("a", &(4..6)).is_err());
        assert!(Declared::numbers(Dtype::F32, Vec::new()).rows("a", &(0..1)).is_err());
        // A block of 32 weights cannot be cut.
        let packed = Declared::numbers(Dtype::Q8_0, vec![96]);
        assert!(packed.rows("a", &(0..16)).is_err());
        assert_eq!(packed.rows("a", &(32..64)).unwrap().1, Slices { period: 102, from: 34, to: 68 });
    }
}
