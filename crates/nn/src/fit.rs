//! Kernels of codecs that fit small networks to one picture: in f32 to find them, in integers to use them.
//!
//! Rows of numbers lie in planes with room on both sides: kernels go over whole vectors of sixteen, so that each row has at least sixteen
//! numbers before its first and after its last one. All of them give the same bits on every instruction set ([`crate::Isa`]). Slices that
//! are too short make them panic.
//!
//! The networks are those of Cool-chic (Leguay et al. 2023): a perceptron that predicts each latent from those before it ([`arm_row`]),
//! filters that double the size of planes ([`blend`], [`double`]), and a synthesis from channels to colours ([`Synthesis`]).

pub use crate::simd::fit::*;
