//! Peak memory: a test alone in its process, since the mark that it reads belongs to the process.

use minlen_bench::{memory, probe, resolve};
use minlen_core::{Error, Result};
use std::ffi::OsString;

fn find(name: &str) -> Result<Box<dyn minlen_bench::Rival>> {
    resolve(name, &|_| None)?.rivals.pop().ok_or_else(|| Error::usage("unknown"))
}

#[test]
fn peaks_are_those_of_a_process() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::child_sees_peaks_and_answers_with_one_line", "--nocapture"])
        .env("MINLEN_MEMORY_CHILD", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("looked at"), "{said}");
}

/// Run by [`peaks_are_those_of_a_process`] in a process of its own.
#[test]
fn child_sees_peaks_and_answers_with_one_line() {
    if std::env::var("MINLEN_MEMORY_CHILD").is_ok() {
        println!("looked at");
        peaks_are_seen_where_the_kernel_permits();
    }
}

fn peaks_are_seen_where_the_kernel_permits() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"abcabc".repeat(1000)).unwrap();
    let args: [OsString; 4] =
        ["compress".into(), "zstd:3".into(), "6000".into(), file.path().as_os_str().to_owned()];
    assert!(probe::serve(&args[..3], &find).is_err());
    let [_, name, len, path] = args.clone();
    assert!(probe::serve(&["explode".into(), name, len, path], &find).is_err());

    let Some(watch) = memory::Watch::start() else { return };
    let block = vec![1u8; 48 << 20];
    assert_eq!(block.iter().map(|&b| u64::from(b)).sum::<u64>(), 48 << 20);
    drop(block);
    let peak = watch.peak().unwrap();
    assert!((47 << 20..56 << 20).contains(&peak), "{peak}");
    let line = probe::serve(&args, &find).unwrap();
    assert!(line.strip_prefix("peak ").is_some_and(|n| n.parse::<u64>().is_ok()), "{line}");
}
