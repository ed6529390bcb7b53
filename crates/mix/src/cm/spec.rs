//! What the codec can be told, and the payload header.

use minlen_core::{CodecSpec, Error, Memory, ParamKind, ParamSpec, Params, Result, ids};

const fn choice(
    key: &'static str,
    doc: &'static str,
    names: &'static [&'static str],
    default: i64,
) -> ParamSpec {
    ParamSpec { key, doc, kind: ParamKind::Choice(names), default }
}

const PARAMS: &[ParamSpec] = &[
    choice("model", "how many models predict", &["fast", "normal", "deep"], 1),
    choice("type", "what the data is taken for", &["auto", "text", "binary", "x86"], 0),
];

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::CM,
    name: "cm",
    summary: "context mixing: many models predict each bit, a network of mixers weighs them",
    source: "Mahoney, \"Adaptive weighing of context models for lossless data compression\" (2005)",
    limits: "0.1 to 2 MB/s, the same in both directions",
    params: PARAMS,
    max_input: 1 << 30,
};

/// The version of the models: every change to what they predict is a new one, and the decoder keeps the old.
const VERSION: u8 = 1;

/// How many models predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Fast,
    Normal,
    Deep,
}

/// What the data is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Binary,
    X86,
}

/// What the payload begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub depth: Depth,
    pub kind: Type,
}

impl Header {
    /// From what the user or the planner asked for.
    pub fn of(params: &Params, input: &[u8]) -> Self {
        let kind = match params.get("type") {
            1 => Type::Text,
            2 => Type::Binary,
            3 => Type::X86,
            _ => guess(input),
        };
        Self { depth: depth(params), kind }
    }

    pub fn write(self, out: &mut Vec<u8>) {
        out.push(VERSION << 4 | (self.depth as u8) << 2 | self.kind as u8);
    }

    /// # Errors
    /// Truncated; unsupported for a later version; corrupt.
    pub fn read(payload: &[u8]) -> Result<(Self, &[u8])> {
        let (&byte, rest) =
            payload.split_first().ok_or_else(|| Error::truncated("cm: the payload is empty"))?;
        if byte >> 4 != VERSION {
            return Err(Error::unsupported(format!("cm: models of version {}", byte >> 4))
                .remedy("use a newer minlen"));
        }
        let depth = match byte >> 2 & 3 {
            0 => Depth::Fast,
            1 => Depth::Normal,
            2 => Depth::Deep,
            _ => return Err(Error::corrupt("cm: no such model")),
        };
        let kind = match byte & 3 {
            0 => Type::Text,
            1 => Type::Binary,
            2 => Type::X86,
            _ => return Err(Error::corrupt("cm: no such type of data")),
        };
        Ok((Self { depth, kind }, rest))
    }

    /// Largest table, as a power of two.
    pub fn table_bits(self) -> u32 {
        match self.depth {
            Depth::Fast => 26,
            Depth::Normal => 28,
            Depth::Deep => 29,
        }
    }
}

fn depth(params: &Params) -> Depth {
    match params.get("model") {
        0 => Depth::Fast,
        1 => Depth::Normal,
        _ => Depth::Deep,
    }
}

/// Working memory: the table, the networks, and the history of the input.
pub(super) fn memory(params: &Params, len: usize) -> Memory {
    let depth = depth(params);
    let header = Header { depth, kind: Type::Text };
    let (contexts, fixed) = match depth {
        Depth::Fast => (7, 12 << 20),
        Depth::Normal => (20, 16 << 20),
        Depth::Deep => (48, 32 << 20),
    };
    let table = crate::engine::table_size(contexts, len, header.table_bits());
    let all = table + fixed + 2 * len as u64 + crate::matching::memory(len) * 3;
    Memory { encode: all, decode: all }
}

/// Text, program or other, from the bytes alone.
fn guess(input: &[u8]) -> Type {
    let sample = &input[..input.len().min(1 << 16)];
    let control = sample.iter().filter(|&&b| b < 9 || (14..32).contains(&b)).count();
    if control * 100 < sample.len().max(1) {
        return Type::Text;
    }
    let count = |what: &[[u8; 2]]| input.windows(2).filter(|w| what.iter().any(|x| x == w)).count();
    let calls = input.iter().filter(|&&b| b == 0xe8).count();
    let moves = count(&[[0x8b, 0x45], [0x48, 0x89], [0x48, 0x8b], [0xff, 0xff], [0x8b, 0x4d]]);
    if calls * 150 > input.len() && moves * 300 > input.len() { Type::X86 } else { Type::Binary }
}
