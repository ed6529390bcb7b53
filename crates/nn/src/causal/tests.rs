//! Predictors against plain sums, on every instruction set; what cannot be one is refused.

use super::*;
use crate::integer::{Activation, Dyadic, Function, Graph, Linear, Node, Op, Shape};
use crate::model_file::ModelFile;
use crate::random::Random;
use crate::simd::Isa;
use minlen_core::{Env, ErrorKind};

fn geometries() -> Vec<Geometry> {
    let drawing = Geometry { ground: Some(0), ..Geometry::new(&[9, 11]).unwrap() };
    let bright = Geometry { ground: Some(255), left: 2, up: 1, side: 1, ..Geometry::new(&[3, 4]).unwrap() };
    let colours = Geometry { middle: 90, ..Geometry::new(&[5, 4, 3]).unwrap() };
    let row = Geometry { middle: 100, ..Geometry::new(&[20]).unwrap() };
    vec![drawing, bright, colours, row, Geometry { up: 0, side: 0, ..row }]
}

fn values(n: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..n).map(|_| if random.next().is_multiple_of(3) { (random.next() % 256) as u8 } else { 0 }).collect()
}

/// A graph of random weights.
fn graph(geometry: &Geometry, hidden: [usize; 2], seed: u64) -> Graph {
    let mut random = Random::new(seed);
    let mut linear = |rows: usize, columns: usize, shift: u8, limit: i16| {
        let mut draw = |n: usize, most: u64| -> Vec<i32> {
            (0..n).map(|_| (random.next() % (2 * most + 1)) as i32 - most as i32).collect()
        };
        Op::Dense(Linear {
            rows,
            columns,
            weights: draw(rows * columns, 31).into_iter().map(|w| w as i16).collect(),
            bias: draw(rows, 3000),
            scales: vec![Dyadic { multiplier: 3, shift }; rows],
            limit,
        })
    };
    let relu = |added: u8| {
        Op::Activation(Activation { function: Function::Relu, input_bits: 2, output_bits: 2 + added })
    };
    let ops = [
        linear(hidden[0], geometry.inputs(), 6, 5000),
        relu(0),
        linear(hidden[1], hidden[0], 7, 900),
        relu(1),
        linear(NODES, hidden[1], 8, 2047),
    ];
    let nodes = ops.into_iter().enumerate().map(|(from, op)| Node { from, op }).collect();
    Graph { input: Shape::flat(geometry.inputs()), input_limit: FULL, nodes }
}

/// All inputs of what is seen, and the graph by `integer::Network`.
fn plain(graph: &Graph, seen: &[Input], env: &Env) -> Vec<i16> {
    let network = crate::integer::Network::new(graph, env).unwrap();
    let mut inputs = vec![0; graph.input.channels];
    for Input { place, pair } in seen {
        inputs[2 * *place as usize..][..2].copy_from_slice(pair);
    }
    let mut out = Vec::new();
    network.run(&mut network.workspace(env).unwrap(), &inputs, &mut out).unwrap();
    out
}

#[test]
fn gives_what_the_graph_gives_on_every_instruction_set() {
    let env = Env::default();
    for (case, geometry) in geometries().into_iter().enumerate() {
        let graph = graph(&geometry, [[20, 33], [64, 16], [1, 1], [17, 5], [96, 32]][case], case as u64);
        let all: Vec<Causal> = Isa::available()
            .into_iter()
            .map(|isa| Causal::with_isa(geometry, &graph, &env, isa).unwrap())
            .collect();
        let mut looks: Vec<_> = all.iter().map(Causal::start).collect();
        let (mut sight, mut seen) = (Sight::new(geometry), Vec::new());
        for (i, value) in values(2 * geometry.record() + 7, 5).into_iter().enumerate() {
            for (causal, look) in all.iter().zip(&mut looks) {
                causal.look(look);
            }
            if i % 13 == 0 || i < 4 {
                sight.look(&mut seen);
                let expected = plain(&graph, &seen, &env);
                for (causal, look) in all.iter().zip(&looks) {
                    for (node, &expected) in expected.iter().enumerate() {
                        assert_eq!(
                            causal.stretch(look, node),
                            i32::from(expected),
                            "{geometry:?} {i} {node}"
                        );
                    }
                }
            }
            looks.iter_mut().for_each(|look| look.push(value));
            sight.push(value);
        }
    }
}

