//! Learns a codec file from records and says what others take with it.
//!
//! `cargo run --release -p minlen-train --example codec_file -- DATA MEMBERS [-o FILE] [--load FILE] [--test N] [--level 1-9] [--rate R]`: `DATA` is a folder with the IDX files of MNIST,
//! or `TRAIN,TEST` where each is a file or folder of records (`--window N` for sound, `--raw TYPE:NUMBERS` for files without a header). `MEMBERS` are
//! `klt:256`, `cklt:32:200:120` (classes, coordinates, coefficients), `dense:64:512:256:EPOCHS`, `conv:64:24:32:1:1:EPOCHS` or `line:...` (latents, channels, blocks), with spaces between. Networks
//! have options: `:seconds=290:prices=3-120:rate=5e-3:prior=192:residual=128`. A file that is loaded needs no members; with a rate, nothing else is measured.
//! `--auto SECONDS` in place of members does what `minlen train autoencoder` does by itself, and prints its table.

#![allow(clippy::print_stdout)]

use minlen_core::{Env, Error, Limits, Result};
use minlen_latent::{Body, Model, Promise, decode, encode};
use minlen_learn::Length;
use minlen_train::autoencoder::codec_file::{Kind, NetworkRecipe, Recipe, learn};
use minlen_train::autoencoder::network::Body as Layers;
use minlen_train::autoencoder::run::{Event, Request, run};
use minlen_train::records::{self, Records, Source};
use std::path::Path;
use std::time::{Duration, Instant};

/// Records to learn from, and others, from what the user says about them.
fn data(words: &str, window: Option<usize>, raw: Option<&str>, env: &Env) -> Result<[Records; 2]> {
    let folder = Path::new(words);
    let paths = match words.split_once(',') {
        Some((train, test)) => [train.into(), test.into()],
        None => ["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"].map(|name| folder.join(name)),
    };
    let (mut raw_type, mut shape) = (None, None);
    if let Some((name, numbers)) = raw.and_then(|raw| raw.split_once(':')) {
        raw_type = Some(records::Raw { dtype: records::dtype(name)?, skip: 0 });
        shape = Some(vec![numbers.parse().map_err(|_| Error::usage("--raw TYPE:NUMBERS"))?]);
    }
    let read = |path: &std::path::PathBuf| {
        Source { window, raw: raw_type.clone(), shape: shape.clone(), ..Source::new([path]) }.read(env)
    };
    Ok([read(&paths[0])?.for_training()?, read(&paths[1])?])
}

fn member(words: &str) -> Option<Kind> {
    let (words, options): (Vec<&str>, Vec<&str>) = words.split(':').partition(|word| !word.contains('='));
    let (kind, numbers) = words.split_first()?;
    let numbers: Vec<usize> = numbers.iter().map(|n| n.parse().ok()).collect::<Option<_>>()?;
    let network = |latents: usize, layers: Layers, epochs: usize| {
        let length = Length::Epochs(epochs as u32);
        let mut own = NetworkRecipe {
            latents,
            layers,
            prior: 192,
            prices: (2.0, 200.0),
            length,
            rate: 5e-3,
            residual: 0,
        };
        for option in &options {
            let (name, value) = option.split_once('=')?;
            match name {
                "residual" => own.residual = value.parse().ok()?,
                "prior" => own.prior = value.parse().ok()?,
                "rate" => own.rate = value.parse().ok()?,
                "seconds" => own.length = Length::Time(Duration::from_secs_f64(value.parse().ok()?)),
                "prices" => {
                    let (least, most) = value.split_once('-')?;
                    own.prices = (least.parse().ok()?, most.parse().ok()?);
                }
                _ => return None,
            }
        }
        Some(Kind::Network(own))
    };
    Some(match (*kind, numbers.as_slice()) {
        ("klt", &[coordinates]) => Kind::Klt { coordinates },
        ("cklt", &[classes, coordinates, coefficients]) => Kind::Cklt { classes, coordinates, coefficients },
        ("dense", &[latents, ref units @ .., epochs]) => {
            network(latents, Layers::Dense(units.to_vec()), epochs)?
        }
        ("line", &[latents, a, b, down, up, epochs]) => {
            network(latents, Layers::Line { channels: [a, b], blocks: [down, up] }, epochs)?
        }
        ("conv", &[latents, a, b, down, up, epochs]) => {
            network(latents, Layers::Conv { channels: [a, b], blocks: [down, up] }, epochs)?
        }
        _ => return None,
    })
}

/// What errors are measured against: the range of the numbers and their variance.
struct Against {
    peak: f64,
    variance: f64,
    numbers: f64,
}

impl Against {
    fn of(model: &Model, bytes: &[u8]) -> Self {
        let mut numbers = Vec::new();
        model.scaling.numbers(bytes, &mut numbers);
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        let peak = minlen_train::insight::eval::peak(model, bytes);
        Self { peak, variance, numbers: model.numbers() as f64 }
    }

    fn psnr(&self, squares: f64) -> f64 {
        10.0 * (self.peak * self.peak * self.numbers / squares).log10()
    }

    fn snr(&self, squares: f64) -> f64 {
        10.0 * (self.variance * self.numbers / squares).log10()
    }
}

