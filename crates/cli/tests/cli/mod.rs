//! The command as a user meets it: a built binary, real files, real pipes. One file per promise.

mod archives;
mod arrays;
mod atomic;
mod autoencoder;
mod bases;
mod bombs;
mod damage;
mod encryption;
mod exit_codes;
mod generated;
mod grep;
mod gzip_flags;
#[path = "../../../minlen/tests/common/hostile.rs"]
mod hostile;
mod inspection;
mod json;
mod kill;
mod lines;
mod living;
mod metadata;
mod models;
mod nothing_lost;
mod pictures;
mod readme;
mod recovery;
mod removal;
mod resources;
mod sandbox;
mod streams;
mod tar;
