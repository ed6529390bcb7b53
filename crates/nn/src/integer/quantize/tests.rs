//! Quantized networks against the floats that they came from.

use super::*;
use crate::integer::{Function, Network, Shape, Window};
use crate::random::Random;
use minlen_core::{Env, ErrorKind};

fn linear(random: &mut Random, rows: usize, columns: usize) -> FloatLinear {
    let range = (3.0 / columns as f32).sqrt();
    FloatLinear {
        rows,
        columns,
        weights: random.fill(rows * columns, range).to_vec(),
        bias: random.fill(rows, 0.3).to_vec(),
    }
}

fn dense(random: &mut Random) -> FloatGraph {
    let ops = [
        FloatOp::Dense(linear(random, 64, 20)),
        FloatOp::Activation(Function::Silu),
        FloatOp::Dense(linear(random, 48, 64)),
        FloatOp::Activation(Function::Tanh),
        FloatOp::Dense(linear(random, 10, 48)),
    ];
    let nodes = ops.into_iter().enumerate().map(|(from, op)| FloatNode { from, op }).collect();
    FloatGraph { input: Shape::flat(20), nodes }
}

/// Every operation.
fn pictures(random: &mut Random) -> FloatGraph {
    let ops = [
        FloatOp::Dense(linear(random, 60, 7)),
        FloatOp::Reshape(Shape { height: 3, width: 4, channels: 5 }),
        FloatOp::Conv(Window::same(3, 1), linear(random, 5, 45)),
        FloatOp::Activation(Function::LeakyRelu),
        FloatOp::Add(2),
        FloatOp::TransposedConv(Window::same(4, 2), linear(random, 6, 80)),
        FloatOp::Depthwise(Window { stride: [2, 1], ..Window::same(3, 1) }, linear(random, 6, 9)),
        FloatOp::Activation(Function::Sigmoid),
    ];
    let nodes = ops.into_iter().enumerate().map(|(from, op)| FloatNode { from, op }).collect();
    FloatGraph { input: Shape::flat(7), nodes }
}

const INPUT: Scale = Scale { bits: 12, limit: 4096 };

/// Deviation of the integers' error against that of the outputs; the records are others than those of the calibration.
fn error(graph: &FloatGraph, options: &Options, random: &mut Random) -> f64 {
    let len = graph.input.count().unwrap();
    let calibration = random.fill(200 * len, 1.0).to_vec();
    let made = quantize(graph, &calibration, options).unwrap();
    assert_eq!(made, quantize(graph, &calibration, options).unwrap());
    let records: Vec<i16> = random.fill(100 * len, 1.0).iter().map(|&x| INPUT.integer(x)).collect();
    let floats: Vec<f32> = records.iter().map(|&x| INPUT.value(x)).collect();
    let network = Network::new(&made.graph, &Env::default()).unwrap();
    let mut out = Vec::new();
    network.run(&mut network.workspace(&Env::default()).unwrap(), &records, &mut out).unwrap();
    let exact = graph.run(&floats).unwrap();
    let mean = exact.iter().map(|&x| f64::from(x)).sum::<f64>() / exact.len() as f64;
    let square = |x: f64| x * x;
    let spread: f64 = exact.iter().map(|&x| square(f64::from(x) - mean)).sum();
    let wrong: f64 = exact.iter().zip(&out).map(|(&x, &q)| square(f64::from(x - made.output.value(q)))).sum();
    (wrong / spread).sqrt()
}

#[test]
fn integers_are_near_the_floats() {
    for seed in 0..3 {
        let mut random = Random::new(seed);
        for graph in [dense(&mut random), pictures(&mut random)] {
            let narrow = Options::new(INPUT);
            let wide = Options { weights: 32_767, tensors: 16_383, ..narrow.clone() };
            let (narrow, wide) = (error(&graph, &narrow, &mut random), error(&graph, &wide, &mut random));
            assert!(narrow < 1e-2 && wide < 2e-3 && wide > 0.0, "{narrow} {wide}");
        }
    }
}

