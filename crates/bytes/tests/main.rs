//! The integration tests of the crate, in one binary.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // helpers of tests may, as tests may

mod libraries;
mod payloads;
