//! Blocks: a piece of content, coded on its own (docs/format/block.md).

use crate::limits::{MAX_BLOCK_RAW, MAX_CHAIN, MAX_STORED};
use crate::primitives::{Input, hash64, to_usize};
use crate::section::Section;
use crate::tree::Encoded;
use minlen_core::varint::{self, Reader};
use minlen_core::{Advice, Chain, CodecId, Coded, Env, Error, Registry, Result};
use std::io::Read;

/// What a block says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// Bytes of content.
    pub raw_len: u64,
    /// Bytes of payload.
    pub stored_len: u64,
    /// The codecs in encoding order.
    pub ids: Vec<CodecId>,
    /// Lengths between the codecs: one fewer than `ids`.
    pub inner: Vec<u64>,
    /// XXH3-64 of the content.
    pub hash: u64,
    /// How many low bytes of the hash are known: 8, or 4 in the compact form of small content.
    pub hash_bytes: u8,
}

/// A block as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBlock {
    /// What it says about itself.
    pub header: BlockHeader,
    /// The coded bytes.
    pub payload: Vec<u8>,
    /// Where its section begins in the file; 0 before it is written.
    pub offset: u64,
    /// Where its content begins in the stream's content; set by the writer, 0 before. Of a tree, the length of its tail.
    pub raw_start: u64,
}

/// Puts coded content and its hash into a block. The chain's result `coded` must be of `raw`.
#[must_use]
pub fn seal(raw: &[u8], coded: Coded) -> RawBlock {
    let header = BlockHeader {
        raw_len: raw.len() as u64,
        stored_len: coded.payload.len() as u64,
        ids: coded.ids,
        inner: coded.inner,
        hash: hash64(raw),
        hash_bytes: 8,
    };
    RawBlock { header, payload: coded.payload, offset: 0, raw_start: 0 }
}

/// Decodes a block within the limits and checks the hash of what comes out.
///
/// The memory of the output is reserved from the budget while decoding only: a caller that keeps many decoded
/// blocks reserves for them itself.
///
/// # Errors
/// Corrupt for a wrong hash or whatever a codec finds; unsupported for an unknown codec; limit.
pub fn open_block(block: &RawBlock, registry: &Registry, env: &Env) -> Result<Vec<u8>> {
    let _held = env.budget.reserve(block.header.raw_len).map_err(|e| e.at(block.offset))?;
    open_block_within(block, registry, env)
}

/// Puts the bytes of a tree into a block, the last `tail` of them as they are.
pub(crate) fn seal_tree(tree: &Encoded, code: impl FnOnce(&[u8]) -> Result<Coded>) -> Result<RawBlock> {
    let (coded, tail) = tree.bytes.split_at(tree.bytes.len() - tree.tail);
    let mut block = seal(coded, code(coded)?);
    block.payload.extend_from_slice(tail);
    let header = &mut block.header;
    header.raw_len = tree.bytes.len() as u64;
    header.stored_len = block.payload.len() as u64;
    header.hash = hash64(&tree.bytes);
    block.raw_start = tail.len() as u64;
    Ok(block)
}

/// Decodes the block of a TREE, whose `raw_start` is the length of the tail that is stored as it is.
///
/// # Errors
/// As [`open_block`].
pub fn open_tree(block: &RawBlock, registry: &Registry, env: &Env) -> Result<Vec<u8>> {
    let _held = env.budget.reserve(block.header.raw_len).map_err(|e| e.at(block.offset))?;
    decode_with_tail(block, block.raw_start, registry, env).map_err(|e| e.at(block.offset))
}

/// The same for a caller who has reserved the memory of the content.
///
/// # Errors
/// As [`open_block`].
pub fn open_block_within(block: &RawBlock, registry: &Registry, env: &Env) -> Result<Vec<u8>> {
    decode(block, registry, env).map_err(|e| e.at(block.offset))
}

/// The first `wanted` bytes of a block or more, without those that follow where its codec can stop early. The checksum of the block is
/// only compared where all of it was decoded: the caller checks what it takes by other means. The memory of the content is reserved.
///
/// # Errors
/// As [`open_block`].
pub fn open_beginning(block: &RawBlock, wanted: u64, registry: &Registry, env: &Env) -> Result<Vec<u8>> {
    let len = block.header.raw_len;
    if let [id] = block.header.ids[..]
        && wanted < len - len / 8
        && len <= MAX_BLOCK_RAW
        && let Some(codec) = registry.codec(id)?.sequential()
    {
        let mut raw = Vec::new();
        let (len, wanted) = (to_usize(len)?, to_usize(wanted)?);
        codec.decode_first(&block.payload, len, wanted, env, &mut raw).map_err(|e| e.at(block.offset))?;
        if raw.len() < wanted || raw.len() > len {
            return Err(Error::corrupt("a block of another length than it says").at(block.offset));
        }
        if raw.len() < len {
            return Ok(raw);
        }
        return if block.header.fits(&raw) { Ok(raw) } else { Err(differs().at(block.offset)) };
    }
    open_block_within(block, registry, env)
}

