//! Static tables for sign and exponent, the rest stored: as fast as memory.
//!
//! A block has one set of tables (`table`, shared by arrays that are alike: `cluster`) and a scheme for each array
//! (`scheme`); its chunks are coded one by one (`chunk`) in streams of bytes (`form`, `streams`) by rANS in 128 lanes (`lanes`,
//! `simd`).

pub(crate) mod anchors;
pub(crate) mod chunk;
pub(crate) mod cluster;
pub(crate) mod form;
pub(crate) mod grid;
pub(crate) mod lanes;
pub(crate) mod pattern;
pub(crate) mod scheme;
pub(crate) mod shape;
pub(crate) mod side;
pub(crate) mod simd;
pub(crate) mod state;
pub(crate) mod streams;
pub(crate) mod survey;
pub(crate) mod table;
