//! The bare command with the flags that fingers know.

use super::sandbox::{Sandbox, text};

#[test]
fn the_usual_ways() {
    let s = Sandbox::new();
    let content = text(50_000, 1);
    s.write("a", &content);
    s.ok(["-k", "a"]);
    assert_eq!(s.ok(["-dc", "a.mln"]).stdout, content);
    s.ok(["-t", "a.mln"]);
    s.ok(["-dkf", "a.mln"]);
    assert_eq!(s.ok(["-c1", "-T4", "a"]).code, 0);
    assert!(s.ok(["-l", "a.mln"]).text().contains("50000"));
    s.ok(["-4fv", "a"]);
    s.ok(["--fast", "--force", "a"]);
    s.ok(["--decompress", "--stdout", "a.mln"]);
}

#[test]
fn standard_streams_without_any_name() {
    let s = Sandbox::new();
    let content = text(10_000, 2);
    let packed = s.pipe::<&str>([], &content).stdout;
    assert_eq!(s.pipe(["-d"], &packed).stdout, content);
    assert_eq!(s.pipe(["-t"], &packed).code, 0);
    assert_eq!(s.pipe(["-dc", "-"], &packed).stdout, content);
}

#[test]
fn modes_exclude_each_other() {
    let s = Sandbox::new();
    assert_eq!(s.run(["-d", "-t", "a"]).code, 3);
}

#[test]
fn a_file_may_have_the_name_of_a_verb() {
    let s = Sandbox::new();
    s.write("list", "x");
    s.ok(["-k", "list"]);
    s.ok(["compress", "-f", "list"]);
    assert!(s.exists("list.mln"));
}
