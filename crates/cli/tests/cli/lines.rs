//! Command lines of `testdata/cases`, and what they give. A new case needs no Rust: how it is written is in the README there.

use super::sandbox::{Ran, Sandbox, noise, text};
use std::path::Path;

/// The words of a line; quotes keep spaces, `\n` and the like stand for themselves within them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => word.get_or_insert_default().push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(c) => c,
                None => panic!("a line ends with a backslash: {line}"),
            }),
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    assert!(!quoted, "a quote without its end: {line}");
    words.extend(word);
    words
}

/// Does what one line says, in the folder of its case. `ran` is the last command and whether its exit code is settled.
fn step(s: &Sandbox, line: &str, ran: &mut Option<(Ran, bool)>) -> Result<(), String> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let all = words(rest);
    let args: Vec<&str> = all.iter().map(String::as_str).collect();
    let check = |holds: bool, what: String| if holds { Ok(()) } else { Err(what) };
    match (first, &args[..], ran.as_mut()) {
        ("file", [name, "text", len], _) => s.write(name, text(len.parse().unwrap(), 5)),
        ("file", [name, "noise", len], _) => s.write(name, noise(len.parse().unwrap(), 7)),
        ("file", [name, content], _) => s.write(name, content),
        ("folder", [name], _) => std::fs::create_dir_all(s.path(name)).unwrap(),
        ("$", ["<", name, args @ ..], _) => {
            settled(ran)?;
            *ran = Some((s.pipe(args, &s.read(name)), false));
        }
        ("$", args, _) => {
            settled(ran)?;
            *ran = Some((s.run(args), false));
        }
        ("exit", [code], Some((ran, known))) => {
            *known = true;
            return check(ran.code.to_string() == *code, format!("exit {}: {}", ran.code, ran.stderr));
        }
        ("err", [part], Some((ran, _))) => return check(ran.stderr.contains(part), ran.stderr.clone()),
        ("out", [part], Some((ran, _))) => {
            let out = String::from_utf8_lossy(&ran.stdout).into_owned();
            return check(out.contains(part), out);
        }
        ("silent", [], Some((ran, _))) => {
            return check(ran.stderr.is_empty() && ran.stdout.is_empty(), format!("{ran:?}"));
        }
        ("json", [], Some((ran, _))) => {
            let mut values = serde_json::Deserializer::from_slice(&ran.stdout).into_iter();
            let all: Result<Vec<serde_json::Value>, _> = values.by_ref().collect();
            return check(all.is_ok_and(|all| !all.is_empty()), format!("{ran:?}"));
        }
        ("files", names, Some(_)) => {
            return check(s.names("") == *names, format!("files {:?}", s.names("")));
        }
        ("tree", names, Some(_)) => {
            let mut found = Vec::new();
            below(s, "", &mut found);
            found.sort();
            return check(found == *names, format!("tree {found:?}"));
        }
        ("same", [a, b], Some(_)) => return check(s.read(a) == s.read(b), format!("{a} and {b} differ")),
        _ => panic!("{line:?} is no line of a case"),
    }
    Ok(())
}

/// Adds the paths of all files in a folder and below.
fn below(s: &Sandbox, folder: &str, found: &mut Vec<String>) {
    for name in s.names(folder) {
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if s.path(&path).is_dir() {
            below(s, &path, found);
        } else {
            found.push(path);
        }
    }
}

/// A command of which no exit code was named went well.
fn settled(ran: &Option<(Ran, bool)>) -> Result<(), String> {
    match ran {
        Some((ran, false)) if ran.code != 0 => Err(format!("exit {}: {}", ran.code, ran.stderr)),
        _ => Ok(()),
    }
}

/// What is wrong with a case, and in which line.
fn run(case: &str) -> Result<(), String> {
    let (s, mut ran) = (Sandbox::new(), None);
    let lines = case.lines().skip(1).map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        step(&s, line, &mut ran).map_err(|what| format!("{line}\n    {what}"))?;
    }
    assert!(ran.is_some(), "nothing is run: {case}");
    settled(&ran)
}

#[test]
fn command_lines_do_what_their_cases_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files.filter(|path| path.extension().is_some_and(|e| e == "txt")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for case in text.split("\n== ").skip(1) {
            count += 1;
            let name = case.lines().next().unwrap_or_default();
            wrong.extend(run(case).err().map(|what| format!("{}: {name}\n  {what}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 80, "only {count} cases were found");
}
