#![no_main]
//! The codec `quantized` whole: three bytes of length, then a payload, whose checksum is made right.
mod common;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(body) = data.len().checked_sub(4).filter(|end| *end > 3).and_then(|end| data.get(..end)) else { return };
    let sum = xxhash_rust::xxh3::xxh3_64(&body[3..]) as u32;
    common::decode("quantized", &[body, &sum.to_le_bytes()].concat());
});
