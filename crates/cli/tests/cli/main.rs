//! The command as a user meets it: a built binary, real files, real pipes. One file per promise.

// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod archives;
mod atomic;
mod bombs;
mod damage;
mod encryption;
mod exit_codes;
mod generated;
mod gzip_flags;
mod inspection;
mod kill;
mod models;
mod recovery;
mod removal;
mod sandbox;
mod streams;
mod tar;
