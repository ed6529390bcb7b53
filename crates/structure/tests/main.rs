//! The parsers against files that are described in `testdata/cases`: a new case needs no Rust. How they are written is in the README
//! there.

// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cases;
mod damage;
mod expected;
mod file;
mod generators;
