//! Tests of the codecs of pictures.
#![allow(clippy::unwrap_used)]

mod block;
mod common;
mod metric;
mod planes;
#[cfg(feature = "read")]
mod read;
mod vae;
