//! Where arrays are in blocks that are filled piece by piece.

use minlen_core::{Advice, ArraySpan, BaseSpan, Error, Result};
use minlen_tensor::{Declared, Dtype, Format, Layout, Tensor, containers};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Follows the arrays of files into blocks, and says where a block is best cut.
#[derive(Default)]
pub(crate) struct Track {
    file: Option<Arc<[Placed]>>,
    pieces: Vec<Piece>,
    known: usize,
}

/// An array of the file at hand.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) tensor: Tensor,
    pub(crate) base: Option<BaseSpan>,
    /// True if its numbers may be stored within an error bound.
    pub(crate) inexact: bool,
}

/// Consecutive bytes of an array in the block.
struct Piece {
    file: Arc<[Placed]>,
    index: usize,
    /// Offset of the first byte in the array.
    from: u64,
    /// Where it is in the block.
    at: usize,
    len: usize,
}

impl Piece {
    fn placed(&self) -> Option<&Placed> {
        self.file.get(self.index)
    }
}

impl Track {
    /// Bytes from the front of the block that were looked at.
    pub(crate) fn known(&self) -> usize {
        self.known
    }

    /// From here on, what comes is of a file with these arrays.
    pub(crate) fn enter(&mut self, file: Option<Arc<[Placed]>>) {
        self.file = file;
    }

    /// True if nothing is known of the file at hand.
    pub(crate) fn is_blind(&self) -> bool {
        self.file.is_none()
    }

    /// The bytes `range` of the file come to stand at `at` in the block.
    pub(crate) fn extend(&mut self, range: Range<u64>, at: usize) {
        self.known = at + (range.end - range.start) as usize;
        let Some(file) = self.file.clone() else { return };
        let first = file.partition_point(|p| p.tensor.start + p.tensor.len <= range.start);
        for (index, placed) in file.iter().enumerate().skip(first) {
            let tensor = &placed.tensor;
            if tensor.start >= range.end {
                break;
            }
            let from = tensor.start.max(range.start);
            let to = (tensor.start + tensor.len).min(range.end);
            self.add(
                &file,
                index,
                from - tensor.start,
                at + (from - range.start) as usize,
                (to - from) as usize,
            );
        }
    }

    fn add(&mut self, file: &Arc<[Placed]>, index: usize, from: u64, at: usize, len: usize) {
        if let Some(last) = self.pieces.last_mut()
            && Arc::ptr_eq(&last.file, file)
            && last.index == index
            && last.at + last.len == at
            && last.from + last.len as u64 == from
        {
            last.len += len;
            return;
        }
        self.pieces.push(Piece { file: Arc::clone(file), index, from, at, len });
    }

    /// The best place at or before `end` to cut the block: between two rows where it would go through an array.
    pub(crate) fn cut(&self, end: usize) -> usize {
        let Some(piece) = self.pieces.iter().rev().find(|piece| piece.at < end) else { return end };
        let through = |placed: &&Placed| {
            end <= piece.at + piece.len && piece.from + ((end - piece.at) as u64) < placed.tensor.len
        };
        let Some(placed) = piece.placed().filter(through) else { return end };
        let (unit, columns) = (placed.tensor.dtype.unit() as u64, placed.tensor.columns());
        let inside = (end - piece.at) as u64;
        let to_row = (piece.from + inside) % unit.saturating_mul(columns).max(1);
        let to_unit = (piece.from + inside) % unit;
        // A row longer than half of what there is would leave too small a block.
        let back = if to_row < (end as u64) / 2 && to_row < inside { to_row } else { to_unit.min(inside) };
        let cut = end - back as usize;
        if cut == 0 { end } else { cut }
    }

    /// The arrays in the first `cut` bytes, which leave the block.
    pub(crate) fn take(&mut self, cut: usize) -> Arc<[ArraySpan]> {
        self.known = self.known.saturating_sub(cut);
        let mut rest = Vec::new();
        let mut spans = Vec::new();
        for mut piece in std::mem::take(&mut self.pieces) {
            if piece.at + piece.len > cut {
                let gone = cut.saturating_sub(piece.at);
                rest.push(Piece {
                    file: Arc::clone(&piece.file),
                    index: piece.index,
                    from: piece.from + gone as u64,
                    at: (piece.at + gone) - cut,
                    len: piece.len - gone,
                });
                piece.len = gone;
            }
            spans.extend(span(&piece));
        }
        self.pieces = rest;
        spans.into()
    }
}

/// The whole units of a piece, if there are any.
fn span(piece: &Piece) -> Option<ArraySpan> {
    let placed = piece.placed()?;
    let tensor = &placed.tensor;
    let unit = tensor.dtype.unit() as u64;
    let skip = (unit - piece.from % unit) % unit;
    let from = piece.from + skip;
    let len = (piece.len as u64).checked_sub(skip)? / unit * unit;
    if len == 0 {
        return None;
    }
    Some(ArraySpan {
        start: piece.at as u64 + skip,
        len,
        dtype: tensor.dtype as u8,
        shape: shape(tensor, from, len),
        base: placed.base.map(|base| BaseSpan { start: base.start + from, ..base }),
        inexact: placed.inexact,
        given: None,
    })
}

