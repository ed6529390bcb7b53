//! Promises of the ground floor, one file each, most of them tables of cases in tests/cases; one binary: `cargo test -p
//! minlen-core --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod arrays;
mod chains;
mod environment;
mod limits;
mod numbers;
mod words;
