//! Promises of the learning engine, one file each; one binary, so that the library is linked once:
//! `cargo test -p minlen-learn --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_range_loop)]

mod data;
mod gradients;
mod layers;
mod training;
mod values;
