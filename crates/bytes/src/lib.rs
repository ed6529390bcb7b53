//! Byte codecs: the classics, written out and selectable, and the fast ones on well-kept libraries.
//!
//! | codec | what for |
//! |---|---|
//! | [`store`] | bytes that nothing makes smaller |
//! | [`rle`], [`huffman`], [`arith`] | the textbook steps, and stages of chains |
//! | [`lzw`] | the `.Z` format, and history |
//! | [`lz77`] | our own dictionary coder |
//! | [`bwt`] | prose, databases, medical images: levels 4 and 5 |
//! | [`delta`] | a filter in front of another codec, for samples and pixels |
//! | `zstd`, `lzma`, `brotli` | library codecs: levels 1 to 5 |
//!
//! The library codecs are Cargo features, all on by default: `zstd` and `lzma` bring C libraries, `brotli` one in Rust. `libsais`
//! sorts for [`bwt`] by a C library; without it [`suffixes`] does, more slowly and to the same bytes. [`missing`] lists what a build leaves
//! out. Without `zstd`, [`lz77`] offers itself in its place.
//!
//! ## How to use one
//!
//! Most callers register all of them ([`codecs`]) and name a chain, `name[:key=value,...][+name...]`; each module also gives its codec alone.
//! A payload holds the parameters that decoding needs and nothing else: the caller keeps the length of the original and a checksum.
//!
//! ```
//! use minlen_core::{Chain, Env, Registry};
//! let mut registry = Registry::new();
//! minlen_bytes::codecs().into_iter().for_each(|codec| registry.register(codec));
//! // Slowly growing numbers of 16 bits: differences, then Huffman codes.
//! let data: Vec<u8> = (0..4000u16).flat_map(|i| (i * 3).to_le_bytes()).collect();
//! let chain = Chain::parse("delta:stride=2,width=2+huffman", &registry)?;
//! let coded = chain.encode(&data, &registry, &Env::default())?;
//! assert!(coded.payload.len() * 4 < data.len());
//! assert!(Chain::parse("delta:stride=1000", &registry).is_err());
//! # Ok::<(), minlen_core::Error>(())
//! ```
//!
//! All of them promise the same: any bytes come back exactly, the same bytes and parameters give the same payload on every machine, and
//! decoders answer hostile bytes within the memory that they reserved. That a payload decodes is no proof that it is the right one: the
//! checksum is the caller's. `minlen_core::testing::check_codec` and
//! `check_hostile` test a codec of your own for that.
//!
//! ```
//! use minlen_core::Env;
//! for codec in minlen_bytes::codecs() {
//!     let (mut payload, mut back) = (Vec::new(), Vec::new());
//!     codec.encode(b"what was, is again", &codec.params(), &Env::default(), &mut payload)?;
//!     codec.decode(&payload, 18, &Env::default(), &mut back)?;
//!     assert_eq!(back, b"what was, is again");
//! }
//! # Ok::<(), minlen_core::Error>(())
//! ```

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
///
/// ```
/// // Whatever this build has, no codec is both there and missing.
/// let there: Vec<_> = minlen_bytes::codecs().iter().map(|codec| codec.spec().id).collect();
/// assert!(minlen_bytes::missing().iter().all(|codec| !there.contains(&codec.id)));
/// ```
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
