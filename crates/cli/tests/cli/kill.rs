//! kill -9 at any moment: the old state, or the complete new file.

use crate::sandbox::{Random, Sandbox, noise, text};
use std::time::{Duration, Instant};

const NORMAL: u32 = 7;
const LONG: u32 = 67;

/// Compressed and plain form of content that takes a while.
fn sandbox() -> (Sandbox, Vec<u8>) {
    let s = Sandbox::new();
    let content = [text(3 << 20, 1), noise(1 << 20, 2)].concat();
    s.write("plain", &content);
    s.ok(["compress", "-2", "--block-size", "256k", "plain", "-o", "packed.mln"]);
    (s, content)
}

/// Runs `args`, kills at a random moment within a little more than the run takes, then has `check` look at it.
fn murder(s: &Sandbox, rounds: u32, args: &[&str], prepare: impl Fn(), check: impl Fn(bool)) {
    prepare();
    let start = Instant::now();
    s.ok(args);
    let whole = start.elapsed().as_micros() as u64;
    let mut random = Random(u64::from(rounds));
    for _ in 0..rounds {
        prepare();
        let mut child = s.command().args(args).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.next() % (whole * 11 / 10)));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        check(status.success());
    }
}

/// No temporary file stays under a visible name that is not a target.
fn only(s: &Sandbox, allowed: &[&str]) {
    for name in s.names("") {
        assert!(allowed.contains(&&*name) || name.starts_with('.'), "{name} was left behind");
    }
}

fn compress(rounds: u32) {
    let (s, content) = sandbox();
    let args = ["compress", "-2", "--block-size", "256k", "plain", "-o", "target.mln"];
    let gone = || drop(std::fs::remove_file(s.path("target.mln")));
    murder(&s, rounds, &args, gone, |done| {
        only(&s, &["plain", "packed.mln", "target.mln"]);
        assert!(s.exists("target.mln") || !done);
        if s.exists("target.mln") {
            assert!(s.ok(["cat", "target.mln"]).stdout == content);
        }
    });
}

fn decompress(rounds: u32) {
    let (s, content) = sandbox();
    let old = || s.write("target", "old");
    murder(&s, rounds, &["decompress", "-f", "packed.mln", "-o", "target"], old, |done| {
        only(&s, &["plain", "packed.mln", "target"]);
        let now = s.read("target");
        assert!(now == content || (!done && now == b"old"), "neither the old nor the new file");
    });
}

fn remove(rounds: u32) {
    let (s, content) = sandbox();
    let prepare = || {
        s.write("input", &content);
        drop(std::fs::remove_file(s.path("input.mln")));
    };
    murder(&s, rounds, &["compress", "--rm", "-2", "--block-size", "256k", "input"], prepare, |done| {
        only(&s, &["plain", "packed.mln", "input", "input.mln"]);
        let input = s.exists("input");
        assert!(!done || !input, "a complete run removes the input");
        if input {
            assert!(s.read("input") == content);
        }
        if !input || s.exists("input.mln") {
            assert!(s.ok(["cat", "input.mln"]).stdout == content);
        }
    });
}

#[test]
fn compressing_leaves_nothing_or_everything() {
    compress(NORMAL);
}

#[test]
fn decompressing_leaves_the_old_or_the_new() {
    decompress(NORMAL);
}

#[test]
fn removing_never_loses_the_content() {
    remove(NORMAL);
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn two_hundred_random_moments() {
    compress(LONG);
    decompress(LONG);
    remove(LONG);
}
