//! What can be had of a damaged file, and how it is told.

use super::sandbox::{Sandbox, noise, text};

/// An archive of three files in several blocks, and its bytes.
fn archive(s: &Sandbox) -> Vec<u8> {
    s.write("t/a.bin", noise(300_000, 1));
    s.write("t/b.bin", noise(40_000, 2));
    s.write("t/c.txt", text(60_000, 3));
    s.ok(["compress", "-1", "--block-size", "64k", "t"]);
    s.read("t.mln")
}

/// Where in the archive the blocks of `t/a.bin` are.
fn blocks(s: &Sandbox) -> Vec<(u64, u64)> {
    let info = s.ok(["info", "--format", "json", "t.mln"]).json();
    let blocks = info["files"][0]["blocks"].as_array().unwrap().clone();
    blocks.iter().map(|b| (b["offset"].as_u64().unwrap(), b["stored_bytes"].as_u64().unwrap())).collect()
}

#[test]
fn what_is_not_damaged_is_taken_out() {
    let s = Sandbox::new();
    let mut bad = archive(&s);
    let (at, len) = blocks(&s).into_iter().rfind(|b| b.1 > 60_000).unwrap();
    bad[(at + len / 2) as usize] ^= 1;
    s.write("t.mln", &bad);
    s.fails(["extract", "t.mln", "-o", "x"], 4);
    let ran = s.run(["extract", "--salvage", "t.mln", "-o", "x"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(s.read("x/t/b.bin"), s.read("t/b.bin"));
    assert_eq!(s.read("x/t/c.txt"), s.read("t/c.txt"));
    assert!(!s.exists("x/t/a.bin"));
    let (got, want) = (s.read("x/t/a.bin.damaged"), s.read("t/a.bin"));
    assert_eq!(got.len(), want.len());
    let differ = got.iter().zip(&want).filter(|(a, b)| a != b).count();
    assert!(differ > 50_000 && differ <= 65_536, "{differ}");
    assert!(ran.text().contains("whole   t/c.txt") && ran.text().contains("partly  t/a.bin"), "{ran:?}");
    let only = s.run(["extract", "--salvage", "t.mln", "t/b*", "-o", "y"]);
    assert_eq!((only.code, s.names("y/t")), (0, vec!["b.bin".to_string()]), "{only:?}");
    let json = s.run(["extract", "--salvage", "t.mln", "-o", "z", "--format", "json"]).json();
    let json = &json["files"][0];
    assert_eq!(
        (&json["found"]["whole"], &json["renamed"][0]["path"]),
        (&false.into(), &"t/a.bin.damaged".into())
    );
    s.fails(["extract", "--salvage", "t.mln", "none", "-o", "y"], 3);
    s.fails(["extract", "--salvage", "t.mln", "t/c.txt", "-o", "x"], 1);
}

#[test]
fn an_intact_file_is_salvaged_whole() {
    let s = Sandbox::new();
    archive(&s);
    s.ok(["extract", "--salvage", "t.mln", "-o", "x"]);
    assert_eq!(s.read("x/t/a.bin"), s.read("t/a.bin"));
    s.ok(["compress", "-1", "t/c.txt"]);
    s.ok(["extract", "--salvage", "t/c.txt.mln", "-o", "c"]);
    assert_eq!(s.read("c"), s.read("t/c.txt"));
}

#[test]
fn a_test_names_every_damaged_member() {
    let s = Sandbox::new();
    let mut bad = archive(&s);
    for (at, len) in blocks(&s) {
        bad[(at + len - 5) as usize] ^= 1;
    }
    s.write("t.mln", &bad);
    let ran = s.run(["test", "t.mln"]);
    assert_eq!(ran.code, 4);
    for name in ["t/a.bin", "t/b.bin", "t/c.txt"] {
        assert_eq!(ran.stderr.lines().filter(|line| line.contains(name)).count(), 1, "{ran:?}");
    }
    assert!(ran.stderr.lines().all(|line| line.starts_with("minlen: t.mln: ")), "{ran:?}");
    let json = s.run(["test", "t.mln", "--format", "json"]).json();
    let found = &json["files"][0]["found"];
    assert_eq!(found["blocks"].as_array().unwrap().len(), blocks(&s).len());
    assert_eq!(found["members"].as_array().unwrap().iter().filter(|m| m["state"] == "lost").count(), 3);
}

#[test]
fn a_cut_archive_is_salvaged_from_a_pipe_too() {
    let s = Sandbox::new();
    let good = archive(&s);
    let ran = s.pipe(["extract", "--salvage", "-", "-o", "x"], &good[..good.len() - 200]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let left: usize = s.names("x").iter().map(|name| s.read(format!("x/{name}")).len()).sum();
    assert_eq!(left, 400_000, "{:?}", s.names("x"));
    assert!(s.names("x").iter().all(|name| name.starts_with("salvaged-")));
}

#[test]
fn what_is_left_of_a_stream_is_called_damaged() {
    let s = Sandbox::new();
    s.write("a", noise(300_000, 1));
    s.ok(["compress", "-1", "--no-compact", "--block-size", "64k", "a"]);
    let mut bad = s.read("a.mln");
    bad[150_000] ^= 1;
    s.write("a.mln", &bad);
    assert_eq!(s.run(["extract", "--salvage", "a.mln", "-o", "out/"]).code, 2);
    assert_eq!(s.names("out"), ["a.damaged"]);
    let differ = s.read("out/a.damaged").iter().zip(s.read("a")).filter(|(a, b)| **a != *b).count();
    assert!(differ > 60_000 && differ <= 65_536, "{differ}");
    let ran = s.run(["extract", "--salvage", "-c", "a.mln"]);
    assert_eq!((ran.code, ran.stdout), (2, s.read("out/a.damaged")));
}

#[test]
fn zeros_behind_the_end_are_a_warning_in_every_verb() {
    let s = Sandbox::new();
    let good = archive(&s);
    s.write("t.mln", [&good[..], &[0; 10_240]].concat());
    s.ok(["compress", "-1", "t/c.txt", "-o", "c.mln"]);
    s.write("c.mln", [s.read("c.mln"), vec![0; 512]].concat());
    for args in [
        &["decompress", "t.mln", "-o", "x"][..],
        &["extract", "t.mln", "-o", "y"],
        &["extract", "--salvage", "t.mln", "-o", "z"],
        &["cat", "t.mln"],
        &["list", "t.mln"],
        &["info", "t.mln"],
        &["test", "t.mln"],
        &["decompress", "c.mln", "-o", "c"],
        &["cat", "c.mln"],
        &["list", "c.mln"],
        &["info", "c.mln"],
        &["test", "c.mln"],
    ] {
        let ran = s.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("zero bytes behind the end") && ran.stderr.contains(".mln: "), "{ran:?}");
    }
    assert_eq!(s.read("x/t/a.bin"), s.read("t/a.bin"));
    assert_eq!(s.read("c"), s.read("t/c.txt"));
    let piped = s.pipe(["-dc"], &s.read("c.mln"));
    assert_eq!((piped.code, piped.stdout), (2, s.read("t/c.txt")));
    s.write("t.mln", [&good[..], b"garbage"].concat());
    let line = s.fails(["list", "t.mln"], 4);
    assert!(line.contains("--salvage") && line.contains("at byte"), "{line}");
    assert_eq!(s.run(["extract", "--salvage", "t.mln", "-o", "w"]).code, 2);
    assert_eq!(s.read("w/t/a.bin"), s.read("t/a.bin"));
}

#[test]
fn what_is_left_of_an_encrypted_archive_is_taken_out() {
    let s = Sandbox::new();
    archive(&s);
    s.write("pass", "correct horse");
    s.ok(["compress", "-1", "--block-size", "64k", "t", "--encrypt", "--passphrase-file", "pass"]);
    let good = s.read("t.mln.age");
    let mut bad = good.clone();
    bad[70_000] ^= 1;
    s.write("bad.mln.age", &bad);
    let ran = s.run(["extract", "--salvage", "bad.mln.age", "-o", "x", "--passphrase-file", "pass"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let whole = ["a.bin", "b.bin", "c.txt"].iter().filter(|name| s.exists(format!("x/t/{name}"))).count();
    assert!(whole >= 1, "{ran:?}");
    for name in ["a.bin", "b.bin", "c.txt"].iter().filter(|name| s.exists(format!("x/t/{name}"))) {
        assert_eq!(s.read(format!("x/t/{name}")), s.read(format!("t/{name}")));
    }
    s.write("cut.mln.age", &good[..200_000]);
    let ran = s.run(["extract", "--salvage", "cut.mln.age", "-o", "y", "--passphrase-file", "pass"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let line = s.fails(["repair", "bad.mln.age"], 4);
    assert!(line.contains("--salvage"), "{line}");
}
