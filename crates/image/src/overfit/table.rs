//! Networks to begin with, known to both sides.
//!
//! Entry 0 is written down in [`Network::plain`]. The others were trained by `examples/overfit_table.rs` for pictures of three planes, with
//! [`HIDDEN`] hidden units: `overfit_table 5e-4 160 5e-4.bin ..` and `overfit_table 3e-3 160 3e-3.bin ..` on all training pictures, with the
//! numbers drawn from seed 1, a schedule's `step` of 5, `slope` of 14 and `threshold` of 0.3. Networks of other sizes take from them what predicts latents and the filters.

use super::network::Network;
#[cfg(feature = "lab")]
use minlen_nn::fit;

/// Trained entries: a 16-bit number for each weight in the order of [`Network`], the low byte first.
const TRAINED: [&[u8]; 2] = [include_bytes!("table/5e-4.bin"), include_bytes!("table/3e-3.bin")];
/// Hidden units of the synthesis of trained entries.
const HIDDEN: usize = 24;

/// How many entries there are.
pub(super) fn entries() -> usize {
    1 + TRAINED.len()
}

/// The lambdas that trained entries were trained for.
const LAMBDAS: [f32; TRAINED.len()] = [5e-4, 3e-3];

/// The trained entry for a lambda; 0 if there is none.
pub(super) fn nearest(lambda: f32) -> u8 {
    // Ratios, the larger over the smaller.
    let away = |l: f32| if l > lambda { l / lambda } else { lambda / l };
    let best = (0..LAMBDAS.len()).min_by(|&a, &b| away(LAMBDAS[a]).total_cmp(&away(LAMBDAS[b])));
    best.map_or(0, |k| k as u8 + 1)
}

/// The weights of an entry for networks of these sizes.
pub(super) fn weights(entry: u8, network: &Network) -> Vec<i32> {
    let mut all = network.plain();
    if let Some(trained) = usize::from(entry).checked_sub(1).and_then(|k| TRAINED.get(k)) {
        let shared =
            if (network.colours, network.hidden) == (3, HIDDEN) { network.len } else { network.synthesis };
        for (to, from) in all[..shared].iter_mut().zip(trained.as_chunks::<2>().0) {
            *to = i32::from(i16::from_le_bytes(*from));
        }
    }
    all
}

/// Weights of networks with [`HIDDEN`] hidden units as an entry of the table.
#[cfg(feature = "lab")]
#[must_use]
pub fn table_bytes(weights: &[f32]) -> Vec<u8> {
    // What predicts latents comes first, with more bits.
    let arm =
        fit::ArmPlaces::of(super::layout::CONTEXTS, super::network::UNITS).end + 2 * super::network::UNITS;
    let number = |(k, w): (usize, &f32)| {
        let unit = (1u32 << if k < arm { fit::ARM_BITS } else { fit::WEIGHT_BITS }) as f32;
        ((w * unit + if *w < 0.0 { -0.5 } else { 0.5 }) as i16).to_le_bytes()
    };
    weights.iter().enumerate().flat_map(number).collect()
}
