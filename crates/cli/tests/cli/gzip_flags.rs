//! The bare command with the flags that fingers know.

use super::sandbox::{Sandbox, text};

#[test]
fn the_usual_ways() {
    let s = Sandbox::new();
    let content = text(50_000, 1);
    s.write("a", &content);
    s.ok(["-k", "a"]);
    assert_eq!(s.ok(["-dc", "a.mln"]).stdout, content);
    s.ok(["-t", "a.mln"]);
    s.ok(["-dkf", "a.mln"]);
    assert_eq!(s.ok(["-c1", "-T4", "a"]).code, 0);
    assert!(s.ok(["-l", "a.mln"]).text().contains("50000"));
    s.ok(["-4fv", "a"]);
    s.ok(["--fast", "--force", "a"]);
    s.ok(["--decompress", "--stdout", "a.mln"]);
}

#[test]
fn standard_streams_without_any_name() {
    let s = Sandbox::new();
    let content = text(10_000, 2);
    let packed = s.pipe::<&str>([], &content).stdout;
    assert_eq!(s.pipe(["-d"], &packed).stdout, content);
    assert_eq!(s.pipe(["-t"], &packed).code, 0);
    assert_eq!(s.pipe(["-dc", "-"], &packed).stdout, content);
}

#[test]
fn modes_exclude_each_other() {
    let s = Sandbox::new();
    assert_eq!(s.run(["-d", "-t", "a"]).code, 3);
}

#[test]
fn a_file_may_have_the_name_of_a_verb() {
    let s = Sandbox::new();
    s.write("list", "x");
    s.ok(["-k", "list"]);
    s.ok(["compress", "-f", "list"]);
    assert!(s.exists("list.mln"));
}

#[test]
fn what_is_mistyped_is_guessed_or_refused() {
    let s = Sandbox::new();
    s.write("a", "x");
    let said = |args: &[&str], code| {
        let ran = s.run(args);
        assert_eq!(ran.code, code, "{args:?}");
        ran.stderr
    };
    assert!(said(&["compres", "a"], 1).contains("did you mean the verb `compress`?"));
    assert!(said(&["nonsense.txt"], 1).lines().all(|line| !line.contains("did you mean")));
    let refused = said(&["compress", "-19", "a"], 3);
    assert!(refused.contains("-19") && refused.contains("  -9 "), "{refused}");
    assert!(said(&["-kfv", "-2", "-1", "a"], 0).contains("-2 and -1: the last one counts"));
    assert!(!said(&["-kfv", "-1", "-1", "a"], 0).contains("counts"));
    assert!(said(&["a.mln"], 2).contains("`minlen decompress a.mln` unpacks it"));
    for (short, long) in [(&["help"][..], &["--help"][..]), (&["help", "list"], &["list", "--help"])] {
        assert_eq!(s.ok(short).text(), s.ok(long).text());
    }
}

#[test]
fn the_environment_may_say_level_and_threads() {
    let s = Sandbox::new();
    s.write("a", text(20_000, 3));
    let with = |variables: &[(&str, &str)], args: &[&str]| {
        let out = s.command().args(args).envs(variables.iter().copied()).output().unwrap();
        (out.status.code(), out.stdout)
    };
    let typed = |level| with(&[], &["compress", level, "-c", "a"]);
    assert_ne!(typed("-1").1, typed("-4").1);
    assert_eq!(with(&[("MINLEN_LEVEL", "1"), ("MINLEN_THREADS", "2")], &["-c", "a"]), typed("-1"));
    assert_eq!(with(&[("MINLEN_LEVEL", "1")], &["compress", "-c", "-4", "a"]), typed("-4"));
    for wrong in [("MINLEN_LEVEL", "10"), ("MINLEN_LEVEL", "fast"), ("MINLEN_THREADS", "many")] {
        assert_eq!(with(&[wrong], &["-c", "a"]).0, Some(3), "{wrong:?}");
    }
}
