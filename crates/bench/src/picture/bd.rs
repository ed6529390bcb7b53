//! Differences of curves.

/// How many percent of bits `curve` takes more than `base` at the same quality (less where negative): the mean over their common range of
/// qualities of the difference of log rates. Points are rate and quality. Nothing where they have no range in common or under two
/// points each.
///
/// Bjøntegaard, *Calculation of average PSNR differences between RD-curves*, VCEG-M33 (2001), with piecewise cubic interpolation
/// ([`pchip`]) as in JVET's common test conditions.
///
/// ```
/// use minlen_bench::picture::bd_rate;
/// let base = [(0.1, 28.0), (0.2, 31.0), (0.4, 34.0), (0.8, 37.0)];
/// let other = base.map(|(rate, quality)| (rate * 0.9, quality));
/// assert!((bd_rate(&base, &other).unwrap() + 10.0).abs() < 1e-9);
/// ```
#[must_use]
pub fn bd_rate(base: &[(f64, f64)], curve: &[(f64, f64)]) -> Option<f64> {
    let (base, curve) = (by_quality(base), by_quality(curve));
    let low = base.first()?.0.max(curve.first()?.0);
    let high = base.last()?.0.min(curve.last()?.0);
    if base.len() < 2 || curve.len() < 2 || high <= low {
        return None;
    }
    const STEPS: usize = 1000;
    let step = (high - low) / STEPS as f64;
    let difference = |i: usize| {
        let at = low + (i as f64 + 0.5) * step;
        pchip(&curve, at) - pchip(&base, at)
    };
    let mean = (0..STEPS).map(difference).sum::<f64>() / STEPS as f64;
    Some((mean.exp() - 1.0) * 100.0)
}

/// Quality and the logarithm of the rate, by quality; of equal qualities the smaller rate.
fn by_quality(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let sound = points.iter().filter(|(rate, quality)| *rate > 0.0 && quality.is_finite());
    let mut out: Vec<(f64, f64)> = sound.map(|&(rate, quality)| (quality, rate.ln())).collect();
    out.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    out.dedup_by(|b, a| a.0 == b.0);
    out
}

/// The value at `x` of the monotone piecewise cubic through `points`, whose first coordinates grow (Fritsch and Carlson, *Monotone
/// piecewise cubic interpolation*, 1980; slopes as Fritsch and Butland 1984). Outside, the nearest piece goes on.
#[must_use]
pub fn pchip(points: &[(f64, f64)], x: f64) -> f64 {
    let last = points.len().saturating_sub(1);
    if last == 0 {
        return points.first().map_or(0.0, |point| point.1);
    }
    let i = points.partition_point(|point| point.0 <= x).clamp(1, last) - 1;
    let ((x0, y0), (x1, y1)) = (points[i], points[i + 1]);
    let (width, t) = (x1 - x0, (x - x0) / (x1 - x0));
    let (m0, m1) = (slope(points, i), slope(points, i + 1));
    let (t2, t3) = (t * t, t * t * t);
    y0 * (2.0 * t3 - 3.0 * t2 + 1.0)
        + m0 * width * (t3 - 2.0 * t2 + t)
        + y1 * (3.0 * t2 - 2.0 * t3)
        + m1 * width * (t3 - t2)
}

/// The slope at a point.
fn slope(points: &[(f64, f64)], i: usize) -> f64 {
    let width = |i: usize| points[i + 1].0 - points[i].0;
    let rise = |i: usize| (points[i + 1].1 - points[i].1) / width(i);
    let last = points.len() - 1;
    if last == 1 {
        return rise(0);
    }
    if i == 0 || i == last {
        let (near, far) = if i == 0 { (0, 1) } else { (last - 1, last - 2) };
        return at_end((width(near), rise(near)), (width(far), rise(far)));
    }
    let (before, after) = (rise(i - 1), rise(i));
    if before * after <= 0.0 {
        return 0.0;
    }
    let (w1, w2) = (2.0 * width(i) + width(i - 1), width(i) + 2.0 * width(i - 1));
    (w1 + w2) / (w1 / before + w2 / after)
}

/// The slope at an end: of a parabola through three points, as far as that keeps the shape.
fn at_end((near, rise): (f64, f64), (far, next): (f64, f64)) -> f64 {
    let slope = ((2.0 * near + far) * rise - near * next) / (near + far);
    if slope * rise <= 0.0 {
        0.0
    } else if rise * next <= 0.0 && slope.abs() > 3.0 * rise.abs() {
        3.0 * rise
    } else {
        slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cubic_goes_through_its_points_and_keeps_their_order() {
        let points = [(0.0, 0.0), (1.0, 1.0), (2.0, 1.0), (4.0, 5.0)];
        for (x, y) in points {
            assert!((pchip(&points, x) - y).abs() < 1e-12);
        }
        let values: Vec<f64> = (0..=400).map(|i| pchip(&points, f64::from(i) / 100.0)).collect();
        assert!(values.windows(2).all(|pair| pair[1] >= pair[0] - 1e-12));
    }

    #[test]
    fn curves_without_a_common_range_have_no_difference() {
        assert_eq!(bd_rate(&[(0.1, 20.0), (0.2, 22.0)], &[(0.1, 30.0), (0.2, 32.0)]), None);
        assert_eq!(bd_rate(&[(0.1, 20.0)], &[(0.1, 20.0), (0.2, 22.0)]), None);
        let twice = bd_rate(&[(0.1, 20.0), (0.3, 25.0)], &[(0.2, 20.0), (0.6, 25.0)]).unwrap();
        assert!((twice - 100.0).abs() < 1e-9);
    }
}
