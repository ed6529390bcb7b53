//! Entropy coding in integers: from a prediction to bits, and exactly back.
//!
//! A model says how likely each next symbol is; the coders here turn that into close to `-log2 p` bits. Everything
//! is integer arithmetic: the same input gives the same bytes on every machine, and no table comes from a
//! floating-point library.
//!
//! # Which should I use?
//!
//! * The probabilities change after each symbol, and each decision is yes or no (context mixing, bit models):
//!   [`binary`], with the adaptive probabilities there or in [`models`], mixed by [`mixing`].
//! * They change, and symbols come from an alphabet with a cumulative distribution: [`range`].
//! * They are fixed for a block, and decoding must be fast: [`rans`].
//! * The same, and it must be as fast as it gets, or code words are mixed with raw bits: [`huffman`], [`bits`].
//! * You just want bytes smaller without a model of your own: [`models::encode_bytes`], order 0 to 2.
//!
//! # Comparison
//!
//! | coder | precision | model may adapt | order of decoding | overhead per stream | loss over entropy |
//! |---|---|---|---|---|---|
//! | [`huffman`] | whole bits | per block | first in, first out, four streams | table + 3 jumps | up to 1 bit a symbol, commonly 0.5 % |
//! | [`rans`] | 10 to 14 bits | per block | first in, first out (encoded backwards) | table + 4 bytes a lane | under 0.1 % |
//! | [`range`] | up to 16 bits | per symbol | first in, first out | up to 4 bytes | under 0.02 % |
//! | [`binary`] | 16 bits | per bit | first in, first out | up to 4 bytes | under 0.02 % |
//!
//! Speeds against the crate `constriction`: `cargo bench -p minlen-entropy`.
//!
//! # Hostile input
//!
//! Decoders never panic and do work in proportion to the output length that the caller states. [`binary`] and
//! [`range`] read zeros past the end, as such coders must; ask their `overrun` when done. Allocations are in
//! proportion to that stated length or to fixed tables.

pub mod binary;
pub mod bits;
pub mod huffman;
pub mod log2;
pub mod mixing;
pub mod models;
pub mod range;
pub mod rans;

/// How often each byte occurs (saturating at `u32::MAX`, which takes over 4 GiB of one byte).
#[must_use]
pub fn histogram(input: &[u8]) -> [u32; 256] {
    // Four tables: equal neighbours do not wait for each other's count.
    let mut tables = [[0u32; 256]; 4];
    let (quads, rest) = input.as_chunks::<4>();
    for quad in quads {
        for (table, &byte) in tables.iter_mut().zip(quad) {
            let count = &mut table[usize::from(byte)];
            *count = count.saturating_add(1);
        }
    }
    for &byte in rest {
        let count = &mut tables[0][usize::from(byte)];
        *count = count.saturating_add(1);
    }
    std::array::from_fn(|i| tables.iter().fold(0u32, |sum, table| sum.saturating_add(table[i])))
}

#[cfg(test)]
mod testdata;
