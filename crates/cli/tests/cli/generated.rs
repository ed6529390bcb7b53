//! Man pages and completions know every flag, since they come from the same definition.

use super::sandbox::Sandbox;

/// The long flags in a text of `--help`.
fn flags(help: &str) -> Vec<String> {
    let words = help
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .flat_map(str::split_whitespace);
    let clean = |word: &str| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_string();
    words.filter(|word| word.starts_with("--")).map(clean).collect()
}

#[test]
fn every_flag_is_in_the_man_page_and_in_the_completions() {
    let s = Sandbox::new();
    s.ok(["generate", "man", "man/deep"]);
    s.ok(["generate", "completions", "completions"]);
    assert_eq!(s.names("completions"), ["_minlen", "minlen.bash", "minlen.fish"]);
    let text = |name: &str| String::from_utf8(s.read(name)).unwrap();
    for (verb, page) in [("", "minlen.1"), ("compress", "minlen-compress.1"), ("bench", "minlen-bench.1")] {
        let help = s.ok([verb, "--help"].into_iter().filter(|a| !a.is_empty())).text();
        let flags = flags(&help);
        assert!(flags.len() > 5, "{help}");
        let man = text(&format!("man/deep/{page}")).replace("\\-", "-");
        for flag in &flags {
            assert!(man.contains(flag), "{flag} is not in {page}");
            assert!(text("completions/minlen.bash").contains(flag), "{flag} is not in the bash completions");
            assert!(text("completions/_minlen").contains(flag), "{flag} is not in the zsh completions");
            let bare = flag.trim_start_matches('-');
            assert!(text("completions/minlen.fish").contains(bare), "{flag} is not in the fish completions");
        }
    }
}

#[test]
fn help_has_examples_levels_and_their_memory() {
    let s = Sandbox::new();
    let help = s.ok(["--help"]).text();
    for part in ["tar -I minlen", "MiB", "Exit codes", "  -5 "] {
        assert!(help.contains(part), "{part}");
    }
    assert!(s.ok(["compress", "--help"]).text().contains("Examples"));
    assert!(s.ok(["-h"]).text().lines().count() < 126);
}
