#![no_main]
//! Quantized networks of any bytes, under a checksum that is right: what decodes can be encoded and decoded again.
use minlen_core::{Env, Limits};
use minlen_tensor::quantized::{decode, encode};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = [&b"mlq\x01"[..], data].concat();
    let sum = xxhash_rust::xxh3::xxh3_64(&file) as u32;
    file.extend_from_slice(&sum.to_le_bytes());
    let env = Env::new(Limits::default().with_memory(64 << 20).with_output(256 << 10));
    if let Ok(network) = decode(&file, &env) {
        let bytes = encode(&network).expect("what was decoded fits together");
        assert!(decode(&bytes, &Env::default()).expect("decodes what we wrote") == network);
        network.layers.iter().for_each(|layer| drop(layer.weights().expect("weights")));
    }
});
