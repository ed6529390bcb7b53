//! Measures what `detect::stats` costs against zstd level 3, on the first MiB and on 4 MiB of files (repeated to that
//! length where they are shorter): `cargo run --release -p minlen --example stats_cost -- FILE...`

#![allow(clippy::print_stdout)]

use minlen::{Env, detect::stats, registry};
use std::hint::black_box;
use std::time::Instant;

/// The best of nine runs in microseconds.
fn best(mut work: impl FnMut()) -> f64 {
    let once = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..9).map(|_| once(&mut work)).fold(f64::MAX, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = registry();
    let zstd = registry.by_name("zstd")?;
    let params = zstd.params().with("level", 3);
    for path in std::env::args().skip(1) {
        let data = std::fs::read(&path)?;
        let large: Vec<u8> = data.iter().copied().cycle().take(4 << 20).collect();
        for part in [&data[..data.len().min(1 << 20)], &large] {
            let ours = best(|| {
                black_box(stats(part));
            });
            let mut out = Vec::new();
            let theirs = best(|| {
                out.clear();
                let _ = black_box(zstd.encode(part, &params, &Env::default(), &mut out));
            });
            let share = ours / theirs * 100.0;
            println!("{path}: {} bytes: {ours:.0} us, zstd -3 {theirs:.0} us, {share:.2} %", part.len());
        }
    }
    Ok(())
}
