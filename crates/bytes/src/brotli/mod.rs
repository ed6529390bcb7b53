//! Brotli by the pure Rust library.
//!
//! Best for small text: its built-in dictionary of words and phrases knows English and HTML before the first byte
//! is read. Slow at quality 11 (0.5 MB/s), fast to decode.
//!
//! Limits: one thread; windows above 2^24 bytes use the large-window extension. The library is built with its
//! `portable-float` feature, so that the logarithms behind its choices are the same on every machine.
//! Format: docs/format/codecs/brotli.md. Source: Alakuijala and Szabadka, RFC 7932 (2016).
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `quality` | 0 to 11 | 11 | effort |
//! | `window` | 10 to 30 | 24 | log2 of the window; over 24 uses the large-window extension |
//! | `mode` | `generic`, `text` | `generic` | what the literals are |
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::brotli::codec().expect("always there");
//! let data = b"The dictionary knows the words of the English language before they are read.".to_vec();
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! // Less than any codec without a dictionary makes of so little text.
//! assert!(payload.len() * 4 < data.len() * 3);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod decode;
mod encode;
mod spec;
#[cfg(test)]
mod tests;

use minlen_core::{Chain, Class, Codec, CodecSpec, Env, Memory, Params, Part, Proposal, Result};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Brotli))
}

struct Brotli;

impl Codec for Brotli {
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

    /// Only where its dictionary counts: small text at levels 4 and 5.
    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let small_text = part.kind.class() == Class::Text && part.data.len() <= spec::SMALL;
        if !(4..=5).contains(&level) || part.data.is_empty() || !small_text {
            return Vec::new();
        }
        let params = self.params().with("quality", 11);
        vec![Proposal {
            chain: Chain::single(self, params),
            encode_ns: 2500,
            why: "built-in dictionary for small text",
        }]
    }
}
