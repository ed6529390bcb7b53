//! Access to what only the tools that train and measure need.

#![allow(clippy::needless_range_loop)] // one index into several arrays at once

use super::Grid;
use super::canvas::CELL;
use super::encoder::{self, Searched};
use super::filter::{CLASSES, Class, FEATURES, FRACTION, Filter, OCTAVES, place};
use super::priors;
use super::rate::Tally;
use super::syntax::{State, flag_model};
use super::{levels, mix::Mix};
use crate::Planes;
use minlen_core::{Env, Result};
use minlen_entropy::mixing::AdaptiveProb;

/// Learns the models that coding starts with.
#[derive(Debug, Default)]
pub struct Trainer {
    pictures: Vec<Searched>,
}

impl Trainer {
    /// Adds a picture, at the quality of a quantizer.
    ///
    /// # Errors
    /// As [`super::encode`].
    pub fn add(&mut self, picture: &Planes, quantizer: u16, effort: u8, env: &Env) -> Result<()> {
        self.pictures.push(encoder::searched(picture, quantizer, effort, env)?);
        Ok(())
    }

    /// Codes all pictures so many times, and gives the models after that as a file. `tell` is told of each round's bytes.
    ///
    /// # Errors
    /// As [`super::encode`].
    pub fn train(&self, rounds: usize, env: &Env, mut tell: impl FnMut(usize)) -> Result<Vec<u8>> {
        let (mut flags, mut level_mix) = (flag_model(), levels::model());
        let mut tally = Tally::default();
        for round in 0..rounds {
            let mut total = 0;
            // Probabilities of one long run in the first rounds, and from then on only weights.
            let frozen = round + 1 >= rounds && rounds > 1;
            for picture in &self.pictures {
                let mut start = (flags.clone(), level_mix.clone());
                let limit = if frozen { start.0.limit } else { 1020 };
                (start.0.limit, start.1.limit) = (limit, limit);
                // Weights learn ever slower.
                let first = start.0.rates.0 * [4, 2, 1][round.min(2)];
                (start.0.rates.0, start.1.rates.0) = (first, first);
                if frozen {
                    cap(&mut start.0.probs);
                    cap(&mut start.1.probs);
                }
                let (bytes, state, counts) = picture.write(env, |state: &mut State| {
                    state.flags = start.0;
                    state.levels = start.1;
                })?;
                total += bytes.len();

                keep(&mut flags, state.flags, frozen);
                keep(&mut level_mix, state.levels, frozen);
                if round == 0 {
                    tally.add(&counts, 16);
                }
            }
            tell(total);
        }
        Ok(priors::file(&flags, &level_mix, &tally))
    }
}

/// Sums for the weights of one class: products of features, and of features and errors.
#[derive(Clone, Debug)]
struct Normal {
    products: [[f64; FEATURES]; FEATURES],
    errors: [f64; FEATURES],
}

impl Trainer {
    /// Fits the filter's weights to all pictures, and gives them as a file.
    ///
    /// # Errors
    /// As [`super::encode`].
    pub fn filters(&self, env: &Env) -> Result<Vec<u8>> {
        let zero = Normal { products: [[0.0; FEATURES]; FEATURES], errors: [0.0; FEATURES] };
        let mut normals = vec![zero; 3 * OCTAVES * CLASSES];
        for picture in &self.pictures {
            picture.filtering(env, |filter, planes, source, grid| {
                gather(filter, planes, source, grid, &mut normals);
            })?;
        }
        Ok(priors::filter_file(&normals.iter().map(solve).collect()))
    }
}

fn gather(
    filter: &Filter<'_>,
    planes: &[Vec<i16>],
    source: &[Vec<i16>],
    grid: &Grid,
    normals: &mut [Normal],
) {
    let classes = filter.classes();
    let unit = f64::from(filter.quantizer.unit());
    for row in 0..grid.height / CELL {
        for column in 0..grid.width / CELL {
            let Class { class, turn } = classes[row * filter.cells.0 + column];
            for plane in 0..planes.len() {
                let features = filter.features(plane, (column, row), turn);
                let normal = &mut normals[place(plane, filter.quantizer.octave, class.into())];
                for k in 0..CELL * CELL {
                    let i = (row * CELL + k / CELL) * grid.width + column * CELL + k % CELL;
                    let error = (f64::from(source[plane][i]) - f64::from(planes[plane][i])) / unit;
                    let f: [f64; FEATURES] = std::array::from_fn(|j| f64::from(features[j][k]) / unit);
                    for a in 0..FEATURES {
                        normal.errors[a] += f[a] * error;
                        for b in 0..=a {
                            normal.products[a][b] += f[a] * f[b];
                        }
                    }
                }
            }
        }
    }
}

/// Weights by Cholesky's method, drawn a little to 0.
fn solve(normal: &Normal) -> [i16; FEATURES] {
    let mut m = normal.products;
    let mut l = [[0.0f64; FEATURES]; FEATURES];
    let mut x = normal.errors;
    for a in 0..FEATURES {
        m[a][a] += 30.0 + m[a][a] * 1e-3;
        for b in 0..=a {
            let sum: f64 = (0..b).map(|k| l[a][k] * l[b][k]).sum();
            l[a][b] = if a == b { (m[a][a] - sum).max(1e-9).sqrt() } else { (m[a][b] - sum) / l[b][b] };
        }
        let sum: f64 = (0..a).map(|k| l[a][k] * x[k]).sum();
        x[a] = (x[a] - sum) / l[a][a];
    }
    for a in (0..FEATURES).rev() {
        let sum: f64 = (a + 1..FEATURES).map(|k| l[k][a] * x[k]).sum();
        x[a] = (x[a] - sum) / l[a][a];
    }
    x.map(|w| (w * f64::from(1u32 << FRACTION)).round().clamp(-256.0, 255.0) as i16)
}

fn cap(probs: &mut [AdaptiveProb]) {
    for prob in probs {
        *prob = AdaptiveProb((prob.0 & !1023) | (prob.0 & 1023).min(100));
    }
}

fn keep<const N: usize, const M: usize>(to: &mut Mix<N, M>, from: Mix<N, M>, frozen: bool) {
    if frozen {
        to.weights = from.weights;
        to.last = from.last;
    } else {
        let (rates, limit) = (to.rates, to.limit);
        *to = from;
        (to.rates, to.limit) = (rates, limit);
    }
}

impl Trainer {
    /// Keeps what was searched, for experiments with models.
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for picture in &self.pictures {
            picture.dump(&mut out);
        }
        out
    }

    /// Takes what was kept.
    #[must_use]
    pub fn load(mut bytes: &[u8]) -> Self {
        let mut trainer = Self::default();
        while !bytes.is_empty() {
            trainer.pictures.push(Searched::load(&mut bytes));
        }
        trainer
    }

    /// Bytes of each picture with the models of the file.
    ///
    /// # Errors
    /// As [`super::encode`].
    pub fn sizes(&self, file: &[u8], env: &Env) -> Result<Vec<usize>> {
        let (flags, level_mix) = priors::read(file);
        let size = |picture: &Searched| {
            let start = |state: &mut State| {
                state.flags.clone_from(&flags);
                state.levels.clone_from(&level_mix);
            };
            Ok(picture.write(env, start)?.0.len())
        };
        self.pictures.iter().map(size).collect()
    }
}
