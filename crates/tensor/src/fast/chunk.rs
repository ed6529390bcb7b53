//! One chunk: some pieces of arrays, in streams, stored or by rANS.
//!
//! Layout: a byte for the number of lanes; for chunks with coded streams the length of the stored bytes; the stored bytes
//! of all streams; the states; the words. The last stored bytes are not there: they are in the states that decoding ends with.

use super::lanes::{self, Choice, FEW, LANES, LOW, Run, Tables};
use super::scheme::{Mode, Model, Scheme};
use super::shape::Shape;
use super::simd::Isa;
use super::table::Coder;
use crate::Array;
use minlen_core::varint::{self, Reader};
use minlen_core::{Error, Result};
use std::ops::Range;

/// Whole units of an array, coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Number of the array.
    pub(crate) array: usize,
    /// First byte in it.
    pub(crate) start: usize,
    /// Bytes.
    pub(crate) len: usize,
}

/// Symbols from which on all lanes are used, however little is stored.
const MANY: usize = 1 << 16;
/// Bytes of words below which the states of all lanes, where nothing is in them, cost too much.
const LITTLE: usize = 1 << 15;

/// Runs of pieces of the same array.
fn segments(pieces: &[Piece]) -> impl Iterator<Item = &[Piece]> {
    pieces.chunk_by(|a, b| a.array == b.array)
}

fn no_scheme() -> Error {
    Error::corrupt("an array without a scheme")
}

/// The context by position of every unit of a segment.
pub(crate) fn positions(scheme: &Scheme, shape: &Shape, pieces: &[Piece]) -> Result<Vec<u8>> {
    let scales = scheme.scales.as_ref().ok_or_else(|| Error::corrupt("an array without scales"))?;
    let unit = shape.dtype.unit();
    let mut contexts = Vec::with_capacity(pieces.iter().map(|p| p.len / unit).sum());
    for piece in pieces {
        scales.contexts(shape.columns, piece.start / unit..(piece.start + piece.len) / unit, &mut contexts);
    }
    Ok(contexts)
}

/// The tables of the `len` symbols of a stream: the contexts of the `kept` units (those in the mask, where one is given), each for
/// as many symbols.
fn ids(contexts: &[u8], map: &[u8], mask: Option<&[u8]>, len: usize, kept: usize) -> Result<Vec<u8>> {
    let table = |context: &u8| map[usize::from(*context)];
    let tables: Vec<u8> = match mask {
        None => contexts.iter().map(table).collect(),
        Some(mask) => {
            contexts.iter().zip(mask).filter(|(_, there)| **there != 0).map(|(c, _)| table(c)).collect()
        }
    };
    match len / kept.max(1) {
        _ if tables.len() != kept || !len.is_multiple_of(kept.max(1)) => {
            Err(Error::corrupt("contexts for a stream that they do not fit"))
        }
        1 => Ok(tables),
        width => Ok(tables.iter().flat_map(|t| std::iter::repeat_n(*t, width)).collect()),
    }
}

/// What is coded, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// Tables and schemes.
    pub(crate) model: &'a Model,
    /// The tables of the model.
    pub(crate) coders: &'a [Coder],
    /// The arrays of the block.
    pub(crate) arrays: &'a [Array<'a>],
    /// Their shapes.
    pub(crate) shapes: &'a [Shape],
}

/// Memory that is used again from chunk to chunk.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    raw: Vec<u8>,
    streams: Vec<Vec<u8>>,
    words: Vec<u16>,
}

