#![no_main]
//! Payloads of pictures of any bytes. First bytes: method, sides, and what samples are.
use minlen_core::{Env, Limits};
use minlen_image::{Method, Shape, decode, preview};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[method, width, height, kind], payload)) = data.split_first_chunk::<4>() else { return };
    let shape = Shape {
        width: 1 + usize::from(width),
        height: 1 + usize::from(height),
        depth: if kind & 1 == 0 { 8 } else { 16 },
        colours: if kind & 2 == 0 { 3 } else { 1 },
    };
    let method = Method::ALL[usize::from(method) % Method::ALL.len()];
    let env = Env::new(Limits::default().with_memory(256 << 20));
    if let Ok(picture) = decode(method, payload, &shape, &env) {
        assert_eq!(picture.shape(), shape);
    }
    if kind & 4 != 0 {
        let _ = preview(method, payload, &shape, 1 + kind / 64, &env);
    }
});
