//! Milliseconds of a step of training (forward, backward, Adam), for networks of known speed elsewhere: the best of some
//! rounds, which a busy machine disturbs least.
//!
//!     cargo run --release -p minlen-learn --example steps -- [THREADS] [NAME]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use minlen_learn::layers::{Convolution, Dense, MaskedDense, autoregressive_masks};
use minlen_learn::{Bins, Conv, Init, Parameters, Random, Records, Settings, Tape, Trainer, Var};
use std::time::Instant;

/// A model: its name, its records, the loss, the shard size for one thread.
struct Bench {
    name: &'static str,
    params: Parameters,
    batch: usize,
    loss: Box<dyn Fn(&mut Tape<'_>, &[u32]) -> Var + Sync>,
}

fn pictures(count: usize, shape: [usize; 3]) -> Records {
    let mut random = Random::new(1);
    let n: usize = shape.iter().product();
    let bytes =
        (0..count * n).map(|_| if random.unit() < 0.8 { 0 } else { random.below(256) as u8 }).collect();
    Records::bytes(shape, bytes, 1.0 / 255.0, 0.0).unwrap()
}

/// Dense layers with SiLU between them.
fn dense(name: &'static str, sizes: &[usize], batch: usize) -> Bench {
    let (mut params, mut random) = (Parameters::default(), Random::new(2));
    let pairs = sizes.windows(2).enumerate();
    let layers: Vec<Dense> = pairs
        .map(|(i, pair)| Dense::new(&mut params, &i.to_string(), pair[0], pair[1], Init::He, &mut random))
        .collect();
    let data = pictures(2 * batch, [28, 28, 1]);
    let loss = move |tape: &mut Tape<'_>, records: &[u32]| {
        let x = data.input(tape, records);
        let x = tape.flatten(x);
        let mut h = x;
        for (i, layer) in layers.iter().enumerate() {
            h = layer.apply(tape, h);
            if i + 1 < layers.len() {
                h = tape.silu(h);
            }
        }
        tape.bce(h, x)
    };
    Bench { name, params, batch, loss: Box::new(loss) }
}

/// Convolutions of 24 and 32 channels, a residual block and 48 latents with an autoregressive prior: 2.5 million products a
/// record and direction.
fn convolutional() -> Bench {
    let (mut params, mut random) = (Parameters::default(), Random::new(2));
    let (p, r) = (&mut params, &mut random);
    let (half, three) = (Conv::square(4).stride(2).padding(1), Conv::square(3).padding(1));
    let conv = |p: &mut Parameters, r: &mut Random, name: &str, sizes, conv| {
        Convolution::new(p, name, sizes, conv, Init::He, r)
    };
    let down = [conv(p, r, "down1", (1, 24), half), conv(p, r, "down2", (24, 32), half)];
    let inner = [conv(p, r, "inner1", (32, 32), three), conv(p, r, "inner2", (32, 32), three)];
    let latents = Dense::new(p, "latents", 49 * 32, 48, Init::Glorot, r);
    let wide = Dense::new(p, "wide", 48, 49 * 32, Init::He, r);
    let up = [
        Convolution::transposed(p, "up1", (32, 24), half, Init::He, r),
        Convolution::transposed(p, "up2", (24, 1), half, Init::Glorot, r),
    ];
    let masks = autoregressive_masks(48, 0, &[192], 6);
    let mut masks = masks.into_iter();
    let mut masked = |p: &mut Parameters, r: &mut Random, name: &str, sizes| {
        MaskedDense::new(p, name, sizes, masks.next().unwrap(), Init::He, r)
    };
    let prior = [masked(p, r, "prior1", (48, 192)), masked(p, r, "prior2", (192, 288))];
    let data = pictures(256, [28, 28, 1]);
    let residual = |tape: &mut Tape<'_>, x: Var, layers: &[Convolution; 2]| {
        let h = layers[0].apply(tape, x);
        let h = tape.silu(h);
        let h = layers[1].apply(tape, h);
        tape.add(x, h)
    };
    let loss = move |tape: &mut Tape<'_>, records: &[u32]| {
        let x = data.input(tape, records);
        let mut h = x;
        for layer in &down {
            h = layer.apply(tape, h);
            h = tape.silu(h);
        }
        let h = residual(tape, h, &inner);
        let h = tape.flatten(h);
        let z = latents.apply(tape, h);
        let z = tape.quantize(z);
        let h = prior[0].apply(tape, z);
        let h = tape.silu(h);
        let mixture = prior[1].apply(tape, h);
        let bits = tape.logistic_bits(z, mixture, 2, Bins::WHOLE);
        let bits = tape.sum_records(bits);
        let h = wide.apply(tape, z);
        let h = tape.reshape(h, [records.len(), 7, 7, 32]);
        let h = tape.silu(h);
        let h = up[0].apply(tape, h);
        let h = tape.silu(h);
        let y = up[1].apply(tape, h);
        let error = tape.sse(y, x);
        let error = tape.scale(error, 10.0);
        tape.add(bits, error)
    };
    Bench { name: "conv-ae", params, batch: 128, loss: Box::new(loss) }
}

