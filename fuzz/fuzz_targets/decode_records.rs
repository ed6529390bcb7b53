#![no_main]
//! Payloads of any bytes with the golden codec file, which has members of all kinds. First byte: how many records.
use minlen_core::{Env, Limits};
use minlen_latent::{Model, decode};
use std::sync::OnceLock;

const CODEC: &[u8] = include_bytes!("../../crates/latent/tests/golden/codec.mlc");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static MODEL: OnceLock<Model> = OnceLock::new();
    let model = MODEL.get_or_init(|| Model::read(CODEC, &Env::default()).expect("the golden codec file"));
    let Some((&count, payload)) = data.split_first() else { return };
    let len = usize::from(count) * model.record_bytes();
    let env = Env::new(Limits::default().with_memory(64 << 20).with_output(256 << 10));
    let mut out = Vec::new();
    if decode(model, payload, len, &env, &mut out).is_ok() {
        assert_eq!(out.len(), len);
    }
});
