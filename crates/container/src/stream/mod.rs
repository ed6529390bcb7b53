//! Streams in order: writing to and reading from a pipe (docs/format/stream.md).

mod reader;
mod writer;

pub(crate) use reader::{learned, skippable_fields};

pub use reader::{Item, StreamReader};
pub use writer::StreamWriter;

#[cfg(test)]
pub(crate) mod tests;
