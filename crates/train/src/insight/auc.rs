//! How well a score tells two kinds apart.

/// The area under the receiver operating characteristic: the chance that one of the second kind has the higher score, equal scores counting
/// half. `None` unless there are both kinds.
///
/// ```
/// use minlen_train::insight::auc;
/// assert_eq!(auc(&[1.0, 2.0, 3.0], &[false, false, true]), Some(1.0));
/// assert_eq!(auc(&[2.0, 1.0, 2.0], &[false, false, true]), Some(0.75));
/// assert_eq!(auc(&[1.0], &[true]), None);
/// ```
#[must_use]
pub fn auc(scores: &[f64], is_odd: &[bool]) -> Option<f64> {
    let mut all: Vec<(f64, bool)> = scores.iter().copied().zip(is_odd.iter().copied()).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let odd = all.iter().filter(|one| one.1).count();
    let usual = all.len() - odd;
    if odd == 0 || usual == 0 {
        return None;
    }
    let (mut below, mut sum) = (0usize, 0.0);
    for equal in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let odd_here = equal.iter().filter(|one| one.1).count();
        let usual_here = equal.len() - odd_here;
        sum += odd_here as f64 * (below as f64 + usual_here as f64 / 2.0);
        below += usual_here;
    }
    Some(sum / (odd as f64 * usual as f64))
}
