//! What the codec can be told, and the payload header.

use crate::prior::{self, Id, OWN_NUMBER, Prior};
use minlen_core::{
    Advice, CodecSpec, Env, Error, Memory, NoProgress, ParamKind, ParamSpec, Params, Resources, Result, ids,
};
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

/// What is tried for [`Header::rate`].
const RATES: [u8; 3] = [3, 1, 6];

/// So much of the data is coded with each.
const RATE_TRIAL: usize = 192 << 10;

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
pub enum Depth {
    /// 7 contexts, or 5.
    Fast,
    /// 12 or 13.
    Normal,
    /// 46 or 52.
    Deep,
    /// The same, each with the bytes that followed it last, and a recurrent network.
    Full,
    /// All contexts of both kinds, and the network.
    Max,
}

/// What the data is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Anything to be read.
    Text,
    /// Records, numbers, databases.
    Binary,
    /// x86 machine code.
    X86,
}

impl Type {
    /// The type with this number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Text, Self::Binary, Self::X86].get(usize::from(number)).copied()
    }
}

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
    /// From what the user or the planner asked for.
    ///
    /// # Errors
    /// Usage for a prior that is not there.
    pub fn of(params: &Params, input: &[u8], env: &Env) -> Result<Self> {
        let kind = match params.get("type") {
            1 => Type::Text,
            2 => Type::Binary,
            3 => Type::X86,
            _ => guess(input),
        };
        let mut header =
            Self { depth: depth(params), kind, number: 0, id: Id::default(), prior: None, rate: 0 };
        match params.get("prior") as u8 {
            0 => {}
            OWN_NUMBER => {
                let (id, prior) = prior::latest(&env.resources)
                    .ok_or_else(|| Error::usage("cm: no prior was given").advise(Advice::Prior))?;
                header = Self { kind: prior.kind, number: OWN_NUMBER, id, prior: Some(prior), ..header };
            }
            number => {
                let prior = prior::shipped(number)
                    .ok_or_else(|| Error::usage(format!("cm: there is no prior {number}")))?;
                header = Self { kind: prior.kind, number, prior: Some(prior), ..header };
            }
        }
        if header.depth == Depth::Max {
            header.rate = match params.get("rate") as u8 {
                0 => header.best_rate(input, env)?,
                rate => rate,
            };
        }
        Ok(header)
    }

    /// The first of two passes: the rate with which the deep model codes the data best.
    fn best_rate(&self, input: &[u8], env: &Env) -> Result<u8> {
        let quiet = Env { progress: Arc::new(NoProgress), ..env.clone() };
        let mut best = (usize::MAX, RATES[0]);
        for rate in RATES {
            let trial = Self { depth: Depth::Deep, rate, ..self.clone() };
            let mut out = Vec::new();
            super::run::encode(&trial, &input[..input.len().min(RATE_TRIAL)], &quiet, &mut out)?;
            best = best.min((out.len(), rate));
        }
        Ok(best.1)
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

    /// # Errors
    /// Truncated; unsupported for a later version; corrupt.
    pub fn read<'a>(payload: &'a [u8], resources: &Resources) -> Result<(Self, &'a [u8])> {
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
        let missing = |what: String| {
            let error = Error::unsupported(format!("cm: the prior {what} is not there"));
            if cfg!(feature = "priors") {
                error.advise(Advice::Prior)
            } else {
                error.remedy("build with the Cargo feature `priors`")
            }
        };
        match number {
            0 => Ok((header, rest)),
            OWN_NUMBER => {
                let (id, rest) =
                    rest.split_first_chunk::<8>().ok_or_else(|| Error::truncated("cm: no header"))?;
                let hex = id.iter().map(|b| format!("{b:02x}")).collect();
                header.prior = Some(prior::own(*id, resources).ok_or_else(|| missing(hex))?);
                header.id = *id;
                header.check().map(|()| (header, rest))
            }
            _ => {
                header.prior = Some(prior::shipped(number).ok_or_else(|| missing(number.to_string()))?);
                header.check().map(|()| (header, rest))
            }
        }
    }

    fn check(&self) -> Result<()> {
        let fits = self.prior.as_ref().is_none_or(|prior| prior.kind == self.kind);
        if fits { Ok(()) } else { Err(Error::corrupt("cm: the prior is for another type of data")) }
    }
}

impl Depth {
    /// How much of a prior's window the tables see before the data.
    pub fn window(self, len: usize) -> usize {
        match self {
            Self::Fast if len < 1 << 16 => 320 << 10,
            Self::Fast if len > 1 << 20 => 192 << 10,
            Self::Fast => 256 << 10,
            Self::Normal => 640 << 10,
            Self::Deep if len < 1 << 20 => 448 << 10,
            Self::Deep if len < 2 << 20 => 1 << 20,
            Self::Deep => 2 << 20,
            // So that a small piece costs bounded time, also where somebody wrote many of them.
            Self::Full if len < 1 << 13 => 512 << 10,
            Self::Max if len < 1 << 13 => 1 << 20,
            Self::Full | Self::Max => 2 << 20,
        }
    }

    /// How much of a prior's window the mixers see before the data.
    pub fn warm(self, len: usize) -> usize {
        match self {
            Self::Fast if len < 1 << 13 => 96 << 10,
            Self::Fast if len < 1 << 16 => 40 << 10,
            Self::Fast => 40 << 10,
            Self::Normal => 64 << 10,
            Self::Deep if len >= 1 << 20 => 192 << 10,
            Self::Deep => 40 << 10,
            Self::Full => 96 << 10,
            Self::Max if len < 1 << 13 => 128 << 10,
            Self::Max => 768 << 10,
        }
    }

    /// Largest table, as a power of two.
    pub fn table_bits(self) -> u32 {
        match self {
            Depth::Fast => 26,
            Depth::Normal => 28,
            Depth::Deep => 29,
            Depth::Full => 30,
            Depth::Max => 30,
        }
    }
}

fn depth(params: &Params) -> Depth {
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
    let (contexts, fixed) = match depth {
        Depth::Fast => (7, 12 << 20),
        Depth::Normal => (13, 16 << 20),
        Depth::Deep => (52, 32 << 20),
        Depth::Max => (98 * 2, (64 << 20) + crate::lstm_model::LstmModel::memory()),
        Depth::Full => (52 * 2, (40 << 20) + crate::lstm_model::LstmModel::memory()),
    };
    let window = if params.get("prior") == 0 { 0 } else { depth.window(len) };
    let len = len + window;
    let table = crate::engine::table_size(contexts, len, depth.table_bits());
    let all = table + fixed + 2 * len as u64 + crate::match_model::memory(len) * 4;
    Memory { encode: all, decode: all }
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
