#![no_main]
//! Codec files of any bytes, under a checksum that is right: what is read can be written and read again, and decodes a payload or refuses it.
use minlen_core::{Env, Limits};
use minlen_latent::{Model, decode};
use minlen_nn::model_file::{MAGIC, VERSION};

const PAYLOAD: &[u8] = include_bytes!("../../crates/latent/tests/golden/fine");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = [&MAGIC[..], &[VERSION], data].concat();
    let sum = xxhash_rust::xxh3::xxh3_64(&file);
    file.extend_from_slice(&sum.to_le_bytes());
    let env = Env::new(Limits::default().with_memory(64 << 20).with_output(256 << 10));
    if let Ok(model) = Model::read(&file, &env) {
        let bytes = model.write(&Env::default()).expect("what was read fits together");
        assert!(Model::read(&bytes, &Env::default()).expect("reads what we wrote") == model);
        let len = 3 * model.record_bytes();
        let mut out = Vec::new();
        if decode(&model, PAYLOAD, len, &env, &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    }
});
