//! Regions of a file that hold numbers of one type.

use super::float::{Fit, Kind};
use super::{BELL_SAMPLE, SAMPLE, bell, columns, float, ncnn};
use crate::arrays::common::fitted;
use crate::formats;
use crate::reader::Reader;
use crate::source::Source;
use minlen_core::Result;
use minlen_core::layout::{Dtype, Layout, Span};

/// Blocks that a file is cut into at most; of longer blocks only the start is looked at.
const MAX_BLOCKS: u64 = 4096;
/// Bytes by which the ends of a region are moved.
const PIECE: usize = 256;
/// Regions whose rows are looked for.
const MAX_ROWS: usize = 128;
/// Regions shorter than this are left to other codecs.
const MIN_REGION: u64 = 2 * SAMPLE as u64;

/// Blocks in a row that are of one type.
struct Region {
    fit: Fit,
    start: u64,
    end: u64,
}

/// The arrays of a file in no known container, found by their statistics; `None` if there are hardly any.
///
/// Reads the whole file up to 64 MiB and samples of a larger one.
///
/// ```
/// use minlen_structure::arrays::blob;
/// let header = b"a header of the house's own, and then numbers: 16 ".to_vec();
/// let waves = (0..32_768).flat_map(|i| (i as f32 / 100.0).sin().to_le_bytes());
/// let file: Vec<u8> = header.into_iter().cycle().take(64).chain(waves).collect();
/// let layout = blob(&&file[..])?.expect("numbers by their looks");
/// assert_eq!(layout.spans[0].dtype.name(), "f32");
/// assert!(blob(&&b"text, ".repeat(10_000)[..])?.is_none());
/// # Ok::<(), minlen_core::Error>(())
/// ```
///
/// # Errors
/// Whatever reading gives.
pub fn blob(source: &dyn Source) -> Result<Option<Layout>> {
    let mut found = regions(source)?;
    let halves = found.iter().any(|tensor| tensor.dtype == Dtype::F16);
    if halves && let Some(layers) = ncnn::parse(&mut Reader::new(source))? {
        found = layers;
    }
    let covered: u64 = found.iter().map(|tensor| tensor.len).sum();
    if covered < source.len() / 4 {
        return Ok(None);
    }
    // Nobody says that these are arrays.
    let found = found.into_iter().map(Span::undeclared).collect();
    Layout::new(formats::BLOB, found, source.len()).map(|layout| Some(layout).filter(|l| !l.spans.is_empty()))
}

/// The regions as arrays.
pub fn regions(source: &dyn Source) -> Result<Vec<Span>> {
    let len = source.len();
    let block = len.div_ceil(MAX_BLOCKS).next_multiple_of(SAMPLE as u64).max(SAMPLE as u64);
    let mut buffer = vec![0; SAMPLE];
    if !promising(source, block, &mut buffer)? {
        return Ok(Vec::new());
    }
    let mut runs: Vec<Region> = Vec::new();
    let mut at = 0;
    while at < len {
        let end = (at + block).min(len);
        let sample = &mut buffer[..SAMPLE.min((end - at) as usize)];
        source.read_at(at, sample)?;
        if let Some(fit) = float::fit(sample) {
            let phase = ((at + fit.phase as u64) % fit.dtype.unit() as u64) as usize;
            add(&mut runs, Region { fit: Fit { phase, ..fit }, start: at, end }, block);
        }
        at = end;
    }
    let mut tensors = Vec::new();
    let mut from = 0;
    for i in 0..runs.len() {
        let until = runs.get(i + 1).map_or(len, |next| next.start);
        let (start, end) = edges(source, &runs[i], from, until)?;
        bytes_of_weights(source, from, start, &mut tensors)?;
        if end.saturating_sub(start) >= MIN_REGION {
            array(source, runs[i].fit.dtype, start, end, &mut tensors)?;
            from = end;
        }
    }
    bytes_of_weights(source, from, len, &mut tensors)?;
    Ok(tensors.into_iter().map(Span::undeclared).collect())
}

/// True if one of some blocks holds numbers: most files are done with after this.
fn promising(source: &dyn Source, block: u64, buffer: &mut [u8]) -> Result<bool> {
    let len = source.len();
    if len < MIN_REGION {
        return Ok(false);
    }
    let places = (len / block).clamp(1, 24);
    for i in 0..places {
        let at = (len - SAMPLE as u64) / places * i;
        source.read_at(at, buffer)?;
        if float::fit(buffer).is_some() {
            return Ok(true);
        }
    }
    let mut middle = vec![0; (len as usize).min(BELL_SAMPLE)];
    source.read_at((len - middle.len() as u64) / 2, &mut middle)?;
    Ok(bell::fit(&middle).is_some())
}

