//! The five filters of PNG (ISO/IEC 15948, clause 9): what a filter subtracts from a byte.

/// The value that `filter` predicts from the bytes to the left, above, and above left.
#[inline(always)]
#[must_use]
pub fn predict(filter: u8, left: i32, up: i32, corner: i32) -> i32 {
    match filter {
        1 => left,
        2 => up,
        3 => (left + up) >> 1,
        4 => paeth(left, up, corner),
        _ => 0,
    }
}

fn paeth(left: i32, up: i32, corner: i32) -> i32 {
    let (a, b) = ((up - corner).abs(), (left - corner).abs());
    let c = (left + up - 2 * corner).abs();
    if a <= b && a <= c {
        left
    } else if b <= c {
        up
    } else {
        corner
    }
}
