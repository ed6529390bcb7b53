//! Promises of the facade, one file each; one binary, so that the library is linked once: `cargo test -p minlen --test all NAME`.
// Helpers outside #[test] functions count as library code for clippy; here they may fail as loudly as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg_attr(not(feature = "default"), allow(dead_code))]
mod common;
mod features;

// The rest is about builds with everything in them; `features` about all of them.
#[cfg(feature = "default")]
mod builder;
#[cfg(feature = "default")]
mod combinations;
#[cfg(feature = "default")]
mod damage;
#[cfg(feature = "default")]
mod determinism;
#[cfg(feature = "default")]
mod early;
#[cfg(feature = "default")]
mod examples;
#[cfg(feature = "default")]
mod golden;
#[cfg(feature = "default")]
mod golden_diff;
#[cfg(feature = "default")]
mod golden_models;
#[cfg(feature = "default")]
mod golden_pictures;
#[cfg(feature = "default")]
mod golden_tensors;
#[cfg(feature = "default")]
mod latent;
#[cfg(feature = "default")]
mod limits;
#[cfg(feature = "default")]
mod living;
#[cfg(feature = "default")]
mod member_reader;
#[cfg(feature = "default")]
mod moving;
#[cfg(feature = "default")]
mod predicted;
#[cfg(feature = "default")]
mod progress;
#[cfg(feature = "default")]
mod salvage;
#[cfg(feature = "default")]
mod streams;
