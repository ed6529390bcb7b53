//! What both sides of lz77 share: constants, parameters, and how lengths and offsets become symbols.

use minlen_core::{CodecSpec, ParamKind, ParamSpec, Params, ids};

/// Most output bytes of a block.
pub const MAX_BLOCK: usize = 1 << 18;
/// Shortest match; only repeated offsets are used for this length, new offsets from 3 bytes on.
pub const MIN_MATCH: u32 = 2;
/// Largest offset.
pub const MAX_OFFSET: u32 = 1 << 26;
/// Symbols for lengths: 16 plain ones, then four for each power of two up to [`MAX_BLOCK`].
pub const LENGTH_SYMBOLS: usize = 16 + 4 * 15;
/// Most mantissa bits in the symbol of an offset.
pub const MAX_MANTISSA: u32 = 3;
/// Symbols for offsets: three repeats, then up to 2^[`MAX_MANTISSA`] for each power of two up to [`MAX_OFFSET`].
pub const OFFSET_SYMBOLS: usize = 3 + (27 << MAX_MANTISSA);
/// Longest Huffman code of a sequence symbol.
pub const MAX_CODE: u32 = 12;
/// rANS lanes for literals, and how many literals make these pay; below, there is one lane.
pub const LITERAL_LANES: usize = 4;
/// See [`LITERAL_LANES`].
pub const LANES_FROM: usize = 2048;
/// In a block's flags: literals are not coded. The bits below are the mantissa bits of offsets.
pub const RAW_LITERALS: u8 = 4;
/// Values of `parse`.
pub const GREEDY: i64 = 0;
/// See [`GREEDY`].
#[cfg(not(feature = "zstd"))]
pub const LAZY: i64 = 1;
/// See [`GREEDY`].
pub const OPTIMAL: i64 = 2;

/// What the codec is.
pub static SPEC: CodecSpec = CodecSpec {
    id: ids::LZ77,
    name: "lz77",
    summary: "our own dictionary coder: lazy or optimal parsing, Huffman or rANS",
    source: "Ziv and Lempel 1977; RFC 1951 section 4 (lazy); RFC 8878 (repeated offsets); Duda 2013 (rANS)",
    limits: "no match longer than a block of 256 KiB; encodes slower than zstd at the same size",
    params: &[
        ParamSpec {
            key: "parse",
            doc: "how matches are chosen: the first, the better of two neighbours, or the cheapest path",
            kind: ParamKind::Choice(&["greedy", "lazy", "optimal"]),
            default: OPTIMAL,
        },
        ParamSpec {
            key: "coder",
            doc: "entropy coder of literals and sequences",
            kind: ParamKind::Choice(&["huffman", "rans"]),
            default: 1,
        },
        ParamSpec {
            key: "window",
            doc: "how far back matches reach, in bytes",
            kind: ParamKind::Int { min: 1 << 14, max: MAX_OFFSET as i64 },
            default: 8 << 20,
        },
        ParamSpec {
            key: "depth",
            doc: "how many earlier places are tried for a match (0: what suits the parse)",
            kind: ParamKind::Int { min: 0, max: 4096 },
            default: 0,
        },
    ],
    max_input: (1 << 32) - (1 << 20),
};

/// The parameters, read.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The `parse` parameter.
    pub parse: i64,
    /// The entropy coder.
    pub coder: Coder,
    /// Largest offset.
    pub window: usize,
    /// Candidates for each match.
    pub depth: u32,
}

/// The entropy coder; the first byte of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coder {
    /// Huffman codes.
    Huffman = 0,
    /// Interleaved rANS.
    Rans = 1,
}

impl Settings {
    /// From the parameters.
    pub fn of(params: &Params) -> Self {
        let parse = params.get("parse");
        let usual = [4, 8, 128][parse.clamp(GREEDY, OPTIMAL) as usize];
        let depth = u32::try_from(params.get("depth")).unwrap_or(0);
        Self {
            parse,
            coder: if params.get("coder") == 0 { Coder::Huffman } else { Coder::Rans },
            window: usize::try_from(params.get("window")).unwrap_or(1 << 14),
            depth: if depth == 0 { usual } else { depth },
        }
    }
}

/// One step of the decoder: copy `literals` bytes from the literals, then `length` bytes from earlier output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Bytes to copy from the literals.
    pub literals: u32,
    /// Bytes to copy from the output, at least [`MIN_MATCH`].
    pub length: u32,
    /// 0 to 2: an offset used before (see [`Repeats`]); else the offset plus 2.
    pub offset: u32,
}

/// The last three offsets, as in RFC 8878, section 3.1.1.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats(pub [u32; 3]);

