//! Networks that are exported compute what was trained.

use super::export::Export;
use super::network::{Body, Design, Network};
use minlen_core::{Dtype, Env};
use minlen_latent::{Model, Promise, Scaling, decode, encode};
use minlen_learn::{Length, Parameters, Plan, Random, Records, Settings, Split, Trainer};

/// Pictures of 8 by 8 with one bright stroke.
fn pictures(count: usize) -> Vec<u8> {
    let mut random = Random::new(9);
    let mut out = Vec::new();
    for _ in 0..count {
        let (x, y, slope) = (random.uniform(1.0, 7.0), random.uniform(1.0, 7.0), random.uniform(-1.0, 1.0));
        for i in 0..64 {
            let (dx, dy) = ((i % 8) as f32 - x, (i / 8) as f32 - y);
            let off = (dy - slope * dx).abs();
            out.push((230.0 * (1.0 - 0.6 * off).max(0.0)) as u8);
        }
    }
    out
}

fn trained(body: Body) -> (Vec<u8>, Model, [f64; 2]) {
    let bytes = pictures(600);
    let shape = if matches!(body, Body::Line { .. }) { [1, 64, 1] } else { [8, 8, 1] };
    let data = Records::bytes(shape, bytes.clone(), 1.0 / 255.0, 0.0).unwrap();
    let design = Design { shape, latents: 6, body, prior: 24, prices: (5.0, 80.0) };
    let (mut params, mut random) = (Parameters::default(), Random::new(1));
    let network = Network::new(&design, &mut params, &mut random);
    let mut trainer =
        Trainer::new(params, Settings { rate: 4e-3, clip: 2.0, average: 0.9, ..Settings::default() });
    let split = Split::by_share(data.len(), 0.1, 1);
    let length = Length::Epochs(6);
    let plan = Plan { split: &split, batch: 32, length, patience: None, stop: Default::default() };
    trainer.fit(&plan, |tape, records| network.loss(tape, &data, records, None), |_, _| {}).unwrap();
    let all: Vec<u32> = (0..600).collect();
    let means = trainer.evaluate(&all, |tape, records| network.loss(tape, &data, records, Some(80.0)));
    let export = Export { records: &data, count: 200, rates: 8, most: 127, unit: 255.0, weights: 127 };
    let latents = network.export(trainer.current(), &export).unwrap();
    let model = Model {
        shape: shape.iter().filter(|&&side| side > 1).map(|&side| side as u32).collect(),
        scaling: Scaling::new(Dtype::U8, 0.0, 1.0).unwrap(),
        members: vec![minlen_latent::Member {
            name: "net".into(),
            body: minlen_latent::Body::Network(latents),
        }],
        predictor: None,
        coarsest: 50,
        rates: 30,
        predictor: None,
        licence: String::new(),
        provenance: String::new(),
        report: String::new(),
    };
    model.check(&Env::default()).unwrap();
    (bytes, model, [means.note("bits").unwrap(), means.note("squares").unwrap()])
}

#[test]
fn integers_do_as_well_as_the_floats_they_come_from() {
    let conv = Body::Conv { channels: [6, 8], blocks: [1, 1] };
    let line = Body::Line { channels: [6, 8], blocks: [1, 1] };
    for body in [Body::Dense(vec![40, 24]), conv, line] {
        let (bytes, model, [bits, squares]) = trained(body);
        // The finest steps that linear members have are worth what the dearest price is.
        let (payload, outcome) = encode(&model, &bytes, Promise::Rate(29), 5, &Env::default()).unwrap();
        let bits_now = payload.len() as f64 * 8.0 / 600.0;
        let squares_now = outcome.squares / 600.0 / 255.0 / 255.0;
        assert!((bits_now / bits - 1.0).abs() < 0.05, "{bits_now} bits, {bits} in training");
        // Bytes are held to 0..255, which brings them nearer.
        let ratio = squares_now / squares;
        assert!(ratio > 0.85 && ratio < 1.01, "{squares_now}, {squares} in training");
        let mut out = Vec::new();
        decode(&model, &payload, bytes.len(), &Env::default(), &mut out).unwrap();
        let off = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2);
        let sum: f64 = bytes.iter().zip(&out).map(off).sum();
        assert!((sum - outcome.squares).abs() < 1e-6 * sum);
        // Refined latents cost less, counted with the price of the rate.
        let (thorough, refined) = encode(&model, &bytes, Promise::Rate(29), 8, &Env::default()).unwrap();
        let cost = |bytes: &[u8], squares: f64| 8.0 * bytes.len() as f64 + 80.0 * squares / 255.0 / 255.0;
        let [plain, less] = [cost(&payload, outcome.squares), cost(&thorough, refined.squares)];
        assert!(less < 0.99 * plain, "{less} against {plain}");
        let file = model.write(&Env::default()).unwrap();
        assert_eq!(Model::read(&file, &Env::default()).unwrap(), model);
    }
}
