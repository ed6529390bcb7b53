//! Quantizes a model: `quantize MODEL (bpw|size|kl) BOUND [TEXT [OTHER-TEXT]]`, with `MINLEN_QUANTIZE=name=value,...` for the
//! other options (damping, lambda, calibrate, grade, codebook, product, sparsity, gguf, out). The second text is for grading only.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use minlen_core::Dtype;
use minlen_core::{Env, Error, Result};
use minlen_train::quantize::{Mode, Options, Output, Score, Target, decode, run};
use minlen_train::transformer::{Reference, Transformer, windows};

fn options(target: Target) -> (Options, Option<String>) {
    let (mut options, mut out) = (Options::new(target), None);
    let settings = std::env::var("MINLEN_QUANTIZE").unwrap_or_default();
    for (name, value) in settings.split(',').filter_map(|setting| setting.split_once('=')) {
        let number: f64 = value.parse().unwrap_or(0.0);
        match name {
            "damping" => options.damping = (number, number),
            "lambda" => options.lambda = number,
            "calibrate" => options.calibration_windows = number as usize,
            "grade" => options.grading_windows = number as usize,
            "codebook" => options.mode = Mode::Codebook,
            "gguf" => {
                let types = [Dtype::Q8_0, Dtype::Q5_0, Dtype::Q4_0];
                let dtype = types.into_iter().find(|dtype| dtype.name() == value);
                options.output = Output::Gguf(dtype.unwrap_or(Dtype::Q8_0));
            }
            "product" => options.mode = Mode::Product,
            "sparsity" => options.sparsity = Some((number, Score::Wanda)),
            "out" => out = Some(value.to_owned()),
            other => eprintln!("unknown setting {other}"),
        }
    }
    (options, out)
}

/// The windows of a text that `run` grades on.
fn graded(text: &[u8], positions: usize) -> Vec<&[u8]> {
    let all: Vec<&[u8]> = windows(text, positions).into_iter().skip(1).step_by(2).collect();
    let count = all.len().min(Options::new(Target::Size(1)).grading_windows);
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

/// Divergence of `file` from `source` on windows of a text.
fn compare(name: &str, source: &[u8], file: &[u8], windows: &[&[u8]], env: &Env) -> Result<()> {
    let reference = Reference::new(&Transformer::from_file(source)?, windows, env)?;
    let before = reference.grade(&Transformer::from_file(source)?, env)?;
    let after = reference.grade(&Transformer::from_file(file)?, env)?;
    let (bits, divergence) = (after.bits, after.divergence);
    println!("{name}: bits per byte {:.4} -> {bits:.4}, divergence {divergence:.5}", before.bits);
    Ok(())
}

/// Every fourth window of a text that had no part in the quantization.
fn elsewhere(source: &[u8], file: &[u8], text: &[u8], env: &Env) -> Result<()> {
    let positions = Transformer::from_file(source)?.config.positions;
    let windows: Vec<&[u8]> = windows(text, positions).into_iter().step_by(4).collect();
    compare("other text", source, file, &windows, env)
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, kind, bound, texts @ ..] = &args[..] else {
        return Err(Error::usage("quantize MODEL (bpw|size|kl|as) BOUND [TEXT [OTHER-TEXT]]"));
    };
    let env = Env::default().with_threads(2);
    let source = std::fs::read(model)?;
    let texts: Vec<Vec<u8>> = texts.iter().map(std::fs::read).collect::<std::io::Result<_>>()?;
    if kind == "as" {
        // How far another file of the same model is from this one.
        let mut file = std::fs::read(bound)?;
        if file.starts_with(b"mqm") {
            file = decode(&file, &env)?;
        }
        let [text, others @ ..] = &texts[..] else { return Err(Error::usage("give a text to grade by")) };
        let positions = Transformer::from_file(&source)?.config.positions;
        compare(bound, &source, &file, &graded(text, positions), &env)?;
        return others.iter().try_for_each(|text| elsewhere(&source, &file, text, &env));
    }
    let number: f64 = bound.parse().map_err(|_| Error::usage("the bound is no number"))?;
    let target = match kind.as_str() {
        "bpw" => Target::BitsPerWeight(number),
        "size" => Target::Size(number as u64),
        _ => Target::Divergence(number),
    };
    let (options, out) = options(target);
    let start = std::time::Instant::now();
    let calibration = texts.first().map(|text| &text[..]);
    let (payload, report) = run(&options, &source, calibration, &mut |line| eprintln!("{line}"), &env)?;
    println!("{report}\n{:.1} s", start.elapsed().as_secs_f64());
    if let Some(other) = texts.get(1) {
        let file = if options.output == Output::Payload { decode(&payload, &env)? } else { payload.clone() };
        elsewhere(&source, &file, other, &env)?;
    }
    if let Some(out) = out {
        std::fs::write(out, payload)?;
    }
    Ok(())
}
