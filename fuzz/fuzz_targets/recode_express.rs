#![no_main]
//! Whatever looks compressed in any bytes: it comes back.
use minlen_core::{Detection, Env, Kind};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let classify = |_: &[u8]| Detection { kind: Kind::Binary, confidence: 10, detail: String::new() };
    minlen_recode::express(data, &classify, minlen_recode::Effort::High, &Env::default()).expect("comes back");
});
