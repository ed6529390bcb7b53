//! Speed of the integer kernels: `cargo run --release -p minlen-nn --features lab --example integer_speed`.
//!
//! Billions of products a second on one thread, for every instruction set of this machine.

#![allow(clippy::print_stdout)]

use minlen_core::{Env, Result};
use minlen_nn::Isa;
use minlen_nn::integer::{
    Activation, Autoregressive, Dyadic, Function, Graph, Linear, Network, Node, Op, Shape, Window,
};
use minlen_nn::logistic::{Component, Mixture};
use std::hint::black_box;
use std::time::Instant;

fn numbers(n: usize, most: i32) -> impl Iterator<Item = i16> {
    let mut state = 1u32;
    (0..n).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i32 % (2 * most + 1) - most) as i16
    })
}

fn linear(rows: usize, columns: usize) -> Linear {
    Linear {
        rows,
        columns,
        weights: numbers(rows * columns, 127).collect(),
        bias: vec![1000; rows],
        scales: vec![Dyadic { multiplier: 20_001, shift: 25 }; rows],
        limit: 4095,
    }
}

/// The best of several runs, in seconds.
fn best(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    let start = Instant::now();
    while start.elapsed().as_millis() < 400 {
        let one = Instant::now();
        run()?;
        best = best.min(one.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn measure(name: &str, input: Shape, op: Op, records: usize) -> Result<()> {
    let env = Env::default();
    let graph = Graph { input, input_limit: 4095, nodes: vec![Node { from: 0, op }] };
    let x: Vec<i16> = numbers(records * input.count()?, 4095).collect();
    for isa in Isa::available() {
        let network = Network::with_isa(&graph, &env, isa)?;
        let mut work = network.workspace(&env)?;
        let mut out = Vec::new();
        let time = best(|| {
            out.clear();
            network.run(&mut work, &x, &mut out)
        })?;
        println!(
            "{name:36} {:8} {:8.1} GMAC/s",
            isa.name(),
            network.products() as f64 * records as f64 / time / 1e9
        );
    }
    Ok(())
}

/// A prior of 48 latents with 192 hidden units: all steps of one record.
fn prior() -> Result<()> {
    let (latents, hidden, per) = (48, 192, 9);
    let (mut first, mut last) = (linear(hidden, latents), linear(latents * per, hidden));
    for h in 0..hidden {
        let degree = h * latents / hidden;
        (degree..latents).for_each(|c| first.weights[h * latents + c] = 0);
        (0..degree * per).for_each(|o| last.weights[o * hidden + h] = 0);
    }
    let silu = Activation { function: Function::Silu, input_bits: 9, output_bits: 9 };
    let ops = [Op::Dense(first), Op::Activation(silu), Op::Dense(last)];
    let nodes = ops.into_iter().enumerate().map(|(from, op)| Node { from, op }).collect();
    let graph = Graph { input: Shape::flat(latents), input_limit: 100, nodes };
    let prior = Autoregressive::new(&graph, 0, per, &Env::default())?;
    let x: Vec<i16> = numbers(latents, 20).collect();
    let mut out = vec![0; per];
    let time = best(|| {
        let mut state = prior.start(&[])?;
        for (k, &x) in x.iter().enumerate() {
            prior.outputs(&mut state, k, &mut out)?;
            prior.push(&mut state, x)?;
        }
        Ok(())
    })?;
    println!(
        "prior 48 latents, 192 hidden, 9 each {:8} {:8.1} µs a record",
        Isa::detect().name(),
        time * 1e6
    );
    Ok(())
}

/// Making a mixture of three logistics, finding a value by its target, and its interval.
fn symbols() -> Result<()> {
    let all: Vec<[Component; 3]> = numbers(1024, 600)
        .map(|x| {
            [0, 1, 2].map(|k| Component { mean: i32::from(x) * (k + 1), scale: 40 + 20 * k as u8, weight: 9 })
        })
        .collect();
    for most in [15, 127, 2047] {
        let time = best(|| {
            for (k, components) in all.iter().enumerate() {
                let mixture = Mixture::new(components, most)?;
                black_box(mixture.interval(mixture.find(k as u32 * 64)));
            }
            Ok(())
        })?;
        println!("three logistics up to {most:4} {:8.1} ns a symbol decoded", time * 1e9 / all.len() as f64);
    }
    Ok(())
}

fn main() -> Result<()> {
    let dense = || Op::Dense(linear(784, 256));
    measure("dense 256 to 784, 256 records", Shape::flat(256), dense(), 256)?;
    measure("dense 784 to 256, 256 records", Shape::flat(784), Op::Dense(linear(256, 784)), 256)?;
    measure("dense 256 to 784, 1 record", Shape::flat(256), dense(), 1)?;
    let picture = Shape { height: 14, width: 14, channels: 24 };
    measure(
        "conv 3x3 24 to 24, 14x14, 64 records",
        picture,
        Op::Conv(Window::same(3, 1), linear(24, 216)),
        64,
    )?;
    measure("conv 3x3 24 to 24, 14x14, 1 record", picture, Op::Conv(Window::same(3, 1), linear(24, 216)), 1)?;
    measure(
        "transposed 4x4 24 to 24, 14x14, 16",
        picture,
        Op::TransposedConv(Window::same(4, 2), linear(24, 384)),
        16,
    )?;
    measure("depthwise 3x3 of 24, 14x14, 64", picture, Op::Depthwise(Window::same(3, 1), linear(24, 9)), 64)?;
    prior()?;
    symbols()
}
