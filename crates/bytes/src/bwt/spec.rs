//! What bwt can be told, and the payload header.

use super::model;
use super::repeat::MIN_REPEAT;
use super::sort::{self, Starts, piece_len};
use minlen_core::varint::{self, Reader};
use minlen_core::{CodecSpec, Error, ParamKind, ParamSpec, Result, ids};

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        key: "repeats",
        doc: "1: take long repeats out before sorting",
        kind: ParamKind::Int { min: 0, max: 1 },
        default: 1,
    },
    ParamSpec {
        key: "model",
        doc: "normal: smallest; fast: decodes in about half the time",
        kind: ParamKind::Choice(&["normal", "fast"]),
        default: 0,
    },
];

/// Nanoseconds a byte that decoding takes with the normal model, about.
pub(super) const NORMAL_NS: u32 = 240;

/// Columns from this length on are coded in two halves, each by a coder and a model of its own, which two threads can
/// decode at once. Below, what the second model has to learn again would cost too much.
pub(super) const HALVED: usize = 1 << 19;

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::BWT,
    name: "bwt",
    summary: "block sorting with context mixing, for text, logs, tables and databases",
    source: "Burrows and Wheeler (1994); libsais (Nong, Zhang and Chan 2009); Mahoney (2005)",
    limits: "whole input at once, 6 bytes of memory per byte; encoding and decoding take equally long",
    params: PARAMS,
    max_input: 1 << 28,
};

/// Columns from this length on are spelled with a tree of their own: below, its description costs more than it
/// gains.
pub(super) const SHAPED: usize = 1 << 12;

const REPEATS: u8 = 1;
const FAST: u8 = 2;

/// What stands before the coded bits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Length of the sorted text.
    pub len: usize,
    /// Length of the description of the repeats; 0 if none were taken out.
    pub tokens: usize,
    /// True for the fast model.
    pub fast: bool,
    /// Where the pieces of the text start.
    pub starts: Starts,
}

impl Header {
    /// Appends the header of a text of which `whole` bytes are to come back.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.push(if self.tokens > 0 { REPEATS } else { 0 } | if self.fast { FAST } else { 0 });
        if self.tokens > 0 {
            varint::put(out, self.len as u64);
            varint::put(out, self.tokens as u64);
        }
        for row in &self.starts.rows {
            out.extend_from_slice(&row.to_le_bytes()[..row_bytes(self.len)]);
        }
    }

    /// Reads a header and returns it with what follows.
    pub(super) fn get(payload: &[u8], output_len: usize) -> Result<(Self, &[u8])> {
        let mut reader = Reader::new(payload);
        let flags = reader.u8()?;
        let (len, tokens) = match flags & !FAST {
            0 => (output_len, 0),
            REPEATS => {
                let len = reader.varint_max(output_len as u64, "bwt: sorted length")? as usize;
                // A repeat takes at least three bytes to describe and at most 30.
                let most = (output_len - len) / MIN_REPEAT * 30;
                let tokens = reader.varint_max(most as u64, "bwt: length of the repeats")? as usize;
                if tokens == 0 {
                    return Err(Error::corrupt("bwt: repeats that are none"));
                }
                (len, tokens)
            }
            _ => return Err(Error::corrupt("bwt: unknown flags")),
        };
        if len == 0 || len as u64 > SPEC.max_input {
            return Err(Error::corrupt("bwt: impossible length"));
        }
        let piece = piece_len(len);
        let rows = (0..len.div_ceil(piece)).map(|_| {
            let mut row = [0; 4];
            row[..row_bytes(len)].copy_from_slice(reader.bytes(row_bytes(len))?);
            Ok(u32::from_le_bytes(row))
        });
        let rows = rows.collect::<Result<Vec<u32>>>()?;
        let (fast, starts) = (flags & FAST != 0, Starts { piece, rows });
        Ok((Self { len, tokens, fast, starts }, reader.rest()))
    }
}

/// Bytes that hold a row number of a text of `len` bytes.
fn row_bytes(len: usize) -> usize {
    (usize::BITS - len.leading_zeros()).div_ceil(8) as usize
}

/// Symbols between looks at the cancel flag.
pub(super) const STEP: usize = 1 << 16;

/// The column, the table of its inverse, the text that repeats are put back into, and a model for each half.
pub(super) fn decode_memory(len: usize) -> u64 {
    2 * len as u64 + sort::inverse_memory(len as u64) + 2 * model::memory(len)
}