/// Four convolutions of stride 2 and their transposes on pictures of 64 by 64.
fn colour() -> Bench {
    let (mut params, mut random) = (Parameters::default(), Random::new(2));
    let conv = Conv::square(5).stride(2).padding(2);
    let channels = [3, 64, 64, 96, 96];
    let mut down = Vec::new();
    let mut up = Vec::new();
    for (i, pair) in channels.windows(2).enumerate() {
        let (a, b) = (pair[0], pair[1]);
        down.push(Convolution::new(&mut params, &format!("down{i}"), (a, b), conv, Init::He, &mut random));
        let name = format!("up{i}");
        up.push(Convolution::transposed(&mut params, &name, (b, a), conv.extra(1), Init::He, &mut random));
    }
    up.reverse();
    let data = pictures(16, [64, 64, 3]);
    let loss = move |tape: &mut Tape<'_>, records: &[u32]| {
        let x = data.input(tape, records);
        let mut h = x;
        for (i, layer) in down.iter().chain(&up).enumerate() {
            h = layer.apply(tape, h);
            if i + 1 < 2 * down.len() {
                h = tape.relu(h);
            }
        }
        tape.mse(h, x)
    };
    Bench { name: "colour-ae", params, batch: 8, loss: Box::new(loss) }
}

/// Seconds that the processor has worked on this thread, where the system tells.
fn cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let threads: usize = arguments.first().and_then(|a| a.parse().ok()).unwrap_or(1);
    let wanted = arguments.get(1).cloned().unwrap_or_default();
    let benches = [
        dense("tutorial", &[784, 128, 64, 16, 64, 128, 784], 128),
        dense("tutorial-short", &[784, 128, 64, 16, 784], 128),
        dense("dense-512", &[784, 512, 256, 48, 256, 512, 784], 256),
        convolutional(),
        colour(),
    ];
    for bench in benches.into_iter().filter(|bench| bench.name.contains(&wanted)) {
        for shard in [bench.batch, bench.batch / 2, bench.batch / 4, bench.batch / 8] {
            if bench.batch / shard < threads {
                continue;
            }
            let settings = Settings { shard, threads, ..Settings::default() };
            let mut trainer = Trainer::new(bench.params.clone(), settings);
            let records: Vec<u32> = (0..bench.batch as u32).collect();
            let (mut best, mut cpu, mut rounds) = (f64::INFINITY, f64::INFINITY, 1);
            let begun = Instant::now();
            while begun.elapsed().as_secs_f64() < 3.0 {
                let (started, used) = (Instant::now(), cpu_seconds());
                for _ in 0..rounds {
                    let step = Instant::now();
                    trainer.step(&records, 1.0, &bench.loss).unwrap();
                    best = best.min(step.elapsed().as_secs_f64() * 1e3);
                }
                if rounds > 1 || started.elapsed().as_secs_f64() > 0.05 {
                    cpu = cpu.min((cpu_seconds() - used) * 1e3 / f64::from(rounds));
                }
                // Rounds of 50 ms and more: the kernel counts in ticks.
                rounds = ((50.0 / best) as u32).max(1);
            }
            println!(
                "{:<15} batch {:>3} shard {shard:>3} threads {threads}: {best:7.3} ms, {cpu:7.3} ms of the first thread",
                bench.name, bench.batch
            );
        }
    }
}
