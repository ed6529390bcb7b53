//! How well members do on records that nothing was learned from: bytes and errors at each rate, from what decoding gives.

use minlen_core::threads::in_order;
use minlen_core::{Env, Result};
use minlen_latent::{Body, Description, Member, Model, Promise, describe};

/// Decibels of what is exact.
pub(crate) const EXACT: f64 = 99.0;
/// Rates are measured this far apart: three quarters of an octave of the step.
const APART: usize = 3;
/// Level that members are measured at: latents are not refined.
const LEVEL: u8 = 5;

/// What records take at a rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The rate.
    pub rate: u8,
    /// Bits of each record.
    pub bits: Vec<f64>,
    /// The sum of the squares of the errors of each record.
    pub squares: Vec<f64>,
    /// The member that serves each record; none where it is stored as it is.
    pub served: Vec<Option<u8>>,
}

/// What errors are measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Numbers in a record.
    pub numbers: usize,
    /// What 0 dB is an error of: the range of the numbers learned from.
    pub peak: f64,
}

impl Scale {
    /// Decibels for a mean square of errors.
    #[must_use]
    pub fn decibels(&self, mean_square: f64) -> f64 {
        decibels(self.peak, mean_square)
    }
}

/// Decibels of a mean of squares, against `peak`.
#[must_use]
pub fn decibels(peak: f64, mean_square: f64) -> f64 {
    (10.0 * (peak * peak / mean_square.max(1e-300)).log10()).min(EXACT)
}

/// Figures over all records.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Bytes of a record.
    pub bytes: f64,
    /// Decibels of the mean square over all records.
    pub overall: f64,
    /// The mean of the decibels of records.
    pub mean: f64,
    /// Decibels that 95 % of records have at least.
    pub low: f64,
    /// Those of the worst.
    pub worst: f64,
}

impl Point {
    fn take(&mut self, found: Description) {
        self.bits.push(found.bits);
        self.squares.push(found.squares);
        self.served.push(found.member);
    }

    /// Bytes of a record, on average.
    #[must_use]
    pub fn bytes(&self) -> f64 {
        self.bits.iter().sum::<f64>() / 8.0 / self.bits.len().max(1) as f64
    }

    /// Figures over all records.
    #[must_use]
    pub fn figures(&self, scale: &Scale) -> Figures {
        let count = self.squares.len().max(1) as f64;
        let mean_square = |squares: f64| squares / scale.numbers.max(1) as f64;
        let mut each: Vec<f64> = self.squares.iter().map(|&s| scale.decibels(mean_square(s))).collect();
        each.sort_by(f64::total_cmp);
        Figures {
            bytes: self.bytes(),
            overall: scale.decibels(mean_square(self.squares.iter().sum::<f64>() / count)),
            mean: each.iter().sum::<f64>() / count,
            low: each.get(each.len() / 20).copied().unwrap_or(EXACT),
            worst: each.first().copied().unwrap_or(EXACT),
        }
    }
}

/// What whole records take with each of several codec files, from the coarsest rate on to the one at which all of them take `most` bytes on
/// average, if they ever do. Each has a thread of its own if `env` allows several.
///
/// # Errors
/// Those of the codec files; cancelled.
pub fn curves(models: &[&Model], bytes: &[u8], most: f64, env: &Env) -> Result<Vec<Vec<Point>>> {
    let mut all: Vec<Vec<Point>> = vec![Vec::new(); models.len()];
    let rates = models.iter().map(|model| model.rates).min().unwrap_or(0);
    for rate in (0..rates).step_by(APART) {
        // Several codec files have a thread each, and one has all of them.
        let own = env.clone().with_threads(env.threads / models.len().max(1));
        let one = |place: usize| next(models[place], bytes, rate, all[place].last(), &own);
        let found = in_order(models.len(), env.threads, one)?;
        let done = found.iter().all(|point| point.bytes() > most);
        all.iter_mut().zip(found).for_each(|(points, point)| points.push(point));
        if done {
            break;
        }
    }
    Ok(all)
}

/// What whole records take at these rates.
///
/// # Errors
/// Those of the codec file; cancelled.
pub fn curve(model: &Model, bytes: &[u8], rates: &[u8], env: &Env) -> Result<Vec<Point>> {
    let mut points: Vec<Point> = Vec::new();
    for &rate in rates {
        points.push(next(model, bytes, rate, points.last(), env)?);
    }
    Ok(points)
}

/// What records take at a rate. That of a network beyond its own rates is the last one again.
fn next(model: &Model, bytes: &[u8], rate: u8, before: Option<&Point>, env: &Env) -> Result<Point> {
    let own = |rate: u8| match &model.members[..] {
        [Member { body: Body::Network(_), .. }] => Some(model.rate_of(0, rate)),
        _ => None,
    };
    if let Some(before) = before.filter(|before| own(rate).is_some() && own(before.rate) == own(rate)) {
        return Ok(Point { rate, ..before.clone() });
    }
    Ok(Point { rate, ..at(model, bytes, Promise::Rate(rate), env)? })
}

