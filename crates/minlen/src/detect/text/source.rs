//! Program source, told by what its lines begin with.

use super::source_table::{LANGUAGES, Language};
use crate::detect::{found, text};
use minlen_core::{Detection, Kind};
use std::sync::OnceLock;

/// Lines looked at.
const LINES: usize = 400;

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let (head, complete) = text::head(data, total)?;
    let score = Score::of(head, complete);
    let (language, share) = score.best(false)?;
    // Manuals show lines of programs, but their own markup gives them away.
    if language.name != "diff" && score.best(true).is_some_and(|(_, markup)| markup * 2 >= share) {
        return None;
    }
    if let Some(interpreter) = shebang(head) {
        return found(Kind::Source, 87, interpreter);
    }
    let confidence = if share >= 100 { 79 } else { 71 };
    found(Kind::Source, confidence, language.name)
}

/// The markup language of prose (Markdown and the like), if any.
pub(crate) fn prose_markup(head: &[u8]) -> Option<&'static str> {
    Score::of(head, false).best(true).map(|(language, _)| language.name)
}

fn shebang(head: &[u8]) -> Option<&'static str> {
    let line = head.strip_prefix(b"#!")?.split(|&b| b == b'\n').next()?;
    let names: [(&[u8], &str); 8] = [
        (b"python", "Python"),
        (b"perl", "Perl"),
        (b"ruby", "Ruby"),
        (b"node", "JavaScript"),
        (b"lua", "Lua"),
        (b"php", "PHP"),
        (b"awk", "awk"),
        (b"sh", "shell"),
    ];
    names.iter().find(|(name, _)| line.windows(name.len()).any(|w| w == *name)).map(|(_, language)| *language)
}

/// Patterns by their first byte: (language, the pattern, weight).
type Index = Vec<Vec<(usize, &'static [u8], u32)>>;

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = vec![Vec::new(); 256];
        for (number, language) in LANGUAGES.iter().enumerate() {
            for &(weight, patterns) in language.starts {
                for pattern in patterns.split('~').filter(|p| !p.is_empty()) {
                    index[usize::from(pattern.as_bytes()[0])].push((number, pattern.as_bytes(), weight));
                }
            }
        }
        index
    })
}

/// Points per language over the lines of a text.
struct Score<'a> {
    head: &'a [u8],
    points: Vec<u32>,
    lines: u32,
}

impl<'a> Score<'a> {
    fn of(head: &'a [u8], complete: bool) -> Self {
        let mut score = Self { head, points: vec![0; LANGUAGES.len()], lines: 0 };
        let mut comment = false;
        for line in text::lines(head, complete).take(LINES) {
            let line = line.trim_ascii();
            let Some(&last) = line.last() else { continue };
            // Comments are prose, and often a licence: of blocks only the first line counts, of others none.
            let remark = line.starts_with(b"//") && !matches!(line.get(2), Some(b'/' | b'!'));
            let ends = line.windows(2).any(|w| w == b"*/");
            if !comment && !remark {
                score.lines += 1;
                score.line(line, last);
            }
            comment = (comment || line.starts_with(b"/*")) && !ends;
        }
        score
    }

    fn line(&mut self, line: &[u8], last: u8) {
        let mut given = 0u32;
        for &(language, pattern, weight) in &index()[usize::from(line[0])] {
            // A pattern that ends in a line feed must be the whole line.
            let fits = match pattern.strip_suffix(b"\n") {
                Some(whole) => line == whole,
                None => line.starts_with(pattern),
            };
            // One pattern per line and language.
            if fits && given >> language & 1 == 0 {
                given |= 1 << language;
                self.points[language] += weight;
            }
        }
        let braces = matches!(last, b';' | b'{' | b'}') || line == b"})" || line.ends_with(b"},");
        for (points, language) in self.points.iter_mut().zip(LANGUAGES) {
            *points += u32::from(language.braces && braces);
            *points += u32::from(language.colons && last == b':' && line.len() < 100);
        }
    }

    /// The language with most points (its base's included) and its points per hundred lines, if that is enough.
    fn best(&self, markup: bool) -> Option<(&'static Language, u32)> {
        let total = |number: usize| {
            let own = self.points[number];
            let base = LANGUAGES[number].base.and_then(|b| LANGUAGES.iter().position(|l| l.name == b));
            // A dialect must show something of its own: a tenth of what its base shows.
            match base.map(|b| self.points[b]) {
                Some(base) if own * 10 >= base => own + base,
                Some(_) => 0,
                None => own,
            }
        };
        let candidates = (0..LANGUAGES.len()).filter(|&n| {
            let opens = LANGUAGES[n].opening.is_none_or(|o| self.head.starts_with(o.as_bytes()));
            LANGUAGES[n].markup == markup && opens
        });
        let (points, number) =
            candidates.map(|n| (total(n), n)).max_by_key(|&(p, n)| (p, std::cmp::Reverse(n)))?;
        let share = points * 100 / self.lines.max(1);
        let enough = if markup { share >= 20 && points >= 6 } else { share >= 55 && points >= 6 };
        enough.then(|| (&LANGUAGES[number], share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_from_snippets() {
        let cases = [
            ("#include <stdio.h>\nint main(void)\n{\n    return 0;\n}\n", "C"),
            ("#include <vector>\nnamespace a {\nclass B {\npublic:\n  std::vector<int> v;\n};\n}\n", "C++"),
            (
                "use std::fmt;\n\npub struct A;\n\nimpl A {\n    pub fn b(&self) -> u8 {\n        0\n    }\n}\n",
                "Rust",
            ),
            (
                "import os\n\ndef main(a):\n    if a:\n        return os.path\n    else:\n        raise ValueError\n",
                "Python",
            ),
            ("package a;\nimport java.util.List;\npublic class B {\n  private int c;\n}\n", "Java"),
            ("const a = require('a');\nfunction f() {\n  return a;\n}\nmodule.exports = f;\n", "JavaScript"),
            ("package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(1)\n}\n", "Go"),
            ("#!/bin/sh\nset -e\nif [ -f a ]; then\n  echo b\nfi\n", "shell"),
            ("CREATE TABLE a (b INT);\nINSERT INTO a VALUES (1);\nSELECT b FROM a;\n", "SQL"),
            ("(defun f (x)\n  (if x\n      (setq y 1)))\n", "Lisp"),
            ("\\documentclass{article}\n\\begin{document}\n\\section{A}\nText.\n\\end{document}\n", "TeX"),
            (".TH A 1\n.SH NAME\na \\- b\n.SH SYNOPSIS\n.B a\n", "roff"),
        ];
        for (text, expected) in cases {
            let seen = find(text.as_bytes(), text.len() as u64).map(|d| d.detail);
            assert_eq!(seen.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn prose_is_not_source() {
        let prose =
            "for the sake of it we let\nthe use of words return\nfrom where they were\nif they ever were.\n";
        assert!(find(prose.as_bytes(), prose.len() as u64).is_none());
        assert_eq!(prose_markup(b"# Title\n\nSome text.\n\n- one\n- two\n\n```rust\n"), Some("Markdown"));
    }
}