/// Codes the chunk of these pieces and appends it to `out`.
///
/// # Errors
/// Corrupt if the model was not made for these arrays.
pub(crate) fn encode(
    job: &Job<'_>,
    pieces: &[Piece],
    isa: Isa,
    spare: &mut Spare,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Job { model, coders, arrays, shapes } = *job;
    let (mut raw, mut coded) = (std::mem::take(&mut spare.raw), Vec::new());
    raw.clear();
    for segment in segments(pieces) {
        let (array, shape) = (&arrays[segment[0].array], &shapes[segment[0].array]);
        let scheme = model.schemes[segment[0].array].as_ref().ok_or_else(no_scheme)?;
        let units = segment.iter().map(|piece| piece.len).sum::<usize>() / array.dtype.unit();
        let lens = scheme.form.lens(array.dtype, units, units);
        let mut streams: Vec<Vec<u8>> =
            lens.iter().map(|_| spare.streams.pop().unwrap_or_default()).collect();
        for (stream, len) in streams.iter_mut().zip(lens) {
            stream.clear();
            stream.reserve(len + len / 3 + 1);
        }
        // The first stored stream is made where it is to be.
        let stored = scheme.modes.iter().position(|mode| *mode == Mode::Raw);
        let before = raw.len();
        if let Some(stored) = stored {
            std::mem::swap(&mut streams[stored], &mut raw);
        }
        for piece in segment {
            let bytes = &array.bytes[piece.start..piece.start + piece.len];
            scheme.form.split(array.dtype, bytes, &mut streams, isa);
        }
        let begin = |stream| if Some(stream) == stored { before } else { 0 };
        scheme.form.finish(&mut streams, begin, isa);
        if let Some(stored) = stored {
            std::mem::swap(&mut streams[stored], &mut raw);
        }
        let first = scheme.form.first();
        let mask = (first == 1).then(|| streams[0].clone());
        let above = if scheme.modes.iter().any(|mode| matches!(mode, Mode::Above(_))) {
            streams[first].clone()
        } else {
            Vec::new()
        };
        for (i, (stream, mode)) in streams.into_iter().zip(&scheme.modes).enumerate() {
            let choice = match mode {
                Mode::Raw => {
                    if Some(i) != stored {
                        raw.extend_from_slice(&stream);
                    }
                    spare.streams.push(stream);
                    continue;
                }
                Mode::Constant(_) => {
                    spare.streams.push(stream);
                    continue;
                }
                Mode::Table(_) => None,
                Mode::Position(map) => {
                    let mask = mask.as_deref().filter(|_| i > 0);
                    let kept = mask.map_or(units, |m| m.iter().filter(|there| **there != 0).count());
                    ids(&positions(scheme, shape, segment)?, map, mask, stream.len(), kept).map(Some)?
                }
                Mode::Above(map) => Some(ids(&above, map, None, stream.len(), above.len())?),
            };
            coded.push((stream, choice, mode));
        }
    }
    let runs = coded.iter().map(|(stream, choice, mode)| Run {
        symbols: stream,
        tables: match (choice, mode) {
            (Some(ids), _) => Choice::Each(ids),
            (None, Mode::Table(table)) => Choice::One(*table),
            _ => Choice::One(0),
        },
    });
    write(&raw, &runs.collect::<Vec<_>>(), coders, isa, &mut spare.words, out)?;
    spare.streams.extend(coded.into_iter().map(|(stream, ..)| stream));
    spare.raw = raw;
    Ok(())
}

/// Puts a chunk together.
fn write(
    raw: &[u8],
    runs: &[Run<'_>],
    coders: &[Coder],
    isa: Isa,
    words: &mut Vec<u16>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let symbols: usize = runs.iter().map(|run| run.symbols.len()).sum();
    if symbols == 0 {
        out.push(0);
        out.extend_from_slice(raw);
        return Ok(());
    }
    let mut lanes =
        if symbols >= MANY || (raw.len() >= 2 * LANES && symbols >= 8 * LANES) { LANES } else { FEW };
    let (mut stored, mut coded) = with_lanes(raw, runs, coders, lanes, isa, words)?;
    if lanes == LANES && raw.len() < 2 * LANES && 2 * coded.words.len() < LITTLE {
        lanes = FEW;
        (stored, coded) = with_lanes(raw, runs, coders, lanes, isa, words)?;
    }
    out.reserve(16 + stored.len() + 4 * lanes + 2 * coded.words.len());
    out.push(if lanes == LANES { 2 } else { 1 });
    varint::put(out, raw.len() as u64);
    out.extend_from_slice(stored);
    coded.states[..lanes].iter().for_each(|state| out.extend_from_slice(&state.to_le_bytes()));
    let mut bytes = [0u8; 1024];
    for words in coded.words.chunks(bytes.len() / 2) {
        for (bytes, word) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        out.extend_from_slice(&bytes[..2 * words.len()]);
    }
    Ok(())
}

/// The bytes to be stored, and the symbols coded with the other ones in their states.
fn with_lanes<'a, 'b>(
    raw: &'a [u8],
    runs: &[Run<'_>],
    coders: &[Coder],
    lanes: usize,
    isa: Isa,
    words: &'b mut Vec<u16>,
) -> Result<(&'a [u8], lanes::Coded<'b>)> {
    let held = raw.len().min(2 * lanes) / 2;
    let (stored, tail) = raw.split_at(raw.len() - 2 * held);
    let mut seeds = [0u16; LANES];
    for (seed, bytes) in seeds.iter_mut().zip(tail.as_chunks::<2>().0) {
        *seed = u16::from_le_bytes(*bytes);
    }
    Ok((stored, lanes::encode(runs, coders, lanes, &seeds, isa, words)?))
}

/// Where the bytes of a stream are after decoding.
#[derive(Clone, Debug)]
enum Place {
    Raw(Range<usize>),
    Decoded(Range<usize>),
}

struct Segment<'a> {
    shape: &'a Shape,
    scheme: &'a Scheme,
    places: Vec<Place>,
    len: usize,
}

/// A chunk while it is decoded.
struct Work<'a> {
    decoder: lanes::Decoder<'a>,
    tables: &'a Tables,
    /// Stored bytes spoken for, and all there are.
    raw_used: usize,
    raw_len: usize,
    /// Decoded streams, one after another, and how much of it is used.
    arena: Vec<u8>,
    used: usize,
}

