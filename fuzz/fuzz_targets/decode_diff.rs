#![no_main]
//! Differences from a base that is at hand, whatever the payload says: its hash is put right.
mod common;

use minlen_core::resources::missing_base;
use minlen_core::{Bases, Env, Limits, Resources, Result};
use std::ops::Range;
use std::sync::Arc;

struct Base([u8; 32], Vec<u8>);

impl Bases for Base {
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        let part = self.1.get(range.start as usize..range.end as usize);
        part.map(<[u8]>::to_vec).ok_or_else(|| missing_base(file))
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    common::decode("diff", data);
    let Some((head, payload)) = data.split_at_checked(3) else { return };
    let len = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2] & 7) << 16;
    let base = Base([0; 32], (0..5000u32).flat_map(|i| (i * i).to_le_bytes()).collect());
    let env = Env::new(Limits::default().with_memory(256 << 20).with_output(16 << 20))
        .with_resources(Resources::default().with_bases(Arc::new(base)));
    let registry = minlen::registry();
    let codec = registry.by_name("diff").expect("the codec is registered");
    let mut out = Vec::new();
    if codec.decode(payload, len, &env, &mut out).is_ok() {
        assert_eq!(out.len(), len);
    }
    let _ = codec.needs(payload, len, &env);
});
