//! Which weights of a matrix can go.

use super::Score;

/// The weights to set to zero: a share of each matrix (magnitude) or of each of its rows (Wanda, where the mean squares
/// of the inputs are known).
#[must_use]
pub fn mask(weights: &[f32], columns: usize, squares: Option<&[f64]>, share: f64, score: Score) -> Vec<bool> {
    let mut pruned = vec![false; weights.len()];
    match (score, squares) {
        (Score::Wanda, Some(squares)) if squares.len() == columns => {
            for (row, pruned) in weights.chunks(columns).zip(pruned.chunks_mut(columns)) {
                let scores = row.iter().zip(squares).map(|(w, x)| f64::from(w.abs()) * x.sqrt()).collect();
                lowest(scores, share, pruned);
            }
        }
        _ => lowest(weights.iter().map(|w| f64::from(w.abs())).collect(), share, &mut pruned),
    }
    pruned
}

/// Marks the lowest share of the scores; the earlier of equals.
fn lowest(scores: Vec<f64>, share: f64, marks: &mut [bool]) {
    let count = (scores.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
    order.iter().take(count).for_each(|i| marks[*i] = true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_decide_where_they_are_known() {
        let weights = [1.0, -2.0, 3.0, -4.0];
        let mask = |squares, share, score| mask(&weights, 2, squares, share, score);
        assert_eq!(mask(None, 0.5, Score::Wanda), [true, true, false, false]);
        assert_eq!(mask(Some(&[100.0, 1.0]), 0.5, Score::Magnitude), [true, true, false, false]);
        assert_eq!(mask(Some(&[100.0, 1.0]), 0.5, Score::Wanda), [false, true, false, true]);
        assert_eq!(mask(None, 0.0, Score::Magnitude), [false; 4]);
    }
}
