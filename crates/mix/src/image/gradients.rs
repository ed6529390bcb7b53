//! Predictions from differences of a few neighbours.

use super::ols::ONE;
use super::rows::Rows;

/// Simple predictions with [`crate::sample::FRACTION`] bits.
#[inline]
pub(super) fn gradients(rows: &Rows, x: usize, channel: usize, max: i32) -> [i32; 16] {
    let near = |right, up| rows.at(x, channel, right, up);
    let (w, n, nw, ne) = (near(-1, 0), near(0, 1), near(-1, 1), near(1, 1));
    let (ww, nn, nne) = (near(-2, 0), near(0, 2), near(1, 2));
    let median = |w: i32, n: i32, nw: i32| (w + n - nw).clamp(w.min(n), w.max(n));
    let mut g = [
        median(w, n, nw) * ONE,
        (w + n) * (ONE / 2) + (ne - nw) * (ONE / 4),
        w * ONE,
        n * ONE,
        (w + ne - n) * ONE,
        (n + ne - nne) * ONE,
        (2 * n - nn) * ONE,
        (2 * w - ww) * ONE,
        (w + ne) * (ONE / 2),
        (w + n - nw) * ONE,
        (3 * (w - ww) + near(-3, 0)) * ONE,
        (3 * (n - nn) + near(0, 3)) * ONE,
        nw * ONE,
        ne * ONE,
        (2 * ne - near(2, 2)) * ONE,
        (w + n + ne + nw) * (ONE / 4),
    ];
    if channel > 0 {
        for (known, at) in [(channel - 1, 4), (0, 10)] {
            let other = |right, up| rows.at(x, known, right, up);
            let now = other(0, 0);
            g[at] = (w + now - other(-1, 0)) * ONE;
            g[at + 1] = (n + now - other(0, 1)) * ONE;
            let (dw, dn) = (w - other(-1, 0), n - other(0, 1));
            g[at + 2] = (now + median(dw, dn, nw - other(-1, 1))) * ONE;
            g[at + 3] =
                now * ONE + (dw + dn) * (ONE / 2) + (ne - other(1, 1) - nw + other(-1, 1)) * (ONE / 4);
            if channel == 1 {
                break;
            }
        }
    }
    g.map(|v| v.clamp(0, max * ONE))
}
