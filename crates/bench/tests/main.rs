//! Promises of the measurements, one file each; one binary, so that the libraries are linked once:
//! `cargo test -p minlen-bench --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail and print as tests do.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod generated;
mod memory;
mod results;
mod runner;
