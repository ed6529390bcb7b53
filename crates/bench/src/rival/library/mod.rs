//! Rivals in process, each through its library, one thread, nothing kept between calls.
//!
//! Defaults are those of the program of the same name (zstd 3, xz 6, brotli 11, bzip2 9, deflate 6).

mod brotli;
mod small;
mod xz;
mod zstd;

use super::spec::Spec;
use super::{FnRival, Rival, RivalKind};
use minlen_core::Result;

/// What can be named, with the range of levels, for help texts.
pub const IN_PROCESS: [(&str, &str); 8] = [
    ("memcpy", "copies the bytes: the ceiling"),
    ("zstd[:LEVEL][,long=WINDOW_LOG]", "Zstandard, -7..22"),
    ("xz[:LEVEL[e]]", "LZMA2 in the xz format, 0..9, e = extreme"),
    ("lzma[:LEVEL[e]]", "LZMA in the older .lzma format"),
    ("brotli[:LEVEL][,window=LOG]", "Brotli, 0..11, window 10..30 (over 24: large-window format)"),
    ("bzip2[:LEVEL]", "bzip2, 1..9"),
    ("lz4", "LZ4 block format, fast mode"),
    ("deflate[:LEVEL]", "raw deflate, 0..9"),
];

/// Opens the library that `spec` names, or `None` where it names none.
pub(super) fn open(spec: &Spec) -> Result<Option<Box<dyn Rival>>> {
    let rival = match spec.name.as_str() {
        "zstd" => zstd::open(spec)?,
        "xz" | "lzma" => xz::open(spec)?,
        "brotli" => brotli::open(spec)?,
        "bzip2" => small::bzip2(spec)?,
        "lz4" => small::lz4(spec)?,
        "deflate" => small::deflate(spec)?,
        _ => return Ok(None),
    };
    Ok(Some(rival.with_kind(RivalKind::InProcess).boxed()))
}

#[cfg(test)]
mod tests {
    use crate::rival::in_process;

    /// Levels that reach every branch of every library.
    const NAMES: [&str; 14] = [
        "memcpy",
        "zstd",
        "zstd:-5",
        "zstd:19",
        "zstd:22,long=27",
        "xz:1",
        "xz:6e",
        "lzma:6",
        "brotli:5",
        "brotli:9,window=26",
        "bzip2",
        "lz4",
        "deflate",
        "deflate:9",
    ];

    #[test]
    fn every_library_survives_the_edge_cases() {
        for name in NAMES {
            let rival = in_process(name).unwrap().unwrap();
            assert_eq!(rival.name().split(':').next(), name.split(':').next());
            for case in minlen_core::testing::edge_cases() {
                let packed = rival.compress(&case).unwrap();
                assert_eq!(rival.decompress(&packed, case.len()).unwrap(), case, "{name}");
            }
        }
    }

    #[test]
    fn damaged_input_is_an_error_or_other_bytes_but_no_panic() {
        let data = b"damaged, damaged, undamaged; ".repeat(60);
        for name in NAMES {
            let rival = in_process(name).unwrap().unwrap();
            let packed = rival.compress(&data).unwrap();
            for cut in [0, 1, packed.len() / 2, packed.len() - 1] {
                let _ = rival.decompress(&packed[..cut], data.len());
            }
            for at in 0..packed.len() {
                let mut bad = packed.clone();
                bad[at] ^= 0x55;
                let _ = rival.decompress(&bad, data.len());
            }
        }
    }
}
