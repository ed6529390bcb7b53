//! The Burrows-Wheeler transform with context mixing: sort the contexts, then predict what stands before them.
//!
//! For text, source, logs, tables, databases and medical images: smaller than any Lempel-Ziv coder, at a tenth of
//! the time of a full context mixer, and as fast to decode as to encode. Not for programs (use `lzma` or `mix`).
//!
//! 1. `repeat`: repeats of 256 bytes and more become references (Bentley and McIlroy 1999).
//! 2. `sort`: the last column of the sorted rotations, by libsais; the inverse walks up to 16 chains at once.
//! 3. `model`: symbols of the column as binary decisions, predicted by 16 estimates in 6 contexts, which two
//!    logistic mixers weigh and one table refines; 64-bit binary arithmetic coding (`minlen_entropy::binary::wide`).
//!
//! Limits: 256 MiB per part; 6 bytes of memory per byte. All arithmetic is in integers.
//! Format: docs/format/codecs/bwt.md. Sources: Burrows and Wheeler, "A block-sorting lossless data compression
//! algorithm" (1994); Mahoney, "Adaptive weighing of context models" (2005). The design of the predictor is our own.
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::bwt::codec().expect("always there");
//! let data = b"sort the contexts, then predict what stands before them. ".repeat(40);
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < 200);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `repeats` | 0, 1 | 1 | 1: take long repeats out before sorting |
//! | `model` | `normal`, `fast` | `normal` | `fast` decodes in about half the time, and is a little larger |

mod bytes;
mod decode;
mod encode;
mod history;
mod math;
mod mixer;
mod model;
mod repeat;
mod site;
mod slot;
mod sort;
mod spec;
#[cfg(test)]
mod tests;
mod tree;

use crate::delta;
use minlen_core::{Chain, Class, Codec, CodecSpec, Env, Kind, Memory, Params, Part, Proposal, Result, Stage};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Bwt))
}

struct Bwt;

impl Codec for Bwt {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        if input.len() as u64 > spec::SPEC.max_input {
            return Err(minlen_core::Error::limit("bwt: over 256 MiB in one part"));
        }
        let _held = env.budget.reserve(self.memory(params, input.len()).encode)?;
        encode::encode(input, params, env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        decode::decode(payload, output_len, env, out)
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        // Sorting and the column; the table of fingerprints is smaller and gone by then.
        Memory {
            encode: (2 + crate::suffixes::MEMORY) * len as u64 + model::memory(len),
            decode: spec::decode_memory(len),
        }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let suits = match part.kind.class() {
            _ if part.data.is_empty() => false,
            Class::Text => (4..=5).contains(&level),
            Class::Dense => level == 5 && may_gain(part.kind),
            _ => level == 5,
        };
        if !suits {
            return Vec::new();
        }
        let mut offers = vec![(Vec::new(), "sorted contexts with mixing")];
        if part.kind.class() == Class::Numeric {
            offers.extend(differences(part));
        }
        let fast = i64::from(part.decode_ns < spec::NORMAL_NS);
        let build = |(mut stages, why): (Vec<Stage>, _)| {
            stages.push(Stage::of(self, self.params().with("model", fast)));
            Some(Proposal { chain: Chain::new(stages).ok()?, encode_ns: 300, why })
        };
        offers.into_iter().filter_map(build).collect()
    }
}

/// Coded data of which some keep a little: headers, tables, uncompressed members.
fn may_gain(kind: Kind) -> bool {
    !matches!(kind, Kind::Random | Kind::Encrypted | Kind::Minlen | Kind::Video)
}

/// Filters for numbers: 16-bit differences to the element before and to the record before, as bytes and as planes.
fn differences(part: &Part<'_>) -> Vec<(Vec<Stage>, &'static str)> {
    let stride = i64::from(part.stats.stride);
    let mut all = vec![(vec![delta::stage(2, 2, false)], "differences of 16-bit numbers")];
    if part.kind == Kind::AudioRaw {
        all.push((vec![delta::stage(2, 2, true)], "differences of samples, as byte planes"));
        if stride > 2 && stride % 2 == 0 {
            all.push((vec![delta::stage(stride, 2, true)], "differences of frames, as byte planes"));
        }
    } else if stride > 2 && stride <= 256 {
        all.push((vec![delta::stage(stride, 1, false)], "differences of records"));
    }
    all
}