/// What pays on these records, found within a time.
fn by_itself([train, test]: [&Records; 2], time: Duration, output: Option<&str>, env: &Env) -> Result<()> {
    let request = Request { time, seed: 1, threads: 2, ..Request::default() };
    let trained = run(train, Some(test), &request, None, env, &mut |event| {
        if let Event::Line(line) = event {
            println!("{line}");
        }
        Ok(())
    })?;
    println!("{}", trained.report.text());
    output.map_or(Ok(()), |path| {
        std::fs::write(path, &trained.file).map_err(|e| Error::io("cannot write", e).in_file(path))
    })
}

fn used(model: &Model) -> Vec<String> {
    let what = |member: &minlen_latent::Member| match &member.body {
        Body::Linear { linear, .. } => format!("{}, {} classes", member.name, linear.classes.len()),
        Body::Network(latents) => format!("{}, {} latents", member.name, latents.count()),
    };
    model.members.iter().map(what).collect()
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_default();
    let (mut members, mut output, mut load, mut only) = (Vec::new(), None, None, None);
    let (mut window, mut raw, mut auto) = (None, None, None);
    let (mut count, mut level) = (2000usize, 5u8);
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--window" => window = arguments.next().and_then(|n| n.parse().ok()),
            "--auto" => auto = arguments.next().and_then(|n| n.parse().ok()),
            "--raw" => raw = arguments.next(),
            "-o" => output = arguments.next(),
            "--rate" => only = arguments.next().and_then(|n| n.parse().ok()),
            "--load" => load = arguments.next(),
            "--level" => level = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(level),
            "--test" => count = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(count),
            words => members.push(member(words).ok_or_else(|| Error::usage(format!("no member: {words}")))?),
        }
    }
    let env = Env::new(Limits::none());
    let [train, test] = data(&folder, window, raw.as_deref(), &env)?;
    if let Some(seconds) = auto {
        return by_itself([&train, &test], Duration::from_secs(seconds), output.as_deref(), &env);
    }
    let recipe = Recipe { shape: train.shape.clone(), dtype: train.dtype, members, seed: 1, threads: 2 };
    let begun = Instant::now();
    let model = if let Some(path) = load {
        Model::read(&std::fs::read(&path).map_err(|e| Error::io("cannot read", e).in_file(&path))?, &env)?
    } else {
        learn(&recipe, &train.bytes, &env, |member, progress| {
            if let Some(held_out) = &progress.held_out {
                println!(
                    "member {member} epoch {} loss {:.3} ({:?}), {:.0?} left",
                    progress.epoch, held_out.loss, held_out.notes, progress.left
                );
            }
        })?
    };
    let file = model.write(&env)?;
    let mut small = model.clone();
    for member in &mut small.members {
        if let Body::Network(latents) = &mut member.body {
            latents.encoder = None;
        }
    }
    let small = small.write(&env)?.len();
    println!("{:?}: {} bytes, to decode {small}, in {:.1?}", used(&model), file.len(), begun.elapsed());
    if let Some(output) = output {
        std::fs::write(&output, &file).map_err(|e| Error::io("cannot write", e).in_file(&output))?;
    }
    let against = Against::of(&model, &test.bytes);
    let count = count.min(test.len());
    let test = &test.bytes[..count * test.record_bytes()];
    let records = count as f64;
    let report = |what: String, promise| -> Result<(f64, f64)> {
        let begun = Instant::now();
        let (payload, outcome) = encode(&model, test, promise, level, &env)?;
        let (coded, mut out) = (begun.elapsed(), Vec::new());
        decode(&model, &payload, test.len(), &env, &mut out)?;
        println!(
            "{what}: {:6.2} bytes, {:.2} dB, SNR {:.2}, worst {:.2}; {} raw, {} with rest; {coded:.1?}, {:.1?}",
            payload.len() as f64 / records,
            against.psnr(outcome.squares / records),
            against.snr(outcome.squares / records),
            against.psnr(outcome.worst_record),
            outcome.raw,
            outcome.with_rest,
            begun.elapsed() - coded,
        );
        Ok((payload.len() as f64 / records, against.psnr(outcome.squares / records)))
    };
    if let Some(rate) = only {
        return report(format!("rate {rate:2}"), Promise::Rate(rate)).map(|_| ());
    }
    let mut last = None;
    for rate in 0..model.rates {
        let found = report(format!("rate {rate:2}"), Promise::Rate(rate))?;
        let (bytes, db) = last.unwrap_or(found);
        for at in [4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0]
            .into_iter()
            .filter(|&at| bytes < at && found.0 >= at)
        {
            let between = db + (found.1 - db) * (at - bytes) / (found.0 - bytes);
            println!(
                "= {at} bytes: {between:.2} dB, SNR {:.2}",
                between + against.snr(1.0) - against.psnr(1.0)
            );
        }
        if found.0 > 70.0 {
            break;
        }
        last = Some(found);
    }
    for target in [16.0, 18.0, 20.0, 22.0f64] {
        let most = against.peak * against.peak / 10f64.powf(target / 10.0);
        report(format!("every record {target} dB"), Promise::MeanSquare(most))?;
    }
    Ok(())
}
