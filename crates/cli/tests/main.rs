//! The command as a user meets it ([`cli`]), against a model of what it promises ([`model`]), and the sizes that it gives.
//!
//! One binary, so that the library is linked once: `cargo test -p minlen-cli --test all NAME` runs what has NAME in its path.

// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[allow(dead_code, unused_imports)]
#[path = "../src/args/mod.rs"]
mod args;
mod cli;
mod model;
mod sizes;
