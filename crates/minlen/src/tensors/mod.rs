//! The codecs of model weights and float arrays: arrays apart from what is around them, and quantized models.

mod bases;
mod bounded;
mod bytes;
mod codec;
mod decode;
mod describe;
mod encode;
mod quantized;
#[cfg(test)]
mod tests;

pub(crate) use bounded::Fields;
pub(crate) use codec::codec;
pub(crate) use quantized::codec as quantized_codec;
