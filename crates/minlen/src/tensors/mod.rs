//! Model weights and float arrays: the codec that takes them apart from what is around them, and where they are in files.

mod approximate;
mod bases;
mod codec;
mod decode;
mod describe;
mod distance;
mod encode;
mod find;
mod quantized;
mod source;
#[cfg(test)]
mod tests;
mod track;

pub(crate) use approximate::approximate;
pub(crate) use codec::codec;
pub(crate) use find::guessed;
pub(crate) use quantized::codec as quantized_codec;
pub(crate) use track::{Track, head};

pub use bases::{BaseSet, LONGEST_CHAIN};
pub use distance::{Distance, verify_within};
pub use find::{layout, of_file};
pub use quantized::to_stream;
pub use source::FileSource;
pub use track::Arrays;

pub use minlen_tensor::containers::{export, write};
pub use minlen_tensor::{Declared, Dtype, Element, Format, Layout, Slices, Source, Tensor};
