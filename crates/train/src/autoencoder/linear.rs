//! Karhunen-Loève transforms, of all records and of classes of them.

use minlen_core::threads::in_order;
use minlen_core::{Env, Error, Result};
use minlen_latent::linear::{Basis, Class, Linear};
use minlen_latent::{FRACTION, steps};
use nalgebra::{DMatrix, Dyn, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// How to learn a linear member.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Classes; 1 for the plain transform.
    pub classes: usize,
    /// Coordinates that all classes share.
    pub coordinates: usize,
    /// Coefficients of a class.
    pub coefficients: usize,
    /// The square of the errors at which classes should differ, for a coefficient.
    pub distortion: f32,
    /// Rounds of assigning records to classes and learning these again.
    pub rounds: usize,
}

/// Eigenvectors of the covariance of the rows of `data` (as rows, the largest first), and the variances along them. Numbers that are the same in all
/// rows are in none of them.
fn principal(data: &ArrayView2<'_, f32>, mean: &Array1<f32>, most: usize) -> (Array2<f32>, Vec<f32>) {
    let (n, d) = data.dim();
    let mut sums = Array2::<f32>::zeros((d, d));
    for part in data.axis_chunks_iter(Axis(0), 4096) {
        let centred = &part - mean;
        sums += &centred.t().dot(&centred);
    }
    let mut varying: Vec<usize> = (0..d).filter(|&i| sums[[i, i]] > 0.0).collect();
    if varying.is_empty() {
        varying.push(0);
    }
    let count = n.max(1) as f64;
    let covariance = DMatrix::from_fn(varying.len(), varying.len(), |i, j| {
        let (i, j) = (varying[i], varying[j]);
        f64::from(sums[[i, j]] + sums[[j, i]]) / 2.0 / count
    });
    let eigen = decomposed(covariance);
    let mut order: Vec<usize> = (0..varying.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    order.truncate(most);
    let mut rows = Array2::zeros((order.len(), d));
    for (mut row, &place) in rows.rows_mut().into_iter().zip(&order) {
        varying.iter().zip(eigen.eigenvectors.column(place)).for_each(|(&i, x)| row[i] = *x as f32);
    }
    let variances = order.iter().map(|&i| eigen.eigenvalues[i].max(0.0) as f32).collect();
    (rows, variances)
}

/// The eigenvectors of a covariance. Those of one of low rank (numbers that never change, fewer records than numbers) may come out as no numbers: a little on
/// the diagonal mends that, and changes nothing else that would be seen.
fn decomposed(covariance: DMatrix<f64>) -> SymmetricEigen<f64, Dyn> {
    let largest = covariance.diagonal().max().max(1e-9);
    let mut eigen = SymmetricEigen::new(covariance.clone());
    for share in [1e-12, 1e-10, 1e-8, 1e-6] {
        if eigen.eigenvectors.iter().chain(&eigen.eigenvalues).all(|x| x.is_finite()) {
            break;
        }
        let (mut mended, side) = (covariance.clone(), covariance.nrows());
        (0..side).for_each(|i| mended[(i, i)] += largest * share * (1.0 + i as f64 / side as f64));
        eigen = SymmetricEigen::new(mended);
    }
    eigen
}

fn mean_of(data: &ArrayView2<'_, f32>) -> Array1<f32> {
    let mut sum = Array1::<f64>::zeros(data.ncols());
    for row in data.rows() {
        sum.zip_mut_with(&row, |sum, &x| *sum += f64::from(x));
    }
    sum.mapv(|sum| (sum / data.nrows().max(1) as f64) as f32)
}

/// A class while it is learned: in coordinates of all.
struct Group {
    centre: Array1<f32>,
    basis: Array2<f32>,
    variances: Vec<f32>,
    share: f32,
}

impl Group {
    fn of(points: &ArrayView2<'_, f32>, all: usize, most: usize) -> Self {
        let centre = mean_of(points);
        let (basis, variances) = principal(points, &centre, most);
        Self { centre, basis, variances, share: points.nrows() as f32 / all.max(1) as f32 }
    }

    /// What each point costs in this class, in squares: bits at what they are worth at this distortion, and errors.
    fn costs(&self, points: &ArrayView2<'_, f32>, distortion: f32) -> Array1<f32> {
        let centred = points - &self.centre;
        let found = centred.dot(&self.basis.t());
        // Bits cost 2 ln 2 times the distortion each.
        let constant: f32 = -2.0 * distortion * self.share.max(1e-6).ln()
            + self
                .variances
                .iter()
                .filter(|&&v| v > distortion)
                .map(|v| distortion * (v / distortion).ln())
                .sum::<f32>();
        let kept: Vec<f32> =
            self.variances.iter().map(|&v| if v > distortion { distortion / v } else { 1.0 }).collect();
        let kept = Array1::from(kept);
        let mut costs = Array1::zeros(points.nrows());
        for ((cost, found), centred) in costs.iter_mut().zip(found.rows()).zip(centred.rows()) {
            let squares = &found * &found;
            *cost = constant + squares.dot(&kept) + (centred.dot(&centred) - squares.sum()).max(0.0);
        }
        costs
    }
}

/// Points far from each other (Arthur and Vassilvitskii 2007, k-means++), then Lloyd's rounds.
fn clusters(points: &ArrayView2<'_, f32>, count: usize, random: &mut minlen_learn::Random) -> Vec<usize> {
    let n = points.nrows();
    let distance = |a: ArrayView1<'_, f32>, b: &Array1<f32>| {
        a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f32>()
    };
    let mut centres = vec![points.row(random.below(n)).to_owned()];
    let mut nearest: Vec<f32> = points.rows().into_iter().map(|row| distance(row, &centres[0])).collect();
    while centres.len() < count {
        let all: f64 = nearest.iter().map(|&d| f64::from(d)).sum();
        let mut left = f64::from(random.unit()) * all;
        let pick = nearest.iter().position(|&d| {
            left -= f64::from(d);
            left < 0.0
        });
        let centre = points.row(pick.unwrap_or(n - 1)).to_owned();
        for (row, nearest) in points.rows().into_iter().zip(&mut nearest) {
            *nearest = nearest.min(distance(row, &centre));
        }
        centres.push(centre);
    }
    let mut of = vec![0; n];
    for _ in 0..8 {
        for (row, of) in points.rows().into_iter().zip(&mut of) {
            let by = |centre: &Array1<f32>| distance(row, centre);
            *of = (0..count).min_by(|&a, &b| by(&centres[a]).total_cmp(&by(&centres[b]))).unwrap_or(0);
        }
        for (i, centre) in centres.iter_mut().enumerate() {
            let rows: Vec<usize> = (0..n).filter(|&r| of[r] == i).collect();
            if !rows.is_empty() {
                *centre = mean_of(&points.select(Axis(0), &rows).view());
            }
        }
    }
    of
}

