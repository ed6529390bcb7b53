//! What is a picture, and what is none.

use minlen_image::Planes;

#[test]
fn planes_that_do_not_fit_are_refused() {
    assert!(Planes::new(2, 2, 8, vec![vec![0; 4]]).is_ok());
    let wrong = [
        Planes::new(0, 2, 8, vec![vec![]]),
        Planes::new(2, 2, 8, vec![vec![0; 3]]),
        Planes::new(2, 2, 8, vec![vec![0; 4], vec![0; 4]]),
        Planes::new(2, 2, 8, vec![vec![256; 4]]),
        Planes::new(2, 2, 7, vec![vec![0; 4]]),
        Planes::new(2, 2, 17, vec![vec![0; 4]]),
    ];
    assert!(wrong.iter().all(Result::is_err));
}
