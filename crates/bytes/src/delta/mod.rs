//! Differences between elements at a distance, and byte planes: a filter in front of another codec.
//!
//! For samples, pixels and tables of numbers: `delta:stride=4+lzma` for 16-bit stereo or RGBA, `delta:stride=2,
//! width=2,planes=1+bwt` for 16-bit samples. Output is as long as input plus two bytes; nothing is gained without a
//! codec behind it.
//!
//! Limits: one stride for the whole part.
//! Format: docs/format/codecs/delta.md. Source: the filters of PNG (ISO 15948) and of xz; byte shuffling as in
//! HDF5 (1996 and later).
//!
//! | Parameter | Values | Default | Meaning |
//! |---|---|---|---|
//! | `stride` | 1 to 256 | 1 | bytes from an element to the one that is subtracted, rounded up to a multiple of the width |
//! | `width` | 1, 2, 4, 8 | 1 | bytes of a little-endian element |
//! | `planes` | 0, 1 | 0 | 1: bytes of the same place in the stride stand together afterwards |
//!
//! Memory: the input once more.
//!
//! ```
//! use minlen_core::Env;
//! let codec = minlen_bytes::delta::codec().expect("always there");
//! let data = [10, 20, 11, 21, 12, 22];
//! let params = codec.params().with("stride", 2);
//! let mut payload = Vec::new();
//! codec.encode(&data, &params, &Env::default(), &mut payload)?;
//! // Two bytes of header, then each byte less the one two before it.
//! assert_eq!(payload[2..], [10, 20, 1, 1, 1, 1]);
//! let mut back = Vec::new();
//! codec.decode(&payload, data.len(), &Env::default(), &mut back)?;
//! assert_eq!(back, data);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod spec;
#[cfg(test)]
mod tests;
mod transform;

#[cfg(feature = "lzma")]
pub(crate) use transform::{delta_decode, delta_encode};

use minlen_core::{Codec, CodecSpec, Env, Memory, Params, Result, Stage};
use std::sync::Arc;

/// The codec, to be registered.
#[must_use]
pub fn codec() -> Option<Arc<dyn Codec>> {
    Some(Arc::new(Delta))
}

/// A stage for chains that other codecs offer: stride in bytes, element size 1, 2, 4 or 8, byte planes or not.
pub(crate) fn stage(stride: i64, width: u32, planes: bool) -> Stage {
    let params = Delta.params();
    let params = params.with("stride", stride).with("width", i64::from(width.trailing_zeros()));
    Stage::of(&Delta, params.with("planes", i64::from(planes)))
}

struct Delta;

impl Codec for Delta {
    fn spec(&self) -> &'static CodecSpec {
        &spec::SPEC
    }

    fn encode(&self, input: &[u8], params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let _held = env.budget.reserve(input.len() as u64)?;
        let shape = spec::Shape::of(params);
        shape.put(out);
        let mut data = input.to_vec();
        transform::subtract(&mut data, shape);
        transform::split(&data, shape, out);
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let _held = env.budget.reserve(output_len as u64)?;
        let (shape, body) = spec::Shape::get(payload, output_len)?;
        let start = out.len();
        transform::join(body, shape, out);
        transform::add(&mut out[start..], shape);
        env.work(output_len as u64)
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        Memory { encode: len as u64, decode: len as u64 }
    }
}
