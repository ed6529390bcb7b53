//! Codec files for records of one kind.

pub mod codec_file;
pub mod export;
pub mod linear;
pub mod network;
pub mod residual;

#[cfg(test)]
mod tests;
