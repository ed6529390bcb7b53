//! Streams within a payload, each in parts with a chain of codecs (docs/format/codecs/recode.md); of `recode` and `tensors`.

use crate::block_progress::{Blocks, Scaled};
use crate::planner::{Planner, Request};
use minlen_core::varint::{Reader, put};
use minlen_core::{
    Chain, CodecId, Detection, Env, Error, Event, Need, NoProgress, Progress, Registry, Result, ids,
};
use std::sync::Arc;

/// Streams, and parts of a stream, at most.
const MOST: u64 = 1 << 12;

/// A part of a stream, coded.
pub(crate) struct Coded {
    pub(crate) raw_len: u64,
    pub(crate) ids: Vec<CodecId>,
    pub(crate) inner: Vec<u64>,
    pub(crate) payload: Vec<u8>,
}

/// Codes one stream by what the planner finds best for it; the layout in `env` is that of the stream. `progress` hears how far it is.
pub(crate) fn code(
    planner: &Planner,
    data: &[u8],
    known: Option<Detection>,
    level: u8,
    env: &Env,
    progress: Option<&Arc<Scaled>>,
) -> Result<Vec<Coded>> {
    if data.is_empty() {
        return Ok(Vec::new());
    }
    let request = Request { level, chain: None, memory: None, known, decode_ns: u32::MAX };
    // What is coded inside would tell of other bytes than those of the input.
    let quiet = env.clone().with_progress(match progress {
        Some(scaled) => Arc::new(Blocks(Arc::clone(scaled))) as Arc<dyn Progress>,
        None => Arc::new(NoProgress),
    });
    let parts = planner.code(data, &request, &quiet)?;
    for part in &parts {
        env.progress.event(Event::Explain { line: format!("    stream: {}", part.explain()) });
    }
    let coded = parts.into_iter().map(|part| part.block);
    Ok(coded
        .map(|b| Coded {
            raw_len: b.header.raw_len,
            ids: b.header.ids,
            inner: b.header.inner,
            payload: b.payload,
        })
        .collect())
}

/// A stream whose bytes are coded already.
pub(crate) fn stored(data: &[u8]) -> Vec<Coded> {
    if data.is_empty() {
        return Vec::new();
    }
    let coded = Coded {
        raw_len: data.len() as u64,
        ids: vec![ids::STORE],
        inner: Vec::new(),
        payload: data.to_vec(),
    };
    vec![coded]
}

/// What stands before the coded bytes.
pub(crate) struct Payload {
    /// The parts of each stream; the first stream is the recipe.
    pub(crate) streams: Vec<Vec<Coded>>,
}

impl Payload {
    /// Appends the description of all parts, then their bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put(out, self.streams.len() as u64);
        let filled = |streams: &[Vec<Coded>]| {
            streams.iter().enumerate().map(|(i, stream)| u8::from(!stream.is_empty()) << i).sum::<u8>()
        };
        out.extend(self.streams.chunks(8).map(filled));
        let mut left = self.streams.iter().map(Vec::len).sum::<usize>();
        for stream in &self.streams {
            for (i, part) in stream.iter().enumerate() {
                left -= 1;
                part.describe(i + 1 < stream.len(), left == 0, out);
            }
        }
        self.streams.iter().flatten().for_each(|part| out.extend_from_slice(&part.payload));
    }

    /// Reads the description; the coded bytes stay where they are and are returned beside it, the parts without any.
    pub(crate) fn read(payload: &[u8]) -> Result<(Described, &[u8])> {
        let mut reader = Reader::new(payload);
        let count = reader.varint_max(MOST, "the number of streams")? as usize;
        let filled = reader.bytes(count.div_ceil(8))?;
        let bit = |i: usize| filled[i / 8] >> (i % 8) & 1 == 1;
        if (count..filled.len() * 8).any(bit) {
            return Err(Error::corrupt("streams: bytes of a stream that is not there"));
        }
        let last = (0..count).rev().find(|&i| bit(i));
        let mut streams = Vec::new();
        for i in 0..count {
            let mut parts = Vec::new();
            let mut more = bit(i);
            while more {
                if parts.len() as u64 >= MOST {
                    return Err(Error::corrupt("streams: parts without end"));
                }
                let (part, next) = Description::read(&mut reader, last == Some(i))?;
                parts.push(part);
                more = next;
            }
            streams.push(parts);
        }
        let mut described = Described { streams };
        described.close(reader.rest().len() as u64)?;
        Ok((described, reader.rest()))
    }
}

impl Coded {
    /// Appends what decoding needs to know of this part: its length, its codecs, and where its bytes end.
    fn describe(&self, more: bool, last: bool, out: &mut Vec<u8>) {
        put(out, self.raw_len);
        for (i, id) in self.ids.iter().enumerate() {
            let staged = u64::from(id.0) << 1 | u64::from(i + 1 < self.ids.len());
            put(out, if i == 0 { staged << 1 | u64::from(more) } else { staged });
        }
        self.inner.iter().for_each(|&len| put(out, len));
        if !last && !is_stored(&self.ids) {
            put(out, self.payload.len() as u64);
        }
    }
}

