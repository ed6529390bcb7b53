//! A description as an ordinary `.mln` file: what comes out of it is the content that it describes.

use crate::Options;
use minlen_container::{StreamWriter, seal};
use minlen_core::{Advice, Coded, Description, Env, Event, Limits, Result};

/// A description of a content of `len` bytes as a complete stream, which decompresses to that content. It is decoded for that, so what the
/// stream says of the content's checksums is true.
///
/// # Errors
/// Unsupported for a codec that is not among those of `options`; corrupt if the description is none; limit for a content beyond what
/// one block holds.
pub fn to_stream(description: &Description, len: usize, options: &Options, env: &Env) -> Result<Vec<u8>> {
    let codec = options.registry().codec(description.codec)?;
    let mut content = Vec::new();
    codec.decode(&description.payload, len, env, &mut content)?;
    let coded =
        Coded { ids: vec![description.codec], inner: Vec::new(), payload: description.payload.to_vec() };
    let block = seal(&content, coded);
    // Beside the block, its decoder makes the content once more.
    let need = 2 * block.header.raw_len + block.header.stored_len;
    if need > Limits::default().memory {
        let mib = need.div_ceil(1 << 20) + 64;
        let message = format!("a model of this size takes {mib} MiB to decode");
        env.progress.event(Event::Advised { message, advice: Advice::ReadWithMemory { bytes: mib << 20 } });
    }
    let mut writer = StreamWriter::new(Vec::new())?;
    writer.write_block(&block)?;
    writer.finish(*blake3::hash(&content).as_bytes())
}
