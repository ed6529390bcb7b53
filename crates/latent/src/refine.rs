//! Latents moved by one where that is worth it: less error and fewer bits together than rounding to the nearest.
//!
//! Decoding a record once for each latent, that latent being larger by one, says what a step of each changes. As if these changes added up, steps are
//! taken one by one, the best first; what decoding and the prior then really give decides whether they stay.

use crate::linear::dot;
use crate::model::Model;
use crate::network::Ready;
use crate::stream::numbers;
use minlen_core::Result;

/// Times that the changes are measured, and that steps are taken by them.
const MEASURES: usize = 2;
/// See [`MEASURES`].
const SWEEPS: usize = 4;
/// Latents times numbers of a record at most: later latents stay as they are.
const MOST: usize = 1 << 22;

/// A record by its latents, and how good that is.
struct Place {
    integers: Vec<i32>,
    /// What decoding leaves of the record.
    left: Vec<f32>,
    /// Bits of each latent if it were less by one, as it is, and more by one.
    bits: Vec<[f32; 3]>,
    /// Squares of errors, and `price` squares for each bit.
    cost: f64,
}

/// What finding steps takes.
struct Refining<'r, 'm> {
    model: &'r Model,
    ready: &'r mut Ready<'m>,
    rate: u8,
    exact: &'r [f64],
    price: f64,
}

/// Latents with at most the cost of `integers`: squares of errors, and `price` squares for each bit.
pub(crate) fn latents(
    model: &Model,
    ready: &mut Ready<'_>,
    rate: u8,
    integers: Vec<i32>,
    exact: &[f64],
    price: f64,
) -> Result<Vec<i32>> {
    let mut refining = Refining { model, ready, rate, exact, price };
    let mut best = refining.place(integers)?;
    for _ in 0..MEASURES {
        let before = best.cost;
        let changes = refining.changes(&best)?;
        for _ in 0..SWEEPS {
            let mut steps = changes.steps(&best, price as f32);
            let mut next = None;
            while !steps.is_empty() && next.is_none() {
                let mut integers = best.integers.clone();
                steps.iter().for_each(|&(k, by)| integers[k] += by);
                next = Some(refining.place(integers)?).filter(|next| next.cost < best.cost);
                // The first half of them is nearer to what was measured.
                steps.truncate(steps.len() / 2);
            }
            let Some(next) = next else { break };
            best = next;
        }
        if best.cost >= before * 0.999 {
            break;
        }
    }
    Ok(best.integers)
}

impl Refining<'_, '_> {
    fn place(&mut self, integers: Vec<i32>) -> Result<Place> {
        let (mut values, mut made, mut bits) = (Vec::new(), Vec::new(), Vec::new());
        self.ready.restore([(self.rate, &integers[..])], &mut values)?;
        numbers(self.model, &values, None, &mut made);
        let left: Vec<f32> = self.exact.iter().zip(&made).map(|(x, y)| (x - y) as f32).collect();
        self.ready.around(self.rate, &integers, &mut bits)?;
        let sum: f32 = bits.iter().map(|bits| bits[1]).sum();
        let squares: f64 = left.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        Ok(Place { integers, left, bits, cost: squares + self.price * f64::from(sum) })
    }

    /// What the numbers of the record change by with a step of each latent.
    fn changes(&mut self, place: &Place) -> Result<Changes> {
        let (numbers_of, most) = (self.exact.len().max(1), i32::from(self.ready.latents.most));
        let count = place.integers.len().min(MOST / numbers_of);
        let up = |k: usize| if place.integers[k] < most { 1 } else { -1 };
        let others = (0..count).map(|k| {
            let mut other = place.integers.clone();
            other[k] += up(k);
            other
        });
        let others: Vec<Vec<i32>> = others.collect();
        let (mut values, mut made, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        self.ready.restore(others.iter().map(|integers| (self.rate, &integers[..])), &mut values)?;
        for (k, values) in values.chunks_exact(numbers_of).enumerate() {
            numbers(self.model, values, None, &mut made);
            let sign = up(k) as f32;
            let change = |((x, y), left): ((&f64, &f64), &f32)| sign * (*left - (x - y) as f32);
            rows.push(self.exact.iter().zip(&made).zip(&place.left).map(change).collect::<Vec<f32>>());
        }
        let mut products = vec![0.0; count * count];
        for i in 0..count {
            for j in 0..=i {
                let product = dot(&rows[i], &rows[j]);
                (products[i * count + j], products[j * count + i]) = (product, product);
            }
        }
        Ok(Changes { rows, products, most })
    }
}

/// What steps of latents change, and the products of these changes.
struct Changes {
    rows: Vec<Vec<f32>>,
    products: Vec<f32>,
    most: i32,
}

impl Changes {
    /// Steps that should pay, the best first; each latent is moved by one at most.
    fn steps(&self, place: &Place, price: f32) -> Vec<(usize, i32)> {
        let count = self.rows.len();
        let mut along: Vec<f32> = self.rows.iter().map(|row| dot(row, &place.left)).collect();
        let mut moved = vec![false; count];
        let mut steps = Vec::new();
        while steps.len() < count {
            let mut best = (0.0, 0, 0);
            for k in (0..count).filter(|&k| !moved[k]) {
                for by in [-1, 1] {
                    if (place.integers[k] + by).abs() > self.most {
                        continue;
                    }
                    let bits = place.bits[k][(1 + by) as usize] - place.bits[k][1];
                    let gain = 2.0 * by as f32 * along[k] - self.products[k * count + k] - price * bits;
                    if gain > best.0 {
                        best = (gain, k, by);
                    }
                }
            }
            let (gain, k, by) = best;
            if gain <= 0.0 {
                break;
            }
            moved[k] = true;
            steps.push((k, by));
            let row = &self.products[k * count..(k + 1) * count];
            along.iter_mut().zip(row).for_each(|(a, p)| *a -= by as f32 * p);
        }
        steps
    }
}
