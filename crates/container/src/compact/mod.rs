//! The compact form of a small stream: one block, a dozen bytes around it (docs/format/compact.md).
//!
//! It has no header of its own to check first: the sizes in it are bounded, and one checksum over head and content tells
//! whether all of it is right.
//!
//! [`crate::StreamWriter::finish_compact`] writes this form where it can hold the content, and every reader of streams reads it: this
//! module is for those who make or recognise such streams by themselves.
//!
//! ```
//! use minlen_container::{compact, seal};
//! use minlen_core::{Coded, ids};
//! let coded = Coded { ids: vec![ids::STORE], inner: Vec::new(), payload: b"few".to_vec() };
//! let stream = compact::bytes(Some(&seal(b"few", coded)))?.expect("fits");
//! assert!(compact::is_compact(&stream) && stream.len() == 3 + 11);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use crate::block::{BlockHeader, RawBlock};
use crate::primitives::{Input, hash64};
use minlen_core::{Error, Result, varint};
use std::io::Read;

/// The first bytes of every compact stream. The first one is that of [`crate::MAGIC`].
pub const MAGIC: [u8; 3] = [0x8d, b'm', b'l'];
/// The version that is written and read, in the fourth byte.
const VERSION: u8 = 1;
/// Most bytes of content that the compact form holds.
pub const MAX_CONTENT: u64 = 1 << 18;
/// Content over this many bytes has a checksum of 8 bytes, other content one of 4.
const SHORT: u64 = 4096;
/// Bytes that a head has at least: enough to tell it from a stream header.
const PREFIX: usize = 4;

/// True if `bytes` begin like a compact stream.
#[must_use]
pub fn is_compact(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Everything before the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The block; of its hash, nothing is known yet.
    header: BlockHeader,
    /// The bytes of the head.
    bytes: Vec<u8>,
}

/// The whole of a compact stream that holds this block, or nothing but its magic for no content at all; `None` for what
/// needs the full form.
///
/// # Errors
/// Usage for a block that nobody could read.
pub fn bytes(block: Option<&RawBlock>) -> Result<Option<Vec<u8>>> {
    let header = block.map(|block| &block.header);
    let (raw_len, stored_len) = header.map_or((0, 0), |h| (h.raw_len, h.stored_len));
    if raw_len > MAX_CONTENT || stored_len > raw_len {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(32 + stored_len as usize);
    out.extend(MAGIC);
    out.push(VERSION);
    varint::put(&mut out, stored_len);
    varint::put(&mut out, raw_len);
    if let Some(header) = header {
        header.put_chain(&mut out)?;
    }
    let check = hash64(&out) ^ header.map_or_else(|| hash64(&[]), |header| header.hash);
    if let Some(block) = block {
        out.extend_from_slice(&block.payload);
    }
    out.extend_from_slice(&check.to_le_bytes()[..check_len(raw_len)]);
    Ok(Some(out))
}

fn check_len(raw_len: u64) -> usize {
    if raw_len <= SHORT { 4 } else { 8 }
}

impl Head {
    /// Reads a head whose first `known` bytes were read already.
    pub(crate) fn read<R: Read>(known: &[u8; PREFIX], input: &mut Input<R>) -> Result<Self> {
        if !is_compact(known) {
            return Err(Error::corrupt("not a compact stream"));
        }
        if known[3] != VERSION {
            return Err(Error::unsupported(format!("compact form {}, this build reads {VERSION}", known[3]))
                .remedy("get a newer minlen"));
        }
        let mut bytes = known.to_vec();
        let stored_len = read_varint(input, &mut bytes)?;
        let raw_len = read_varint(input, &mut bytes)?;
        if raw_len > MAX_CONTENT || stored_len > raw_len {
            return Err(Error::corrupt("a compact stream with impossible lengths"));
        }
        let header =
            if raw_len == 0 { BlockHeader::empty() } else { chain(stored_len, raw_len, input, &mut bytes)? };
        Ok(Self { header, bytes })
    }

    /// Bytes of content.
    pub(crate) fn raw_len(&self) -> u64 {
        self.header.raw_len
    }

    /// Bytes of payload.
    pub(crate) fn stored_len(&self) -> u64 {
        self.header.stored_len
    }

    /// Bytes of the head.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Bytes of the whole stream.
    pub(crate) fn stream_len(&self) -> u64 {
        self.len() + self.stored_len() + check_len(self.raw_len()) as u64
    }

    /// The block without what its checksum says.
    pub(crate) fn into_header(self) -> BlockHeader {
        self.header
    }

    /// Reads payload and checksum. `None` for no content, whose checksum is compared at once.
    pub(crate) fn block<R: Read>(self, offset: u64, input: &mut Input<R>) -> Result<Option<RawBlock>> {
        let Self { mut header, bytes } = self;
        let mut payload = vec![0; header.stored_len as usize];
        input.exact(&mut payload, "a compact stream")?;
        let mut check = [0; 8];
        let len = check_len(header.raw_len);
        input.exact(&mut check[..len], "a checksum")?;
        header.hash = u64::from_le_bytes(check) ^ hash64(&bytes);
        header.hash_bytes = len as u8;
        if header.raw_len > 0 {
            return Ok(Some(RawBlock { header, payload, offset, raw_start: 0 }));
        }
        match header.fits(&[]) {
            true => Ok(None),
            false => Err(Error::corrupt("a compact stream's checksum differs").at(offset)),
        }
    }
}

/// The chain, by the rules for blocks.
fn chain<R: Read>(
    stored_len: u64,
    raw_len: u64,
    input: &mut Input<R>,
    bytes: &mut Vec<u8>,
) -> Result<BlockHeader> {
    let mut fields = Vec::new();
    varint::put(&mut fields, stored_len);
    varint::put(&mut fields, 0);
    varint::put(&mut fields, raw_len);
    let begin = bytes.len();
    let mut codecs = 1;
    while read_varint(input, bytes)? & 1 == 1 {
        codecs += 1;
        if codecs > crate::limits::MAX_CHAIN {
            return Err(Error::corrupt("a chain of too many codecs"));
        }
    }
    for _ in 1..codecs {
        read_varint(input, bytes)?;
    }
    fields.extend_from_slice(&bytes[begin..]);
    fields.extend([0; 8]);
    BlockHeader::parse(&fields).map(|(header, _)| header)
}

/// A varint, whose bytes go behind `bytes`.
fn read_varint<R: Read>(input: &mut Input<R>, bytes: &mut Vec<u8>) -> Result<u64> {
    let begin = bytes.len();
    loop {
        let [byte] = input.array("a compact stream")?;
        bytes.push(byte);
        if byte < 0x80 || bytes.len() - begin == 10 {
            break;
        }
    }
    varint::Reader::new(&bytes[begin..]).varint()
}

#[cfg(test)]
mod tests;
