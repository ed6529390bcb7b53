//! LZ77 (Ziv and Lempel 1977) as it is done today: repeats are copied from up to 64 MiB back, what remains is
//! entropy-coded with the literals, run lengths, match lengths and offsets each by their own statistics.
//!
//! When to use it: as our own answer to zstd at its high levels: `parse=optimal` is slow to encode and quick to
//! decode; `parse=lazy` encodes quickly. Limits: blocks of 256 KiB share nothing but the window, the repeated
//! offsets and the guess at the next tables; `lzma` and `bwt` make smaller what they are made for.
//!
//! How it works, in the order of the files: `chain` and `tree` find matches, `lazy` and `optimal` choose
//! among them (the latter by `prices`), `split` cuts the sequences into blocks, `block` writes and `decode`
//! reads them, both with the tables of `tables` and the coder of `lanes`; `copy` carries them out.
//!
//! Sources: RFC 1951 section 4 (hash chains, lazy matching); RFC 8878 (sequences, repeated offsets); Duda 2013 and
//! Giesen 2014 (rANS). Format page: docs/format/codecs/lz77.md.
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `parse` | `greedy`, `lazy`, `optimal` | `optimal` | how matches are chosen |
//! | `coder` | `huffman`, `rans` | `rans` | entropy coder of literals and sequences |
//! | `window` | 16 KiB to 64 MiB | 8 MiB | how far back matches reach |
//! | `depth` | 0 to 4096 | 0 | places tried for a match; 0: what suits the parse |
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::lz77::codec().expect("always there");
//! let data = b"what was seen is copied, what was not is coded; ".repeat(60);
//! let params = codec.params();
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < 120);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! `optimal` goes by estimated prices: it is smaller than the others on most data, and may be larger on a few. All of them are read by
//! the same decoder.
//!
//! ```
//! use minlen_core::Env;
//! let lz77 = minlen_bytes::lz77::codec().expect("always there");
//! let data: Vec<u8> = (0..3000u32).flat_map(|i| format!("{} {};", i % 37, i % 11).into_bytes()).collect();
//! for parse in ["greedy", "lazy", "optimal"] {
//!     let (mut payload, mut back) = (Vec::new(), Vec::new());
//!     let params = lz77.params().with_text("parse", parse)?;
//!     lz77.encode(&data, &params, &Env::default(), &mut payload)?;
//!     lz77.decode(&payload, data.len(), &Env::default(), &mut back)?;
//!     assert!(back == data && payload.len() * 5 < data.len());
//! }
//! assert!(lz77.params().with_text("parse", "cheapest").is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod block;
mod chain;
mod copy;
mod decode;
mod encode;
mod lanes;
mod lazy;
mod optimal;
mod prices;
mod spec;
mod split;
mod tables;
#[cfg(test)]
mod tests;
mod tree;

#[cfg(not(feature = "zstd"))]
use minlen_core::{Chain, Kind, Part, Proposal};
use minlen_core::{Codec, CodecSpec, Env, Memory, Params, Result};
use spec::Settings;
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Lz77))
}

struct Lz77;

impl Codec for Lz77 {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        encode::encode(input, Settings::of(params), env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        decode::decode(payload, output_len, env, out)
    }

    /// In the place of zstd where a build has not got that.
    #[cfg(not(feature = "zstd"))]
    fn propose(&self, part: &Part<'_>, level: u8) -> Vec<Proposal> {
        let (parse, encode_ns, why) = match level {
            1 => (spec::GREEDY, 20, "the first match that is found"),
            2 | 3 => (spec::LAZY, 40, "the better of two matches"),
            4 | 5 => (spec::OPTIMAL, 350, "the cheapest matches"),
            _ => return Vec::new(),
        };
        if part.data.is_empty() || part.kind == Kind::Random {
            return Vec::new();
        }
        vec![Proposal { chain: Chain::single(self, self.params().with("parse", parse)), encode_ns, why }]
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        Memory { encode: encode::memory(Settings::of(params), len), decode: decode::MEMORY }
    }
}
