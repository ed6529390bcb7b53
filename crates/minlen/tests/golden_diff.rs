//! Golden files of differences from a base: what was written decodes for ever, and the writer still writes the same bytes.
//!
//! `testdata/golden/diff` has the bases and contents, since one of them is compressed by a library. `cargo test --release -p minlen --test all
//! -- --ignored golden_diff` writes the rest again: only while the codec was never released.

use crate::common::golden_dir;
use minlen::archive::Keys;
use minlen::layout::BaseSet;
use minlen::{Env, Options, compress, decompress_with};
use std::fs;
use std::path::PathBuf;

fn dir() -> PathBuf {
    golden_dir().with_file_name("diff")
}

/// The file, its base, its content, and how it is written.
const CASES: [(&str, &str, &str, &str); 4] = [
    ("bytes", "table.old", "table.new", "diff:level=3,near=0"),
    ("predicted", "table.old", "table.new", "diff:level=5"),
    ("program", "program.old", "program.new", "diff:level=6"),
    ("undone", "page.old", "page.new", "recode:level=6"),
];

fn options(base: &str, chain: &str) -> Options {
    let options = Options::default().with_codec(chain).unwrap();
    let bases = BaseSet::open(&[dir().join(base)], &Keys::default(), &options, &Env::default()).unwrap();
    options.with_bases(bases)
}

#[test]
fn golden_differences_decode_and_are_written_again() {
    for (name, base, content, chain) in CASES {
        let options = options(base, chain);
        let content = fs::read(dir().join(content)).unwrap();
        let golden = fs::read(dir().join(format!("{name}.mln"))).unwrap();
        assert!(decompress_with(&golden, &options, &Env::default()).unwrap() == content, "{name}");
        assert!(golden.len() * 3 < content.len(), "{name}: {} bytes", golden.len());
        let again = compress(&content, &options).unwrap();
        assert!(golden == again, "{name}: the writer's output has changed: a new version, or a mistake?");
        let without = decompress_with(&golden, &Options::default(), &Env::default()).unwrap_err();
        assert!(without.to_string().contains("BLAKE3"), "{name}: {without}");
    }
}

#[test]
#[ignore = "writes testdata/golden/diff: only while the codec was never released"]
fn write_differences() {
    for (name, base, content, chain) in CASES {
        let content = fs::read(dir().join(content)).unwrap();
        fs::write(dir().join(format!("{name}.mln")), compress(&content, &options(base, chain)).unwrap())
            .unwrap();
    }
}