/// The value so far to the left and above in the same record (rows: in all records), as it was given.
fn at(all: &[u8], geometry: &Geometry, now: usize, left: i64, up: i64) -> u8 {
    let (channels, width) = (i64::from(geometry.channels), i64::from(geometry.width));
    let row = channels * width;
    let first = if geometry.rows == 0 { 0 } else { now / geometry.record() * geometry.record() };
    let x = now as i64 % row / channels - left;
    let index = now as i64 - up * row - left * channels;
    if x < 0 || x >= width || index < first as i64 { geometry.zero() } else { all[index as usize] }
}

#[test]
fn sees_the_values_around_and_nothing_that_comes() {
    for geometry in geometries() {
        let all = values(3 * geometry.record(), 9);
        let (mut sight, mut seen) = (Sight::new(geometry), Vec::new());
        for now in 0..all.len() {
            sight.look(&mut seen);
            let pair = |place: usize| {
                seen.iter().find(|input| input.place as usize == place).map_or([0; 2], |input| input.pair)
            };
            let zero = i16::from(geometry.zero());
            let mut place = 0;
            let mut check = |left: i64, up: i64| {
                let value = at(&all, &geometry, now, left, up);
                let [difference, other] = pair(place);
                assert_eq!(difference, i16::from(value) - zero, "{geometry:?}: {now}, {left} left, {up} up");
                if geometry.ground.is_some() {
                    assert_eq!(other == FULL, value != geometry.zero());
                }
                place += 1;
            };
            (1..=i64::from(geometry.left)).rev().for_each(|left| check(left, 0));
            for up in 1..=i64::from(geometry.up) {
                let side = i64::from(geometry.side);
                (-side..=side).for_each(|right| check(-right, up));
            }
            assert!(seen.iter().all(|input| (input.place as usize) < geometry.pairs()));
            assert!(seen.iter().flat_map(|input| input.pair).all(|x| x.abs() <= FULL));
            // Two that differ from here on see the same.
            let mut other = Sight::new(geometry);
            all[..now].iter().for_each(|&value| other.push(value));
            let mut again = Vec::new();
            other.look(&mut again);
            assert_eq!(again, seen);
            sight.push(all[now]);
        }
    }
}

#[test]
fn comes_back_from_a_file_as_it_was() {
    let env = Env::default();
    for geometry in geometries() {
        let predictor = Predictor { geometry, graph: graph(&geometry, [8, 8], 3) };
        let mut file = ModelFile::new("autoencoder");
        predictor.write(&mut file);
        let bytes = file.write().unwrap();
        let back = ModelFile::read(&bytes, &[TAG], &env).unwrap();
        assert_eq!(Predictor::read(&back).unwrap(), Some(predictor));
        assert_eq!(Causal::of_file(&bytes, &env).unwrap().geometry(), &geometry);
    }
    let none = ModelFile::new("autoencoder").write().unwrap();
    assert_eq!(Causal::of_file(&none, &env).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn what_cannot_be_a_predictor_is_refused() {
    let geometry = geometries()[0];
    type Change = fn(&mut Geometry, &mut Graph);
    fn dense(graph: &mut Graph, at: usize) -> &mut Linear {
        match &mut graph.nodes[at].op {
            Op::Dense(linear) => linear,
            _ => unreachable!(),
        }
    }
    let changes: [Change; 14] = [
        |g, _| g.left = 7,
        |g, _| g.width = 0,
        |g, _| g.channels = 5,
        |g, _| g.left = 0,
        |g, _| g.side = 17,
        |g, _| (g.width, g.rows) = (u32::MAX, u32::MAX),
        |_, n| n.input_limit = 255,
        |_, n| n.input = Shape::flat(3),
        |_, n| n.nodes.truncate(3),
        |_, n| n.nodes[2].from = 1,
        |_, n| dense(n, 4).rows = 255,
        |_, n| dense(n, 0).weights.truncate(9),
        |_, n| dense(n, 2).weights.fill(i16::MAX),
        |_, n| dense(n, 2).scales[0] = Dyadic { multiplier: 9, shift: 2 },
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut changed = (geometry, graph(&geometry, [16, 16], 1));
        change(&mut changed.0, &mut changed.1);
        let made = Causal::new(changed.0, &changed.1, &Env::default()).map(|_| ());
        let error = made.expect_err(&format!("change {i}"));
        assert_eq!(error.kind(), ErrorKind::Usage, "change {i}: {error}");
    }
    let wide = graph(&geometry, [1025, 2], 1);
    assert!(Causal::new(geometry, &wide, &Env::default()).is_err());
    let little = Env::new(minlen_core::Limits::default().with_memory(5000));
    let error = Causal::new(geometry, &graph(&geometry, [16, 16], 1), &little).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}
