#![no_main]
//! Model files of any bytes, under a checksum that is right: what is read can be written and read again.
use minlen_core::{Env, Limits};
use minlen_nn::model_file::{MAGIC, ModelFile, VERSION};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = [&MAGIC[..], &[VERSION], data].concat();
    let sum = xxhash_rust::xxh3::xxh3_64(&file);
    file.extend_from_slice(&sum.to_le_bytes());
    let env = Env::new(Limits::default().with_memory(64 << 20).with_output(256 << 10));
    let known = [*b"Test"];
    if let Ok(model) = ModelFile::read(&file, &known, &env) {
        drop(model.verify(&env));
        let bytes = model.write().expect("what was read fits together");
        let back = ModelFile::read(&bytes, &known, &Env::default()).expect("reads what we wrote");
        assert!(back.networks == model.networks && back.probes == model.probes && back.sections == model.sections);
    }
});
