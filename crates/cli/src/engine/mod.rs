//! The piping between files and the library.

pub mod decode;
pub mod encode;
mod inexact;
pub mod named;
pub mod outputs;
pub mod remove;
pub mod replace;
pub mod scratch;
pub mod seal;
pub mod select;
pub mod sink;
pub mod source;
pub mod sparse;
pub mod verify;
