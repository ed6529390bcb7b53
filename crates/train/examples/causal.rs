//! Learns the predictor of a codec file, which is written, or read where it is there; then codes other records with it and without:
//! `causal SHAPE TRAIN TEST FILE SECONDS [HIDDEN,HIDDEN [WEIGHTS [DEPTH]]]`, records without headers, a shape as `28x28`.

#![allow(clippy::print_stdout, clippy::expect_used)]

use minlen_core::{Dtype, Env};
use minlen_latent::{Model, Scaling};
use minlen_learn::Length;
use minlen_mix::records::{Layout, RecordModel};
use minlen_nn::causal::{Causal, Geometry, Predictor};
use minlen_train::causal::{Recipe, learn};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn numbers(text: &str) -> Vec<u32> {
    text.split([',', 'x']).map(|n| n.parse().expect("a number")).collect()
}

fn train(recipe: &Recipe, shape: Vec<u32>, bytes: &[u8]) -> Model {
    let time = Instant::now();
    let learned = learn(recipe, bytes, None, &Env::default(), |_, progress| {
        if let Some(held) = &progress.held_out {
            let bits = held.loss / recipe.geometry.record() as f64;
            println!("{:.1} s: step {}, {bits:.4}", time.elapsed().as_secs_f64(), progress.step);
        }
        Ok(())
    });
    let learned = learned.expect("a predictor");
    println!("held out {:.4} bits a value, in integers {:.4}", learned.bits[0], learned.bits[1]);
    Model {
        shape,
        scaling: Scaling::new(Dtype::U8, 0.0, 1.0).expect("bytes"),
        members: Vec::new(),
        predictor: Some(learned.predictor),
        coarsest: 0,
        rates: 1,
        licence: String::new(),
        provenance: String::new(),
        report: String::new(),
    }
}

fn code(layout: Layout, depth: u8, test: &[u8], causal: Option<Arc<Causal>>) {
    let env = Env::default();
    let model = || {
        let model = RecordModel::new(layout, depth, test.len()).expect("a model");
        match &causal {
            Some(causal) => model.with_predictor(Arc::clone(causal)).expect("the same layout"),
            None => model,
        }
    };
    let (mut bits, mut back) = (Vec::new(), Vec::new());
    let time = Instant::now();
    model().encode(test, &env, &mut bits).expect("bits");
    let there = time.elapsed().as_nanos() as f64 / test.len() as f64;
    let time = Instant::now();
    model().decode(&bits, test.len(), &env, &mut back).expect("values");
    let again = time.elapsed().as_nanos() as f64 / test.len() as f64;
    assert!(back == test, "round trip");
    let (with, each) = (causal.is_some(), bits.len() as f64 * 8.0 / test.len() as f64);
    println!("predictor {with}: {} -> {} = {each:.4} bits a value", test.len(), bits.len());
    println!("    {there:.0} and {again:.0} ns a value");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let shape = numbers(&args[0]);
    let test = std::fs::read(&args[2]).expect("records");
    let hidden = args.get(5).map_or(vec![64, 32], |text| numbers(text));
    let number = |i: usize, other: i64| args.get(i).map_or(other, |n| n.parse().expect("a number"));
    let recipe = Recipe {
        geometry: Geometry::new(&shape).expect("a shape"),
        hidden: [hidden[0] as usize, hidden[1] as usize],
        weights: number(6, 31) as i16,
        length: Length::Time(Duration::from_secs(number(4, 60) as u64)),
        rate: 2e-3,
        seed: 1,
        threads: 2,
    };
    let env = Env::default();
    let model = match std::fs::read(&args[3]) {
        Ok(file) => Model::read(&file, &env).expect("a codec file"),
        Err(_) => {
            let model = train(&recipe, shape, &std::fs::read(&args[1]).expect("records"));
            let file = model.write(&env).expect("a codec file");
            println!("{} bytes of codec file", file.len());
            std::fs::write(&args[3], file).expect("a file");
            model
        }
    };
    let predictor: Predictor = model.predictor.expect("a predictor");
    let causal = Arc::new(predictor.ready(&env).expect("a network"));
    let Geometry { width, channels, rows, ground, .. } = predictor.geometry;
    let layout = Layout { width, channels, rows, ..Layout::default() }.seen_in(&test);
    let depth = number(7, 2) as u8;
    code(layout, depth, &test, None);
    code(Layout { common: ground, ..layout }, depth, &test, Some(causal));
}
