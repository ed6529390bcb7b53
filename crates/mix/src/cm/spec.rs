//! What the codec can be told, and the payload header.

use crate::model_type::{Depth, Type};
use crate::prior::{Id, Named, OWN_NUMBER, Prior};
use minlen_core::{CodecSpec, Error, Memory, ParamKind, ParamSpec, Params, Resources, Result, ids};
use std::sync::Arc;

const fn choice(
    key: &'static str,
    doc: &'static str,
    names: &'static [&'static str],
    default: i64,
) -> ParamSpec {
    ParamSpec { key, doc, kind: ParamKind::Choice(names), default }
}

/// Largest learning rate that a payload may name.
const MAX_RATE: u8 = 32;

const PARAMS: &[ParamSpec] = &[
    choice("model", "how many models predict", &["fast", "normal", "deep", "full", "max"], 1),
    choice("type", "what the data is taken for", &["auto", "text", "binary", "x86"], 0),
    ParamSpec {
        key: "prior",
        doc: "what the model knows before: 0 nothing, 255 the user's own prior, else the number of a shipped one",
        kind: ParamKind::Int { min: 0, max: 255 },
        default: 0,
    },
    ParamSpec {
        key: "rate",
        doc: "how fast the mixers of model=max learn in the long run: 0 finds out, 3 is what the others do",
        kind: ParamKind::Int { min: 0, max: MAX_RATE as i64 },
        default: 0,
    },
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

/// What the payload begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub depth: Depth,
    pub kind: Type,
    /// The number of the prior, its content name if it is the user's own, and itself.
    pub number: u8,
    pub id: Id,
    pub prior: Option<Arc<Prior>>,
    /// Learning rate that the mixers come down to; told to [`Depth::Max`] only.
    pub rate: u8,
}

impl Header {
    /// What of the prior is replayed before `len` bytes.
    pub fn window(&self, len: usize) -> &[u8] {
        self.prior.as_ref().map_or(&[], |prior| prior.window_for(self.depth, len))
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(VERSION << 6 | (self.depth as u8) << 3 | self.kind as u8);
        if self.depth == Depth::Max {
            out.push(self.rate);
        }
        out.push(self.number);
        if self.number == OWN_NUMBER {
            out.extend(self.id);
        }
    }

    /// The header without its prior, and what follows it.
    ///
    /// # Errors
    /// Truncated; unsupported for a later version; corrupt.
    pub fn begin(payload: &[u8]) -> Result<(Self, &[u8])> {
        let (&byte, rest) =
            payload.split_first().ok_or_else(|| Error::truncated("cm: the payload is empty"))?;
        if byte >> 6 != VERSION {
            return Err(Error::unsupported(format!("cm: models of version {}", byte >> 6))
                .remedy("use a newer minlen"));
        }
        let depth = match byte >> 3 & 7 {
            0 => Depth::Fast,
            1 => Depth::Normal,
            2 => Depth::Deep,
            3 => Depth::Full,
            4 => Depth::Max,
            _ => return Err(Error::corrupt("cm: no such model")),
        };
        let kind = Type::from_number(byte & 7).ok_or_else(|| Error::corrupt("cm: no such type of data"))?;
        let (rate, rest) = match depth {
            Depth::Max => rest.split_first().ok_or_else(|| Error::truncated("cm: no header"))?,
            _ => (&0, rest),
        };
        if *rate > MAX_RATE || depth == Depth::Max && *rate == 0 {
            return Err(Error::corrupt("cm: no such learning rate"));
        }
        let (&number, rest) = rest.split_first().ok_or_else(|| Error::truncated("cm: no header"))?;
        let mut header = Self { depth, kind, number, id: Id::default(), prior: None, rate: *rate };
        if number != OWN_NUMBER {
            return Ok((header, rest));
        }
        let (id, rest) = rest.split_first_chunk::<8>().ok_or_else(|| Error::truncated("cm: no header"))?;
        header.id = *id;
        Ok((header, rest))
    }

    /// The header with its prior, and what follows it.
    ///
    /// # Errors
    /// As [`Header::begin`]; unsupported where the prior is not at hand.
    pub fn read<'a>(payload: &'a [u8], resources: &Resources) -> Result<(Self, &'a [u8])> {
        let (mut header, rest) = Self::begin(payload)?;
        header.prior = Named::by_number("cm", header.number, header.id, resources)?.prior;
        header.check().map(|()| (header, rest))
    }

    fn check(&self) -> Result<()> {
        let fits = self.prior.as_ref().is_none_or(|prior| prior.kind == self.kind);
        if fits { Ok(()) } else { Err(Error::corrupt("cm: the prior is for another type of data")) }
    }
}

pub(super) fn depth(params: &Params) -> Depth {
    match params.get("model") {
        0 => Depth::Fast,
        1 => Depth::Normal,
        2 => Depth::Deep,
        3 => Depth::Full,
        _ => Depth::Max,
    }
}

/// Working memory: the table, the networks, and the history of the input.
pub(super) fn memory(params: &Params, len: usize) -> Memory {
    let depth = depth(params);
    let window = if params.get("prior") == 0 { 0 } else { depth.window(len) };
    let all = model_memory(depth, len + window);
    Memory { encode: all, decode: all }
}

/// Memory of a model for so many bytes, those of the prior with them.
pub(super) fn model_memory(depth: Depth, len: usize) -> u64 {
    let (contexts, fixed) = match depth {
        Depth::Fast => (7, 12 << 20),
        Depth::Normal => (13, 16 << 20),
        Depth::Deep => (52, 32 << 20),
        Depth::Max => (98 * 2, (64 << 20) + crate::lstm_model::LstmModel::memory()),
        Depth::Full => (52 * 2, (40 << 20) + crate::lstm_model::LstmModel::memory()),
    };
    let table = crate::engine::table_size(contexts, len, depth.table_bits());
    table + fixed + 2 * len as u64 + crate::match_model::memory(len) * 4
}

/// Whether an archive holds mostly text; the zeros that fill up its blocks do not count.
pub(super) fn readable(input: &[u8]) -> bool {
    let sample = &input[..input.len().min(1 << 20)];
    let control = sample.iter().filter(|&&b| (1..9).contains(&b) || (14..32).contains(&b)).count();
    control * 200 < sample.len()
}

/// Text, program or other, from the bytes alone.
pub(super) fn guess(input: &[u8]) -> Type {
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