impl Default for Repeats {
    fn default() -> Self {
        Self([1, 4, 8])
    }
}

impl Repeats {
    /// The offset that code 0, 1 or 2 stands for. Right after a match (`no_literals`), the last offset is no use,
    /// and the codes stand for the second, the third, and the last less one (which may be the invalid 0).
    #[inline]
    pub fn get(&self, code: u32, no_literals: bool) -> u32 {
        match code + u32::from(no_literals) {
            0 => self.0[0],
            1 => self.0[1],
            2 => self.0[2],
            _ => self.0[0].wrapping_sub(1),
        }
    }

    /// Takes note of a used offset and gives it; `code` as in [`Sequence::offset`].
    #[inline]
    pub fn take(&mut self, code: u32, no_literals: bool) -> u32 {
        let [a, b, c] = self.0;
        let (offset, rest) = match code {
            3.. => (code - 2, [a, b]),
            _ => match code + u32::from(no_literals) {
                0 => return a,
                1 => (b, [a, c]),
                2 => (c, [a, b]),
                _ => (a.wrapping_sub(1), [a, b]),
            },
        };
        self.0 = [offset, rest[0], rest[1]];
        offset
    }

    /// The code for `offset`.
    #[inline]
    pub fn code_of(&self, offset: u32, no_literals: bool) -> u32 {
        (0..3).find(|&code| self.get(code, no_literals) == offset).unwrap_or(offset + 2)
    }
}

/// The symbol of a length and how many of its low bits follow as they are.
#[inline]
pub fn length_symbol(value: u32) -> (usize, u32) {
    if value < 16 {
        return (value as usize, 0);
    }
    let log = value.ilog2();
    ((16 + 4 * (log - 4) + ((value >> (log - 2)) & 3)) as usize, log - 2)
}

/// The smallest length of a symbol and how many bits are added to it.
pub fn length_base(symbol: usize) -> (u32, u32) {
    let symbol = symbol as u32;
    if symbol < 16 {
        return (symbol, 0);
    }
    let log = 4 + (symbol - 16) / 4;
    ((4 + (symbol & 3)) << (log - 2), log - 2)
}

/// The symbol of a [`Sequence::offset`] with `mantissa` bits below the leading one in the symbol, and how many low
/// bits follow as they are.
#[inline]
pub fn offset_symbol(code: u32, mantissa: u32) -> (usize, u32) {
    if code < 3 {
        return (code as usize, 0);
    }
    let offset = code - 2;
    let log = offset.ilog2();
    let top = if log >= mantissa { offset >> (log - mantissa) } else { offset << (mantissa - log) };
    // The leading one of `top` adds one to the power.
    ((3 + (log << mantissa) + top - (1 << mantissa)) as usize, log.saturating_sub(mantissa))
}

/// The smallest [`Sequence::offset`] of a symbol and how many bits are added to it.
pub fn offset_base(symbol: usize, mantissa: u32) -> (u32, u32) {
    if symbol < 3 {
        return (symbol as u32, 0);
    }
    let symbol = symbol as u32 - 3;
    let log = (symbol >> mantissa).min(26);
    let top = (1 << mantissa) + (symbol & ((1 << mantissa) - 1));
    let offset = if log >= mantissa { top << (log - mantissa) } else { top >> (mantissa - log) };
    (offset + 2, log.saturating_sub(mantissa))
}

/// How many leading bytes two places of `data` have in common, at most `limit`. `a + limit` and `b + limit` must
/// be inside.
#[inline]
pub fn common(data: &[u8], a: usize, b: usize, limit: usize) -> usize {
    let (Some(x), Some(y)) = (data.get(a..a + limit), data.get(b..b + limit)) else { return 0 };
    let mut len = 0;
    while let (Some(p), Some(q)) = (x[len..].first_chunk::<8>(), y[len..].first_chunk::<8>()) {
        let differ = u64::from_le_bytes(*p) ^ u64::from_le_bytes(*q);
        if differ != 0 {
            return len + (differ.trailing_zeros() / 8) as usize;
        }
        len += 8;
    }
    while len < limit && x[len] == y[len] {
        len += 1;
    }
    len
}

/// log2(value) in 1/256 bits, rounded down; 0 for 0. By repeated squaring, so that it is the same everywhere.
pub fn log2(value: u32) -> u32 {
    let whole = value.max(1).ilog2();
    let mut x = u64::from(value.max(1)) << (31 - whole);
    let mut bits = whole;
    for _ in 0..8 {
        x = (x * x) >> 31;
        let carry = (x >> 32) as u32;
        bits = (bits << 1) | carry;
        x >>= carry;
    }
    bits
}
