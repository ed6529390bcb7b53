//! A codec whose transform and distributions were learned from pictures: a variational autoencoder with a hyperprior.
//!
//! An analysis network turns the picture into latents, of which there is one place for 8 by 8 pixels; a second one turns those into a few
//! numbers that are coded first and say, through a third network, where each latent lies and how far it may be from there; a synthesis network
//! turns latents into the picture. All four compute in integers. (Ballé et al., *Variational image compression with a scale hyperprior*, 2018;
//! integers as in Ballé, Johnston and Minnen, *Integer networks for data compression with latent-variable models*, 2019.)
//!
//! Encoding takes one pass through the networks: it is the codec for those who have no time, and grows with what is learned
//! (`minlen train image`). Its model is part of this crate.

mod code;
mod model;
mod symbols;

pub use code::{QUANTIZER_MAX, decode, encode};
pub use model::{Decoding, Encoding, KIND, Model};

use minlen_nn::integer::quantize::Scale;

/// Planes that the networks see: red, green and blue.
pub const CHANNELS: usize = 3;
/// Channels at half the size and at a quarter.
pub const WIDTHS: [usize; 2] = [24, 48];
/// Latents of a place of 8 by 8 pixels.
pub const LATENTS: usize = 48;
/// Numbers of a place of 32 by 32 pixels that say how latents are distributed.
pub const HYPER: usize = 16;
/// The finest and the coarsest step of latents.
pub const STEP_MIN: f32 = 0.4;
/// See [`STEP_MIN`].
pub const STEP_MAX: f32 = 6.4;
/// What inputs stand for: 64 levels are 1.
pub const INPUT: Scale = Scale { bits: 12, limit: 8191 };
/// Fraction bits of latents as they are found.
pub const FOUND_BITS: u8 = 8;
/// Fraction bits of what says how they are distributed, before it is rounded.
pub const HYPER_BITS: u8 = 6;
/// Fraction bits of means and of logarithms of scales.
pub const MEAN_BITS: u8 = 8;
/// Largest magnitude of the synthesis network's inputs.
pub const NEAR_LIMIT: i16 = 8191;
