//! `--rm` removes what is safe elsewhere, and nothing else.

use super::sandbox::{Sandbox, text};
use std::os::unix::fs::symlink;

#[test]
fn the_input_goes_when_the_output_is_proved() {
    let s = Sandbox::new();
    let content = text(100_000, 1);
    s.write("a", &content);
    s.ok(["compress", "--rm", "a"]);
    assert_eq!(s.names(""), ["a.mln"]);
    s.ok(["decompress", "--rm", "a.mln"]);
    assert_eq!(s.names(""), ["a"]);
    assert_eq!(s.read("a"), content);
}

#[test]
fn folders_go_too() {
    let s = Sandbox::new();
    s.write("t/a", text(10_000, 2));
    s.write("t/sub/b", "x");
    symlink("a", s.path("t/link")).unwrap();
    std::fs::hard_link(s.path("t/a"), s.path("t/hard")).unwrap();
    s.ok(["compress", "--rm", "t"]);
    assert_eq!(s.names(""), ["t.mln"]);
    s.ok(["decompress", "--rm", "t.mln"]);
    assert_eq!(s.names(""), ["t"]);
    assert_eq!(s.names("t"), ["a", "hard", "link", "sub"]);
}

#[test]
fn a_failure_keeps_everything() {
    let s = Sandbox::new();
    s.write("a", "x");
    s.write("a.mln", "old");
    s.fails(["compress", "--rm", "a"], 1);
    assert_eq!(s.names(""), ["a", "a.mln"]);
    s.fails(["decompress", "--rm", "a.mln", "-o", "b"], 4);
    assert_eq!(s.names(""), ["a", "a.mln"]);
}

#[test]
fn the_output_is_never_its_own_victim() {
    let s = Sandbox::new();
    s.write("a", "content");
    s.fails(["compress", "--rm", "-f", "a", "-o", "a"], 3);
    std::fs::hard_link(s.path("a"), s.path("b")).unwrap();
    s.fails(["compress", "-f", "a", "-o", "b"], 3);
    assert_eq!(s.read("a"), b"content");
}

#[test]
fn links_are_kept_with_a_warning() {
    let s = Sandbox::new();
    s.write("real", "content");
    symlink("real", s.path("link")).unwrap();
    assert_eq!(s.run(["compress", "--rm", "link"]).code, 2);
    assert_eq!(s.names(""), ["link", "link.mln", "real"]);
}
