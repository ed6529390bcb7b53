//! The payload of `recode`: streams, each in parts with a chain of codecs (docs/format/codecs/recode.md).

use minlen_core::varint::{Reader, put};
use minlen_core::{Chain, CodecId, Env, Error, Registry, Result};

/// Streams, and parts of a stream, at most.
const MOST: u64 = 1 << 12;

/// A part of a stream, coded.
pub(super) struct Coded {
    pub(super) raw_len: u64,
    pub(super) ids: Vec<CodecId>,
    pub(super) inner: Vec<u64>,
    pub(super) payload: Vec<u8>,
}

/// What stands before the coded bytes.
pub(super) struct Payload {
    /// The parts of each stream; the first stream is the recipe.
    pub(super) streams: Vec<Vec<Coded>>,
}

impl Payload {
    /// Appends the description of all parts, then their bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put(out, self.streams.len() as u64);
        for stream in &self.streams {
            put(out, stream.len() as u64);
            for part in stream {
                put(out, part.raw_len);
                put(out, part.payload.len() as u64);
                for (i, id) in part.ids.iter().enumerate() {
                    put(out, u64::from(id.0) << 1 | u64::from(i + 1 < part.ids.len()));
                }
                part.inner.iter().for_each(|&len| put(out, len));
            }
        }
        self.streams.iter().flatten().for_each(|part| out.extend_from_slice(&part.payload));
    }

    /// Reads the description; the coded bytes stay where they are and are returned beside it, the parts without any.
    pub(super) fn read(payload: &[u8]) -> Result<(Described, &[u8])> {
        let mut reader = Reader::new(payload);
        let count = reader.varint_max(MOST, "the number of streams")?;
        let mut streams = Vec::new();
        for _ in 0..count {
            let parts = reader.varint_max(MOST, "the number of parts")?;
            streams.push((0..parts).map(|_| Description::read(&mut reader)).collect::<Result<Vec<_>>>()?);
        }
        Ok((Described { streams }, reader.rest()))
    }
}

/// A part as the payload describes it.
pub(super) struct Description {
    raw_len: u64,
    stored_len: u64,
    ids: Vec<CodecId>,
    inner: Vec<u64>,
}

impl Description {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let (raw_len, stored_len) = (reader.varint()?, reader.varint()?);
        let mut ids = Vec::new();
        loop {
            let id = reader.varint_max(0x1_ffff, "a codec id")?;
            ids.push(CodecId((id >> 1) as u16));
            if id & 1 == 0 {
                break;
            }
            if ids.len() >= Chain::MAX_STAGES {
                return Err(Error::corrupt("recode: a codec chain of impossible length"));
            }
        }
        let inner = (1..ids.len()).map(|_| reader.varint()).collect::<Result<_>>()?;
        Ok(Self { raw_len, stored_len, ids, inner })
    }
}

/// All parts as the payload describes them.
pub(super) struct Described {
    streams: Vec<Vec<Description>>,
}

impl Described {
    /// Bytes of all streams.
    pub(super) fn raw_len(&self) -> u64 {
        self.streams.iter().flatten().fold(0u64, |sum, part| sum.saturating_add(part.raw_len))
    }

    /// Decodes all streams. The caller has reserved their memory.
    pub(super) fn decode(&self, bytes: &[u8], registry: &Registry, env: &Env) -> Result<Vec<Vec<u8>>> {
        let mut reader = Reader::new(bytes);
        let mut streams = Vec::with_capacity(self.streams.len());
        for parts in &self.streams {
            let mut stream = Vec::new();
            for part in parts {
                let stored = usize::try_from(part.stored_len)
                    .map_err(|_| Error::truncated("recode: a part ends too early"))?;
                let payload = reader.bytes(stored)?;
                let len =
                    usize::try_from(part.raw_len).map_err(|_| Error::limit("recode: a part too long"))?;
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
            return Err(Error::corrupt("recode: bytes left over"));
        }
        Ok(streams)
    }
}