/// Joins a block to the last region if it is of the same type, over one block that is not.
fn add(runs: &mut Vec<Region>, new: Region, block: u64) {
    if let Some(last) = runs.last_mut()
        && (last.fit.dtype, last.fit.phase) == (new.fit.dtype, new.fit.phase)
        && new.start - last.end <= block
    {
        last.end = new.end;
        last.fit.window.0 = last.fit.window.0.min(new.fit.window.0);
        last.fit.window.1 = last.fit.window.1.max(new.fit.window.1);
        return;
    }
    runs.push(new);
}

/// The region's ends moved outward over what still looks the same, and inward over what does not.
fn edges(source: &dyn Source, run: &Region, from: u64, until: u64) -> Result<(u64, u64)> {
    let unit = run.fit.dtype.unit() as u64;
    let align = |at: u64| at + (run.fit.phase as u64 + unit - at % unit) % unit;
    let inside = (run.end - run.start).min(SAMPLE as u64);
    let mut start = align(run.start + inside);
    while start >= from + PIECE as u64 && start + SAMPLE as u64 * 2 > run.start {
        if !alike(source, run, start - PIECE as u64)? {
            break;
        }
        start -= PIECE as u64;
    }
    if start < from + PIECE as u64 && start > align(from) && alike(source, run, align(from))? {
        start = align(from);
    }
    let mut end = align((run.end - inside).max(start));
    while end + PIECE as u64 <= until && end < run.end + SAMPLE as u64 * 2 {
        if !alike(source, run, end)? {
            break;
        }
        end += PIECE as u64;
    }
    // The last few numbers of a file.
    if end + PIECE as u64 > until && until == source.len() {
        end += (until - end) / unit * unit;
    }
    Ok((start, end))
}

/// True if nine in ten numbers of a piece are of the region's size, or zero.
fn alike(source: &dyn Source, run: &Region, at: u64) -> Result<bool> {
    let Some(kind) = Kind::of(run.fit.dtype) else { return Ok(false) };
    let mut piece = [0; PIECE];
    if at + PIECE as u64 > source.len() {
        return Ok(false);
    }
    source.read_at(at, &mut piece)?;
    let (low, high) = run.fit.window;
    let fits = |unit: &u64| {
        let exponent = kind.exponent(*unit);
        (low.saturating_sub(1)..=high + 1).contains(&exponent) || *unit == 0 || *unit == run.fit.fill
    };
    let good = kind.units(&piece, 0).filter(fits).count();
    Ok(good * 10 >= PIECE / kind.width * 9)
}

/// Appends a region as rows, and what is left of the last row.
fn array(source: &dyn Source, dtype: Dtype, start: u64, end: u64, tensors: &mut Vec<Span>) -> Result<()> {
    let unit = dtype.unit() as u64;
    let len = (end - start) / unit * unit;
    let mut head = vec![0; (256 << 10).min(len as usize)];
    source.read_at(start, &mut head)?;
    // Of very many regions the later ones are small or strange.
    let row = if tensors.len() < MAX_ROWS { columns::guess(&head, dtype) as u64 * unit } else { 0 };
    let (shape, rows) =
        if row > unit { (vec![len / row, row / unit], len / row * row) } else { (Vec::new(), len) };
    tensors.push(fitted(String::new(), dtype, shape, start, rows));
    if rows < len {
        tensors.push(fitted(String::new(), dtype, Vec::new(), start + rows, len - rows));
    }
    Ok(())
}

/// Appends the parts of a gap that look like weights of eight bits.
fn bytes_of_weights(source: &dyn Source, from: u64, to: u64, tensors: &mut Vec<Span>) -> Result<()> {
    let step =
        (to.saturating_sub(from) / MAX_BLOCKS).next_multiple_of(BELL_SAMPLE as u64).max(BELL_SAMPLE as u64);
    let mut buffer = vec![0; BELL_SAMPLE];
    let mut at = from;
    let mut open: Option<(Dtype, u64, u64)> = None;
    while at + BELL_SAMPLE as u64 <= to {
        source.read_at(at, &mut buffer)?;
        let (found, end) = (bell::fit(&buffer), (at + step).min(to));
        match (&mut open, found) {
            (Some((dtype, _, stop)), Some(found)) if *dtype == found => *stop = end,
            _ => {
                close(open.take(), tensors);
                open = found.map(|dtype| (dtype, at, end));
            }
        }
        at = end;
    }
    close(open, tensors);
    Ok(())
}

fn close(open: Option<(Dtype, u64, u64)>, tensors: &mut Vec<Span>) {
    if let Some((dtype, start, end)) = open {
        tensors.push(fitted(String::new(), dtype, Vec::new(), start, end - start));
    }
}
