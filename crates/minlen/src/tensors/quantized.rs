//! Quantized models as ordinary `.mln` files: what comes out of them is the model file with the weights that are left.

use minlen_core::{Codec, CodecSpec, Difference, Env, Error, Memory, Params, Result, ids};
use minlen_tensor::packed;
use std::sync::Arc;

/// The codec that reads quantized models.
pub(crate) fn codec() -> Arc<dyn Codec> {
    Arc::new(Quantized)
}

struct Quantized;

static SPEC: CodecSpec = CodecSpec {
    id: ids::QUANTIZED,
    name: "quantized",
    summary: "a quantized model, as `minlen quantize` writes it",
    source: "own; ideas of GPTQ, DeepCABAC, Deep Compression",
    limits: "written by `minlen quantize` only, as it is not exact",
    params: &[],
    max_input: 1 << 30,
};

impl Codec for Quantized {
    fn spec(&self) -> &'static CodecSpec {
        &SPEC
    }

    fn encode(&self, _input: &[u8], _params: &Params, _env: &Env, _out: &mut Vec<u8>) -> Result<()> {
        Err(Error::usage("quantized: this codec is not exact").remedy("use `minlen quantize`"))
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        if packed::file_len(payload)? != output_len as u64 {
            return Err(Error::corrupt("quantized: the model is of another length"));
        }
        out.extend_from_slice(&packed::decode(payload, env)?);
        env.work(output_len as u64)
    }

    fn may_differ(&self) -> bool {
        true
    }

    /// The tensors that hold other weights than the model they were made from.
    fn differences(&self, payload: &[u8], _output_len: usize, env: &Env) -> Result<Vec<Difference>> {
        let packed = packed::unpack(payload, env)?;
        let of = |entry: &packed::Entry| {
            let (rows, columns) = (entry.scales.rows.len(), entry.scales.columns.len());
            let what = format!("{} {rows}x{columns}, quantized", entry.scales.dtype.name());
            Difference::new(what, (rows * columns) as u64, 0)
        };
        Ok(packed.entries.iter().map(of).collect())
    }

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        Memory { encode: 0, decode: len as u64 * 12 + (16 << 20) }
    }
}
