#![no_main]
//! Files of any bytes: the parsers answer, and the arrays that they name lie inside of the file, one behind the other.
use minlen_tensor::{Layout, containers};

fn check(layout: &Layout, len: u64) {
    let mut at = 0;
    for tensor in &layout.tensors {
        assert!(tensor.start >= at && tensor.len > 0 && tensor.columns() > 0);
        at = tensor.start + tensor.len;
    }
    assert!(at <= len);
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let source = &data;
    if let Ok(Some(layout)) = containers::layout(source) {
        check(&layout, data.len() as u64);
    }
    if let Ok(Some(layout)) = containers::blob(source) {
        check(&layout, data.len() as u64);
    }
    let _ = containers::probe(data);
    for total in [data.len() as u64 * 2, u64::MAX] {
        if let Ok(Some(layout)) = containers::for_prefix(data, total) {
            check(&layout, total);
        }
    }
    let _ = containers::write::GgufMetadata::read(source);
});
