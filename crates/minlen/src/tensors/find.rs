//! Which arrays a part of the data holds.

use super::{Arrays, FileSource};
use minlen_core::{ArraySpan, Kind, Result};
use minlen_tensor::{Layout, Source, Tensor, containers};
use std::io::{Read, Seek, SeekFrom};

/// Less than this is not worth a look.
const LEAST: usize = 256;

/// The arrays of a file, by its container.
///
/// # Errors
/// Corrupt where the container is broken; whatever reading gives.
pub fn layout(source: &dyn Source) -> Result<Option<Layout>> {
    containers::layout(source)
}

/// So much of a file tells what it is.
const HEAD: usize = 64 << 10;

/// The arrays of a file that can be sought, if it is a model file; what it says wrongly is not believed, and such a file coded as any
/// other. The position is the start afterwards.
///
/// # Errors
/// I/O.
pub fn of_file<R: Read + Seek>(mut file: R) -> Result<Option<Arrays>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
    let len = file.seek(SeekFrom::End(0))?;
    let kind = crate::detect::detect(&head, len, &crate::detect::detectors()).kind;
    let mut arrays = None;
    if matches!(kind, Kind::Tensors | Kind::Zip) {
        let source = FileSource::new(&mut file)?;
        arrays = layout(&source).ok().flatten().map(|layout| Arrays::new(&layout));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(arrays.filter(|arrays| arrays.count().0 > 0))
}

/// The arrays of a file of no known container, as its numbers look.
///
/// # Errors
/// Whatever reading gives.
pub(crate) fn guessed(source: &dyn Source) -> Result<Option<Arrays>> {
    Ok(containers::blob(source)?.map(|layout| Arrays::new(&layout)))
}

/// Kinds of data that may hold arrays: those that say so, and those that say nothing.
pub(super) fn may_hold(kind: Kind, level: u8) -> bool {
    match kind {
        Kind::Tensors | Kind::Float16 | Kind::Float32 | Kind::Float64 | Kind::Zip => true,
        Kind::Binary | Kind::Records => level >= LOOK_LEVEL,
        _ => false,
    }
}

/// From this level on, data of which nothing is known is looked at.
const LOOK_LEVEL: u8 = 4;

/// The arrays in `data`, in order, and whether they are guessed from how the numbers look: no container names them.
pub(super) fn find(data: &[u8], kind: Kind, level: u8) -> (Vec<ArraySpan>, bool) {
    if data.len() < LEAST || !may_hold(kind, level) {
        return (Vec::new(), false);
    }
    let spans = |layout: Layout| layout.tensors.iter().map(span).collect();
    if let Ok(Some(layout)) = containers::layout(&data) {
        return (spans(layout), false);
    }
    match kind {
        Kind::Zip => (Vec::new(), false),
        _ => (containers::blob(&data).ok().flatten().map(spans).unwrap_or_default(), true),
    }
}

/// An array of a file that is all one part.
pub(super) fn span(tensor: &Tensor) -> ArraySpan {
    let (start, len) = (tensor.start, tensor.len);
    let (dtype, shape) = (tensor.dtype as u8, tensor.shape.clone());
    ArraySpan { start, len, dtype, shape, base: None, inexact: false, given: None }
}
