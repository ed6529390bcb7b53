//! LZMA by liblzma, as a bare range-coded stream behind a one-byte header, with filters in front.
//!
//! Levels 4 and 5, above all for programs and binary records: big window, optimal parsing, adaptive binary models.
//! The raw LZMA1 stream is used rather than .xz or LZMA2 because the container knows length and checksum: no
//! frame, no chunk headers, no end marker. Filters (`x86`, `arm64`, `delta`) make addresses and samples repeat.
//!
//! Limits: one thread; matches reach back at most 64 MiB by default (`dict`).
//! Format: docs/format/codecs/lzma.md. Source: Pavlov, LZMA specification (2015); liblzma 5.8.

mod decode;
mod encode;
pub(crate) mod filter;
mod spec;
#[cfg(test)]
mod tests;

use minlen_core::{Chain, Class, Codec, CodecSpec, Env, Kind, Memory, Params, Part, Proposal, Result};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Lzma))
}

struct Lzma;

impl Codec for Lzma {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let _held = env.budget.reserve(spec::memory(params, input.len()).encode)?;
        encode::encode(input, params, env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        decode::decode(payload, output_len, env, out)
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        spec::memory(params, len)
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        if !(4..=5).contains(&level) || part.data.is_empty() || part.kind == Kind::Random {
            return Vec::new();
        }
        let base = self
            .params()
            .with("level", if level == 5 { 9 } else { 6 })
            .with("extreme", i64::from(level == 5));
        let offers = variants(part, &base).into_iter();
        offers
            .map(|(params, why)| Proposal {
                chain: Chain::single(self, params),
                encode_ns: if level == 5 { 550 } else { 400 },
                why,
            })
            .collect()
    }
}

/// The plain stream, and the filter that suits the kind of data.
fn variants(part: &Part<'_>, base: &Params) -> Vec<(Params, &'static str)> {
    let mut all = vec![(base.clone(), "large window, optimal parsing")];
    let stride = part.stats.stride;
    match part.kind.class() {
        Class::Code if part.detail.contains("arm64") || part.detail.contains("aarch64") => {
            all.push((base.clone().with("filter", spec::ARM64), "absolute call targets"));
        }
        Class::Code => all.push((base.clone().with("filter", spec::X86), "absolute call targets")),
        Class::Numeric if (1..=256).contains(&stride) => {
            let params = base.clone().with("filter", spec::DELTA).with("dist", i64::from(stride));
            all.push((params, "differences between records"));
        }
        Class::Text => all[0].0 = base.clone().with("pb", 0).with("lc", 4),
        _ => {}
    }
    if part.kind == Kind::Records && stride > 1 && !stride.is_multiple_of(4) {
        all.push((base.clone().with("pb", 0), "records of odd width"));
    }
    all
}
