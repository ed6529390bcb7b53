//! Learns a causal predictor, and codes other records with it:
//! `causal SHAPE TRAIN TEST SECONDS [HIDDEN1,HIDDEN2 [WEIGHTS [DEPTH]]]`, both files without headers.

#![allow(clippy::print_stdout, clippy::expect_used)]

use minlen_core::Env;
use minlen_learn::Length;
use minlen_mix::records::{Layout, RecordModel};
use minlen_nn::causal::{Causal, Geometry};
use minlen_nn::model_file::{ModelFile, NamedGraph};
use minlen_train::causal::{Recipe, learn};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let numbers =
        |text: &str| -> Vec<u32> { text.split([',', 'x']).map(|n| n.parse().expect("a number")).collect() };
    let shape = numbers(&args[0]);
    let train = std::fs::read(&args[1]).expect("records");
    let test = std::fs::read(&args[2]).expect("records");
    let hidden = args.get(4).map_or(vec![64, 32], |text| numbers(text));
    let number = |i: usize, other: i64| args.get(i).map_or(other, |n| n.parse().expect("a number"));
    let recipe = Recipe {
        geometry: Geometry::new(&shape).expect("a shape"),
        hidden: [hidden[0] as usize, hidden[1] as usize],
        weights: number(5, 31) as i16,
        length: Length::Time(Duration::from_secs(number(3, 60) as u64)),
        rate: 2e-3,
        seed: 1,
        threads: 2,
    };
    let env = Env::default();
    let time = Instant::now();
    let path = std::env::var("MODEL").unwrap_or_default();
    let (geometry, graph) = if let Ok(bytes) = std::fs::read(&path) {
        let file = ModelFile::read(&bytes, &[], &env).expect("a model");
        (
            minlen_train::causal::with_ground(recipe.geometry, &train),
            file.network("causal").expect("a network").clone(),
        )
    } else {
        let learned = learn(&recipe, &train, &env, |progress| {
            if let Some(held) = &progress.held_out {
                println!(
                    "{:.1} s: step {}, {:.4}",
                    time.elapsed().as_secs_f64(),
                    progress.step,
                    held.loss / recipe.geometry.record() as f64
                );
            }
        });
        let learned = learned.expect("a predictor");
        let mut file = ModelFile::new("causal");
        file.networks.push(NamedGraph { name: "causal".into(), graph: learned.graph.clone() });
        let bytes = file.write().expect("a file");
        println!("held out {:.4} bits a value; {} bytes of file", learned.bits, bytes.len());
        std::fs::write(&path, &bytes).ok();
        (learned.geometry, learned.graph)
    };
    let causal = Arc::new(Causal::new(geometry, &graph, &env).expect("a network"));
    let layout = Layout {
        width: shape[shape.len().min(2) - 1],
        rows: if shape.len() > 1 { shape[0] } else { 0 },
        channels: shape.get(2).map_or(1, |&c| c as u8),
        ..Layout::default()
    };
    let layout = layout.seen_in(&test);
    let depth = number(6, 2) as u8;
    for with in [true] {
        let model = || {
            let model = RecordModel::new(layout, depth, test.len()).expect("a model");
            if with { model.with_predictor(Arc::clone(&causal)).expect("the same layout") } else { model }
        };
        let (mut bits, mut back) = (Vec::new(), Vec::new());
        let time = Instant::now();
        model().encode(&test, &env, &mut bits).expect("bits");
        let there = time.elapsed().as_nanos() as f64 / test.len() as f64;
        let time = Instant::now();
        if std::env::var("CHECK").is_ok() {
            model().decode(&bits, test.len(), &env, &mut back).expect("values");
            assert!(back == test, "round trip");
        }
        let again = time.elapsed().as_nanos() as f64 / test.len() as f64;
        println!(
            "predictor {with}: {} -> {} = {:.4} bits a value, {there:.0} and {again:.0} ns a value",
            test.len(),
            bits.len(),
            bits.len() as f64 * 8.0 / test.len() as f64
        );
    }
}
