#![no_main]
//! The codec `tensors` whole: three bytes of length, then a payload, in whole and in part, with and without a base at hand.
use minlen_core::{Bases, Env, Error, ErrorKind, Limits, Resources, Result};
use std::ops::Range;
use std::sync::Arc;

/// A base of any name and length: one whose bytes count up.
struct Counting;

impl Bases for Counting {
    fn read(&self, _file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        if range.end - range.start > 1 << 20 {
            return Err(Error::corrupt("the base is shorter than that"));
        }
        Ok(range.map(|at| (at / 3) as u8).collect())
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[low, middle, high], payload)) = data.split_first_chunk() else { return };
    let len = usize::from(u16::from_le_bytes([low, middle])) | usize::from(high & 3) << 16;
    let registry = minlen::registry();
    let codec = registry.by_name("tensors").expect("the codec is registered");
    let plain = Env::new(Limits::default().with_memory(128 << 20).with_output(4 << 20));
    let with = plain.clone().with_resources(Resources::default().with_bases(Arc::new(Counting)));
    let mut whole = Vec::new();
    let decoded = codec.decode(payload, len, &with, &mut whole);
    if decoded.is_ok() {
        assert_eq!(whole.len(), len);
        let range = len / 3..len - len / 4;
        let mut part = Vec::new();
        let again = codec.ranges().expect("ranges can be had").decode_range(
            payload,
            len,
            range.clone(),
            &with,
            &mut part,
        );
        again.expect("a part of what decodes");
        assert!(part == whole[range]);
        whole.clear();
        if let Err(error) = codec.decode(payload, len, &plain, &mut whole) {
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        }
    }
    assert_eq!(plain.budget.used(), 0);
});
