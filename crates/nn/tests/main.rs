//! Promises of the networks, one file each; one binary, so that the library is linked once: `cargo test -p minlen-nn --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used)]

mod exact;
mod model_file;
mod network;
