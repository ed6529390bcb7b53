//! Learns a small codec file from drawn pictures, and writes it with a payload: what `crates/latent/tests/golden` was made with.
//!
//! `cargo run --release -p minlen-train --example golden_codec_file -- FOLDER`. The files there are never made again: later versions have to read them.

use minlen_core::{Dtype, Env, Error, Result};
use minlen_latent::{Promise, encode};
use minlen_learn::{Length, Random};
use minlen_train::autoencoder::codec_file::{Kind, NetworkRecipe, Recipe, learn};
use minlen_train::autoencoder::network::Body;
use std::path::Path;

/// Pictures of 8 by 8 with one bright stroke, and some of noise.
fn pictures(count: usize) -> Vec<u8> {
    let mut random = Random::new(11);
    let mut out = Vec::new();
    for number in 0..count {
        let (x, y, slope) = (random.uniform(1.0, 7.0), random.uniform(1.0, 7.0), random.uniform(-1.0, 1.0));
        for i in 0..64 {
            let (dx, dy) = ((i % 8) as f32 - x, (i / 8) as f32 - y);
            let off = if number % 16 == 15 { random.unit() } else { (dy - slope * dx).abs() };
            out.push((230.0 * (1.0 - 0.6 * off).max(0.0)) as u8);
        }
    }
    out
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_default();
    let env = Env::default();
    let network = NetworkRecipe {
        latents: 6,
        layers: Body::Conv { channels: [6, 8], blocks: [1, 1] },
        prior: 24,
        prices: (5.0, 80.0),
        length: Length::Epochs(8),
        rate: 4e-3,
        residual: 12,
    };
    let members = vec![
        Kind::Klt { coordinates: 16 },
        Kind::Cklt { classes: 3, coordinates: 16, coefficients: 10 },
        Kind::Network(network),
    ];
    let recipe = Recipe { shape: vec![8, 8], dtype: Dtype::U8, members, seed: 1, threads: 1 };
    let model = learn(&recipe, &pictures(1200), &env, |_, _| {})?;
    let write = |name: &str, bytes: &[u8]| {
        let path = Path::new(&folder).join(name);
        std::fs::write(&path, bytes).map_err(|e| Error::io("cannot write", e).in_file(&path))
    };
    let records = pictures(1264).split_off(1200 * 64);
    write("codec.mlc", &model.write(&env)?)?;
    write("records", &records)?;
    for (name, promise) in [
        ("rate", Promise::Rate(model.rates / 2)),
        ("fine", Promise::MeanSquare(20.0)),
        ("bound", Promise::MaxError(5.0)),
    ] {
        write(name, &encode(&model, &records, promise, 8, &env)?.0)?;
    }
    Ok(())
}
