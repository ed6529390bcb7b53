//! Places in two dimensions, for a map.

/// Rounds of finding a direction.
const ROUNDS: usize = 60;

/// Places in the plane in which they lie farthest apart (principal components, by power iteration).
///
/// ```
/// use minlen_train::insight::plane;
/// let places: Vec<Vec<f32>> = (0..50).map(|i| vec![3.0 * i as f32, (i % 5) as f32, 0.1]).collect();
/// let found = plane(&places);
/// assert!((found[49][0] - found[0][0]).abs() > 146.0 && found.iter().all(|p| p[1].abs() < 3.0));
/// ```
#[must_use]
pub fn plane(places: &[Vec<f32>]) -> Vec<[f64; 2]> {
    let size = places.first().map_or(0, Vec::len);
    let mut mean = vec![0f64; size];
    for place in places {
        mean.iter_mut().zip(place).for_each(|(m, &x)| *m += f64::from(x) / places.len() as f64);
    }
    let centred: Vec<Vec<f64>> = places
        .iter()
        .map(|place| place.iter().zip(&mean).map(|(&x, m)| f64::from(x) - m).collect())
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let mut axes: Vec<Vec<f64>> = Vec::new();
    for axis in 0..2 {
        // Begun with the place that is farthest from what the axes before describe.
        let left = |place: &Vec<f64>| {
            let mut rest = place.clone();
            for other in &axes {
                let share = dot(&rest, other);
                rest.iter_mut().zip(other).for_each(|(x, y)| *x -= share * y);
            }
            rest
        };
        let rests: Vec<Vec<f64>> = centred.iter().map(left).collect();
        let farthest = rests.iter().max_by(|a, b| dot(a, a).total_cmp(&dot(b, b)));
        let mut direction = farthest.cloned().unwrap_or_default();
        for _ in 0..ROUNDS {
            let length = dot(&direction, &direction).sqrt();
            if length < 1e-12 {
                break;
            }
            direction.iter_mut().for_each(|x| *x /= length);
            let mut sum = vec![0f64; size];
            for rest in &rests {
                let share = dot(rest, &direction);
                sum.iter_mut().zip(rest).for_each(|(s, x)| *s += share * x);
            }
            direction = sum;
        }
        let length = dot(&direction, &direction).sqrt().max(1e-300);
        direction.iter_mut().for_each(|x| *x /= length);
        axes.push(direction);
        debug_assert_eq!(axes.len(), axis + 1);
    }
    centred.iter().map(|place| [dot(place, &axes[0]), dot(place, &axes[1])]).collect()
}
