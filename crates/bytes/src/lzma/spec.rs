//! What LZMA can be told, and the payload header.

use minlen_core::{CodecSpec, Error, Memory, ParamKind, ParamSpec, Params, Result, ids};

const fn int(key: &'static str, doc: &'static str, min: i64, max: i64, default: i64) -> ParamSpec {
    ParamSpec { key, doc, kind: ParamKind::Int { min, max }, default }
}

const PARAMS: &[ParamSpec] = &[
    int("level", "effort, as xz's presets", 0, 9, 9),
    int("extreme", "1: search longer for slightly fewer bytes", 0, 1, 1),
    int("lc", "high bits of the byte before that choose the literal model", 0, 4, 3),
    int("lp", "low bits of the position that choose the literal model; lc + lp at most 4", 0, 4, 0),
    int("pb", "low bits of the position that choose the match models", 0, 4, 2),
    int("dict", "largest window in bytes", 4096, 1 << 30, 64 << 20),
    ParamSpec {
        key: "filter",
        doc: "what runs before: absolute call targets, or differences at distance dist",
        kind: ParamKind::Choice(&["none", "x86", "arm64", "delta"]),
        default: NONE,
    },
    int("dist", "distance of filter=delta in bytes", 1, 256, 1),
];

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::LZMA,
    name: "lzma",
    summary: "Lempel-Ziv with large window and adaptive range coding, by liblzma",
    source: "Pavlov, LZMA specification (2015); liblzma",
    limits: "one thread; slow to encode",
    params: PARAMS,
    max_input: 1 << 31,
};

/// Positions in the choice of `filter`.
pub(super) const NONE: i64 = 0;
/// x86 calls and jumps.
pub(super) const X86: i64 = 1;
/// ARM64 calls.
pub(super) const ARM64: i64 = 2;
/// Byte-wise differences.
pub(super) const DELTA: i64 = 3;

const MIN_DICT: usize = 4096;

/// What runs before LZMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    None,
    X86,
    Arm64,
    /// Differences at this distance, 1..=256.
    Delta(usize),
}

/// How literals and matches are modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Props {
    pub lc: u32,
    pub lp: u32,
    pub pb: u32,
}

/// The pairs (lc, lp) with lc + lp <= 4, in the order of their numbers in the format.
const LITERAL: [(u32, u32); 15] = [
    (0, 0),
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (0, 1),
    (1, 1),
    (2, 1),
    (3, 1),
    (0, 2),
    (1, 2),
    (2, 2),
    (0, 3),
    (1, 3),
    (0, 4),
];
const PROPS: usize = LITERAL.len() * 5;

impl Props {
    /// The properties asked for; `lp` yields where lc + lp would be over 4.
    pub(super) fn of(params: &Params) -> Self {
        let number = |key| u32::try_from(params.get(key)).unwrap_or(0);
        let lc = number("lc");
        Self { lc, lp: number("lp").min(4 - lc.min(4)), pb: number("pb") }
    }

    fn number(self) -> u8 {
        let literal = LITERAL.iter().position(|&pair| pair == (self.lc, self.lp)).unwrap_or(0);
        (literal * 5 + self.pb as usize) as u8
    }

    fn from_number(number: u8) -> Result<Self> {
        let (literal, pb) = (usize::from(number) / 5, u32::from(number) % 5);
        let &(lc, lp) = LITERAL.get(literal).ok_or_else(|| Error::corrupt("lzma: unknown properties"))?;
        Ok(Self { lc, lp, pb })
    }
}

/// Appends the header: one byte, or three for `delta`.
pub(super) fn put_header(out: &mut Vec<u8>, props: Props, filter: Filter) {
    let base = match filter {
        Filter::None => 0,
        Filter::X86 => PROPS,
        Filter::Arm64 => 2 * PROPS,
        Filter::Delta(dist) => {
            out.extend([3 * PROPS as u8, (dist - 1) as u8]);
            0
        }
    };
    out.push(props.number() + base as u8);
}

/// Reads the header and returns what follows it.
pub(super) fn get_header(payload: &[u8]) -> Result<(Props, Filter, &[u8])> {
    let short = || Error::truncated("lzma: no room for the header");
    let (&first, rest) = payload.split_first().ok_or_else(short)?;
    let (kind, number) = (usize::from(first) / PROPS, (usize::from(first) % PROPS) as u8);
    match (kind, number) {
        (0, _) => Ok((Props::from_number(number)?, Filter::None, rest)),
        (1, _) => Ok((Props::from_number(number)?, Filter::X86, rest)),
        (2, _) => Ok((Props::from_number(number)?, Filter::Arm64, rest)),
        (3, 0) => {
            let &[dist, number, ref rest @ ..] = rest else { return Err(short()) };
            Ok((Props::from_number(number)?, Filter::Delta(usize::from(dist) + 1), rest))
        }
        _ => Err(Error::corrupt("lzma: unknown filter")),
    }
}

/// The window for `len` bytes: all of them, within bounds that both sides know. A decoder need not be told: a
/// window as large as the output serves whatever the encoder used.
pub(super) fn window(len: usize, max: usize) -> u32 {
    u32::try_from(len.clamp(MIN_DICT, max.max(MIN_DICT))).unwrap_or(u32::MAX)
}

/// Working memory of both sides: match finder trees are 11.5 times the window.
pub(super) fn memory(params: &Params, len: usize) -> Memory {
    let dict = u64::from(window(len, usize::try_from(params.get("dict")).unwrap_or(64 << 20)));
    Memory { encode: dict * 12 + len as u64 * 2 + (8 << 20), decode: decode_memory(len) }
}

/// The decoder's window and models.
pub(super) fn decode_memory(len: usize) -> u64 {
    u64::from(window(len, usize::MAX)) + (64 << 10)
}
