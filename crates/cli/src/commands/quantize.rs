//! `minlen quantize`: a model within a bound.

use crate::args::Quantize;
use crate::engine::seal::Seal;
use crate::engine::sink::Sink;
use crate::plan::{Context, Target};
use crate::ui;
use minlen::nearby;
use minlen::{Env, Error, Result};
use minlen_train::quantize::{self, Mode, Options, Output, Report, Score, Target as Bound, TensorReport};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes that a stream has around its payload, at most.
const AROUND: u64 = 160;

/// Quantizes, writes, and says what it cost.
pub fn run(args: &Quantize, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.model);
    let source = read(&args.model)?;
    let calibration = args.calibrate.as_deref().map(read).transpose()?;
    let output = args.output.clone().unwrap_or_else(|| beside(&args.model));
    let options = options(args, &output, source.len() as u64)?;
    let seal = seal(args, &options, ctx)?;
    let from = args.model.display().to_string();
    let file = Sink::create(&Target::new(&output), args.force, ctx, &from)?;
    let env = ctx.writing().with_threads(ctx.threads());
    let say = &mut |line: &str| ctx.ui.note(line);
    let (bytes, report) = quantized(&options, &source, calibration.as_deref(), say, &env)
        .map_err(|e| e.in_file(&args.model))?;
    let failed = |e| Error::io("cannot write", e).in_file(&output);
    seal.write(&mut file.file(), |out| out.write_all(&bytes).map_err(failed))?;
    file.commit(None)?;
    for name in report.emptied() {
        ctx.ui.warn(&format!("{}: every weight of {name} became 0; allow more", args.model.display()));
    }
    ctx.report.done(object(&report, &output, bytes.len()));
    match ctx.ui.json() {
        true => Ok(()),
        false => ui::print(&format!("{report}\n{}: {} bytes\n", output.display(), bytes.len())),
    }
}

/// The report for programs.
fn object(report: &Report, output: &Path, stored: usize) -> Value {
    let tensor = |tensor: &TensorReport| {
        json!({
            "name": tensor.name,
            "shape": [tensor.shape.0, tensor.shape.1],
            "bits_per_weight": tensor.bits_per_weight,
            "relative_error": tensor.relative_error,
            "worst_row": tensor.worst_row.0,
            "worst_row_error": tensor.worst_row.1,
            "zero_share": tensor.zeros,
            "emptied_rows": tensor.emptied_rows,
            "emptied": tensor.emptied,
            "exact_rows": tensor.exact_rows,
        })
    };
    let kept = |(name, why): &(String, String)| json!({"name": name, "why": why});
    let quality = report.quality.map(|q| {
        json!({
            "bits_per_byte_before": q.before.bits,
            "bits_per_byte_after": q.after.bits,
            "divergence_bits_per_byte": q.after.divergence,
        })
    });
    json!({
        "output": output.to_string_lossy(),
        "stored_bytes": stored,
        "content_bytes": report.decoded_bytes,
        "source_bytes": report.source_bytes,
        "weights": report.weights,
        "bits_per_weight": report.bits_per_weight(),
        "tensors": report.tensors.iter().map(tensor).collect::<Vec<_>>(),
        "kept": report.kept.iter().map(kept).collect::<Vec<_>>(),
        "quality": quality,
    })
}

/// The file to be written: a stream that describes the nearby model, or a model file.
fn quantized(
    options: &Options,
    source: &[u8],
    calibration: Option<&[u8]>,
    say: &mut dyn FnMut(&str),
    env: &Env,
) -> Result<(Vec<u8>, Report)> {
    if options.output != Output::Payload {
        return quantize::run(options, source, calibration, say, env);
    }
    let (near, report) = quantize::nearby(options, source, calibration, say, env)?;
    let stream = nearby::to_stream(&near.description, near.bytes.len(), &minlen::Options::default(), env)?;
    Ok((stream, report))
}

/// Who can open the output. What is no .mln file is for other programs, which could not.
fn seal(args: &Quantize, options: &Options, ctx: &Context) -> Result<Seal> {
    let seal = Seal::new(&args.seal, ctx)?;
    if seal.encrypts() && options.output != Output::Payload {
        return Err(Error::usage("only .mln files are encrypted").remedy("name the output with -o NAME.mln"));
    }
    Ok(seal)
}

fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    fs::read(path).map_err(|e| Error::io("cannot read", e).in_file(path))
}

/// MODEL.mln beside MODEL.
fn beside(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_os_string();
    name.push(".mln");
    name.into()
}

fn options(args: &Quantize, output: &Path, source_len: u64) -> Result<Options> {
    let target = match (args.target_bpw, args.target_size, args.max_kl) {
        (Some(bits), _, _) => Bound::BitsPerWeight(bits),
        (_, Some(size), _) => Bound::Size(
            size.checked_sub(AROUND)
                .ok_or_else(|| Error::usage(format!("{size} bytes are too few for any model")))?,
        ),
        (_, _, Some(divergence)) => Bound::Divergence(divergence),
        // A GGUF file is as large as its blocks are.
        _ => Bound::Size(source_len.saturating_mul(4)),
    };
    let mut options = Options::new(target);
    options.seed = args.seed;
    options.mode = if args.codebook { Mode::Codebook } else { Mode::Steps };
    let score = if args.by_magnitude { Score::Magnitude } else { Score::Wanda };
    options.sparsity = args.sparsity.map(|share| (share, score));
    let extension = output.extension().and_then(|e| e.to_str()).unwrap_or_default();
    options.output = match (args.gguf, extension) {
        (Some(dtype), _) => Output::Gguf(dtype),
        (_, "mln") => Output::Payload,
        _ => Output::File,
    };
    Ok(options)
}
