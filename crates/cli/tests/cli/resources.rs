//! Threads, memory, standard streams and signals: what the system gives, and when it says stop.

use super::sandbox::{MINLEN, Sandbox, noise, text};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn more_threads_than_make_sense_are_a_warning() {
    let s = Sandbox::new();
    s.write("a", text(300_000, 1));
    s.ok(["compress", "-3", "-T", "1", "a", "-o", "one.mln"]);
    for threads in ["40000", "4294967296"] {
        let ran = s.run(["compress", "-3", "-T", threads, "a", "-o", "many.mln", "-f"]);
        assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{ran:?}");
        assert!(ran.stderr.contains("threads"), "{ran:?}");
        assert_eq!(s.read("many.mln"), s.read("one.mln"));
    }
    let ran = s.run(["test", "-T", "40000", "one.mln"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_level_that_does_not_fit_into_the_memory_is_said_and_something_weaker_used() {
    let s = Sandbox::new();
    s.write("a", text(3 << 20, 1));
    for level in ["-6", "-8", "-9", "--max"] {
        let ran = s.run(["compress", level, "--memory", "24M", "--explain", "a", "-o", "a.mln", "-f"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("warning") && ran.stderr.contains("level 5 is used"), "{ran:?}");
        let size = s.read("a.mln").len();
        assert!(size < 1 << 20, "{level}: {size}");
        assert_eq!(s.ok(["cat", "--memory", "64M", "a.mln"]).stdout, s.read("a"));
    }
    // The fast levels do with less, in smaller blocks.
    for level in ["-1", "-3", "-5"] {
        let ran = s.run(["compress", level, "--memory", "8M", "a", "-o", "a.mln", "-f"]);
        assert!(ran.code == 0 || ran.stderr.contains("memory"), "{ran:?}");
        assert!(s.read("a.mln").len() < 2 << 20, "{level}");
        // For next to nothing there is no codec, and that is said.
        let ran = s.run(["compress", level, "--memory", "1M", "a", "-o", "a.mln", "-f"]);
        assert!(ran.code == 2 && ran.stderr.contains("memory"), "{ran:?}");
    }
}

/// Runs in a shell, so that streams and limits can be set.
fn shell(s: &Sandbox, script: &str) -> (i32, String) {
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(s.path(""))
        .env("M", MINLEN)
        .env_remove("MINLEN_PASSPHRASE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("panicked"), "{stderr}");
    (output.status.code().unwrap_or(-1), stderr)
}

#[test]
fn output_to_a_closed_standard_output_is_an_error() {
    let s = Sandbox::new();
    s.write("a", text(5000, 1));
    s.ok(["compress", "a"]);
    for args in [
        "compress a -c",
        "cat a.mln",
        "-dc a.mln",
        "list a.mln",
        "info --format json a.mln",
        "--help",
        "codecs",
    ] {
        let (code, said) = shell(&s, &format!("\"$M\" {args} >&-"));
        assert!(code > 0, "{args}: {code}: {said}");
        assert_eq!(shell(&s, &format!("\"$M\" {args} >/dev/null")).0, 0, "{args}");
        // What a program opens to throw output away.
        assert_eq!(shell(&s, &format!("\"$M\" {args} 1<>/dev/null")).0, 0, "{args}");
    }
    let (code, said) = shell(&s, "\"$M\" cat a.mln >&-");
    assert!(code == 1 && said.contains("standard output"), "{said}");
    assert_eq!(shell(&s, "\"$M\" compress a -o b.mln <&- 2>&-").0, 0);
}

#[test]
fn a_full_disk_names_the_output() {
    let s = Sandbox::new();
    s.write("m", noise(3 << 20, 1));
    s.ok(["compress", "-1", "m"]);
    s.write("t/m", noise(1 << 20, 2));
    s.ok(["compress", "-1", "t"]);
    for args in [
        "compress -3 m -o /dev/full",
        "compress -3 t -o /dev/full",
        "decompress m.mln -o /dev/full",
        "extract t.mln t/m -o /dev/full --range 0..",
    ] {
        let (code, said) = shell(&s, &format!("\"$M\" {args}"));
        assert_eq!(code, 1, "{args}: {said}");
        assert!(said.starts_with("minlen: /dev/full: "), "{args}: {said}");
    }
    for args in ["compress -3 m -c", "cat m.mln", "cat t.mln", "list t.mln"] {
        let (code, said) = shell(&s, &format!("\"$M\" {args} >/dev/full"));
        assert_eq!(code, 1, "{args}: {said}");
        assert!(said.starts_with("minlen: standard output: "), "{args}: {said}");
    }
}

#[test]
fn a_file_beyond_the_limit_of_the_system_is_an_error_that_names_it() {
    let s = Sandbox::new();
    s.write("m", noise(2 << 20, 1));
    let (code, said) = shell(&s, "ulimit -f 100; \"$M\" compress -1 m -o out.mln");
    assert_eq!(code, 1, "{said}");
    assert!(said.starts_with("minlen: out.mln: "), "{said}");
    assert_eq!(s.names(""), ["m"]);
    // Whatever is written: never the input, nor a name that nobody knows.
    s.write("t/m", noise(2 << 20, 1));
    s.ok(["compress", "-1", "t", "-o", "t.mln"]);
    s.ok(["compress", "-1", "--recovery", "5%", "t", "-o", "safe.mln"]);
    for (args, output) in [
        ("decompress t.mln -o x", "x/t/m"),
        ("extract t.mln t/m -o x", "x/t/m"),
        ("repair t.mln -o new.mln", "new.mln"),
        ("repair safe.mln -o new.mln", "new.mln"),
        ("compress --recovery 5% -1 m -o new.mln", "new.mln"),
    ] {
        let (code, said) = shell(&s, &format!("ulimit -f 100; \"$M\" {args}"));
        assert_eq!(code, 1, "{args}: {said}");
        assert!(said.starts_with(&format!("minlen: {output}: cannot write: ")), "{args}: {said}");
    }
}

/// Starts a run, sends a signal after a while, and gives how long it took to end; it must die of the signal.
fn stopped(s: &Sandbox, args: &[&str], signal: &str, after: Duration) -> Duration {
    let mut child = s.command().args(args).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let start = Instant::now();
    let sent = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status();
    assert!(sent.unwrap().success(), "{args:?} ended before the signal");
    let status = child.wait().unwrap();
    assert!(status.signal().is_some(), "{args:?}: {status:?}");
    start.elapsed()
}

/// Half a second on a machine that has nothing else to do; tests run beside each other.
const SOON: Duration = Duration::from_secs(4);

#[test]
fn a_signal_stops_every_level_and_leaves_nothing() {
    let s = Sandbox::new();
    s.write("m", [text(24 << 20, 1), noise(8 << 20, 2)].concat());
    for (level, signal) in [("-5", "INT"), ("-8", "TERM"), ("--max", "HUP")] {
        for threads in ["1", "2"] {
            let args = ["compress", level, "-T", threads, "m"];
            assert!(stopped(&s, &args, signal, Duration::from_millis(700)) < SOON, "{level}");
            assert_eq!(s.names(""), ["m"]);
        }
    }
}

#[test]
fn a_signal_is_heard_while_waiting_for_the_other_end_of_a_pipe() {
    let s = Sandbox::new();
    s.write("a", text(1000, 1));
    s.ok(["compress", "a"]);
    assert!(Command::new("mkfifo").arg(s.path("fifo")).status().unwrap().success());
    let waits: [&[&str]; 4] = [
        &["compress", "fifo", "-c"],
        &["decompress", "a.mln", "-f", "-o", "fifo"],
        &["test", "fifo"],
        &["compress", "a", "--prior", "fifo", "-c"],
    ];
    for args in waits {
        assert!(stopped(&s, args, "TERM", Duration::from_millis(300)) < SOON, "{args:?}");
    }
    assert_eq!(s.names(""), ["a", "a.mln", "fifo"]);
}
