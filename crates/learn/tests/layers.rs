//! Layers and first values.

use minlen_learn::layers::{Convolution, Dense, Gdn, MaskedDense, autoregressive_masks};
use minlen_learn::{Arena, Context, Conv, Init, Parameters, Random, Tape};

#[test]
fn a_latent_moves_no_distribution_of_itself_and_those_before_it() {
    let (latents, context, hidden, numbers) = (5, 2, [20, 11], 6);
    let mut params = Parameters::default();
    let mut random = Random::new(3);
    let masks = autoregressive_masks(latents, context, &hidden, numbers);
    let widths = [latents + context, hidden[0], hidden[1], latents * numbers];
    let layers: Vec<MaskedDense> = masks
        .into_iter()
        .enumerate()
        .map(|(i, mask)| {
            let sizes = (widths[i], widths[i + 1]);
            MaskedDense::new(&mut params, &i.to_string(), sizes, mask, Init::He, &mut random)
        })
        .collect();
    let run = |input: &[f32; 7]| {
        let mut arena = Arena::default();
        let mut tape = Tape::new(&params, &mut arena, Context::plain());
        let mut x = tape.input([1, 7], input);
        for layer in &layers {
            x = layer.apply(&mut tape, x);
            x = tape.leaky_relu(x, 0.1);
        }
        tape.value(x).to_vec()
    };
    let base = [0.3, -0.4, 0.5, 0.1, -0.2, 0.7, 0.9];
    let before = run(&base);
    for k in 0..7 {
        let mut input = base;
        input[k] += 1.0;
        let after = run(&input);
        let changed =
            |latent: usize| (0..numbers).any(|j| before[j * latents + latent] != after[j * latents + latent]);
        for latent in 0..latents {
            assert_eq!(changed(latent), k >= latents || latent > k, "input {k}, latent {latent}");
        }
    }
}

#[test]
fn first_values_keep_the_size_of_what_goes_through() {
    let mut random = Random::new(1);
    let square = |values: &[f32]| values.iter().map(|v| f64::from(v * v)).sum::<f64>() / values.len() as f64;
    assert!((square(&Init::He.draw(100, 200, &mut random)) / 0.01 - 1.0).abs() < 0.05);
    assert!((square(&Init::Glorot.draw(100, 300, &mut random)) / 0.005 - 1.0).abs() < 0.05);
    for (rows, columns) in [(5, 9), (9, 5)] {
        let w = Init::Orthogonal(2.0).draw(rows, columns, &mut random);
        let vector = |i: usize| -> Vec<f32> {
            if rows < columns {
                w[i * columns..][..columns].to_vec()
            } else {
                (0..rows).map(|r| w[r * columns + i]).collect()
            }
        };
        for i in 0..5 {
            for j in 0..5 {
                let product: f32 = vector(i).iter().zip(vector(j)).map(|(a, b)| a * b).sum();
                assert!((product - if i == j { 4.0 } else { 0.0 }).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn layers_go_down_and_up_again() {
    let mut params = Parameters::default();
    let mut random = Random::new(1);
    let conv = Conv::square(5).stride(2).padding(2);
    let down = Convolution::new(&mut params, "down", (1, 6), conv, Init::He, &mut random);
    let gdn = Gdn::new(&mut params, "gdn", 6, false);
    let inverse = Gdn::new(&mut params, "inverse", 6, true);
    let up = Convolution::transposed(&mut params, "up", (6, 1), conv.extra(1), Init::Glorot, &mut random);
    let dense = Dense::new(&mut params, "dense", 28, 3, Init::Glorot, &mut random);
    let line = Convolution::new(&mut params, "line", (1, 2), Conv::line(3).stride(2), Init::He, &mut random);
    let mut arena = Arena::default();
    let mut tape = Tape::new(&params, &mut arena, Context::plain());
    let x = tape.input_with([2, 28, 28, 1], |out| out.fill(0.5));
    let y = down.apply(&mut tape, x);
    assert_eq!(tape.shape(y).sizes(), [2, 14, 14, 6]);
    let y = gdn.apply(&mut tape, y);
    let y = inverse.apply(&mut tape, y);
    let y = up.apply(&mut tape, y);
    assert_eq!(tape.shape(y).sizes(), [2, 28, 28, 1]);
    let y = tape.reshape(y, [2, 28, 28]);
    let y = dense.apply(&mut tape, y);
    assert_eq!(tape.shape(y).sizes(), [2, 28, 3]);
    let sequence = tape.input_with([2, 9, 1], |out| out.fill(1.0));
    let z = line.apply(&mut tape, sequence);
    assert_eq!(tape.shape(z).sizes(), [2, 4, 2]);
    assert!(tape.value(y).iter().all(|v| v.is_finite()));
}
