//! Pictures as small networks and latents that are fitted to each picture.
//!
//! A payload holds a pyramid of grids of integers and three small networks: one predicts each integer from those before it, for the range
//! coder; filters bring all grids to the picture's size; a synthesis makes colours of them. All of it is found by gradient descent on
//! `mean square error + lambda * bits per pixel` for the one picture that is to be coded (Ladune et al. 2023, COOL-CHIC; Kim et al. 2024,
//! C3). Whoever decodes computes in integers.

mod encode;
mod goal;
mod laplace;
mod latents;
mod layout;
mod network;
mod payload;
mod pyramid;
mod quantise;
mod render;
mod schedule;
mod start;
mod table;
#[cfg(test)]
mod tests;
mod train;

pub use crate::{Encoded, Shape};
#[cfg(feature = "lab")]
pub use encode::adapt;
pub use encode::encode;
pub use schedule::{Goal, Schedule};
#[cfg(feature = "lab")]
pub use table::table_bytes;

use crate::Planes;
use layout::Layout;
use minlen_core::{Env, Error, Reservation, Result};
use minlen_entropy::range::Decoder;
use minlen_nn::Isa;
use network::Network;
use payload::{Header, PartCode};

/// Bits that an interval of so many of 2^16 takes.
fn bits(size: u32) -> f64 {
    16.0 - f64::from(minlen_entropy::log2::log2_q16(size.max(1))) / 65536.0
}

/// What a payload says, with its latents down to a level.
struct Decoded {
    layout: Layout,
    network: Network,
    weights: Vec<i32>,
    steps: Vec<i32>,
    latents: Vec<i32>,
    _held: Reservation,
}

fn read(payload: &[u8], shape: &Shape, finest: usize, env: &Env) -> Result<Decoded> {
    let mut decoder = Decoder::new(payload);
    let empty = Header { hidden: 0, chroma: 0, step: 0, slope: 0, entry: 0 };
    let header = empty.code(&mut decoder)?;
    let layout = Layout::new(shape, usize::from(header.chroma))?;
    let held = env.budget.reserve(4 * layout.len as u64)?;
    let network = Network::new(&layout, header.units());
    let base = table::weights(header.entry, &network);
    let codes = vec![PartCode::default(); network.parts().len()];
    let weights = payload::code_weights(&mut decoder, &network, &base, &base, &codes)?;
    let mut latents = vec![0; layout.len];
    let finest = finest.min(layout.sizes.len() - 1);
    latents::code(&mut decoder, &layout, &network, &weights, &mut latents, finest, env)?;
    if decoder.overrun() {
        return Err(Error::truncated("a picture's payload ends too early"));
    }
    Ok(Decoded { steps: header.steps(), layout, network, weights, latents, _held: held })
}

/// The picture of a payload.
///
/// # Errors
/// Corrupt or truncated if no encoder wrote this for such a picture; limit where memory does not allow it; cancelled.
pub fn decode(payload: &[u8], shape: &Shape, env: &Env) -> Result<Planes> {
    preview(payload, shape, 0, env)
}

/// The picture at 1:2^`shift` of its size, from the coarse grids alone (at most 1:64, and no smaller than the coarsest grid).
///
/// # Errors
/// As [`decode`].
pub fn preview(payload: &[u8], shape: &Shape, shift: u8, env: &Env) -> Result<Planes> {
    let found = read(payload, shape, usize::from(shift), env)?;
    let finest = usize::from(shift).min(found.layout.sizes.len() - 1);
    let renderer = render::Renderer {
        layout: &found.layout,
        network: &found.network,
        weights: &found.weights,
        steps: &found.steps,
        isa: Isa::detect(),
    };
    renderer.render(&found.latents, finest, shape, env)
}
