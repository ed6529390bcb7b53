//! Quantized models as ordinary `.mln` files: what comes out of them is the model file with the weights that are left.

use minlen_container::{StreamWriter, seal};
use minlen_core::{Advice, Codec, CodecSpec, Coded, Env, Error, Event, Limits, Memory, Params, Result, ids};
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

    fn memory(&self, _params: &Params, len: usize) -> Memory {
        Memory { encode: 0, decode: len as u64 * 12 + (16 << 20) }
    }
}

/// A quantized payload as a complete stream, which decompresses to the model file.
///
/// # Errors
/// Corrupt if it is no such payload; limit for a model beyond what one block holds.
pub fn to_stream(payload: Vec<u8>, env: &Env) -> Result<Vec<u8>> {
    let file = packed::decode(&payload, env)?;
    let coded = Coded { ids: vec![ids::QUANTIZED], inner: Vec::new(), payload };
    let block = seal(&file, coded);
    // Beside the block, its decoder makes the file once more.
    let need = 2 * block.header.raw_len + block.header.stored_len;
    if need > Limits::default().memory {
        let mib = need.div_ceil(1 << 20) + 64;
        let message = format!("a model of this size takes {mib} MiB to decode");
        env.progress.event(Event::Advised { message, advice: Advice::ReadWithMemory { bytes: mib << 20 } });
    }
    let mut writer = StreamWriter::new(Vec::new())?;
    writer.write_block(&block)?;
    writer.finish(*blake3::hash(&file).as_bytes())
}
