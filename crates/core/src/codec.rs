//! The one trait behind every codec.

use crate::codec_id::CodecId;
use crate::{Difference, Env, Need, ParamSpec, Params, Part, Result, chain::Chain};
use std::ops::Range;

/// What a codec is, as data: the source of `minlen codecs`, help, docs and tests.
#[derive(Clone, Copy, Debug)]
pub struct CodecSpec {
    /// Its number in the format.
    pub id: CodecId,
    /// Its name in `--codec`.
    pub name: &'static str,
    /// What it is for, in one line.
    pub summary: &'static str,
    /// Where the method comes from (paper, RFC).
    pub source: &'static str,
    /// What it cannot do or should not be used for, in one line.
    pub limits: &'static str,
    /// What it can be told.
    pub params: &'static [ParamSpec],
    /// Largest input in bytes.
    pub max_input: u64,
}

/// Working memory in bytes beyond input and output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// While encoding.
    pub encode: u64,
    /// While decoding.
    pub decode: u64,
}

/// What a codec offers for a part of the data; the planner chooses among the offers of all codecs.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The chain to run.
    pub chain: Chain,
    /// Rough encoding cost in nanoseconds per byte, for ordering and budgets; never measured at run time,
    /// because the choice must not depend on the machine.
    pub encode_ns: u32,
    /// Why this is offered, in a few words, for `--explain`.
    pub why: &'static str,
}

/// Pieces of some data, each with the place of its first byte.
pub type Places = Vec<(usize, Vec<u8>)>;

/// A codec: bytes in, fewer bytes out, and exactly back.
///
/// The payload that [`Codec::encode`] writes is self-describing: decoding needs the payload and the original
/// length only. Decoders meet hostile bytes: they must return an error rather than panic, loop, or allocate more
/// than they [`crate::Budget::reserve`]d. Encoding the same bytes with the same parameters gives the same payload
/// on every machine and for every number of threads.
pub trait Codec: Send + Sync {
    /// What this codec is.
    fn spec(&self) -> &'static CodecSpec;

    /// Appends the payload for `input` to `out`.
    ///
    /// # Errors
    /// Limit if the input is over [`CodecSpec::max_input`] or the budget; cancelled.
    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()>;

    /// Appends exactly `output_len` decoded bytes to `out`. The caller has checked `output_len` against the limits
    /// and has the memory of the output in its budget.
    ///
    /// # Errors
    /// Corrupt or truncated for bytes that no encoder wrote; limit; unsupported.
    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()>;

    /// Working memory for an input of `len` bytes.
    fn memory(&self, params: &Params, len: usize) -> Memory;

    /// What this codec offers for `part` at `level` (1..=9); nothing by default.
    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let _ = (part, level);
        Vec::new()
    }

    /// The same codec, if it can decode some of the data without the rest.
    fn ranges(&self) -> Option<&dyn RangeCodec> {
        None
    }

    /// The same codec, if it decodes from the first byte on and can stop early.
    fn sequential(&self) -> Option<&dyn SequentialCodec> {
        None
    }

    /// The same codec, if it sees a part as a whole: what it gives is not told by a sample.
    fn whole(&self) -> Option<&dyn WholeCodec> {
        None
    }

    /// True if [`Codec::differences`] may have something to say.
    fn may_differ(&self) -> bool {
        false
    }

    /// How what this payload decodes to differs from what it stands for, by what the payload itself says; empty from codecs that are
    /// always exact.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn differences(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Vec<Difference>> {
        let _ = (payload, output_len, env);
        Ok(Vec::new())
    }

    /// True if [`Codec::needs`] may have something to say.
    fn may_need(&self) -> bool {
        false
    }

    /// What this payload names that decoding must have besides it. Nothing of that needs to be at hand for saying so, and what the
    /// payload stands for is not decoded.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn needs(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Vec<Need>> {
        let _ = (payload, output_len, env);
        Ok(Vec::new())
    }

    /// The default parameters.
    fn params(&self) -> Params {
        Params::new(self.spec().params)
    }
}

/// A codec that can decode some of the data without the rest.
pub trait RangeCodec: Codec {
    /// Appends the bytes of `range` of what [`Codec::decode`] would give, checked by what the payload itself has of checksums.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode_range(
        &self,
        payload: &[u8],
        output_len: usize,
        range: Range<usize>,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()>;

    /// What of [`Codec::decode`]'s output is to be had without decoding what is costly: places and bytes, in order.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode_between(&self, payload: &[u8], output_len: usize, env: &Env) -> Result<Places>;
}

/// A codec that decodes from the first byte on, and can stop early.
pub trait SequentialCodec: Codec {
    /// Appends the first `wanted` bytes of what [`Codec::decode`] would give, or more of them, at a cost that goes by how many. What
    /// follows in the payload is not looked at, so damage there is not found.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    fn decode_first(
        &self,
        payload: &[u8],
        output_len: usize,
        wanted: usize,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()>;
}

/// A codec that sees a part as a whole: no sample of it stands for the rest, and no cut may go through it.
pub trait WholeCodec: Codec {
    /// True if what this codec offers for `part` at `level` is so sure to be best that no other offer needs to be tried.
    fn settles(&self, part: &Part<'_>, level: u8) -> bool {
        let _ = (part, level);
        false
    }
}
