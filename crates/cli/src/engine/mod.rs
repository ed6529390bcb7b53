//! The piping between files and the library.

pub mod decode;
pub mod encode;
pub mod remove;
pub mod select;
pub mod sink;
pub mod source;
pub mod sparse;
pub mod verify;
