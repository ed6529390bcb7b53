//! The gradients that the kernels use, against differences of the loss.

use crate::lstm::ByteLstm;
use crate::random::Random;
use crate::{Config, Isa};

const TEXT: &[u8; 6] = b"abacab";

fn network(config: Config) -> ByteLstm {
    let mut net = ByteLstm::with_isa(config, Isa::detect()).unwrap();
    // The output starts at zero, which would hide every other gradient.
    let n = net.output.matrix.len();
    net.output.matrix = Random::new(3).fill(n, 0.5);
    net.restart();
    net
}

fn loss(net: &ByteLstm) -> f64 {
    let mut net = net.clone();
    net.restart();
    let mut loss = 0.0;
    for &byte in TEXT {
        loss -= f64::from(net.probs()[usize::from(byte)]).ln();
        net.update(byte);
    }
    loss
}

/// Weights and their mean squares of one matrix.
type Pick = fn(&mut ByteLstm) -> Option<(&mut [f32], &mut [f32])>;

const MATRICES: [Pick; 8] = [
    |net| net.layers.get_mut(0).map(|l| (&mut l.matrix[..], &mut l.matrix_v[..])),
    |net| net.layers.get_mut(1).map(|l| (&mut l.matrix[..], &mut l.matrix_v[..])),
    |net| {
        let t = net.layers.get_mut(0)?.tables.first_mut()?;
        Some((&mut t.w[97 * t.width..], &mut t.v[97 * t.width..]))
    },
    |net| {
        let t = net.layers.get_mut(0)?.tables.get_mut(1)?;
        Some((&mut t.w[97 * t.width..], &mut t.v[97 * t.width..]))
    },
    |net| net.layers.get_mut(0)?.affine.as_mut().map(|a| (&mut a.gain[..], &mut a.gain_v[..])),
    |net| net.layers.get_mut(1)?.affine.as_mut().map(|a| (&mut a.bias[..], &mut a.bias_v[..])),
    |net| Some((&mut net.output.matrix[..], &mut net.output.matrix_v[..])),
    |net| Some((&mut net.output.bias.w[..], &mut net.output.bias.v[..])),
];

#[test]
fn gradients_are_those_of_the_loss() {
    let base =
        Config { cells: 16, horizon: TEXT.len(), out_every: TEXT.len(), clip: 100.0, ..Config::default() };
    for (layers, coupled, norm) in [(1, false, false), (2, true, false), (2, false, true), (2, true, true)] {
        let second = norm;
        let config = Config { layers, coupled, norm, second, ..base };
        let start = network(config);
        let mut after = start.clone();
        TEXT.iter().for_each(|&byte| after.update(byte));
        for (m, pick) in MATRICES.iter().enumerate() {
            let Some((new, v)) = pick(&mut after) else { continue };
            // A first step leaves (1 - β2) g² in the mean square, and goes against the sign of g.
            for k in [0, 5, 17, 33, 47, 100, 101, 200] {
                if k >= v.len() {
                    continue;
                }
                let mut moved = start.clone();
                let step = 2e-3f32;
                let mut at = |by: f32| {
                    let Some((w, _)) = pick(&mut moved) else { return 0.0 };
                    w[k] += by;
                    loss(&moved)
                };
                let (up, down) = (at(step), at(-2.0 * step));
                let measured = (up - down) / (2.0 * f64::from(step));
                let Some((old, _)) = pick(&mut moved) else { continue };
                let size = f64::from(v[k] / (1.0 - config.keep)).sqrt();
                let error = (measured.abs() - size).abs();
                assert!(error < 0.03 * size + 2e-3, "matrix {m}[{k}] {config:?}: {measured} {size}");
                let sign = measured * f64::from(old[k] + step - new[k]);
                assert!(size < 5e-3 || sign > 0.0, "matrix {m}[{k}] has the wrong sign");
            }
        }
    }
}
