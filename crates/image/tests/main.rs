//! Tests of the codecs of pictures.
#![allow(clippy::unwrap_used)]

mod block;
mod planes;
