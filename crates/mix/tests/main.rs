//! Promises of the models, one file each; one binary, so that the library is linked once: `cargo test -p minlen-mix --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail and print as tests do.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod golden;
mod predicted;
mod priors;
mod samples;
