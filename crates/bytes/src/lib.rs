//! Byte codecs: the classics, written out and selectable, and the fast ones on well-kept libraries.
//!
//! | codec | what for |
//! |---|---|
//! | [`store`] | bytes that nothing makes smaller |
//! | [`rle`], [`huffman`], [`arith`] | the textbook steps, and stages of chains |
//! | [`lzw`] | the `.Z` format, and history |
//! | [`lz77`] | our own dictionary coder |
//! | [`bwt`] | text, logs, databases: levels 4 and 5 |
//! | [`delta`] | a filter in front of another codec, for samples and pixels |
//! | [`zstd`], [`lzma`], [`brotli`] | library codecs: levels 1 to 5 |

pub mod arith;
pub mod brotli;
pub mod bwt;
pub mod delta;
pub mod huffman;
pub mod lz77;
pub mod lzma;
pub mod lzw;
pub mod rle;
pub mod store;
#[cfg(test)]
mod suite;
pub mod zstd;

use minlen_core::Codec;
use std::sync::Arc;

/// Every codec of this crate, ready to be registered.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn Codec>> {
    [
        store::codec(),
        rle::codec(),
        huffman::codec(),
        arith::codec(),
        lzw::codec(),
        lz77::codec(),
        bwt::codec(),
    ]
    .into_iter()
    .chain([delta::codec(), zstd::codec(), lzma::codec(), brotli::codec()])
    .flatten()
    .collect()
}
