//! kill -9 at any moment: the old state, or the complete new file.

use super::sandbox::{Random, Sandbox, noise, text};
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

/// Several names at the top: they cannot appear at one moment, and running it again gives the rest.
fn unpack(rounds: u32) {
    const NAMES: usize = 400;
    let s = Sandbox::new();
    let names: Vec<String> = (0..NAMES).map(|i| format!("in/{i}")).collect();
    names.iter().for_each(|name| s.write(name, name));
    let pack: Vec<&str> =
        ["compress", "-1", "-o", "many.mln"].into_iter().chain(names.iter().map(|n| &**n)).collect();
    s.ok(&pack);
    let args = ["decompress", "many.mln", "-o", "out"];
    let complete = || {
        (0..NAMES).all(|i| std::fs::read(s.path(format!("out/{i}"))).is_ok_and(|c| c == names[i].as_bytes()))
    };
    let fresh = || drop(std::fs::remove_dir_all(s.path("out")));
    murder(&s, rounds, &args, fresh, |done| {
        let before = complete();
        assert!(before || !done);
        let again = s.run(args);
        assert!(again.code == 0 || (again.code == 1 && before), "{again:?}");
        assert!(complete(), "running it again did not finish it");
        let left = s.names("out").iter().filter(|name| name.contains("partial")).count();
        assert!(left == 0 || before, "something unfinished was left behind");
    });
}

/// An archive and its recovery data beside it: two names as well.
fn protect(rounds: u32) {
    let (s, _) = sandbox();
    s.write("pass", "word");
    s.write("small", text(300_000, 5));
    let args = ["compress", "-1", "--encrypt", "--passphrase-file", "pass", "--recovery", "20%", "small"];
    let gone = || {
        ["small.mln.age", "small.mln.age.rec"]
            .iter()
            .for_each(|name| drop(std::fs::remove_file(s.path(name))));
    };
    murder(&s, rounds, &args, gone, |_| {
        let again = s.run(args);
        let both = s.exists("small.mln.age") && s.exists("small.mln.age.rec");
        assert!(both && (again.code == 0 || again.code == 1), "{again:?}");
        s.ok(["test", "--passphrase-file", "pass", "small.mln.age"]);
        s.ok(["repair", "small.mln.age", "-o", "mended", "-f"]);
    });
}

/// An archive that is replaced by itself with more, and with less.
fn update(rounds: u32) {
    let (s, content) = sandbox();
    s.write("t/a", &content);
    s.ok(["compress", "-1", "--block-size", "256k", "t"]);
    let (old, new) = (s.read("t.mln"), noise(2 << 20, 3));
    s.write("t/b", &new);
    let (first, packed) = (content.clone(), old.clone());
    let again = || s.write("t.mln", &packed);
    murder(&s, rounds, &["update", "-1", "--block-size", "256k", "t.mln", "t"], again, |done| {
        only(&s, &["plain", "packed.mln", "t", "t.mln"]);
        let now = s.read("t.mln");
        assert!(now != old || !done);
        assert!(s.ok(["cat", "t.mln", "t/a"]).stdout == first);
        if now != old {
            assert!(s.ok(["cat", "t.mln", "t/b"]).stdout == new, "neither the old nor the new archive");
        }
    });
    s.ok(["update", "-1", "t.mln", "t"]);
    s.write("t/a", "less");
    s.ok(["update", "-1", "t.mln", "t"]);
    let full = s.read("t.mln");
    murder(
        &s,
        rounds,
        &["compact", "-1", "t.mln"],
        || s.write("t.mln", &full),
        |done| {
            only(&s, &["plain", "packed.mln", "t", "t.mln"]);
            assert!(s.read("t.mln") != full || !done);
            assert!(s.ok(["cat", "t.mln", "t/a"]).stdout == b"less");
            assert!(s.ok(["cat", "t.mln", "t/b"]).stdout == new);
        },
    );
}

#[test]
fn updating_leaves_the_old_or_the_new_archive() {
    update(NORMAL);
}

#[test]
fn unpacking_several_names_is_finished_by_running_it_again() {
    unpack(NORMAL);
}

#[test]
fn an_archive_and_its_recovery_data_are_finished_by_running_it_again() {
    protect(2);
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
    update(LONG);
    unpack(LONG);
    protect(LONG / 4);
}
