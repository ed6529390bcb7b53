//! zstd by its C library, as one frame without magic number, content size and checksum.
//!
//! The codec of levels 1 to 3, and one candidate of levels 4 and 5: no other decodes as fast. The container knows
//! length and checksum already, so the frame drops both; what is left is RFC 8878 with a two-byte header.
//!
//! Limits: one thread; the window is at most 2^31 bytes. Decoding runs in one pass straight into the output, so no
//! window is ever allocated, whatever the frame header claims.
//! Format: docs/format/codecs/zstd.md. Source: Collet and Kucherawy, RFC 8878 (2021).
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `level` | -7 to 22 | 3 | effort; negative is faster still |
//! | `long` | 0 to 31 | 0 | log2 of the window with long-distance matching; 0: by level |
//! | `hash`, `chain`, `search`, `minmatch`, `target`, ... | | 0 | single settings of zstd; 0: by level |
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::zstd::codec().expect("always there");
//! let data = b"as fast as it gets, and small enough; ".repeat(100);
//! let params = codec.params().with("level", 19);
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < 100);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! The frame is an ordinary one but for the four bytes of the magic number, so that any zstd reads it once they are put before it. A frame
//! that gives another length than was promised is refused:
//!
//! ```
//! use minlen_core::{Env, ErrorKind};
//! let zstd = minlen_bytes::zstd::codec().expect("in this build");
//! let mut payload = Vec::new();
//! zstd.encode(&[7; 1000], &zstd.params(), &Env::default(), &mut payload)?;
//! assert!(payload.len() < 30);
//! let error = zstd.decode(&payload, 999, &Env::default(), &mut Vec::new()).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Corrupt);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod decode;
mod encode;
mod spec;
#[cfg(test)]
mod tests;

use minlen_core::{Chain, Codec, CodecSpec, Env, Kind, Memory, Params, Part, Proposal, Result};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Zstd))
}

struct Zstd;

impl Codec for Zstd {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let _held = env.budget.reserve(self.memory(params, input.len()).encode)?;
        encode::encode(input, params, out)?;
        // In pieces it would write other bytes.
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let _held = env.budget.reserve(spec::DECODE_MEMORY)?;
        decode::decode(payload, output_len, out)?;
        env.work(output_len as u64)
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        Memory { encode: spec::encode_memory(params, len), decode: spec::DECODE_MEMORY }
    }

    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        // What is compressed already may still hold repeats, and zstd finds out quickly that it does not.
        if part.data.is_empty() || part.kind == Kind::Random {
            return Vec::new();
        }
        let offers = spec::OFFERS.iter().filter(|offer| offer.level == level);
        offers
            .map(|offer| Proposal {
                chain: Chain::single(self, offer.apply(self.params())),
                encode_ns: offer.encode_ns,
                why: offer.why,
            })
            .collect()
    }
}
