//! Prints what the detectors say of files: `cargo run --release -p minlen --example detect -- FILE...`

#![allow(clippy::print_stdout)]

use minlen::detect::{detect, detectors, segments, stats};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let all = detectors();
    for path in std::env::args().skip(1) {
        let data = std::fs::read(&path)?;
        let start = Instant::now();
        let seen = detect(&data, data.len() as u64, &all);
        let looked = start.elapsed();
        let start = Instant::now();
        let s = stats(&data);
        let counted = start.elapsed();
        let start = Instant::now();
        let parts = segments(&data);
        let cut = start.elapsed();
        let entropy = f64::from(s.order0_millibits) / 1000.0;
        println!(
            "{path}|{}|{}|{}|{entropy:.3}|{}|{}|{}|{}|{:.0}/{:.0}/{:.0}",
            seen.kind,
            seen.detail,
            seen.confidence,
            s.text_permille,
            s.zero_permille,
            s.stride,
            parts.len(),
            looked.as_secs_f64() * 1e6,
            counted.as_secs_f64() * 1e6,
            cut.as_secs_f64() * 1e6,
        );
    }
    Ok(())
}
