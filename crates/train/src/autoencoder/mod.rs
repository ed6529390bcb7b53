//! Codec files for records of one kind.

pub mod linear;
pub mod network;
