//! Adaptive arithmetic coding with a model of order 0, 1 or 2.
//!
//! For short or strongly skewed data, and as the last stage of a chain: no table travels, and a likely byte costs a
//! small part of a bit. The order is how many bytes before are looked at: 0 for residuals and transformed data, 1
//! for small tables and samples, 2 for text.
//!
//! Limits: slower than `huffman` by a factor of about twenty, and no match for `bwt` or `lzma` on text.
//! Format: docs/format/codecs/arith.md. Source: Witten, Neal and Cleary, CACM 1987; the binary coder of lpaq
//! (Mahoney 2007). The coder itself is [`minlen_entropy::models`].
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `order` | 0 to 2 | 2 | bytes before that predict the next one |
//!
//! Memory is that of the model: [`minlen_entropy::models::ByteModel::memory`].
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::arith::codec().expect("always there");
//! // One byte in sixteen is not a zero: 0.34 bits of information for each.
//! let data: Vec<u8> = (0..8000).map(|i| u8::from(i * 7 % 16 == 3)).collect();
//! let params = codec.params().with("order", 0);
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! assert!(payload.len() < data.len() / 16);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! A byte is coded as eight decisions, each with a counter that is chosen by the bytes before and the bits so far. What the order is
//! worth depends on the data:
//!
//! ```
//! use minlen_core::Env;
//! let arith = minlen_bytes::arith::codec().expect("always there");
//! let size = |order| {
//!     let (text, mut payload) = (b"the order of a model is how far it looks back, ".repeat(60), Vec::new());
//!     let params = arith.params().with("order", order);
//!     arith.encode(&text, &params, &Env::default(), &mut payload).map(|()| payload.len())
//! };
//! assert!(size(2)? < size(1)? && size(1)? < size(0)?);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod decode;
mod encode;
mod spec;
#[cfg(test)]
mod tests;

use minlen_core::{Codec, CodecSpec, Env, Memory, Params, Result};
use minlen_entropy::models::ByteModel;
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Arith))
}

struct Arith;

impl Codec for Arith {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        encode::encode(input, spec::order(params), env, out)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        decode::decode(payload, output_len, env, out)
    }

    fn memory(&self, params: &Params, len: usize) -> Memory {
        let model = ByteModel::memory(spec::order(params), len);
        Memory { encode: model, decode: model }
    }
}
