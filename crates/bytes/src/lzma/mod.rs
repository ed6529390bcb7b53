//! LZMA by liblzma, as a bare range-coded stream behind a one-byte header, with filters in front.
//!
//! Levels 4 and 5, above all for programs and binary records: big window, optimal parsing, adaptive binary models.
//! The raw LZMA1 stream is used rather than .xz or LZMA2 because the container knows length and checksum: no
//! frame, no chunk headers, no end marker. Filters (`x86`, `arm64`, `delta`) make addresses and samples repeat.
//!
//! Limits: one thread; matches reach back at most 64 MiB by default (`dict`).
//! Format: docs/format/codecs/lzma.md. Source: Pavlov, LZMA specification (2015); liblzma 5.8.
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `level` | 0 to 9 | 9 | effort, as the presets of xz |
//! | `extreme` | 0, 1 | 1 | 1: search longer for slightly fewer bytes |
//! | `lc`, `lp`, `pb` | 0 to 4 | 3, 0, 2 | bits of the byte before and of the position that choose a model; `lc` + `lp` is at most 4 |
//! | `dict` | 4 KiB to 1 GiB | 64 MiB | largest window |
//! | `filter` | `none`, `x86`, `arm64`, `delta` | `none` | what runs before |
//! | `dist` | 1 to 256 | 1 | distance of `filter=delta` in bytes |
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::lzma::codec().expect("always there");
//! let data: Vec<u8> = (0..3000u32).flat_map(|i| (i / 3 * 1000).to_le_bytes()).collect();
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < data.len() / 4);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! Decoding takes a window as long as the part, whatever `dict` was. A filter of the codec itself costs no stage of the chain:
//!
//! ```
//! use minlen_core::Env;
//! let lzma = minlen_bytes::lzma::codec().expect("in this build");
//! // Numbers of 16 bits that grow by 7.
//! let data: Vec<u8> = (0..2000u16).flat_map(|i| (i * 7).to_le_bytes()).collect();
//! let size = |filter| {
//!     let mut payload = Vec::new();
//!     let params = lzma.params().with_text("filter", filter)?.with("dist", 2);
//!     lzma.encode(&data, &params, &Env::default(), &mut payload).map(|()| payload.len())
//! };
//! assert!(size("delta")? * 2 < size("none")?);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod decode;
mod encode;
mod filter;
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
        // At level 4, block sorting does for text what takes twice as long here.
        let text = level == 4 && part.kind.class() == Class::Text;
        if !(4..=5).contains(&level) || part.data.is_empty() || part.kind == Kind::Random || text {
            return Vec::new();
        }
        // Searching longer pays where call targets and tables of numbers make matches short and many.
        let extreme = level == 5 && part.kind.class() != Class::Text;
        let base =
            self.params().with("level", if level == 5 { 9 } else { 6 }).with("extreme", extreme.into());
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

/// The plain stream, or what suits the kind of data better.
fn variants(part: &Part<'_>, base: &Params) -> Vec<(Params, &'static str)> {
    let plain = (base.clone(), "large window, optimal parsing");
    let stride = part.stats.stride;
    match part.kind.class() {
        Class::Text => {
            vec![(base.clone().with("pb", 0).with("lc", 4), "large window, bytes without alignment")]
        }
        Class::Code if part.detail.contains("ARM64") => {
            vec![(base.clone().with("filter", spec::ARM64), "absolute call targets"), plain]
        }
        Class::Code => vec![(base.clone().with("filter", spec::X86), "absolute call targets"), plain],
        Class::Numeric if (1..=256).contains(&stride) => {
            let params = base.clone().with("filter", spec::DELTA).with("dist", i64::from(stride));
            vec![plain, (params, "differences between records")]
        }
        _ if stride > 1 && !stride.is_multiple_of(4) => {
            vec![(base.clone().with("pb", 0), "records of odd width")]
        }
        _ => vec![plain],
    }
}
