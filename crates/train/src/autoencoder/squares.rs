//! Convolutions at stride 2 as convolutions over squares of 2 by 2 whose numbers are channels.
//!
//! The first convolution of an encoder has one channel to look at and the last of a decoder one to give, four times as often. Over squares they have four, which
//! is what the products of integer networks are made for.

use minlen_nn::integer::Window;
use minlen_nn::integer::quantize::{FloatLinear, FloatOp};

/// Rows, columns and channels of a picture whose squares of 2 by 2 (pairs, in one row) are places.
pub(super) fn halved([rows, columns, channels]: [usize; 3]) -> [usize; 3] {
    let high = rows.min(2);
    [rows / high, columns / 2, channels * high * 2]
}

/// A window of three places in place of one of four numbers at stride 2.
fn widened(kernel: [usize; 2], old: Window) -> Window {
    let side = |i: usize| if old.kernel[i] == 1 { 0 } else { 1 };
    let around = [side(0), side(1)];
    Window { kernel, stride: [1; 2], before: around, after: around }
}

/// The four taps of a filter of stride 2 as three places of two numbers: which of the four belongs to number `within` of place `place`.
fn tap(place: usize, within: usize) -> Option<usize> {
    (2 * place + within).checked_sub(1).filter(|&tap| tap < 4)
}

/// The same for a filter that is transposed: from place `place` to number `within`.
fn transposed_tap(place: usize, within: usize) -> Option<usize> {
    (3 + within).checked_sub(2 * place).filter(|&tap| tap < 4)
}

/// Row and column of each number of a place.
fn within(is_line: bool) -> Vec<[usize; 2]> {
    let rows = if is_line { 1 } else { 2 };
    (0..rows).flat_map(|y| [[y, 0], [y, 1]]).collect()
}

/// A convolution of four by four at stride 2 as one of three by three over squares of 2 by 2, whose numbers are channels: the same
/// products, and zeros.
pub(crate) fn over_squares(op: FloatOp, channels: usize) -> FloatOp {
    let FloatOp::Conv(window, linear) = op else { return op };
    let is_line = window.kernel[0] == 1;
    let kernel = [if is_line { 1 } else { 3 }, 3];
    let mut weights = Vec::new();
    for row in linear.weights.chunks_exact(linear.columns) {
        for (y, x) in (0..kernel[0]).flat_map(|y| (0..3).map(move |x| (y, x))) {
            for [dy, dx] in within(is_line) {
                let down = if is_line { Some(0) } else { tap(y, dy) };
                let first = down.zip(tap(x, dx)).map(|(ky, kx)| (ky * window.kernel[1] + kx) * channels);
                weights.extend((0..channels).map(|c| first.map_or(0.0, |first| row[first + c])));
            }
        }
    }
    let columns = weights.len() / linear.rows.max(1);
    FloatOp::Conv(widened(kernel, window), FloatLinear { columns, weights, ..linear })
}

/// A transposed convolution of four by four at stride 2 as a convolution of three by three that gives all numbers of a square of 2 by 2:
/// one product in place of four.
pub(crate) fn to_squares(op: FloatOp) -> FloatOp {
    let FloatOp::TransposedConv(window, linear) = op else { return op };
    let is_line = window.kernel[0] == 1;
    let kernel = [if is_line { 1 } else { 3 }, 3];
    let depth = linear.columns / window.kernel[0] / window.kernel[1];
    let (mut weights, mut bias) = (Vec::new(), Vec::new());
    for [dy, dx] in within(is_line) {
        bias.extend(&linear.bias);
        for row in linear.weights.chunks_exact(linear.columns) {
            for (y, x) in (0..kernel[0]).flat_map(|y| (0..3).map(move |x| (y, x))) {
                let down = if is_line { Some(0) } else { transposed_tap(y, dy) };
                let first =
                    down.zip(transposed_tap(x, dx)).map(|(ky, kx)| (ky * window.kernel[1] + kx) * depth);
                weights.extend((0..depth).map(|c| first.map_or(0.0, |first| row[first + c])));
            }
        }
    }
    let rows = bias.len();
    FloatOp::Conv(
        widened(kernel, window),
        FloatLinear { rows, columns: weights.len() / rows.max(1), weights, bias },
    )
}
