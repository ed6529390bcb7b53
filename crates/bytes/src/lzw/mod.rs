//! LZW (Welch 1984): a dictionary of strings seen, grown by one string a code, codes of 9 to 16 bits.
//!
//! When to use it: never for size; it is here as the classic it is, and for the Unix `.Z` format. With `format=z`
//! the payload is a whole `.Z` file that `uncompress` and `gzip -d` read; [`z`] reads and writes such files on
//! their own, those of other programs included. Limits: larger than deflate on nearly everything.
//!
//! Source: T. A. Welch, "A Technique for High-Performance Data Compression", IEEE Computer 17(6), 1984; the `.Z`
//! layout as `compress` 4.0 has it. Format page: docs/format/codecs/lzw.md.
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `bits` | 9 to 16 | 16 | widest code |
//! | `format` | `minlen`, `z` | `minlen` | `z`: the payload is a whole `.Z` file |
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::lzw::codec().expect("always there");
//! let data = b"to be or not to be, ".repeat(100);
//! let params = codec.params().with("format", 1);
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < data.len() / 3 && minlen_bytes::lzw::z::is_z(&payload));
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod codes;
mod decode;
mod dictionary;
mod encode;
mod spec;
#[cfg(test)]
mod tests;
pub mod z;

use minlen_core::{Codec, CodecSpec, Env, Error, Memory, Params, Result};
use spec::Layout;
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Lzw))
}

struct Lzw;

impl Codec for Lzw {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let bits = spec::bits_of(params);
        if params.get("format") == spec::FORMAT_Z {
            return z::encode(input, bits, env, out);
        }
        out.push(bits as u8);
        encode::encode(input, Layout::own(bits), env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let Some((&first, body)) = payload.split_first() else {
            return Err(Error::truncated("lzw: the payload is empty"));
        };
        let (layout, body) = if first == spec::MAGIC[0] {
            spec::read_header(payload)?
        } else {
            (Layout::own(spec::check_bits(u32::from(first))?), body)
        };
        decode::exact(body, layout, output_len, env, out)
    }

    fn memory(&self, params: &Params, _len: usize) -> Memory {
        let bits = spec::bits_of(params);
        Memory { encode: dictionary::memory(bits), decode: decode::memory(bits) }
    }
}