fn differs() -> Error {
    Error::corrupt("a block's checksum differs").advise(Advice::RepairOrSalvage)
}

fn decode(block: &RawBlock, registry: &Registry, env: &Env) -> Result<Vec<u8>> {
    decode_with_tail(block, 0, registry, env)
}

fn decode_with_tail(block: &RawBlock, tail: u64, registry: &Registry, env: &Env) -> Result<Vec<u8>> {
    let header = &block.header;
    if header.raw_len > MAX_BLOCK_RAW {
        return Err(Error::limit(format!("a block of {} bytes", header.raw_len)));
    }
    let len = header.raw_len.checked_sub(tail).filter(|&len| len > 0);
    let coded = (block.payload.len() as u64).checked_sub(tail);
    let (Some(len), Some(coded)) = (len, coded) else {
        return Err(Error::corrupt("a block whose tail is longer than itself"));
    };
    let (coded, tail) = block.payload.split_at(coded as usize);
    let mut raw = Chain::decode(&header.ids, &header.inner, coded, to_usize(len)?, registry, env)?;
    raw.extend_from_slice(tail);
    if !header.fits(&raw) {
        return Err(differs());
    }
    Ok(raw)
}

impl BlockHeader {
    /// The fields of a BLOCK or TREE header.
    pub(crate) fn fields(&self, raw_start: u64) -> Result<Vec<u8>> {
        self.check().map_err(|e| Error::usage(e.to_string()))?;
        let mut out = Vec::with_capacity(48);
        varint::put(&mut out, self.stored_len);
        varint::put(&mut out, raw_start);
        varint::put(&mut out, self.raw_len);
        self.put_chain(&mut out)?;
        out.extend(self.hash.to_le_bytes());
        Ok(out)
    }

    /// Appends the codecs and the lengths between them.
    pub(crate) fn put_chain(&self, out: &mut Vec<u8>) -> Result<()> {
        self.check().map_err(|e| Error::usage(e.to_string()))?;
        for (i, id) in self.ids.iter().enumerate() {
            let more = u64::from(i + 1 < self.ids.len());
            varint::put(out, u64::from(id.0) << 1 | more);
        }
        for &len in &self.inner {
            varint::put(out, len);
        }
        Ok(())
    }

    /// Of no content, which only the compact form can say.
    pub(crate) fn empty() -> Self {
        Self { raw_len: 0, stored_len: 0, ids: Vec::new(), inner: Vec::new(), hash: 0, hash_bytes: 0 }
    }

    /// True if the hash is that of `raw`, as far as it is known.
    pub(crate) fn fits(&self, raw: &[u8]) -> bool {
        let unknown = 64 - 8 * u32::from(self.hash_bytes.min(8));
        (hash64(raw) ^ self.hash).checked_shl(unknown).unwrap_or(0) == 0
    }

    /// Reads the fields of a BLOCK or TREE header; the number is where its content begins.
    pub(crate) fn parse(fields: &[u8]) -> Result<(Self, u64)> {
        let mut r = Reader::new(fields);
        let stored_len = r.varint()?;
        let raw_start = r.varint()?;
        let raw_len = r.varint()?;
        let mut ids = Vec::new();
        loop {
            let id = r.varint_max(0x1_ffff, "a codec id")?;
            ids.push(CodecId((id >> 1) as u16));
            if id & 1 == 0 || ids.len() > MAX_CHAIN {
                break;
            }
        }
        let inner = (1..ids.len()).map(|_| r.varint()).collect::<Result<_>>()?;
        let header = Self { raw_len, stored_len, ids, inner, hash: r.u64()?, hash_bytes: 8 };
        if !r.is_empty() {
            return Err(Error::corrupt("a block header has bytes left over"));
        }
        header.check()?;
        raw_start.checked_add(raw_len).ok_or_else(|| Error::corrupt("a block ends beyond 64 bits"))?;
        Ok((header, raw_start))
    }

    fn check(&self) -> Result<()> {
        if self.raw_len == 0 || self.ids.is_empty() || self.ids.len() > MAX_CHAIN {
            return Err(Error::corrupt("a block without content or with an impossible chain"));
        }
        if self.inner.len() + 1 != self.ids.len() {
            return Err(Error::corrupt("a block whose inner lengths do not fit its chain"));
        }
        if self.raw_len > MAX_BLOCK_RAW || self.stored_len.max(self.longest_inner()) > MAX_STORED {
            return Err(Error::limit(format!("a block of {} bytes", self.raw_len)));
        }
        Ok(())
    }

    fn longest_inner(&self) -> u64 {
        self.inner.iter().copied().max().unwrap_or(0)
    }
}

impl RawBlock {
    /// Reads the payload that follows a BLOCK or TREE header at file offset `offset`.
    pub(crate) fn read<R: Read>(
        section: &Section,
        offset: u64,
        input: &mut Input<R>,
        env: &Env,
    ) -> Result<Self> {
        let (header, raw_start) = BlockHeader::parse(&section.fields).map_err(|e| e.at(offset))?;
        let payload = input.payload(header.stored_len, env)?;
        Ok(Self { header, payload, offset, raw_start })
    }
}
