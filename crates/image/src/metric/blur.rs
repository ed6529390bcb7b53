//! Separable blurs with few taps.

/// A blur with the same odd number of taps in both directions; what is beyond the plane is 0.
pub(super) struct Blur<const TAPS: usize>(pub(super) [f32; TAPS]);

impl<const TAPS: usize> Blur<TAPS> {
    const HALF: usize = TAPS / 2;

    /// Blurs a plane of rows of `width`, with `room` for one of the same size.
    pub(super) fn plane(&self, plane: &[f32], width: usize, room: &mut Vec<f32>) -> Vec<f32> {
        room.resize(plane.len(), 0.0);
        let mut padded = vec![0.0; width + 2 * Self::HALF];
        for (row, out) in plane.chunks_exact(width).zip(room.chunks_exact_mut(width)) {
            padded[Self::HALF..][..width].copy_from_slice(row);
            out.copy_from_slice(&padded[..width]);
            out.iter_mut().for_each(|value| *value *= self.0[0]);
            for (tap, &weight) in self.0.iter().enumerate().skip(1) {
                add(out, &padded[tap..], weight);
            }
        }
        let height = plane.len() / width;
        let mut blurred = vec![0.0; plane.len()];
        for (y, out) in blurred.chunks_exact_mut(width).enumerate() {
            for (tap, &weight) in self.0.iter().enumerate() {
                let from = y + tap;
                if (Self::HALF..height + Self::HALF).contains(&from) {
                    add(out, &room[(from - Self::HALF) * width..], weight);
                }
            }
        }
        blurred
    }
}

fn add(out: &mut [f32], row: &[f32], weight: f32) {
    for (sum, value) in out.iter_mut().zip(row) {
        *sum += value * weight;
    }
}