/// True if the bytes of a part are as they were, so that one length says it all.
fn is_stored(ids: &[CodecId]) -> bool {
    ids == [ids::STORE]
}

/// A part as the payload describes it.
pub(crate) struct Description {
    raw_len: u64,
    stored_len: u64,
    ids: Vec<CodecId>,
    inner: Vec<u64>,
}

impl Description {
    /// Reads one, and whether another part of the same stream follows. The last part of the last stream has what is left.
    fn read(reader: &mut Reader<'_>, last: bool) -> Result<(Self, bool)> {
        let raw_len = reader.varint()?;
        let first = reader.varint_max(0x3_ffff, "a codec id")?;
        let more = first & 1 == 1;
        let mut staged = first >> 1;
        let mut ids = vec![CodecId((staged >> 1) as u16)];
        while staged & 1 == 1 {
            if ids.len() >= Chain::MAX_STAGES {
                return Err(Error::corrupt("streams: a codec chain of impossible length"));
            }
            staged = reader.varint_max(0x1_ffff, "a codec id")?;
            ids.push(CodecId((staged >> 1) as u16));
        }
        let inner = (1..ids.len()).map(|_| reader.varint()).collect::<Result<_>>()?;
        let stored_len = match (is_stored(&ids), last && !more) {
            (true, _) => raw_len,
            (_, true) => u64::MAX,
            _ => reader.varint()?,
        };
        Ok((Self { raw_len, stored_len, ids, inner }, more))
    }
}

/// All parts as the payload describes them.
pub(crate) struct Described {
    streams: Vec<Vec<Description>>,
}

impl Described {
    /// Gives the last part the bytes that the others leave of `total`.
    fn close(&mut self, total: u64) -> Result<()> {
        let mut left = total;
        for part in self.streams.iter_mut().flatten() {
            if part.stored_len == u64::MAX {
                part.stored_len = left;
            }
            left = left
                .checked_sub(part.stored_len)
                .ok_or_else(|| Error::truncated("streams: a part ends too early"))?;
        }
        Ok(())
    }

    /// Bytes of all streams.
    pub(crate) fn raw_len(&self) -> u64 {
        self.streams.iter().flatten().fold(0u64, |sum, part| sum.saturating_add(part.raw_len))
    }

    /// What decoding these streams needs besides `bytes`.
    pub(crate) fn needs(&self, bytes: &[u8], registry: &Registry, env: &Env) -> Result<Vec<Need>> {
        let mut reader = Reader::new(bytes);
        let mut needs = Vec::new();
        for part in self.streams.iter().flatten() {
            let stored = usize::try_from(part.stored_len)
                .map_err(|_| Error::truncated("streams: a part ends too early"))?;
            let payload = reader.bytes(stored)?;
            needs.extend(needs_of(&part.ids, payload, part.raw_len, registry, env)?);
        }
        Ok(needs)
    }

    /// Decodes all streams. The caller has reserved their memory.
    pub(crate) fn decode(&self, bytes: &[u8], registry: &Registry, env: &Env) -> Result<Vec<Vec<u8>>> {
        let mut reader = Reader::new(bytes);
        let mut streams = Vec::with_capacity(self.streams.len());
        for parts in &self.streams {
            let mut stream = Vec::new();
            for part in parts {
                let stored = usize::try_from(part.stored_len)
                    .map_err(|_| Error::truncated("streams: a part ends too early"))?;
                let payload = reader.bytes(stored)?;
                let len =
                    usize::try_from(part.raw_len).map_err(|_| Error::limit("streams: a part too long"))?;
                let raw = Chain::decode(&part.ids, &part.inner, payload, len, registry, env)?;
                if stream.is_empty() {
                    stream = raw;
                } else {
                    stream.extend_from_slice(&raw);
                }
            }
            streams.push(stream);
        }
        if !reader.is_empty() {
            return Err(Error::corrupt("streams: bytes left over"));
        }
        Ok(streams)
    }
}

/// What is around ranges of some data of `total` bytes, one before each and one behind the last.
#[cfg(any(feature = "latent", feature = "tensors"))]
pub(crate) fn around(
    ranges: impl Iterator<Item = std::ops::Range<usize>> + Clone,
    total: usize,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let starts = std::iter::once(0).chain(ranges.clone().map(|range| range.end));
    let ends = ranges.map(|range| range.start).chain(std::iter::once(total));
    starts.zip(ends).map(|(start, end)| start..end)
}

/// What decoding a payload of this chain needs besides it. What names anything codes last, since nothing comes after it.
pub(crate) fn needs_of(
    ids: &[CodecId],
    payload: &[u8],
    raw_len: u64,
    registry: &Registry,
    env: &Env,
) -> Result<Vec<Need>> {
    let Some(codec) = ids.last().and_then(|id| registry.codec(*id).ok()) else { return Ok(Vec::new()) };
    if !codec.may_need() {
        return Ok(Vec::new());
    }
    let len = usize::try_from(raw_len).map_err(|_| Error::limit("a block of that size"))?;
    codec.needs(payload, len, env)
}