impl<'a> Work<'a> {
    fn segment(&mut self, scheme: &'a Scheme, shape: &'a Shape, pieces: &[Piece]) -> Result<Segment<'a>> {
        let len = pieces.iter().map(|piece| piece.len).sum::<usize>();
        let units = len / shape.dtype.unit();
        let first = scheme.form.first();
        let mut lens = scheme.form.lens(shape.dtype, units, units);
        let (mut places, mut kept): (Vec<Place>, usize) = (Vec::with_capacity(lens.len()), units);
        for (i, mode) in scheme.modes.iter().enumerate() {
            if i == 1 && first == 1 {
                // The mask says how many values follow.
                kept = self.bytes(&places[0])?.iter().filter(|there| **there != 0).count();
                lens = scheme.form.lens(shape.dtype, units, kept);
            }
            let ids = match mode {
                Mode::Raw if i < first => return Err(Error::corrupt("a mask that is stored")),
                Mode::Position(map) => {
                    let mask = if i < first || first == 0 { None } else { Some(self.bytes(&places[0])?) };
                    Some(ids(&positions(scheme, shape, pieces)?, map, mask, lens[i], kept)?)
                }
                Mode::Above(map) => {
                    let above = places.get(first).ok_or_else(|| Error::corrupt("a stream by itself"))?;
                    Some(ids(self.bytes(above)?, map, None, lens[i], kept)?)
                }
                _ => None,
            };
            places.push(self.stream(mode, lens[i], ids.as_deref())?);
        }
        Ok(Segment { shape, scheme, places, len })
    }

    /// The decoded bytes of a stream.
    fn bytes(&self, place: &Place) -> Result<&[u8]> {
        match place {
            Place::Decoded(range) => Ok(&self.arena[range.clone()]),
            Place::Raw(_) => Err(Error::corrupt("a context that is stored")),
        }
    }

    fn stream(&mut self, mode: &Mode, len: usize, ids: Option<&[u8]>) -> Result<Place> {
        if *mode == Mode::Raw {
            let start = self.raw_used;
            self.raw_used += len;
            if self.raw_used > self.raw_len {
                return Err(Error::truncated("a chunk with too few stored bytes"));
            }
            return Ok(Place::Raw(start..self.raw_used));
        }
        let start = self.used;
        self.used += len;
        if self.arena.len() < self.used {
            self.arena.resize(self.used, 0);
        }
        let out = &mut self.arena[start..self.used];
        match (mode, ids) {
            (Mode::Constant(byte), _) => out.fill(*byte),
            (Mode::Table(table), _) => self.decoder.one(self.tables, *table, out),
            (_, Some(ids)) => self.decoder.each(self.tables, ids, out),
            _ => return Err(Error::corrupt("a stream without contexts")),
        }
        Ok(Place::Decoded(start..start + len))
    }

    /// The bytes that the states end with, `held` lanes of them.
    fn tail(&self, held: usize) -> Result<Vec<u8>> {
        let mut tail = Vec::with_capacity(2 * held);
        for (lane, state) in self.decoder.states[..self.decoder.lanes].iter().enumerate() {
            if state >> 16 != 1 || (lane >= held && *state != LOW) {
                return Err(Error::corrupt("a chunk's states do not end as they began"));
            }
            if lane < held {
                tail.extend_from_slice(&(*state as u16).to_le_bytes());
            }
        }
        if self.decoder.taken * 2 != self.decoder.words.len() {
            return Err(Error::corrupt("a chunk is not as long as its symbols take"));
        }
        Ok(tail)
    }
}

