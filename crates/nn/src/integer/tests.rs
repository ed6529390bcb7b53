//! Networks against a plain computation in 64 bits, on every version of the kernels, and what is refused.

use super::*;
use crate::random::Random;
use crate::simd::integer::Path;
use minlen_core::{Env, ErrorKind, Limits};
use xxhash_rust::xxh3::xxh3_64;

/// A layer with weights up to `most` whose outputs use the range.
pub(super) fn linear(random: &mut Random, rows: usize, columns: usize, most: i64) -> Linear {
    let mut number = |most: i64| (random.next() % (2 * most as u64 + 1)) as i64 - most;
    Linear {
        rows,
        columns,
        weights: (0..rows * columns).map(|_| number(most) as i16).collect(),
        bias: (0..rows).map(|_| number(100_000) as i32).collect(),
        scales: (0..rows).map(|_| Dyadic { multiplier: 20_000 + number(12_000) as i32, shift: 22 }).collect(),
        limit: 4095,
    }
}

/// The picture `x` around an output, by the definition of a convolution.
fn direct(
    x: &[i16],
    input: Shape,
    window: &Window,
    linear: &Linear,
    transposed: bool,
    output: Shape,
) -> Vec<i16> {
    let mut out = Vec::new();
    let depthwise = linear.columns == window.taps() && input.channels == linear.rows && input.channels > 1;
    for place in 0..output.height * output.width {
        let (y, x0) = (place / output.width, place % output.width);
        for o in 0..linear.rows {
            let mut sum = i64::from(linear.bias[o]);
            for iy in 0..input.height {
                for ix in 0..input.width {
                    // Which tap lies on this input?
                    let tap = |out: usize, i: usize, k: usize| {
                        let (out, i, s, b) =
                            (out as i64, i as i64, window.stride[k] as i64, window.before[k] as i64);
                        let tap = if transposed { out + b - i * s } else { i + b - out * s };
                        (0..window.kernel[k] as i64).contains(&tap).then_some(tap as usize)
                    };
                    let Some((ky, kx)) = tap(y, iy, 0).zip(tap(x0, ix, 1)) else { continue };
                    for c in 0..input.channels {
                        let value = i64::from(x[(iy * input.width + ix) * input.channels + c]);
                        let place = ky * window.kernel[1] + kx;
                        let column = if depthwise { place } else { place * input.channels + c };
                        if !depthwise || c == o {
                            sum += value * i64::from(linear.weights[o * linear.columns + column]);
                        }
                    }
                }
            }
            out.push(
                linear.scales[o].apply(sum as i32).clamp(-i32::from(linear.limit), i32::from(linear.limit))
                    as i16,
            );
        }
    }
    out
}

fn records(random: &mut Random, n: usize, most: u64) -> Vec<i16> {
    (0..n).map(|_| (random.next() % (2 * most + 1)) as i16 - most as i16).collect()
}

