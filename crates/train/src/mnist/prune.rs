//! Gradual pruning: the least important weights go, along a cubic schedule, and units that have become useless.

use super::net::{Kind, Params};
use super::train::Trainer;

/// By what weights are ranked over all layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// Their magnitude.
    Magnitude,
    /// Weight squared times mean squared gradient: what the loss would rise by (optimal brain damage, LeCun, Denker and
    /// Solla 1990, with the Fisher matrix for the second derivative).
    Fisher,
    /// The geometric mean of both.
    Both,
}

/// The share of weights to keep when `part` (0..1) of the time of pruning is over: from 1 down to `keep` (Zhu and Gupta,
/// arXiv 1710.01878).
#[must_use]
pub fn schedule(part: f32, keep: f32) -> f32 {
    keep + (1.0 - keep) * (1.0 - part.clamp(0.0, 1.0)).powi(3)
}

/// Prunes down to `count` weights alive in all layers together.
pub fn prune(trainer: &mut Trainer<'_>, count: usize, score: Score) {
    let Trainer { params, masks, adam, .. } = trainer;
    let scores: Vec<Vec<f32>> = (0..params.weights.len())
        .map(|l| {
            let seen = params.weights[l].iter().zip(&adam.second.weights[l]);
            seen.zip(&masks.weights[l])
                .map(|((&w, &v), &m)| if m == 0.0 { -1.0 } else { rank(w, v, score) })
                .collect()
        })
        .collect();
    let mut alive: Vec<f32> = scores.iter().flatten().copied().filter(|&s| s >= 0.0).collect();
    if alive.len() > count {
        let drop = alive.len() - count;
        let (_, edge, _) = alive.select_nth_unstable_by(drop - 1, f32::total_cmp);
        let edge = *edge;
        for (mask, scores) in masks.weights.iter_mut().zip(&scores) {
            mask.iter_mut().zip(scores).for_each(|(m, &s)| *m = if s <= edge { 0.0 } else { *m });
        }
    }
    drop_useless(trainer);
    trainer.apply_masks();
}

fn rank(w: f32, v: f32, score: Score) -> f32 {
    match score {
        Score::Magnitude => w.abs(),
        Score::Fisher => w * w * v,
        Score::Both => w.abs() * (w * w * v).sqrt(),
    }
}

/// Masks the least important units of each hidden layer, down to these counts. A unit is worth what its weights in and
/// out are worth by [`Score::Fisher`] together.
pub fn prune_units(trainer: &mut Trainer<'_>, counts: &[usize]) {
    for (l, &count) in counts.iter().enumerate().take(trainer.architecture.layers.len() - 1) {
        let Trainer { params, masks, adam, architecture, .. } = trainer;
        let (shape, next) = (&architecture.layers[l], &architecture.layers[l + 1]);
        let block = next.columns / shape.rows;
        let mut worth = vec![0.0f32; shape.rows];
        for (i, (&w, &v)) in params.weights[l].iter().zip(&adam.second.weights[l]).enumerate() {
            worth[i / shape.columns] += w * w * v;
        }
        for (i, (&w, &v)) in params.weights[l + 1].iter().zip(&adam.second.weights[l + 1]).enumerate() {
            worth[i % next.columns / block] += w * w * v;
        }
        let mut alive: Vec<usize> = (0..shape.rows).filter(|&unit| masks.biases[l][unit] != 0.0).collect();
        alive.sort_by(|&a, &b| worth[b].total_cmp(&worth[a]));
        for &unit in alive.iter().skip(count.max(1)) {
            masks.biases[l][unit] = 0.0;
            masks.weights[l][unit * shape.columns..][..shape.columns].fill(0.0);
        }
    }
    drop_useless(trainer);
    trainer.apply_masks();
}

/// Masks all that belongs to units without any weight in or without any weight out, until there are none.
pub fn drop_useless(trainer: &mut Trainer<'_>) {
    let layers = &trainer.architecture.layers;
    let masks = &mut trainer.masks;
    for _ in 0..layers.len() {
        for l in 0..layers.len() - 1 {
            let next = &layers[l + 1];
            let block = next.columns / layers[l].rows.max(1);
            for unit in 0..layers[l].rows {
                let fed = masks.weights[l][unit * layers[l].columns..][..layers[l].columns]
                    .iter()
                    .any(|&m| m != 0.0);
                let heard = columns(masks, l + 1, next.columns, unit * block, block).any(|m| *m != 0.0);
                if !fed || !heard {
                    masks.weights[l][unit * layers[l].columns..][..layers[l].columns].fill(0.0);
                    masks.biases[l][unit] = 0.0;
                    columns(masks, l + 1, next.columns, unit * block, block).for_each(|m| *m = 0.0);
                }
            }
            debug_assert!(matches!(next.kind, Kind::Dense | Kind::Conv(_)));
        }
    }
}

/// The masks of `count` columns of a layer from `start` on, in all rows.
fn columns(
    masks: &mut Params,
    layer: usize,
    width: usize,
    start: usize,
    count: usize,
) -> impl Iterator<Item = &mut f32> {
    masks.weights[layer].chunks_exact_mut(width).flat_map(move |row| &mut row[start..start + count])
}
