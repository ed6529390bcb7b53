//! `grep` and `cat`, also under the names `mlngrep` and `mlncat`.

use super::sandbox::{MINLEN, Ran, Sandbox, noise};

fn sandbox() -> Sandbox {
    let s = Sandbox::new();
    s.write("log", "one\nError: two\nthree\nerror: four\nlast");
    s.write("t/a.txt", "alpha\nbeta\n");
    s.write("t/sub/b.txt", "beta\r\ngamma\n\nbeta beta\n");
    s.write("t/c.bin", [&b"beta\0beta\n"[..], &noise(50_000, 1)].concat());
    s.ok(["compress", "-1", "log"]);
    s.ok(["compress", "-1", "t"]);
    s
}

fn grep(s: &Sandbox, args: &[&str]) -> Ran {
    s.run([&["grep"], args].concat())
}

/// Runs it and insists on this output and exit code.
fn gives(s: &Sandbox, args: &[&str], out: &str, code: i32) {
    let ran = grep(s, args);
    assert_eq!((ran.text().as_str(), ran.code), (out, code), "{args:?}: {ran:?}");
}

#[test]
fn lines_of_a_stream_are_found_as_by_grep() {
    let s = sandbox();
    gives(&s, &["error", "log.mln"], "error: four\n", 0);
    gives(&s, &["-i", "error", "log.mln"], "Error: two\nerror: four\n", 0);
    gives(&s, &["-in", "error", "log.mln"], "2:Error: two\n4:error: four\n", 0);
    gives(&s, &["-c", "r", "log.mln"], "3\n", 0);
    gives(&s, &["-vn", "r", "log.mln"], "1:one\n5:last\n", 0);
    gives(&s, &["-l", "one", "log.mln"], "log.mln\n", 0);
    gives(&s, &["^last$", "log.mln"], "last\n", 0);
    gives(&s, &["-x", "thre?e", "log.mln"], "three\n", 0);
    gives(&s, &["-w", "tw", "log.mln"], "", 1);
    gives(&s, &["-F", "r: ", "log.mln"], "Error: two\nerror: four\n", 0);
    gives(&s, &["-F", "r. ", "log.mln"], "", 1);
    gives(&s, &["-e", "one", "-e", "last", "log.mln"], "one\nlast\n", 0);
    gives(&s, &["-m", "1", "o", "log.mln"], "one\n", 0);
    gives(&s, &["-H", "one", "log.mln"], "log.mln:one\n", 0);
    gives(&s, &["-q", "one", "log.mln"], "", 0);
    let ran = s.pipe(["grep", "four"], &s.read("log.mln"));
    assert_eq!((ran.text().as_str(), ran.code), ("error: four\n", 0));
}

#[test]
fn members_are_named_and_binary_files_said() {
    let s = sandbox();
    let ran = grep(&s, &["beta", "t.mln"]);
    let mut lines: Vec<String> = ran.text().lines().map(String::from).collect();
    lines.sort();
    assert_eq!(lines, ["t/a.txt:beta", "t/sub/b.txt:beta", "t/sub/b.txt:beta beta"]);
    assert!(ran.code == 0 && ran.stderr.contains("t.mln:t/c.bin: binary file matches"), "{ran:?}");
    gives(
        &s,
        &["-n", "beta", "t.mln", "--member", "t/sub"],
        "t/sub/b.txt:1:beta\r\nt/sub/b.txt:4:beta beta\n",
        0,
    );
    gives(&s, &["-l", "gamma", "t.mln", "log.mln"], "t.mln:t/sub/b.txt\n", 0);
    gives(&s, &["--no-filename", "alpha", "t.mln"], "alpha\n", 0);
    gives(&s, &["-a", "-c", "beta", "--member", "t/c.bin", "t.mln"], "t/c.bin:1\n", 0);
    gives(&s, &["one", "log.mln", "t.mln"], "log.mln:one\n", 0);
}

#[test]
fn exit_codes_are_those_of_grep() {
    let s = sandbox();
    gives(&s, &["nothing like it", "log.mln"], "", 1);
    assert_eq!(grep(&s, &["one", "log.mln", "missing.mln"]).code, 2);
    assert_eq!(grep(&s, &["-q", "one", "log.mln", "missing.mln"]).code, 0);
    assert_eq!(grep(&s, &["[", "log.mln"]).code, 2);
    assert_eq!(grep(&s, &["--bogus", "x"]).code, 2);
    assert_eq!(grep(&s, &["x", "log"]).code, 2);
    let said = grep(&s, &["(", "log.mln"]).stderr;
    assert!(said.contains("no regular expression: unclosed group") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_line_longer_than_the_memory_is_refused() {
    let s = Sandbox::new();
    s.write("long", "a".repeat(40 << 20));
    s.ok(["compress", "-1", "long"]);
    assert_eq!(grep(&s, &["-c", "a", "long.mln"]).text(), "1\n");
    let ran = grep(&s, &["-c", "b", "long.mln", "--memory", "32M"]);
    assert!(ran.code == 2 && ran.stderr.contains("memory"), "{ran:?}");
}

#[test]
fn the_names_mlngrep_and_mlncat_are_verbs() {
    let s = sandbox();
    for name in ["mlngrep", "mlncat"] {
        std::os::unix::fs::symlink(MINLEN, s.path(name)).unwrap();
    }
    let run = |name: &str, args: &[&str]| s.command_of(s.path(name).to_str().unwrap(), args);
    let ran = run("mlngrep", &["-c", "o", "log.mln"]);
    assert_eq!((ran.text().as_str(), ran.code), ("3\n", 0));
    assert_eq!(run("mlncat", &["log.mln", "log.mln"]).stdout, [s.read("log"), s.read("log")].concat());
    assert_eq!(run("mlncat", &["t.mln", "t/a.txt"]).stdout, s.read("t/a.txt"));
    assert!(run("mlncat", &["--help"]).text().contains("Usage: minlen cat"));
    assert_eq!(run("mlngrep", &[]).code, 2);
}
