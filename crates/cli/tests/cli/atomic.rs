//! Nothing that is there is lost, nothing half-done appears.

use super::sandbox::{Sandbox, noise, text};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn what_is_there_stays_unless_forced() {
    let s = Sandbox::new();
    s.write("a", "new");
    s.write("a.mln", "old");
    let line = s.fails(["compress", "a"], 1);
    assert!(line.contains("-f"), "{line}");
    assert_eq!(s.read("a.mln"), b"old");
    s.ok(["compress", "-f", "a"]);
    s.write("a", "keep me");
    s.fails(["decompress", "a.mln"], 1);
    assert_eq!(s.read("a"), b"keep me");
    s.ok(["decompress", "-f", "a.mln"]);
    assert_eq!(s.read("a"), b"new");
}

#[test]
fn a_failed_run_leaves_nothing_behind() {
    let s = Sandbox::new();
    s.write("a", text(200_000, 1));
    s.ok(["compress", "a", "-o", "b.mln"]);
    let mut damaged = s.read("b.mln");
    let at = damaged.len() / 2;
    damaged[at] ^= 1;
    s.write("b.mln", &damaged);
    s.fails(["decompress", "b.mln"], 4);
    damaged.truncate(at);
    s.write("b.mln", &damaged);
    s.fails(["decompress", "b.mln"], 4);
    assert_eq!(s.names(""), ["a", "b.mln"]);
}

#[test]
fn a_full_device_is_an_error() {
    let s = Sandbox::new();
    s.write("a", noise(300_000, 2));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = s.command().args(["compress", "-c", "a"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_news() {
    let s = Sandbox::new();
    s.write("a", noise(2 << 20, 3));
    s.ok(["compress", "-1", "a"]);
    let mut child = s.command().args(["cat", "a.mln"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(!output.status.success());
}

/// SIGTERM stops a run that waits for its input, removes what was begun, and is what the process dies of.
#[test]
fn a_signal_stops_cleanly() {
    use std::os::unix::process::ExitStatusExt;
    let s = Sandbox::new();
    let mut child = s.command().args(["compress", "-o", "out"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&text(100_000, 4)).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(15), "{output:?}");
    assert!(s.names("").is_empty(), "{:?}", s.names(""));
}

#[test]
fn progress_lines_are_json() {
    let s = Sandbox::new();
    s.write("a", text(100_000, 5));
    let ran = s.ok(["compress", "--progress", "json", "a"]);
    let last: serde_json::Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["input"]), (&"done".into(), &100_000.into()));
}
