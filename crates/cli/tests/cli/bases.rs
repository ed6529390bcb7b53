//! Differences of any files from a base: what they take, what they need, and what is kept from going.

use super::sandbox::{Sandbox, noise, text};

/// `old`, with a line that is not there in the middle of it.
fn with_a_line(old: &[u8]) -> Vec<u8> {
    let at = old.len() / 2;
    [&old[..at], b"\none more line, which was not there before\n", &old[at..]].concat()
}

#[test]
fn any_file_is_stored_as_differences_and_its_base_is_asked_for() {
    let s = Sandbox::new();
    let old = text(300_000, 1);
    let new = with_a_line(&old);
    s.write("old", &old);
    s.write("new", &new);
    s.write("other", text(50_000, 2));
    s.ok(["compress", "-3", "old"]);
    for level in ["-1", "-3", "-5", "-6"] {
        s.ok(["compress", level, "new", "--base", "old", "-f", "-o", "new.mln"]);
        assert!(s.read("new.mln").len() <= 200, "{level}: {}", s.read("new.mln").len());
        for base in ["old", "old.mln"] {
            assert!(s.ok(["cat", "--base", base, "new.mln"]).stdout == new);
        }
        for verb in [&["decompress", "new.mln", "-o", "x"][..], &["test", "new.mln"], &["cat", "new.mln"]] {
            let missing = s.fails(verb, 3);
            assert!(missing.contains("new.mln") && missing.contains("BLAKE3"), "{missing}");
            assert!(missing.contains("--base") && missing.lines().count() == 1, "{missing}");
            let wrong = s.fails(verb.iter().chain(&["--base", "other"]), 3);
            assert!(wrong.contains("that of the base given") && wrong.contains("--base"), "{wrong}");
        }
        assert!(!s.exists("x"));
        s.ok(["test", "--base", "old", "new.mln"]);
        assert!(s.ok(["info", "new.mln"]).text().contains("the base whose BLAKE3 begins with"));
        s.ok(["list", "new.mln"]);
    }
    // From a pipe, and where the base is no help: then nothing is needed.
    let piped = s.pipe(["-3", "--base", "old"], &new);
    assert!(piped.stdout.len() <= 200);
    s.ok(["compress", "-3", "other", "--base", "old", "-f", "-o", "with.mln"]);
    s.ok(["compress", "-3", "other", "-f", "-o", "without.mln"]);
    assert!(s.read("with.mln") == s.read("without.mln"));
    s.write("empty", "");
    s.ok(["compress", "-3", "other", "--base", "empty", "-f", "-o", "with.mln"]);
    assert!(s.read("with.mln") == s.read("without.mln"));
}

#[test]
fn a_base_that_is_still_needed_is_neither_removed_nor_replaced() {
    let s = Sandbox::new();
    let old = text(60_000, 3);
    s.write("old", &old);
    s.write("new", with_a_line(&old));
    s.fails(["compress", "new", "--base", "old", "-f", "-o", "old"], 3);
    s.fails(["compress", "new", "old", "--base", "old", "--rm"], 3);
    assert!(s.read("old") == old && s.exists("new"));
    s.ok(["compress", "new", "--base", "old", "--rm"]);
    assert!(s.exists("old") && !s.exists("new"));
    s.ok(["decompress", "new.mln", "--base", "old"]);
    assert!(s.read("new") == with_a_line(&old));
    s.fails(["decompress", "new.mln", "--base", "old", "-f", "-o", "old"], 3);
    assert!(s.read("old") == old);
}

#[test]
fn rebase_and_encryption_know_any_base() {
    let s = Sandbox::new();
    let old = text(80_000, 4);
    let middle = with_a_line(&old);
    s.write("old", &old);
    s.write("middle", &middle);
    s.write("new", with_a_line(&middle));
    s.write("key", "a passphrase of some length");
    s.ok(["compress", "new", "--base", "old", "-o", "new.mln"]);
    s.ok(["rebase", "new.mln", "--base", "old", "--onto", "middle", "-o", "from-middle.mln"]);
    s.fails(["cat", "--base", "old", "from-middle.mln"], 3);
    assert!(s.ok(["cat", "--base", "middle", "from-middle.mln"]).stdout == s.read("new"));
    s.ok(["rebase", "new.mln", "--base", "old", "-o", "alone.mln"]);
    assert!(s.ok(["cat", "alone.mln"]).stdout == s.read("new"));
    // A base that needs a base, and one that is locked.
    s.ok(["compress", "middle", "--base", "old", "-o", "middle.mln"]);
    let chain = ["cat", "--base", "old", "--base", "middle.mln", "from-middle.mln"];
    assert!(s.ok(chain).stdout == s.read("new"));
    let locked = ["--encrypt", "--passphrase-file", "key"];
    s.ok(["compress", "old", "-o", "old.age"].iter().chain(&locked));
    s.ok(["compress", "new", "--base", "old.age", "-o", "new.age"].iter().chain(&locked));
    let back = s.ok(["cat", "--base", "old", "--passphrase-file", "key", "new.age"]);
    assert!(back.stdout == s.read("new"));
}

#[test]
fn folders_are_differences_from_the_archive_before_and_from_files() {
    let s = Sandbox::new();
    let (a, b) = (text(40_000, 5), noise(30_000, 6));
    for (name, content) in [("v/a", &a), ("v/sub/b", &b), ("v/c", &text(20_000, 7))] {
        s.write(name, content);
    }
    s.ok(["compress", "v", "-o", "v1.mln"]);
    s.write("v/a", with_a_line(&a));
    s.write("v/sub/d", [&b[10_000..], b"and this"].concat());
    s.ok(["compress", "v", "--base", "v1.mln", "-o", "v2.mln"]);
    s.ok(["compress", "v", "-o", "alone.mln"]);
    assert!(s.read("v2.mln").len() * 20 < s.read("alone.mln").len(), "{}", s.read("v2.mln").len());
    s.fails(["decompress", "v2.mln", "-o", "out"], 3);
    assert!(!s.exists("out/v"));
    s.ok(["decompress", "v2.mln", "--base", "v1.mln", "-o", "out"]);
    assert!(s.read("out/v/a") == s.read("v/a") && s.read("out/v/sub/d") == s.read("v/sub/d"));
    s.ok(["extract", "v2.mln", "v/sub/d", "--base", "v1.mln", "-o", "one"]);
    assert!(s.read("one/v/sub/d") == s.read("v/sub/d"));
    s.fails(["extract", "v2.mln", "v/sub/d", "-o", "two"], 3);
    assert_eq!(s.ok(["list", "v2.mln"]).text().lines().filter(|line| line.contains("v/sub/d")).count(), 1);
    // A file as the base of a folder.
    s.write("b.old", &b);
    s.ok(["compress", "v", "--base", "b.old", "-o", "v3.mln"]);
    assert!(s.read("v3.mln").len() + 20_000 < s.read("alone.mln").len());
    s.ok(["test", "v3.mln", "--base", "b.old"]);
    let folder = s.fails(["compress", "b.old", "--base", "v"], 3);
    assert!(folder.contains("folder") && folder.contains("archive"), "{folder}");
}
