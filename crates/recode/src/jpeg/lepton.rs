//! The library `lepton_jpeg`, with its file format reduced to what carries information.
//!
//! The library writes a header packed by zlib; how zlib packs depends on its version, so we keep the header as it is and pack it
//! without compression before decoding. The header then goes to a stream of all headers, which a codec of ours makes smaller
//! than zlib does.

use super::quiet::caught;
use super::{Coded, header};
use crate::checksum::adler32;
use crate::deflate::Found;
use lepton_jpeg::{EnabledFeatures, SingleThreadPool};
use minlen_core::{Env, Error, Result};
use std::io::Cursor;

/// Bytes of the fixed part of the library's format.
const FIXED: usize = 28;
/// Longest header that is looked at.
const MAX_HEADER: usize = 16 << 20;
/// Largest picture that is taken on, in bytes of working memory.
const MAX_MEMORY: u64 = 1 << 30;

fn features(encode: bool) -> EnabledFeatures {
    let features = if encode {
        EnabledFeatures::compat_lepton_vector_write()
    } else {
        EnabledFeatures::compat_lepton_vector_read()
    };
    // One partition: the smallest file, and no threads that nobody asked for.
    EnabledFeatures {
        max_partitions: 1,
        max_processor_threads: 1,
        max_jpeg_width: 65_535,
        max_jpeg_height: 65_535,
        ..features
    }
}

/// Codes a JPEG; nothing if the library cannot, or does not give it back.
pub(crate) fn encode(jpeg: &[u8], env: &Env) -> Option<Coded> {
    let file = caught(|| {
        let mut out = Cursor::new(Vec::with_capacity(jpeg.len()));
        let pool = SingleThreadPool::default();
        lepton_jpeg::encode_lepton(&mut Cursor::new(jpeg), &mut out, &features(true), &pool).ok()?;
        Some(out.into_inner())
    })?;
    let coded = take_apart(&file)?;
    let mut back = Vec::new();
    decode(&coded.header, &coded.body, jpeg.len(), env, &mut back).ok()?;
    (back == jpeg).then_some(coded)
}

fn take_apart(file: &[u8]) -> Option<Coded> {
    let fixed = file.get(..FIXED)?;
    let packed = u32::from_le_bytes(fixed[24..28].try_into().ok()?) as usize;
    // Behind the two bytes of zlib's own header.
    let found = Found::at(file.get(FIXED + 2..FIXED + packed)?, MAX_HEADER, &mut 0)?;
    let rest = file.get(FIXED + packed..file.len() - 4)?;
    let body = rest.strip_prefix(b"CMP")?.to_vec();
    let mut header = vec![fixed[3], fixed[14], fixed[15]];
    header.extend_from_slice(found.plain());
    Some(Coded { header, body })
}

/// Appends the JPEG of `len` bytes that was coded to `out`.
///
/// # Errors
/// Corrupt for what no encoder wrote; limit for the memory.
pub(crate) fn decode(header: &[u8], body: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let corrupt = || Error::corrupt("jpeg: not what the encoder wrote");
    let ([kind, flags, version], plain) = header.split_first_chunk::<3>().ok_or_else(corrupt)?;
    let memory = header::check(plain, len)?;
    if memory > MAX_MEMORY || plain.len() > MAX_HEADER {
        return Err(Error::limit(format!("jpeg: {memory} bytes of memory")));
    }
    let _held = env.budget.reserve(memory + plain.len() as u64 + body.len() as u64)?;
    let file = put_together([*kind, *flags, *version], plain, body, len);
    let jpeg = caught(|| {
        let mut sink = Bounded { out: Vec::with_capacity(len), len };
        let pool = SingleThreadPool::default();
        lepton_jpeg::decode_lepton(&mut Cursor::new(&file), &mut sink, &features(false), &pool).ok()?;
        Some(sink.out)
    })
    .filter(|jpeg| jpeg.len() == len)
    .ok_or_else(corrupt)?;
    out.extend_from_slice(&jpeg);
    Ok(())
}

fn put_together([kind, flags, version]: [u8; 3], plain: &[u8], body: &[u8], len: usize) -> Vec<u8> {
    let mut packed = vec![0x78, 0x01];
    let mut pieces = plain.chunks(0xffff).peekable();
    while let Some(piece) = pieces.next() {
        packed.push(u8::from(pieces.peek().is_none()));
        packed.extend((piece.len() as u16).to_le_bytes());
        packed.extend((!piece.len() as u16).to_le_bytes());
        packed.extend_from_slice(piece);
    }
    packed.extend(adler32(plain).to_be_bytes());
    let mut file = vec![0xcf, 0x84, 1, kind, 1, 0, 0, 0, b'M', b'S'];
    file.extend((plain.len() as u32).to_le_bytes());
    file.extend([flags, version, 0, 0, 0, 0]);
    file.extend((len as u32).to_le_bytes());
    file.extend((packed.len() as u32).to_le_bytes());
    file.extend(packed);
    file.extend(b"CMP");
    file.extend_from_slice(body);
    let total = file.len() as u32 + 4;
    file.extend(total.to_le_bytes());
    file
}

/// Takes no more bytes than the JPEG has.
struct Bounded {
    out: Vec<u8>,
    len: usize,
}

impl std::io::Write for Bounded {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if data.len() > self.len - self.out.len() {
            return Err(std::io::Error::other("longer than stated"));
        }
        self.out.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