/// What whole records take to keep a promise.
///
/// # Errors
/// Those of the codec file; cancelled.
pub fn at(model: &Model, bytes: &[u8], promise: Promise, env: &Env) -> Result<Point> {
    let mut point = Point::default();
    describe(model, bytes, promise, LEVEL, env, |_, found| {
        point.take(found);
        Ok(())
    })?;
    Ok(point)
}

/// What records take where each names the member of `chosen` that serves it best, from what they take with each alone: by bits alone where a promise
/// was kept, else by bits and errors at a rate.
#[must_use]
pub fn together(model: &Model, alone: &[Vec<Point>], chosen: &[usize], promised: bool) -> Vec<Point> {
    let Some(shortest) = chosen.iter().filter_map(|&member| alone.get(member)).map(Vec::len).min() else {
        return Vec::new();
    };
    let one = |place: usize| {
        let mut point = Point { rate: alone[chosen[0]][place].rate, ..Point::default() };
        let price = if promised { 0.0 } else { 1.0 / model.worth(model.step(point.rate)) };
        for record in 0..alone[chosen[0]][place].bits.len() {
            let cost = |member: usize| {
                let of = &alone[member][place];
                of.bits[record] + price * of.squares[record]
            };
            let best = chosen.iter().copied().min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
            point.bits.push(alone[best][place].bits[record]);
            point.squares.push(alone[best][place].squares[record]);
            point.served.push(Some(best as u8));
        }
        // Which member it is has to be said.
        let naming = entropy(&point.served, alone.len());
        point.bits.iter_mut().for_each(|bits| *bits += naming);
        point
    };
    (0..shortest).map(one).collect()
}

/// Bits that naming a member takes, on average.
fn entropy(served: &[Option<u8>], members: usize) -> f64 {
    let count = |member: usize| served.iter().filter(|s| **s == Some(member as u8)).count() as f64;
    let all = served.len().max(1) as f64;
    let term = |n: f64| if n > 0.0 { n / all * (all / n).log2() } else { 0.0 };
    (0..members).map(|member| term(count(member))).sum()
}

/// Figures at so many bytes a record, between the rates that were measured. A curve that ends before keeps its last figures, if it ends
/// because no finer rate makes a difference; `None` for fewer bytes than the coarsest rate takes.
#[must_use]
pub fn at_bytes(curve: &[Figures], bytes: f64) -> Option<Figures> {
    let after = curve.iter().position(|figures| figures.bytes >= bytes);
    let Some(after) = after else { return curve.last().copied() };
    let high = curve[after];
    let Some(low) = after.checked_sub(1).map(|before| curve[before]) else {
        return (high.bytes <= bytes * 1.001).then_some(high);
    };
    let share = (bytes - low.bytes) / (high.bytes - low.bytes).max(1e-9);
    let between = |a: f64, b: f64| a + share * (b - a);
    Some(Figures {
        bytes,
        overall: between(low.overall, high.overall),
        mean: between(low.mean, high.mean),
        low: between(low.low, high.low),
        worst: between(low.worst, high.worst),
    })
}

/// Bytes a record that it takes to reach so many decibels overall; `None` where the curve never does.
#[must_use]
pub fn bytes_for(curve: &[Figures], decibels: f64) -> Option<f64> {
    let points: Vec<[f64; 2]> = curve.iter().map(|figures| [figures.bytes, figures.overall]).collect();
    crossing(&points, decibels)
}

/// Where a curve of bytes and decibels first reaches so many decibels.
pub(crate) fn crossing(curve: &[[f64; 2]], decibels: f64) -> Option<f64> {
    let after = curve.iter().position(|point| point[1] >= decibels)?;
    let high = curve[after];
    let Some(low) = after.checked_sub(1).map(|before| curve[before]) else { return Some(high[0]) };
    let share = (decibels - low[1]) / (high[1] - low[1]).max(1e-9);
    Some(low[0] + share * (high[0] - low[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(bytes: f64, overall: f64) -> Figures {
        Figures { bytes, overall, mean: overall + 1.0, low: overall - 1.0, worst: overall - 2.0 }
    }

    #[test]
    fn figures_lie_between_those_of_two_rates() {
        let curve = [figures(4.0, 10.0), figures(8.0, 20.0), figures(10.0, 22.0)];
        assert_eq!(at_bytes(&curve, 6.0), Some(figures(6.0, 15.0)));
        assert_eq!(at_bytes(&curve, 3.0), None);
        assert_eq!(at_bytes(&curve, 99.0), Some(curve[2]));
        assert_eq!(bytes_for(&curve, 21.0), Some(9.0));
        assert_eq!((bytes_for(&curve, 5.0), bytes_for(&curve, 23.0)), (Some(4.0), None));
    }

    #[test]
    fn figures_of_records_are_those_of_their_errors() {
        let squares = vec![0.0, 400.0, 4.0, 4.0];
        let point = Point { rate: 0, bits: vec![8.0, 16.0, 24.0, 32.0], squares, served: vec![None; 4] };
        let found = point.figures(&Scale { numbers: 4, peak: 10.0 });
        assert_eq!((found.bytes, found.worst, found.low), (2.5, 0.0, 0.0));
        assert!((found.overall - 10.0 * (100.0 / 25.5f64).log10()).abs() < 1e-9);
        assert!((found.mean - (99.0 + 0.0 + 20.0 + 20.0) / 4.0).abs() < 1e-9);
    }
}
