//! Learns a codec file from the training pictures of MNIST and says what records of the test part take with it.
//!
//! `cargo run --release -p minlen-train --example codec_file -- FOLDER MEMBERS [-o FILE] [--load FILE] [--test N] [--level 1-9]`: `FOLDER` has the IDX files with `.gz`, `MEMBERS` are
//! `klt:256`, `cklt:32:200:120` (classes, coordinates, coefficients), `dense:64:512:256:EPOCHS` or `conv:64:24:32:1:1:EPOCHS` (latents, channels, blocks), with spaces between. Networks
//! have options: `:seconds=290:prices=3-120:rate=5e-3:prior=192:residual=128`. A file that is loaded needs no members.

#![allow(clippy::print_stdout)]

use minlen_core::{Dtype, Env, Error, Limits, Result};
use minlen_latent::{Body, Model, Promise, decode, encode};
use minlen_learn::Length;
use minlen_train::autoencoder::codec_file::{Kind, NetworkRecipe, Recipe, learn};
use minlen_train::autoencoder::network::Body as Layers;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

fn pictures(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    let file = std::fs::File::open(&path).map_err(|e| Error::io("cannot open", e).in_file(&path))?;
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut out).map_err(|e| Error::io("cannot read", e))?;
    out.get(16..).map(<[u8]>::to_vec).ok_or_else(|| Error::truncated("an IDX file").in_file(&path))
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
        ("conv", &[latents, a, b, down, up, epochs]) => {
            network(latents, Layers::Conv { channels: [a, b], blocks: [down, up] }, epochs)?
        }
        _ => return None,
    })
}

fn decibels(squares: f64, numbers: f64) -> f64 {
    10.0 * (255.0 * 255.0 * numbers / squares).log10()
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
    let (mut members, mut output, mut load) = (Vec::new(), None, None);
    let (mut count, mut level) = (2000usize, 5u8);
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "-o" => output = arguments.next(),
            "--load" => load = arguments.next(),
            "--level" => level = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(level),
            "--test" => count = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(count),
            words => members.push(member(words).ok_or_else(|| Error::usage(format!("no member: {words}")))?),
        }
    }
    let train = pictures(Path::new(&folder), "train-images-idx3-ubyte.gz")?;
    let test = pictures(Path::new(&folder), "t10k-images-idx3-ubyte.gz")?;
    let env = Env::new(Limits::none());
    let recipe = Recipe { shape: vec![28, 28], dtype: Dtype::U8, members, seed: 1, threads: 2 };
    let begun = Instant::now();
    let model = if let Some(path) = load {
        Model::read(&std::fs::read(&path).map_err(|e| Error::io("cannot read", e).in_file(&path))?, &env)?
    } else {
        learn(&recipe, &train, &env, |member, progress| {
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
    let test = &test[..count.min(test.len() / 784) * 784];
    let records = (test.len() / 784) as f64;
    let report = |what: String, promise| -> Result<(f64, f64)> {
        let begun = Instant::now();
        let (payload, outcome) = encode(&model, test, promise, level, &env)?;
        let (coded, mut out) = (begun.elapsed(), Vec::new());
        decode(&model, &payload, test.len(), &env, &mut out)?;
        println!(
            "{what}: {:6.2} bytes, {:.2} dB, worst {:.2}; {} raw, {} with rest; {coded:.1?}, {:.1?}",
            payload.len() as f64 / records,
            decibels(outcome.squares / records, 784.0),
            decibels(outcome.worst_record, 784.0),
            outcome.raw,
            outcome.with_rest,
            begun.elapsed() - coded,
        );
        Ok((payload.len() as f64 / records, decibels(outcome.squares / records, 784.0)))
    };
    let mut last = None;
    for rate in 0..model.rates {
        let found = report(format!("rate {rate:2}"), Promise::Rate(rate))?;
        let (bytes, db) = last.unwrap_or(found);
        for at in [8.0, 16.0, 32.0].into_iter().filter(|&at| bytes < at && found.0 >= at) {
            println!("= {at} bytes: {:.2} dB", db + (found.1 - db) * (at - bytes) / (found.0 - bytes));
        }
        if found.0 > 40.0 {
            break;
        }
        last = Some(found);
    }
    for target in [16.0, 18.0, 20.0, 22.0f64] {
        let most = 255.0 * 255.0 / 10f64.powf(target / 10.0);
        report(format!("every record {target} dB"), Promise::MeanSquare(most))?;
    }
    Ok(())
}
