#![no_main]
//! Files of any bytes as pictures.
use minlen_core::{Env, Limits};
use minlen_image::read::picture;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let env = Env::new(Limits::default().with_memory(64 << 20));
    let _ = picture(data, &env);
});
