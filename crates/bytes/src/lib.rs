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
//! | `zstd`, `lzma`, `brotli` | library codecs: levels 1 to 5 |
//!
//! The library codecs are Cargo features, all on by default: `zstd` and `lzma` bring C libraries, `brotli` one in Rust. `libsais`
//! sorts for [`bwt`] by a C library; without it [`suffixes`] does, more slowly and to the same bytes. [`missing`] lists what a build leaves
//! out. Without `zstd`, [`lz77`] offers itself in its place.

pub mod arith;
#[cfg(feature = "brotli")]
pub mod brotli;
pub mod bwt;
pub mod delta;
pub mod huffman;
pub mod lz77;
#[cfg(feature = "lzma")]
pub mod lzma;
pub mod lzw;
pub mod rle;
pub mod store;
pub mod suffixes;
#[cfg(test)]
mod suite;
#[cfg(feature = "zstd")]
pub mod zstd;

use minlen_core::{Codec, MissingCodec};
use std::sync::Arc;

/// Every codec of this build, ready to be registered.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn Codec>> {
    let all = [
        store::codec(),
        rle::codec(),
        huffman::codec(),
        arith::codec(),
        lzw::codec(),
        lz77::codec(),
        bwt::codec(),
        delta::codec(),
        #[cfg(feature = "zstd")]
        zstd::codec(),
        #[cfg(feature = "lzma")]
        lzma::codec(),
        #[cfg(feature = "brotli")]
        brotli::codec(),
    ];
    all.into_iter().flatten().collect()
}

/// The codecs of this crate that this build leaves out.
#[must_use]
pub fn missing() -> Vec<MissingCodec> {
    vec![
        #[cfg(not(feature = "zstd"))]
        MissingCodec { id: minlen_core::ids::ZSTD, name: "zstd", feature: "zstd" },
        #[cfg(not(feature = "lzma"))]
        MissingCodec { id: minlen_core::ids::LZMA, name: "lzma", feature: "lzma" },
        #[cfg(not(feature = "brotli"))]
        MissingCodec { id: minlen_core::ids::BROTLI, name: "brotli", feature: "brotli" },
    ]
}
