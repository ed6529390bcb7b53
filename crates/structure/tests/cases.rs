//! Every case of `testdata/cases`: the answers that it names.

use crate::expected::{Dripping, answer, resolved, whole};
use crate::file::{Labels, build};
use minlen_structure::Parsers;
use std::path::Path;

/// A file and the answers to some questions about it.
pub struct Case {
    pub name: String,
    pub file: Vec<u8>,
    labels: Labels,
    /// The question, the answer.
    sections: Vec<(String, Vec<String>)>,
}

/// The cases of all files of the folder, in order.
pub fn all() -> Vec<Case> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
    files.sort();
    files.iter().flat_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    let stem = path.file_stem().unwrap().to_string_lossy();
    let mut cases = text.split("\n== ");
    // What stands before the first case are remarks.
    cases.next();
    cases.map(|case| parse(&stem, case)).collect()
}

fn parse(stem: &str, text: &str) -> Case {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let name = format!("{stem}: {}", lines.next().unwrap());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let mut parts = lines.split_inclusive(|line| line.starts_with("--")).peekable();
    // Each part but the last ends with the question of the next one.
    let mut described = parts.next().unwrap_or_default().to_vec();
    let mut question = described.pop().filter(|line| line.starts_with("--"));
    let (file, labels) = build(&described);
    let mut sections = Vec::new();
    while let Some(asked) = question {
        let mut answer = parts.next().unwrap_or_default().to_vec();
        question = answer.pop_if(|line| line.starts_with("--"));
        let answer = answer.iter().map(|line| resolved(line, &labels, file.len() as u64)).collect();
        sections.push((asked.trim_start_matches("--").to_owned(), answer));
    }
    assert!(!sections.is_empty(), "{name}: nothing is expected");
    Case { name, file, labels, sections }
}

#[test]
fn files_are_made_of_what_the_cases_say() {
    let (cases, mut wrong) = (all(), Vec::new());
    for case in &cases {
        for (question, wanted) in &case.sections {
            let words: Vec<&str> = question.split_whitespace().collect();
            let found = answer(&words, &case.file, &case.labels);
            if found != *wanted {
                let (wanted, found) = (wanted.join("\n  "), found.join("\n  "));
                wrong.push(format!("{} --{question}\n wanted\n  {wanted}\n found\n  {found}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
}

/// A file on a disk that gives as few bytes as it may is the same file.
#[test]
fn it_makes_no_difference_how_a_file_is_read() {
    let parsers = Parsers::default();
    for case in all() {
        let (memory, disk) = (parsers.layout(&&case.file[..]), parsers.layout(&Dripping(&case.file)));
        assert_eq!(whole(memory), whole(disk), "{}", case.name);
    }
}
