//! Measures variants of the byte predictor: alone, and beside a small context mixer.
//!
//! `cargo run --release -p minlen-nn --features lab --example nn_lab -- [field=value ...] [pre=FILE:BYTES,...] FILE[:BYTES] ...`
//!
//! Fields are those of `Config`. `pre` trains on these files first (`passes` times), stores the network at 8 bits and
//! loads it for each file (`save=FILE` keeps it, `net=FILE` takes it from there); `start`, `rate2`, `rate_end2` and `half_life2` are the schedule from there on. `cm=0` leaves
//! the mixer out. A line says: microseconds a byte, bytes of the network alone, of the mixer alone, of both; then the
//! same for each file, the first as bits a byte.
#![allow(missing_docs, clippy::print_stdout)]

mod cm;

use std::error::Error;
use std::time::Instant;

use minlen_core::Env;
use minlen_nn::{BitTree, ByteLstm, Config, Matcher, train};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the command line says.
struct Job {
    config: Config,
    mixer: bool,
    teachers: Vec<String>,
    passes: usize,
    /// Clock, step sizes and half-life after training.
    after: (u64, f32, f32, f32),
    /// Go on with the trained network itself, not with what its 8 bits say.
    raw: bool,
    save: Option<String>,
    net: Option<String>,
}

fn set(job: &mut Job, key: &str, value: &str) -> Result<()> {
    let float = || value.parse::<f32>();
    let int = || value.parse::<usize>();
    let config = &mut job.config;
    match key {
        "layers" => config.layers = int()?,
        "cells" => config.cells = int()?,
        "horizon" => config.horizon = int()?,
        "coupled" => config.coupled = int()? == 1,
        "second" => config.second = int()? == 1,
        "hints" => config.hints = int()? == 1,
        "norm" => config.norm = int()? == 1,
        "rate" => config.rate = float()?,
        "rate_end" => config.rate_end = float()?,
        "half_life" => config.half_life = float()?,
        "out_scale" => config.out_scale = float()?,
        "out_every" => config.out_every = int()?,
        "keep" => config.keep = float()?,
        "clip" => config.clip = float()?,
        "seed" => config.seed = value.parse()?,
        "cm" => job.mixer = int()? == 1,
        "pre" => job.teachers = value.split(',').map(String::from).collect(),
        "passes" => job.passes = int()?,
        "save" => job.save = Some(value.to_string()),
        "net" => job.net = Some(value.to_string()),
        "raw" => job.raw = int()? == 1,
        "start" => job.after.0 = value.parse()?,
        "rate2" => job.after.1 = float()?,
        "rate_end2" => job.after.2 = float()?,
        "half_life2" => job.after.3 = float()?,
        _ => return Err(format!("no such field: {key}").into()),
    }
    Ok(())
}

fn read(name: &str) -> Result<Vec<u8>> {
    let (path, limit) = name.split_once(':').unwrap_or((name, "200000"));
    let mut data = std::fs::read(path)?;
    data.truncate(limit.parse()?);
    Ok(data)
}

/// The network to start from.
fn start(job: &Job) -> Result<ByteLstm> {
    let (seen, rate, end, half) = job.after;
    if let Some(file) = &job.net {
        let mut net = ByteLstm::load(&std::fs::read(file)?)?;
        net.reschedule(seen, rate, end, half)?;
        return Ok(net);
    }
    if job.teachers.is_empty() {
        return Ok(ByteLstm::new(job.config)?);
    }
    let texts = job.teachers.iter().map(|t| read(t)).collect::<Result<Vec<_>>>()?;
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let mut net = train(job.config, &texts, job.passes, &Env::default())?;
    net.reschedule(seen, rate, end, half)?;
    let blob = net.save();
    job.save.as_ref().map_or(Ok(()), |file| std::fs::write(file, &blob))?;
    println!(
        "trained on {} bytes, file of {} bytes",
        texts.iter().map(|t| t.len()).sum::<usize>(),
        blob.len()
    );
    Ok(if job.raw { net } else { ByteLstm::load(&blob)? })
}

fn main() -> Result<()> {
    let config = Config::default();
    let after = (0, config.rate, config.rate_end, config.half_life);
    let (teachers, save, net) = (Vec::new(), None, None);
    let mut job = Job { config, mixer: true, teachers, passes: 1, after, raw: false, save, net };
    let (mut files, mut label) = (Vec::new(), String::new());
    for arg in std::env::args().skip(1) {
        match arg.split_once('=') {
            Some((key, value)) => {
                set(&mut job, key, value)?;
                label += &format!("{arg} ");
            }
            None => files.push(arg),
        }
    }
    let net = start(&job)?;
    let (mut totals, mut line) = ([0.0f64; 4], String::new());
    for name in &files {
        let data = read(name)?;
        let [solo, us, alone, mixed] = measure(net.clone(), &data, job.mixer);
        line += &format!(" | {:.3} {alone:.0} {mixed:.0}", solo * 8.0 / data.len() as f64);
        totals.iter_mut().zip([solo, us, alone, mixed]).for_each(|(t, x)| *t += x);
    }
    let [solo, us, alone, mixed] = totals;
    let (us, gain) = (us / files.len() as f64, 100.0 * (1.0 - mixed / alone.max(1.0)));
    println!("{label}: {us:.1} us/B solo {solo:.0} cm {alone:.0} mixed {mixed:.0} ({gain:.2} %){line}");
    Ok(())
}

/// Bytes of the network alone, its microseconds a byte, bytes of the mixer alone, bytes of both.
fn measure(mut net: ByteLstm, data: &[u8], mixer: bool) -> [f64; 4] {
    let mut matcher = Matcher::new();
    let (mut trees, mut solo) = (Vec::new(), 0.0);
    let clock = Instant::now();
    for (at, &byte) in data.iter().enumerate() {
        solo -= f64::from(net.probs()[usize::from(byte)]).log2();
        if mixer {
            trees.push((BitTree::new(net.probs()), net.expected()));
        }
        net.update_with(byte, matcher.guess(&data[..=at]));
    }
    let us = clock.elapsed().as_secs_f64() * 1e6 / data.len() as f64;
    let (mut alone, mut mixed) = (0.0, 0.0);
    if mixer {
        let mut plain = cm::Cm::new(0);
        let mut both = cm::Cm::new(1);
        for (&byte, (tree, hint)) in data.iter().zip(&trees) {
            alone += plain.code(byte, &mut |_, _| {}, 0);
            let mut ask = |known, p: &mut [f32]| p[0] = f32::from(tree.p16(known)) / 65536.0;
            mixed += both.code(byte, &mut ask, *hint);
        }
    }
    [solo / 8.0, us, alone / 8.0, mixed / 8.0]
}
