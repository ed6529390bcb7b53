//! How far each codec gets on a sample.

use minlen_core::{
    Chain, Codec, Env, Error, ErrorKind, Kind, ParamKind, Params, Part, Registry, Result, Stats, ids,
};
use std::time::{Duration, Instant};

/// Parameters whose largest value means most effort.
const EFFORT: [&str; 4] = ["level", "quality", "effort", "order"];

/// One codec with one set of parameters.
#[derive(Clone, Debug)]
pub struct CodecResult {
    /// Codec and parameters as for `--codec`.
    pub chain: String,
    /// Bytes of the payload.
    pub size: u64,
    /// Bits per byte of the sample.
    pub bits: f64,
    /// Time to encode.
    pub encode: Duration,
    /// Time to decode.
    pub decode: Duration,
}

/// Every codec with its default and its strongest parameters, and differences before the strongest of them if the
/// data has a width. Smallest first. What a codec refuses (for a limit, or as not its kind of data) is left out.
pub(super) fn measure(
    sample: &[u8],
    registry: &Registry,
    env: &Env,
    stats: &Stats,
    strong: bool,
) -> Result<Vec<CodecResult>> {
    let mut out = Vec::new();
    if sample.is_empty() {
        return Ok(out);
    }
    let part = Part::new(sample, Kind::Binary, stats);
    // A codec for what is compressed inside says nothing about data without any.
    let idle = |codec: &&dyn Codec| codec.whole().is_some() && codec.propose(&part, 6).is_empty();
    for codec in registry.iter().filter(|c| c.spec().id != ids::STORE && !idle(c)) {
        for params in settings(codec, strong) {
            env.check()?;
            out.extend(run(&Chain::single(codec, params), sample, registry, env)?);
        }
    }
    if stats.stride > 0 {
        for name in ["zstd", "lzma"] {
            let chain = Chain::parse(&format!("delta:stride={}+{name}", stats.stride), registry);
            if let Ok(chain) = chain {
                env.check()?;
                out.extend(run(&chain, sample, registry, env)?);
            }
        }
    }
    out.sort_by(|a, b| a.size.cmp(&b.size).then_with(|| a.chain.cmp(&b.chain)));
    Ok(out)
}

/// The defaults, and the defaults with every known effort at its largest.
fn settings(codec: &dyn Codec, strong: bool) -> Vec<Params> {
    let plain = codec.params();
    let mut most = plain.clone();
    for spec in codec.spec().params.iter().filter(|s| EFFORT.contains(&s.key)) {
        if let ParamKind::Int { max, .. } = spec.kind {
            most = most.with(spec.key, max);
        }
    }
    if strong && most != plain { vec![plain, most] } else { vec![plain] }
}

fn run(chain: &Chain, sample: &[u8], registry: &Registry, env: &Env) -> Result<Option<CodecResult>> {
    let start = Instant::now();
    let coded = match chain.encode(sample, registry, env) {
        Ok(coded) => coded,
        Err(error)
            if matches!(error.kind(), ErrorKind::Limit | ErrorKind::Unsupported | ErrorKind::Usage) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let encode = start.elapsed();
    let start = Instant::now();
    let back = Chain::decode(&coded.ids, &coded.inner, &coded.payload, sample.len(), registry, env)?;
    let decode = start.elapsed();
    if back != sample {
        return Err(Error::new(ErrorKind::Verify, format!("{chain} did not give the sample back")));
    }
    let size = coded.payload.len() as u64;
    Ok(Some(CodecResult {
        chain: chain.to_string(),
        size,
        bits: size as f64 * 8.0 / sample.len() as f64,
        encode,
        decode,
    }))
}
