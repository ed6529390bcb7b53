//! Promises of the facade, one file each; one binary, so that the library is linked once: `cargo test -p minlen --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod damage;
mod determinism;
mod golden;
mod golden_models;
mod golden_tensors;
mod limits;
mod moving;
mod salvage;
