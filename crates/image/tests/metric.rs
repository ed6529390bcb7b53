//! What the metrics say of known pictures.

use crate::common::{photo, worse};
use minlen_image::metric::{ms_ssim, ssimulacra2};

#[test]
fn equal_pictures_are_perfect() {
    let picture = photo(48, 40, 8);
    assert_eq!(ssimulacra2(&picture, &picture, 1).unwrap(), 100.0);
    assert!((ms_ssim(&picture, &picture) - 1.0).abs() < 1e-12);
}

/// Scores of the crate `ssimulacra2` 0.5.1 for the same pictures.
#[test]
fn scores_are_those_of_others() {
    for (side, step, stated) in [((160, 120), 4, 94.077), ((160, 120), 24, 52.057), ((300, 90), 60, -24.701)]
    {
        let picture = photo(side.0, side.1, 8);
        let score = ssimulacra2(&picture, &worse(&picture, step), 2).unwrap();
        assert!((score - stated).abs() < 0.1, "{side:?} in steps of {step}: {score}, not {stated}");
    }
}

#[test]
fn threads_change_nothing() {
    let picture = photo(90, 70, 8);
    let other = worse(&picture, 30);
    let scores = [1, 2, 5].map(|threads| ssimulacra2(&picture, &other, threads).unwrap().to_bits());
    assert!(scores[0] == scores[1] && scores[1] == scores[2]);
}

#[test]
fn small_pictures_have_scores() {
    for (width, height) in [(1, 1), (7, 3), (1, 300), (8, 8)] {
        let picture = photo(width, height, 8);
        let other = worse(&picture, 40);
        let score = ssimulacra2(&picture, &other, 1).unwrap();
        assert!(score.is_finite() && score <= 100.0, "{width}x{height}: {score}");
        assert!(ms_ssim(&picture, &other).is_finite());
    }
    assert!(ssimulacra2(&photo(8, 8, 8), &photo(8, 9, 8), 1).is_err());
}
