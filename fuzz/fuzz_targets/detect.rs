#![no_main]
//! Detection, statistics and splitting on any bytes: never a panic, and the parts always cover the whole.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = minlen::detect::detect(data, data.len() as u64, &minlen::detect::detectors());
    let _ = minlen::detect::stats(data);
    let mut at = 0;
    for part in minlen::detect::segments(data) {
        assert_eq!(part.start, at);
        at = part.end;
    }
    assert_eq!(at, data.len());
});
