#![no_main]
//! Streams as they are and a recipe from the fuzzer: reaches what lies behind the codecs of the streams.
use minlen_core::{Env, Limits};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((head, mut rest)) = data.split_first_chunk::<8>() else { return };
    let len = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2] & 3) << 16;
    let mut parts: Vec<&[u8]> = Vec::new();
    for &size in &head[3..] {
        let (part, after) = rest.split_at((usize::from(size) * 4).min(rest.len()));
        parts.push(part);
        rest = after;
    }
    let env = Env::new(Limits::default().with_memory(256 << 20));
    let mut out = Vec::new();
    if minlen_recode::rebuild(rest, &parts, len, &env, &mut out).is_ok() {
        assert_eq!(out.len(), len);
    }
});
