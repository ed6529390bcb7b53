//! age files, with passphrases and with keys.

use crate::sandbox::{Sandbox, text};

/// A key pair made for this test and used for nothing else.
const SECRET: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const PUBLIC: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

#[test]
fn a_passphrase_opens_what_it_locked() {
    let s = Sandbox::new();
    let content = text(50_000, 1);
    s.write("a", &content);
    s.write("key", "open sesame\n");
    s.write("wrong", "open barley\n");
    s.ok(["compress", "--encrypt", "--passphrase-file", "key", "a"]);
    assert!(s.read("a.mln.age").starts_with(b"age-encryption.org/v1\n"));
    assert_eq!(s.ok(["cat", "--passphrase-file", "key", "a.mln.age"]).stdout, content);
    s.fails(["test", "--passphrase-file", "wrong", "a.mln.age"], 7);
    s.ok(["decompress", "-f", "--passphrase-file", "key", "a.mln.age"]);
    assert_eq!(s.read("a"), content);
    let output =
        s.command().args(["-dc", "a.mln.age"]).env("MINLEN_PASSPHRASE", "open sesame").output().unwrap();
    assert_eq!(output.stdout, content);
}

#[test]
fn a_recipient_opens_with_the_identity() {
    let s = Sandbox::new();
    s.write("t/a", text(50_000, 2));
    s.write("id", format!("# a comment\n{SECRET}\n"));
    s.ok(["compress", "-r", PUBLIC, "t"]);
    s.ok(["list", "-i", "id", "t.mln.age"]);
    s.ok(["decompress", "-i", "id", "t.mln.age", "-o", "out"]);
    assert_eq!(s.read("out/t/a"), s.read("t/a"));
    s.ok(["test", "-i", "id", "t.mln.age"]);
    let packed = s.read("t.mln.age");
    assert_eq!(s.pipe(["-dc", "-i", "id"], &packed).stdout, s.read("t/a"));
    assert_eq!(s.run(["test", "t.mln.age"]).code, 7);
    s.fails(["compress", "-r", "age1nonsense", "t", "-o", "x"], 3);
}

#[test]
fn what_cannot_be_read_back_is_not_removed() {
    let s = Sandbox::new();
    s.write("a", "x");
    s.fails(["compress", "--rm", "-r", PUBLIC, "a"], 3);
    assert!(s.exists("a"));
}