/// Decodes the chunk of these pieces into `outs`, one for each and as long as it is. `scratch` saves memory being made again.
///
/// # Errors
/// Truncated or corrupt.
pub(crate) fn decode(
    model: &Model,
    tables: &Tables,
    shapes: &[Shape],
    pieces: &[Piece],
    payload: &[u8],
    isa: Isa,
    scratch: &mut Vec<u8>,
    outs: &mut [&mut [u8]],
) -> Result<()> {
    let total: usize = outs.iter().map(|out| out.len()).sum();
    let mut reader = Reader::new(payload);
    let lanes = match reader.u8()? {
        0 => 0,
        1 => FEW,
        2 => LANES,
        other => return Err(Error::corrupt(format!("chunk of unknown kind {other}"))),
    };
    let raw_len = if lanes == 0 {
        reader.rest().len()
    } else {
        reader.varint_max(total as u64, "stored bytes")? as usize
    };
    let held = raw_len.min(2 * lanes) / 2;
    let stored = reader.bytes(raw_len - 2 * held)?;
    let mut states = [LOW; LANES];
    for state in &mut states[..lanes] {
        *state = reader.u32()?;
    }
    let words = reader.rest();
    let decoder = lanes::Decoder { states, words, taken: 0, lanes: lanes.max(1), isa };
    let mut work = Work { decoder, tables, raw_used: 0, raw_len, arena: std::mem::take(scratch), used: 0 };
    let mut parts = Vec::new();
    for segment in segments(pieces) {
        let scheme = model.schemes[segment[0].array].as_ref().ok_or_else(no_scheme)?;
        parts.push(work.segment(scheme, &shapes[segment[0].array], segment)?);
    }
    let tail = work.tail(held)?;
    if work.raw_used != raw_len {
        return Err(Error::corrupt("a chunk with more stored bytes than its arrays have"));
    }
    let mut rest = outs;
    for (part, segment) in parts.into_iter().zip(segments(pieces)) {
        let (here, after) = rest.split_at_mut(segment.len());
        rest = after;
        if let [only] = here {
            part.merge(&work.arena, stored, &tail, isa, only)?;
            continue;
        }
        let mut whole = vec![0; part.len];
        part.merge(&work.arena, stored, &tail, isa, &mut whole)?;
        let mut done = 0;
        for out in here {
            out.copy_from_slice(&whole[done..done + out.len()]);
            done += out.len();
        }
    }
    *scratch = work.arena;
    Ok(())
}

impl Segment<'_> {
    fn merge(&self, arena: &[u8], stored: &[u8], tail: &[u8], isa: Isa, out: &mut [u8]) -> Result<()> {
        // Streams that reach into the tail are put together.
        let mut patched: Vec<Vec<u8>> = Vec::new();
        for place in &self.places {
            patched.push(match place {
                Place::Raw(range) if range.end > stored.len() => {
                    let head = stored.get(range.start..).unwrap_or(&[]);
                    let from = range.start.saturating_sub(stored.len());
                    [head, &tail[from..range.end - stored.len()]].concat()
                }
                _ => Vec::new(),
            });
        }
        let streams: Vec<&[u8]> = self
            .places
            .iter()
            .zip(&patched)
            .map(|(place, patched)| match place {
                Place::Raw(range) if range.end > stored.len() => patched.as_slice(),
                Place::Raw(range) => &stored[range.clone()],
                Place::Decoded(range) => &arena[range.clone()],
            })
            .collect();
        self.scheme.form.merge(self.shape.dtype, &streams, out, isa)
    }
}
