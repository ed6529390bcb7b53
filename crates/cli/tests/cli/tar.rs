//! As tar's compressor.

use super::sandbox::{MINLEN, Sandbox, text};
use std::process::Command;

fn tar(s: &Sandbox, args: &[&str]) -> bool {
    let done = Command::new("tar").args(args).current_dir(s.path("")).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    true
}

#[test]
fn tar_compresses_and_extracts_through_it() {
    if Command::new("tar").arg("--version").output().is_err() {
        return;
    }
    let s = Sandbox::new();
    s.write("folder/a", text(100_000, 1));
    s.write("folder/b/c", "x");
    tar(&s, &["-I", MINLEN, "-cf", "x.tar.mln", "folder"]);
    std::fs::rename(s.path("folder"), s.path("before")).unwrap();
    tar(&s, &["-I", MINLEN, "-xf", "x.tar.mln"]);
    assert_eq!(s.read("folder/a"), s.read("before/a"));
    assert_eq!(s.read("folder/b/c"), b"x");
    tar(&s, &["-I", &format!("{MINLEN} -2 -T2"), "-cf", "y.tar.mln", "folder"]);
    tar(&s, &["-I", MINLEN, "-tf", "y.tar.mln"]);
}