/// All records of `x` through a graph, the same on every version.
fn run(graph: &Graph, x: &[i16]) -> Vec<i16> {
    let env = Env::default();
    let mut answers = Vec::new();
    for path in Path::available() {
        let network = Network::with_path(graph, &env, path).unwrap();
        let mut work = network.workspace(&env).unwrap();
        let mut out = Vec::new();
        network.run(&mut work, x, &mut out).unwrap();
        // One record at a time, in a workspace that was used.
        let mut single = Vec::new();
        for record in x.chunks(graph.input.count().unwrap()) {
            network.run(&mut work, record, &mut single).unwrap();
        }
        assert!(single == out, "{path:?}");
        answers.push(out);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    answers.swap_remove(0)
}

#[test]
fn convolutions_are_what_they_are_defined_to_be() {
    let mut random = Random::new(1);
    let windows = [
        Window::same(3, 1),
        Window::same(4, 2),
        Window::same(1, 3),
        Window { kernel: [1, 7], stride: [1, 2], before: [0, 3], after: [0, 4] },
        Window { kernel: [5, 2], stride: [3, 1], before: [4, 0], after: [1, 1] },
    ];
    for (case, window) in windows.into_iter().enumerate() {
        for (height, width, channels, rows) in [(7, 5, 3, 4), (5, 9, 17, 24), (6, 6, 1, 1)] {
            let input = Shape { height, width, channels };
            let matrix = linear(&mut random, rows, window.taps() * channels, 90);
            let deep = linear(&mut random, channels, window.taps(), 900);
            let x = records(&mut random, 14 * input.count().unwrap(), 255);
            let graph = |op| Graph { input, input_limit: 255, nodes: vec![Node { from: 0, op }] };
            let shape = |[height, width]: [usize; 2], channels| Shape { height, width, channels };
            let plain = shape(window.outputs(input).unwrap(), rows);
            let large = shape(window.transposed_outputs(input).unwrap(), rows);
            let own = Shape { channels, ..plain };
            for (op, matrix, transposed, output) in [
                (Op::Conv(window, matrix.clone()), &matrix, false, plain),
                (Op::TransposedConv(window, matrix.clone()), &matrix, true, large),
                (Op::Depthwise(window, deep.clone()), &deep, false, own),
            ] {
                let wanted: Vec<i16> = x
                    .chunks(input.count().unwrap())
                    .flat_map(|x| direct(x, input, &window, matrix, transposed, output))
                    .collect();
                assert!(run(&graph(op), &x) == wanted, "window {case}, {input:?}, {transposed}");
            }
        }
    }
}

/// A net of every kind of layer.
pub(super) fn everything() -> Graph {
    let mut random = Random::new(3);
    let silu = Activation { function: Function::Silu, input_bits: 9, output_bits: 9 };
    let tanh = Activation { function: Function::Tanh, input_bits: 10, output_bits: 12 };
    let half = Dyadic { multiplier: 1, shift: 1 };
    let nodes = vec![
        Node { from: 0, op: Op::Dense(linear(&mut random, 36, 13, 500)) },
        Node { from: 1, op: Op::Activation(silu) },
        Node { from: 2, op: Op::Reshape(Shape { height: 3, width: 2, channels: 6 }) },
        Node { from: 3, op: Op::Conv(Window::same(3, 1), linear(&mut random, 6, 54, 100)) },
        Node { from: 4, op: Op::Add { other: 3, scales: [half, Dyadic::ONE], limit: 3000 } },
        Node { from: 5, op: Op::TransposedConv(Window::same(4, 2), linear(&mut random, 5, 96, 60)) },
        Node { from: 6, op: Op::Activation(tanh) },
        Node { from: 7, op: Op::Depthwise(Window::same(3, 1), linear(&mut random, 5, 9, 300)) },
    ];
    Graph { input: Shape::flat(13), input_limit: 1000, nodes }
}

#[test]
fn a_net_of_every_kind_has_its_hash_everywhere() {
    let x = records(&mut Random::new(4), 300 * 13, 1000);
    let out = run(&everything(), &x);
    let bytes: Vec<u8> = out.iter().flat_map(|x| x.to_le_bytes()).collect();
    assert!(out.iter().filter(|x| **x != 0).count() > out.len() / 2);
    assert_eq!(format!("{:016x}", xxh3_64(&bytes)), NET_HASH);
}

const NET_HASH: &str = "5ace6e145bf11bba";

#[test]
fn tables_are_pinned_and_near_the_functions() {
    let mut hashes = Vec::new();
    for function in Function::ALL {
        let activation = Activation { function, input_bits: 11, output_bits: 10 };
        let table = activation.table().unwrap();
        for (k, &y) in table.iter().enumerate() {
            let x = (k as f64 - 32_768.0) / 2048.0;
            let exact = match function {
                Function::Relu => x.max(0.0),
                Function::LeakyRelu => {
                    if x > 0.0 {
                        x
                    } else {
                        x / 8.0
                    }
                }
                Function::Silu => x / (1.0 + (-x).exp()),
                Function::Tanh => x.tanh(),
                Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            };
            assert!((f64::from(y) - 1024.0 * exact).abs() < 0.52, "{function:?} {x}");
        }
        let bytes: Vec<u8> = table.iter().flat_map(|x| x.to_le_bytes()).collect();
        hashes.push(format!("{:016x}", xxh3_64(&bytes)));
    }
    assert_eq!(hashes, TABLE_HASHES);
    assert!(Activation { function: Function::Relu, input_bits: 16, output_bits: 0 }.table().is_err());
}

const TABLE_HASHES: [&str; 5] =
    ["79705df8846ddd19", "6ad2886591aedf5b", "dfb7f14bb127c56d", "ecb570bec4195074", "cc176f28ded6c959"];

/// A masked network: `context` known inputs, `latents`, `per` outputs of each.
fn masked(random: &mut Random, context: usize, latents: usize, hidden: usize, per: usize) -> Graph {
    let inputs = context + latents;
    let mut first = linear(random, hidden, inputs, 800);
    let mut last = linear(random, latents * per, hidden, 200);
    // Hidden unit h sees the context and the latents up to its degree; outputs of latent k see degrees below k.
    let degree = |h: usize| h * latents / hidden;
    for h in 0..hidden {
        (0..latents).filter(|&c| c >= degree(h)).for_each(|c| first.weights[h * inputs + context + c] = 0);
        (0..latents * per).filter(|o| o / per < degree(h)).for_each(|o| last.weights[o * hidden + h] = 0);
    }
    let silu = Activation { function: Function::Silu, input_bits: 9, output_bits: 9 };
    let ops = [Op::Dense(first), Op::Activation(silu), Op::Dense(last)];
    let nodes = ops.into_iter().enumerate().map(|(from, op)| Node { from, op }).collect();
    Graph { input: Shape::flat(inputs), input_limit: 100, nodes }
}

#[test]
fn step_by_step_equals_the_whole() {
    let mut random = Random::new(8);
    let env = Env::default();
    for (context, latents, hidden, per) in [(0, 1, 3, 1), (2, 7, 40, 9), (0, 48, 192, 12), (5, 3, 33, 2)] {
        let mut graph = masked(&mut random, context, latents, hidden, per);
        if latents > 5
            && let Op::Dense(last) = &mut graph.nodes[2].op
        {
            // A latent whose outputs see no hidden unit at all.
            last.weights[5 * per * hidden..6 * per * hidden].fill(0);
        }
        let x = records(&mut random, 3 * (context + latents), 100);
        let whole = run(&graph, &x);
        for path in Path::available() {
            let prior = Autoregressive::with_path(&graph, context, per, &env, path).unwrap();
            for (x, whole) in x.chunks(context + latents).zip(whole.chunks(latents * per)) {
                let mut state = prior.start(&x[..context]).unwrap();
                let mut out = vec![0; per];
                for k in 0..latents {
                    assert!(prior.outputs(&mut state, k + 1, &mut out).is_err());
                    prior.outputs(&mut state, k, &mut out).unwrap();
                    assert_eq!(out, whole[k * per..(k + 1) * per], "{path:?} {k}");
                    prior.push(&mut state, x[context + k]).unwrap();
                }
                assert!(prior.push(&mut state, 0).is_err() && state.pushed() == latents);
                prior.outputs(&mut state, latents / 2, &mut out).unwrap();
                assert_eq!(out, whole[latents / 2 * per..][..per]);
            }
        }
    }
}

#[test]
fn a_prior_that_looks_ahead_is_refused() {
    let env = Env::default();
    let good = masked(&mut Random::new(9), 1, 4, 16, 2);
    assert!(Autoregressive::new(&good, 1, 2, &env).is_ok());
    for (context, per) in [(0, 2), (1, 1), (5, 2), (9, 2), (1, 0)] {
        assert!(Autoregressive::new(&good, context, per, &env).is_err());
    }
    for at in [4, 8] {
        let mut bad = good.clone();
        let Op::Dense(last) = &mut bad.nodes[2].op else { panic!() };
        // A hidden unit that has seen latent `h / 4 - 1` reaches the outputs of that latent.
        last.weights[(at / 4 - 1) * 2 * 16 + at + 3] = 1;
        assert!(Autoregressive::new(&bad, 1, 2, &env).is_err(), "{at}");
    }
    let prior = Autoregressive::new(&good, 1, 2, &env).unwrap();
    assert!(prior.start(&[]).is_err() && prior.start(&[101]).is_err());
    assert!(prior.push(&mut prior.start(&[0]).unwrap(), -101).is_err());
}

#[test]
fn what_could_overflow_or_does_not_fit_is_refused() {
    let env = Env::default();
    let good = everything();
    assert!(Network::new(&good, &env).is_ok());
    let refuse = |change: &dyn Fn(&mut Graph)| {
        let mut graph = good.clone();
        change(&mut graph);
        let error = Network::new(&graph, &env).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    };
    let dense = |graph: &mut Graph, change: &dyn Fn(&mut Linear)| {
        let Op::Dense(linear) = &mut graph.nodes[0].op else { panic!() };
        change(linear);
    };
    refuse(&|graph| graph.nodes.clear());
    refuse(&|graph| graph.input_limit = 0);
    refuse(&|graph| graph.input = Shape::flat(12));
    refuse(&|graph| graph.input.height = usize::MAX);
    refuse(&|graph| graph.nodes[1].from = 2);
    refuse(&|graph| graph.nodes[4].op = Op::Add { other: 2, scales: [Dyadic::ONE; 2], limit: 1 });
    refuse(&|graph| {
        graph.nodes[4].op = Op::Add { other: 3, scales: [Dyadic { multiplier: 3, shift: 1 }; 2], limit: 1 }
    });
    refuse(&|graph| graph.nodes[2].op = Op::Reshape(Shape::flat(37)));
    refuse(&|graph| dense(graph, &|linear| linear.limit = 0));
    refuse(&|graph| dense(graph, &|linear| linear.rows = usize::MAX / 2));
    refuse(&|graph| dense(graph, &|linear| linear.bias.truncate(35)));
    refuse(&|graph| dense(graph, &|linear| linear.scales[35].shift = 63));
    refuse(&|graph| dense(graph, &|linear| linear.scales[1].multiplier = -1));
    // 13 inputs up to 1000: a bias of 2^31 - 1 less 1000 times the weights is the last that fits.
    let sum = |linear: &Linear| {
        1000 * linear.weights[..13].iter().map(|w| i32::from(w.unsigned_abs())).sum::<i32>()
    };
    let mut edge = good.clone();
    dense(&mut edge, &|linear| linear.bias[0] = i32::MAX - sum(linear));
    assert!(Network::new(&edge, &env).is_ok());
    refuse(&|graph| dense(graph, &|linear| linear.bias[0] = i32::MAX - sum(linear) + 1));
    let bad = Window { before: [3, 0], ..Window::same(3, 1) };
    let Op::Conv(_, matrix) = &good.nodes[3].op else { panic!() };
    refuse(&|graph| graph.nodes[3].op = Op::Conv(bad, matrix.clone()));
    refuse(&|graph| graph.nodes[3].op = Op::Conv(Window::same(1, 1), matrix.clone()));
}

#[test]
fn memory_and_work_are_bounded() {
    let small = Env::new(Limits::default().with_memory(100_000));
    assert_eq!(Network::new(&everything(), &small).unwrap_err().kind(), ErrorKind::Limit);
    let network = Network::new(&everything(), &Env::default()).unwrap();
    assert_eq!(network.workspace(&small).unwrap_err().kind(), ErrorKind::Limit);
    let mut work = network.workspace(&Env::default()).unwrap();
    let mut out = Vec::new();
    assert!(network.run(&mut work, &[0; 14], &mut out).is_err());
    assert!(network.run(&mut work, &[1001; 13], &mut out).is_err());
    assert!(out.is_empty());
    // A picture of 64 million places, seen by a few large kernels: hours of work.
    let input = Shape { height: 8192, width: 8192, channels: 1 };
    let window = Window::same(63, 1);
    let matrix = linear(&mut Random::new(1), 1, window.taps(), 1);
    let nodes = vec![Node { from: 0, op: Op::Conv(window, matrix) }];
    let graph = Graph { input, input_limit: 9, nodes };
    assert_eq!(Network::new(&graph, &Env::default()).unwrap_err().kind(), ErrorKind::Limit);
}
