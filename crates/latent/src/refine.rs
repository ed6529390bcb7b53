//! Latents moved by one where that is worth it: less error and fewer bits together than rounding to the nearest.
//!
//! What the study does by gradients, exactly: each latent is moved up and down, what decoding then gives is compared with the record, and
//! the moves that pay are kept, the best first.

use crate::model::Model;
use crate::network::Ready;
use crate::search::distance;
use crate::stream::numbers;
use minlen_core::Result;

/// Times that all moves are tried.
const ROUNDS: usize = 4;

/// Latents with at most the cost of `integers`: squares of errors, and `price` squares for each bit.
pub(crate) fn latents(
    model: &Model,
    ready: &mut Ready<'_>,
    rate: u8,
    mut integers: Vec<i32>,
    exact: &[f64],
    price: f64,
) -> Result<Vec<i32>> {
    let most = i32::from(ready.latents.most);
    let mut best = costs(model, ready, rate, std::slice::from_ref(&integers), exact, price)?[0];
    for _ in 0..ROUNDS {
        let (mut places, mut others) = (Vec::new(), Vec::new());
        for k in 0..integers.len() {
            for q in [integers[k] - 1, integers[k] + 1] {
                if q.abs() <= most {
                    let mut other = integers.clone();
                    other[k] = q;
                    places.push((k, q));
                    others.push(other);
                }
            }
        }
        let found = costs(model, ready, rate, &others, exact, price)?;
        let moves = found.into_iter().zip(places).map(|(cost, (k, q))| (cost, k, q));
        let mut moves: Vec<(f64, usize, i32)> = moves.filter(|m| m.0 < best).collect();
        moves.sort_by(|a, b| a.0.total_cmp(&b.0));
        let before = best;
        for (_, k, q) in moves {
            let old = std::mem::replace(&mut integers[k], q);
            let cost = costs(model, ready, rate, std::slice::from_ref(&integers), exact, price)?[0];
            if cost < best {
                best = cost;
            } else {
                integers[k] = old;
            }
        }
        if best >= before {
            break;
        }
    }
    Ok(integers)
}

fn costs(
    model: &Model,
    ready: &mut Ready<'_>,
    rate: u8,
    all: &[Vec<i32>],
    exact: &[f64],
    price: f64,
) -> Result<Vec<f64>> {
    let (mut values, mut made) = (Vec::new(), Vec::new());
    ready.restore(&all.concat(), rate, &mut values)?;
    let mut costs = Vec::with_capacity(all.len());
    for (integers, values) in all.iter().zip(values.chunks(exact.len().max(1))) {
        numbers(model, values, None, &mut made);
        let (squares, _) = distance(exact, &made);
        costs.push(squares + price * f64::from(ready.bits(rate, integers)?));
    }
    Ok(costs)
}