/// What is left of an array's shape in `len` of its bytes from `from` on: whole outermost slices, or rows, or numbers in a row.
fn shape(tensor: &Tensor, from: u64, len: u64) -> Vec<u64> {
    if from == 0 && len == tensor.len {
        return tensor.shape.clone();
    }
    let weights = |bytes: u64| bytes / tensor.dtype.unit() as u64 * tensor.dtype.weights() as u64;
    let (from, len) = (weights(from), weights(len));
    for outer in 1..tensor.shape.len() {
        let inner = tensor.shape[outer..].iter().product::<u64>().max(1);
        if from % inner == 0 && len % inner == 0 {
            return std::iter::once(len / inner).chain(tensor.shape[outer..].iter().copied()).collect();
        }
    }
    // Not whole rows: their length still tells what stands above what.
    match tensor.shape.last() {
        Some(&columns) if tensor.shape.len() > 1 && columns > 1 => vec![len.div_ceil(columns), columns],
        _ => vec![len],
    }
}

/// The arrays of a file, and what they are differences from.
#[derive(Clone, Debug, Default)]
pub struct Arrays(Arc<[Placed]>);

impl Arrays {
    /// Those of a layout, none of them with a base.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let known = layout.tensors.iter().filter(|tensor| tensor.dtype != Dtype::Bytes);
        let inexact = |tensor: &Tensor| layout.inexact(tensor).is_some();
        Self(known.map(|t| Placed { tensor: t.clone(), base: None, inexact: inexact(t) }).collect())
    }

    /// One array that is all of a file of `len` bytes.
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
        let layout = Layout::new(Format::Raw, vec![Tensor::new("", dtype, shape.to_vec(), 0, len)], len)?;
        Ok(Self::new(&layout))
    }

    /// The same, where those that `base` has under the same name and with the same type are coded as differences from it if that is
    /// smaller; of arrays that have more rows than there, as many rows as there. `file` is the BLAKE3 hash of the base's content.
    #[must_use]
    pub fn with_base(&self, base: &Layout, file: [u8; 32]) -> Self {
        // Without names, what stands at the same place is the same.
        let key =
            |tensor: &Tensor| (tensor.name.clone(), if tensor.name.is_empty() { tensor.start } else { 0 });
        let by_name: BTreeMap<_, &Tensor> = base.tensors.iter().map(|tensor| (key(tensor), tensor)).collect();
        let placed = self.0.iter().flat_map(|placed| {
            let old = by_name.get(&key(&placed.tensor));
            match old.and_then(|old| split_at_base(&placed.tensor, old).map(|split| (old.start, split))) {
                Some((start, (first, rest))) => {
                    let inexact = placed.inexact;
                    let first = Placed { tensor: first, base: Some(BaseSpan { file, start }), inexact };
                    let rest = rest.map(|tensor| Placed { tensor, base: None, inexact });
                    std::iter::once(first).chain(rest)
                }
                None => std::iter::once(placed.clone()).chain(None),
            }
        });
        Self(placed.collect())
    }

    /// How many there are, and how many of them have a base.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        (self.0.len(), self.0.iter().filter(|placed| placed.base.is_some()).count())
    }

    pub(crate) fn placed(&self) -> Arc<[Placed]> {
        Arc::clone(&self.0)
    }
}

/// The part of an array that `old` can be the base of, and what is left of it; `None` where the two do not fit together.
fn split_at_base(tensor: &Tensor, old: &Tensor) -> Option<(Tensor, Option<Tensor>)> {
    if tensor.dtype != old.dtype {
        return None;
    }
    if tensor.len == old.len {
        return Some((tensor.clone(), None));
    }
    let (rows, inner) = tensor.shape.split_first()?;
    let (old_rows, old_inner) = old.shape.split_first()?;
    let same = inner == old_inner && tensor.len / rows.max(&1) == old.len / old_rows.max(&1);
    if !same || *rows == 0 || *old_rows == 0 {
        return None;
    }
    if rows < old_rows {
        return Some((tensor.clone(), None));
    }
    let part = |from: u64, len: u64, rows: u64| Tensor {
        start: tensor.start + from,
        len,
        shape: std::iter::once(rows).chain(inner.iter().copied()).collect(),
        ..tensor.clone()
    };
    Some((part(0, old.len, *old_rows), Some(part(old.len, tensor.len - old.len, rows - old_rows))))
}

/// The arrays of a file that begins with `head`: all of it where `total` is not given. Nothing where none are found.
pub(crate) fn head(head: &[u8], total: Option<u64>) -> Option<Arrays> {
    let layout = match total {
        Some(total) => containers::for_prefix(head, total),
        None => containers::layout(&head),
    };
    let arrays = Arrays::new(&layout.ok()??);
    (!arrays.0.is_empty()).then_some(arrays)
}
