//! Learning: a small engine for networks of some thousand to some million weights, on the CPU.
//!
//! | You want | Look at |
//! |---|---|
//! | the gradient of a computation | [`Tape`] over [`Parameters`] |
//! | ready layers | [`layers`] |
//! | to train: batches over threads, averaging, checkpoints | [`Trainer`] |
//! | the loop: epochs or time, held-out records, early end | [`Trainer::fit`] |
//! | records, splits, changed copies | [`data`] |
//! | products of matrices alone | [`matrix`] |
//!
//! Tensors lie row by row, pictures as records by rows by columns by channels. What does not fit in shape is a mistake of the
//! caller and panics; what comes from files (records, checkpoints) is checked and gives an error. Batches are cut into shards
//! of a fixed number of records, whose gradients are added in order: the weights are the same for every number of threads, and a
//! training that goes on from a checkpoint ends with the same bits as one that was not interrupted. They may differ between
//! machines with other instruction sets, since products are `matrixmultiply`'s.
//!
//! An autoencoder of four numbers a record, trained with noise in place of rounding and with the bits that the numbers cost
//! under a learned prior:
//!
//! ```
//! use minlen_learn::layers::{Dense, MaskedDense, autoregressive_masks};
//! use minlen_learn::{Bins, Init, Length, Parameters, Plan, Random, Records, Settings, Split, Tape, Trainer};
//!
//! // 600 records of 16 values: waves of any phase.
//! let wave = |i: u32| ((i / 16) as f32 * 0.37 + (i % 16) as f32 * 0.4).sin();
//! let data = Records::floats([16], (0..600 * 16).map(wave).collect())?;
//!
//! let (mut params, mut random) = (Parameters::default(), Random::new(1));
//! let encoder = Dense::new(&mut params, "encoder", 16, 32, Init::He, &mut random);
//! let latents = Dense::new(&mut params, "latents", 32, 4, Init::Glorot, &mut random);
//! let decoder = Dense::new(&mut params, "decoder", 4, 32, Init::He, &mut random);
//! let output = Dense::new(&mut params, "output", 32, 16, Init::Glorot, &mut random);
//! let mask = autoregressive_masks(4, 0, &[], 6).remove(0);
//! let prior = MaskedDense::new(&mut params, "prior", (4, 24), mask, Init::Zero, &mut random);
//!
//! let loss = |tape: &mut Tape<'_>, records: &[u32]| {
//!     let x = data.input(tape, records);
//!     let h = encoder.apply(tape, x);
//!     let h = tape.silu(h);
//!     let z = latents.apply(tape, h);
//!     let z = tape.quantize(z); // noise in training, whole numbers when measuring
//!     let mixture = prior.apply(tape, z);
//!     let bits = tape.logistic_bits(z, mixture, 2, Bins::WHOLE);
//!     let bits = tape.sum_records(bits);
//!     let h = decoder.apply(tape, z);
//!     let h = tape.silu(h);
//!     let y = output.apply(tape, h);
//!     let error = tape.sse(y, x);
//!     tape.note("bits", bits);
//!     let error = tape.scale(error, 20.0);
//!     tape.add(bits, error)
//! };
//! let settings = Settings { rate: 3e-3, clip: 2.0, average: 0.99, ..Settings::default() };
//! let mut trainer = Trainer::new(params, settings);
//! let split = Split::by_share(data.len(), 0.1, 1);
//! let (length, stop) = (Length::Epochs(20), minlen_core::Cancel::default());
//! let before = trainer.evaluate(&split.held_out, loss).loss;
//! trainer.fit(&Plan { split: &split, batch: 64, length, patience: None, stop }, loss, |_, _| {})?;
//! assert!(trainer.evaluate(&split.held_out, loss).loss < 0.6 * before);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod checkpoint;
pub mod data;
mod fit;
mod init;
pub mod layers;
mod math;
pub mod matrix;
mod ops;
mod optimiser;
mod parameters;
mod random;
mod shape;
mod tape;
mod threads;
mod trainer;
mod wide;

pub use data::{Records, Split};
pub use fit::{End, Length, Plan, Progress};
pub use init::Init;
pub use ops::{Bins, Choice, Conv};
pub use optimiser::{Optimiser, Rule, Schedule};
pub use parameters::{Entry, Param, Parameters, Role};
pub use random::Random;
pub use shape::{MAX_RANK, Shape};
pub use tape::{Arena, Context, Gradients, Tape, Var};
pub use trainer::{Means, Settings, Trainer};