/// Learns a member from records in rows.
///
/// # Errors
/// Usage for fewer records than it takes; cancelled.
pub fn learn(data: &ArrayView2<'_, f32>, settings: &Settings, seed: u64, env: &Env) -> Result<Linear> {
    let (n, d) = data.dim();
    if n < settings.classes.max(2) * 2 {
        return Err(Error::usage(format!("{n} records are too few to learn from")));
    }
    let mean = mean_of(data);
    let (basis, variances) = principal(data, &mean, settings.coordinates.min(d));
    env.check()?;
    let coordinates = basis.nrows();
    let mut classes = Vec::new();
    if settings.classes == 1 {
        let kept = variances.iter().take(settings.coefficients).map(|&v| deviation(v)).collect();
        classes.push(Class { centre: vec![0; coordinates], basis: None, deviations: kept });
    } else {
        let points = (data - &mean).dot(&basis.t());
        for group in divide(&points.view(), settings, seed, env)? {
            let rows: Vec<f32> = group.basis.iter().copied().collect();
            classes.push(Class {
                centre: group.centre.iter().map(|x| (x * 16.0).round() as i32).collect(),
                basis: Some(Basis::nearest(&rows, coordinates)),
                deviations: group.variances.iter().map(|&v| deviation(v)).collect(),
            });
        }
    }
    let rows: Vec<f32> = basis.iter().copied().collect();
    let mean = mean.iter().map(|x| (x * (1 << FRACTION) as f32).round() as i32).collect();
    Ok(Linear { mean, basis: Basis::nearest(&rows, d), classes })
}

fn deviation(variance: f32) -> u8 {
    steps::nearest(f64::from(variance).sqrt() * 16.0)
}

/// Divides points into classes, each of which describes its own in few bits.
fn divide(points: &ArrayView2<'_, f32>, settings: &Settings, seed: u64, env: &Env) -> Result<Vec<Group>> {
    let mut random = minlen_learn::Random::new(seed);
    let (few, _) = points.split_at(Axis(1), points.ncols().min(40));
    let mut of = clusters(&few, settings.classes, &mut random);
    let n = points.nrows();
    let mut groups: Vec<Group> = Vec::new();
    for round in 0..=settings.rounds {
        env.check()?;
        let found = in_order(settings.classes, env.threads, |class| {
            let rows: Vec<usize> = (0..n).filter(|&r| of[r] == class).collect();
            // A class of too few records would know nothing.
            Ok((rows.len() > 20).then(|| {
                let own = points.select(Axis(0), &rows);
                Group::of(&own.view(), n, settings.coefficients.min(points.ncols()))
            }))
        })?;
        groups = found.into_iter().flatten().collect();
        if round < settings.rounds {
            let costs = |group: usize| Ok(groups[group].costs(points, settings.distortion));
            let costs: Vec<Array1<f32>> = in_order(groups.len(), env.threads, costs)?;
            for (r, of) in of.iter_mut().enumerate() {
                *of = (0..costs.len()).min_by(|&a, &b| costs[a][r].total_cmp(&costs[b][r])).unwrap_or(0);
            }
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_never_change_are_in_no_direction() {
        let mut random = minlen_learn::Random::new(1);
        let mut data = Array2::<f32>::zeros((200, 60));
        for mut row in data.rows_mut() {
            let (a, b) = (random.uniform(-9.0, 9.0), random.uniform(-3.0, 3.0));
            for i in 20..40 {
                row[i] = a * (i as f32 * 0.3).sin() + b * (i as f32 * 0.7).cos();
            }
        }
        let (rows, variances) = principal(&data.view(), &mean_of(&data.view()), 60);
        assert_eq!((rows.nrows(), variances.len()), (20, 20));
        assert!(rows.iter().all(|x| x.is_finite()) && variances[1] > 1.0 && variances[2] < 1e-3);
        assert!(
            rows.columns()
                .into_iter()
                .enumerate()
                .all(|(i, column)| { (20..40).contains(&i) || column.iter().all(|&x| x == 0.0) })
        );
        // Nor is there one where nothing ever changes.
        let (rows, variances) = principal(&Array2::zeros((9, 5)).view(), &Array1::zeros(5), 3);
        assert_eq!((rows.nrows(), variances), (1, vec![0.0]));
    }
}