#[test]
fn rows_of_zeros_tiny_weights_and_given_scales() {
    let weights = vec![0.0, 0.0, 1e-7, -1e-7, 0.5, 0.0];
    let linear = FloatLinear { rows: 3, columns: 2, weights, bias: vec![0.75, -100.0, 0.0] };
    let graph =
        FloatGraph { input: Shape::flat(2), nodes: vec![FloatNode { from: 0, op: FloatOp::Dense(linear) }] };
    let given = Scale { bits: 4, limit: 2000 };
    let options = Options { output: Some(given), ..Options::new(INPUT) };
    let made = quantize(&graph, &[1.0, -1.0], &options).unwrap();
    assert_eq!(made.output, given);
    let network = Network::new(&made.graph, &Env::default()).unwrap();
    let mut out = Vec::new();
    network.run(&mut network.workspace(&Env::default()).unwrap(), &[4096, -4096], &mut out).unwrap();
    assert_eq!(out, [12, -1600, 8]);
}

#[test]
fn what_cannot_be_quantized_is_refused() {
    let good = dense(&mut Random::new(1));
    let records = vec![0.5; 20];
    let refuse = |change: &dyn Fn(&mut FloatGraph, &mut Vec<f32>, &mut Options)| {
        let (mut graph, mut records, mut options) = (good.clone(), records.clone(), Options::new(INPUT));
        change(&mut graph, &mut records, &mut options);
        assert_eq!(quantize(&graph, &records, &options).map(drop).unwrap_err().kind(), ErrorKind::Usage);
    };
    fn first(graph: &mut FloatGraph) -> &mut FloatLinear {
        let FloatOp::Dense(linear) = &mut graph.nodes[0].op else { panic!() };
        linear
    }
    assert!(quantize(&good, &records, &Options::new(INPUT)).is_ok());
    refuse(&|graph, _, _| first(graph).weights[3] = f32::NAN);
    refuse(&|graph, _, _| first(graph).columns = 19);
    refuse(&|graph, _, _| first(graph).bias.truncate(63));
    refuse(&|graph, _, _| first(graph).bias[0] = 1e6);
    refuse(&|graph, _, _| graph.nodes[1].from = 7);
    refuse(&|graph, _, _| graph.nodes.clear());
    refuse(&|_, records, _| records.clear());
    refuse(&|_, records, _| records.truncate(19));
    refuse(&|_, records, _| records[0] = f32::INFINITY);
    // With weights up to 200 a unit of the sums is over 1/1024.
    refuse(&|graph, _, options| {
        let FloatOp::Dense(linear) = &mut graph.nodes[4].op else { panic!() };
        linear.weights[0] = 200.0;
        options.output = Some(Scale { bits: 15, limit: 32_767 });
    });
}

#[test]
fn what_an_activation_may_reach_beyond_calibration_leaves_room_in_sums() {
    // Inputs are far below 0 in calibration, so that what SiLU gives is small, and could be large.
    let first = FloatLinear { rows: 2, columns: 1, weights: vec![8.0, -8.0], bias: vec![-9.0, -9.0] };
    // A row of next to nothing but a bias is scaled by the room that sums have.
    let last = FloatLinear { rows: 1, columns: 2, weights: vec![1e-6, -1e-6], bias: vec![1.0] };
    let nodes = vec![
        FloatNode { from: 0, op: FloatOp::Dense(first) },
        FloatNode { from: 1, op: FloatOp::Activation(Function::Silu) },
        FloatNode { from: 2, op: FloatOp::Dense(last) },
    ];
    let graph = FloatGraph { input: Shape::flat(1), nodes };
    let records: Vec<f32> = (-20..=20).map(|x| 0.005 * x as f32).collect();
    let quantized = quantize(&graph, &records, &Options::new(Scale { bits: 12, limit: 8191 })).unwrap();
    Network::new(&quantized.graph, &Env::default()).unwrap();
}
