//! Every exit code of the manual.

use super::sandbox::{Sandbox, text};

#[test]
fn three_for_usage() {
    let s = Sandbox::new();
    s.write("a", "x");
    for args in [
        &["--bogus"][..],
        &["compress", "--level", "12", "a"],
        &["compress", "-c", "-o", "b", "a"],
        &["extract"],
    ] {
        assert_eq!(s.run(args).code, 3, "{args:?}");
    }
    s.fails(["compress", "--codec", "nonsense", "a"], 3);
    s.fails(["compress", "--codec", "zstd:nonsense=1", "a"], 3);
    assert_eq!(s.run(["--help"]).code, 0);
    assert_eq!(s.run(["--version"]).code, 0);
}

#[test]
fn one_for_what_is_not_there() {
    let s = Sandbox::new();
    let line = s.fails(["compress", "nothing"], 1);
    assert!(line.contains("nothing"), "{line}");
    let line = s.fails(["-k", "list"], 1);
    assert!(line.contains("verb"), "{line}");
}

#[test]
fn four_for_damage_with_the_place_of_it() {
    let s = Sandbox::new();
    s.write("a", text(100_000, 1));
    s.ok(["compress", "a"]);
    let good = s.read("a.mln");
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 0x10;
    s.write("bad.mln", &bad);
    let line = s.fails(["test", "bad.mln"], 4);
    assert!(line.contains("bad.mln") && line.contains("at byte"), "{line}");
    s.write("bad.mln", &good[..good.len() - 3]);
    s.fails(["test", "bad.mln"], 4);
    s.write("bad.mln", [&good[..], b"garbage"].concat());
    s.fails(["test", "bad.mln"], 4);
    s.write("bad.mln", "no compressed file at all, but long enough for a header");
    s.fails(["test", "bad.mln"], 4);
    s.write("bad.mln", "");
    s.fails(["test", "bad.mln"], 4);
}

#[test]
fn five_for_a_prior_that_is_not_there() {
    let s = Sandbox::new();
    s.write("typical", text(50_000, 1));
    s.write("a", text(3_000, 2));
    s.ok(["train", "prior", "--kind", "text", "typical", "-o", "own.mlp"]);
    s.ok(["compress", "-6", "--prior", "own.mlp", "a", "-o", "a.mln"]);
    let line = s.fails(["decompress", "a.mln", "-o", "b"], 5);
    assert!(line.contains("--prior"), "{line}");
    assert!(!s.exists("b"), "no silent fallback");
    s.ok(["decompress", "--prior", "own.mlp", "a.mln", "-o", "b"]);
}

#[test]
fn six_for_limits() {
    let s = Sandbox::new();
    s.write("a", text(500_000, 2));
    s.ok(["compress", "a"]);
    let line = s.fails(["decompress", "--max-output", "100k", "a.mln", "-o", "b"], 6);
    assert!(line.contains("--max-output"), "{line}");
    s.fails(["test", "--memory", "10k", "a.mln"], 6);
    assert!(!s.exists("b"));
}

#[test]
fn the_worst_of_several_inputs_counts_and_the_others_are_done() {
    let s = Sandbox::new();
    s.write("a", "1");
    s.write("b", "2");
    let ran = s.run(["compress", "a", "nothing", "b"]);
    assert_eq!(ran.code, 1);
    assert!(s.exists("a.mln") && s.exists("b.mln"));
    s.write("bad.mln", "bad");
    assert_eq!(s.run(["test", "a.mln", "bad.mln", "nothing", "b.mln"]).code, 4);
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let s = Sandbox::new();
    let error = |args: &[&str]| -> serde_json::Value {
        let ran = s.run(args);
        serde_json::from_str(ran.stderr.lines().next().unwrap()).unwrap()
    };
    let missing = error(&["compress", "--format", "json", "nothing"]);
    assert_eq!((&missing["error"]["kind"], &missing["error"]["exit"]), (&"io".into(), &1.into()));
    let usage = error(&["compress", "--format=json", "--bogus"]);
    assert_eq!((&usage["error"]["kind"], &usage["error"]["exit"]), (&"usage".into(), &3.into()));
}

#[test]
fn quiet_is_quiet() {
    let s = Sandbox::new();
    s.write("a", "1");
    s.ok(["compress", "a"]);
    let ran = s.run(["-q", "a.mln"]);
    assert_eq!((ran.code, &*ran.stderr), (2, ""));
    assert_eq!(s.ok(["compress", "-f", "a"]).stderr, "", "nothing to say without a terminal");
    assert!(s.ok(["compress", "-f", "-v", "a"]).stderr.contains("a.mln"));
    let ran = s.run(["-qq", "nothing"]);
    assert_eq!((ran.code, &*ran.stderr), (1, ""));
}
