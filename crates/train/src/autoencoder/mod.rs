//! Codec files for records of one kind.

mod calibrate;
pub mod checkpoint;
pub mod choose;
pub mod codec_file;
pub mod exact;
pub mod export;
pub mod linear;
pub mod measure;
pub mod members;
pub mod network;
mod race;
pub mod report;
mod residual;
pub mod run;
pub(crate) mod squares;
mod variants;

#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod tests;
