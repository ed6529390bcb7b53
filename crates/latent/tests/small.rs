//! A small codec file, made without training: cosines for a basis.

use minlen_core::{Dtype, Env};
use minlen_latent::linear::{Basis, Class, Linear};
use minlen_latent::network::{Latents, Rate, Residual};
use minlen_latent::tables::Start;
use minlen_latent::{Body, FRACTION, Member, Model, Scaling, learn_tables};
use minlen_nn::integer::quantize::Scale;
use minlen_nn::integer::{Dyadic, Graph, Linear as NnLinear, Node, Op, Shape};

/// Numbers in a record.
pub const NUMBERS: usize = 24;

fn cosines(rows: usize, columns: usize, shift: usize) -> Vec<f32> {
    let row = |k: usize| {
        let place = move |i: usize| std::f64::consts::PI * (i as f64 + 0.5) * k as f64 / columns as f64;
        let size = (2.0 / columns as f64).sqrt() * if k == 0 { 0.5f64.sqrt() } else { 1.0 };
        (0..columns).map(move |i| (size * place(i).cos()) as f32)
    };
    (0..rows).flat_map(|k| row((k + shift) % columns)).collect()
}

fn transform(coordinates: usize, classes: usize, deviation: usize) -> Linear {
    let class = |number: usize| Class {
        centre: (0..coordinates).map(|i| if i == number { 200 } else { 0 }).collect(),
        basis: (classes > 1)
            .then(|| Basis::nearest(&cosines(coordinates - 2, coordinates, number), coordinates)),
        deviations: (0..coordinates - 2).map(|k| (deviation - 2 * k.min(20)).max(4) as u8).collect(),
    };
    Linear {
        mean: vec![if deviation > 40 { 120 << FRACTION } else { 0 }; NUMBERS],
        basis: Basis::nearest(&cosines(coordinates, NUMBERS, 0), NUMBERS),
        classes: (0..classes).map(class).collect(),
    }
}

fn member(name: &str, coordinates: usize, classes: usize) -> Member {
    let linear = transform(coordinates, classes, 44);
    let start = Start::flat(linear.coefficients());
    Member { name: name.into(), body: Body::Linear { linear, start, pull: [8, -3] } }
}

/// A network of four latents: means of six numbers each, and a prior that expects what came before.
fn network() -> Member {
    let linear = |rows: usize, columns: usize, weight: fn(usize, usize) -> i16, shift: u8, limit: i16| {
        Op::Dense(NnLinear {
            rows,
            columns,
            weights: (0..rows * columns).map(|i| weight(i / columns, i % columns)).collect(),
            bias: vec![0; rows],
            scales: vec![Dyadic { multiplier: 1, shift }; rows],
            limit,
        })
    };
    let graph = |inputs: usize, limit: i16, ops: Vec<Op>| Graph {
        input: Shape::flat(inputs),
        input_limit: limit,
        nodes: ops.into_iter().enumerate().map(|(from, op)| Node { from, op }).collect(),
    };
    let mean = |row: usize, column: usize| i16::from(column / 6 == row);
    let spread = |row: usize, column: usize| i16::from(row / 6 == column);
    // Hidden units see the latent of their number; the mean of a latent is that of the one before.
    let sees = |row: usize, column: usize| 64 * i16::from(column == row + 2);
    let tells = |row: usize, column: usize| match row % 6 {
        2 | 3 if row / 6 == column + 1 => 4,
        _ => 0,
    };
    let prior = vec![linear(4, 6, sees, 6, 8000), linear(24, 4, tells, 0, 32_000)];
    let rate = |rate: u8| Rate {
        step: 60 - 4 * rate,
        context: [0, 0],
        gains: vec![1 << (11 + rate); 4],
        offsets: vec![-(120 << (11 + rate)); 4],
        steps: vec![(1 << 21) >> rate; 4],
    };
    let latents = Latents {
        encoder: Some(graph(24, 4096, vec![linear(4, 24, mean, 2, 16_000)])),
        prior: graph(6, 8000, prior),
        decoder: graph(4, 8000, vec![linear(24, 4, spread, 0, 8000)]),
        patch: 2,
        unit: 256,
        input: Scale { bits: 4, limit: 4096 },
        found_bits: 0,
        output_bits: 0,
        context_bits: 6,
        most: 100,
        rates: (0..5).map(rate).collect(),
        residual: Some(Box::new(Residual {
            linear: transform(10, 1, 30),
            start: Start::flat(8),
            pull: [0, 0],
            steps: vec![40, 36, 30],
        })),
    };
    Member { name: "net".into(), body: Body::Network(latents) }
}

/// Three members: one class, three classes, a network.
pub fn model(dtype: Dtype) -> Model {
    let (offset, scale) = if dtype == Dtype::F32 { (-1.0, 1.0 / 64.0) } else { (0.0, 1.0) };
    let mut model = Model {
        shape: vec![4, 6],
        scaling: Scaling::new(dtype, offset, scale).unwrap(),
        members: vec![member("klt", 20, 1), member("cklt", 12, 3), network()],
        predictor: None,
        coarsest: 44,
        rates: 30,
        licence: "CC0-1.0".into(),
        provenance: "a test".into(),
        report: String::new(),
    };
    model.check(&Env::default()).unwrap();
    learn_tables(&mut model, &records(dtype, 200), 1, &Env::default()).unwrap();
    model
}

/// Smooth records with a little noise.
pub fn records(dtype: Dtype, count: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let mut out = Vec::new();
    for _ in 0..count {
        let (phase, size, speed) = (random() * 6.0, random() * 90.0, 0.1 + random() * 0.4);
        for i in 0..NUMBERS {
            let value = 120.0 + size * (phase + speed * i as f64).sin() + 6.0 * (random() - 0.5);
            match dtype {
                Dtype::F32 => out.extend(((value / 64.0 - 1.0) as f32).to_le_bytes()),
                Dtype::I16 => out.extend((value as i16).to_le_bytes()),
                _ => out.push(value as u8),
            }
        }
    }
    out
}
