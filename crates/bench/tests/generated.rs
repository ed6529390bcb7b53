//! The committed sizes of the libraries over the generated corpus: an update that changes them shows up here.

use minlen_bench::{resolve, results};
use std::path::Path;

#[test]
fn sizes_of_the_libraries_are_those_committed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/results/generated.csv");
    let rivals = resolve("zstd:3,zstd:19,xz:9e,brotli:9,bzip2:9,lz4,deflate:6", &|_| None).unwrap().rivals;
    let changes = results::check_generated(&rivals, &path).unwrap();
    let text: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "sizes changed; if that is meant, save the table again:\n{}", text.join("\n"));
}
