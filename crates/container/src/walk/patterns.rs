//! Which paths are left out: patterns as in a `.gitignore`.
//!
//! `*` and `?` stand for bytes of one name, `[a-z]` for one of some, `**/` for any folders, `/**` for everything below. A pattern with a
//! slash at its front or in its middle begins where the paths begin, any other one matches a name in every folder; one with a slash at
//! its end matches folders only; `!` in front takes what an earlier pattern left out in again, but not below a folder that is left out.
//! The last pattern that matches decides.

/// What version control systems keep beside the files.
const VCS: &[&str] = &[
    ".git/",
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".jj/",
    ".hg/",
    ".hgignore",
    ".hgtags",
    ".svn/",
    ".bzr/",
    ".bzrignore",
    ".bzrtags",
    "CVS/",
    ".cvsignore",
    "RCS/",
    "SCCS/",
    "_darcs/",
    ".pijul/",
    ".fslckout",
    "_FOSSIL_",
];

/// Patterns, in their order.
///
/// ```
/// use minlen_container::walk::Patterns;
/// let mut patterns = Patterns::default();
/// patterns.add_lines(b"# what a build leaves\n*.o\ntarget/\n!keep.o\n/top\n");
/// let excludes = |path: &str, is_folder| patterns.excludes(path.as_bytes(), is_folder);
/// assert!(excludes("src/a.o", false) && !excludes("src/keep.o", false));
/// assert!(excludes("sub/target", true) && !excludes("sub/target", false));
/// assert!(excludes("target/keep.o", false), "the folder is left out");
/// assert!(excludes("top", false) && !excludes("sub/top", false));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    tokens: Vec<Token>,
    negated: bool,
    folders_only: bool,
    /// Matches whole paths, not names.
    anchored: bool,
}

#[derive(Clone, Debug)]
enum Token {
    Byte(u8),
    /// `?`.
    Any,
    /// `[...]`: the bytes from each first to each second, or all others.
    Class(Vec<(u8, u8)>, bool),
    /// `*`.
    Star,
    /// `**/`: nothing, or folders.
    Folders,
    /// `**` at the end: at least one byte.
    Rest,
}

impl Patterns {
    /// True if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one pattern.
    pub fn add(&mut self, pattern: &[u8]) {
        let (negated, pattern) = match pattern {
            [b'!', rest @ ..] => (true, rest),
            [b'\\', rest @ ..] if matches!(rest.first(), Some(b'!' | b'#')) => (false, rest),
            _ => (false, pattern),
        };
        let (folders_only, pattern) = match pattern {
            [rest @ .., b'/'] => (true, rest),
            _ => (false, pattern),
        };
        if pattern.is_empty() {
            return;
        }
        let anchored = pattern.contains(&b'/');
        let tokens = tokens(pattern.strip_prefix(b"/").unwrap_or(pattern));
        self.0.push(Rule { tokens, negated, folders_only, anchored });
    }

    /// Adds the lines of a file: empty ones and those that begin with `#` say nothing, and spaces at the end do not count.
    pub fn add_lines(&mut self, lines: &[u8]) {
        for line in lines.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut len = line.len();
            while len > 0 && line[len - 1] == b' ' && !(len > 1 && line[len - 2] == b'\\') {
                len -= 1;
            }
            if !line.starts_with(b"#") {
                self.add(&line[..len]);
            }
        }
    }

    /// Adds what version control systems keep: `.git`, `.svn`, `.hg` and so on.
    pub fn add_vcs(&mut self) {
        VCS.iter().for_each(|pattern| self.add(pattern.as_bytes()));
    }

    /// What is said of this path, whatever is said of the folders above it: left out, taken in, or nothing.
    pub(super) fn verdict(&self, path: &[u8], is_folder: bool) -> Option<bool> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        let matching = self.0.iter().rev().find(|rule| {
            (is_folder || !rule.folders_only)
                && matches(&rule.tokens, if rule.anchored { path } else { name })
        });
        matching.map(|rule| !rule.negated)
    }

    /// True if this path or a folder above it is left out.
    #[must_use]
    pub fn excludes(&self, path: &[u8], is_folder: bool) -> bool {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        !self.is_empty()
            && (slashes.map(|at| &path[..at]).any(|above| self.verdict(above, true) == Some(true))
                || self.verdict(path, is_folder) == Some(true))
    }
}

fn tokens(pattern: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let [first, after @ ..] = rest {
        let begins_name = matches!(tokens.last(), None | Some(Token::Byte(b'/') | Token::Folders));
        rest = after;
        tokens.push(match (first, after) {
            (b'*', [b'*', b'/', more @ ..]) if begins_name => {
                rest = more;
                Token::Folders
            }
            (b'*', [b'*']) if begins_name => {
                rest = &[];
                Token::Rest
            }
            (b'*', _) => Token::Star,
            (b'?', _) => Token::Any,
            (b'\\', [escaped, more @ ..]) => {
                rest = more;
                Token::Byte(*escaped)
            }
            (b'[', _) => match class(after) {
                Some((class, more)) => {
                    rest = more;
                    class
                }
                None => Token::Byte(b'['),
            },
            (byte, _) => Token::Byte(*byte),
        });
    }
    tokens
}

/// What stands behind a `[`, up to and with the `]`; `None` if there is none.
fn class(text: &[u8]) -> Option<(Token, &[u8])> {
    let (negated, mut rest) = match text {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut ranges = Vec::new();
    loop {
        let (first, after) = match rest {
            [b']', after @ ..] if !ranges.is_empty() => return Some((Token::Class(ranges, negated), after)),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => (*byte, after),
            [] => return None,
        };
        match after {
            [b'-', last, after @ ..] if *last != b']' => {
                ranges.push((first, *last));
                rest = after;
            }
            _ => {
                ranges.push((first, first));
                rest = after;
            }
        }
    }
}

/// All ways to match at once: time grows with the product of both lengths, never faster.
fn matches(tokens: &[Token], text: &[u8]) -> bool {
    let mut now = vec![false; tokens.len() + 1];
    now[0] = true;
    skip(tokens, &mut now, true);
    for &byte in text {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| now[*at]) {
            match token {
                Token::Byte(wanted) => next[at + 1] |= byte == *wanted,
                Token::Any => next[at + 1] |= byte != b'/',
                Token::Class(ranges, negated) => {
                    let within = ranges.iter().any(|(first, last)| (*first..=*last).contains(&byte));
                    next[at + 1] |= byte != b'/' && within != *negated;
                }
                Token::Star => next[at] |= byte != b'/',
                Token::Folders => next[at] = true,
                Token::Rest => (next[at], next[at + 1]) = (true, true),
            }
        }
        skip(tokens, &mut next, byte == b'/');
        now = next;
    }
    now[tokens.len()]
}

/// Goes past the tokens that may stand for nothing; those for folders only where a name begins.
fn skip(tokens: &[Token], states: &mut [bool], begins_name: bool) {
    for (at, token) in tokens.iter().enumerate() {
        let optional = matches!(token, Token::Star) || (matches!(token, Token::Folders) && begins_name);
        if states[at] && optional {
            states[at + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::cases;

    #[test]
    fn patterns_match_as_in_a_gitignore() {
        for case in cases::read(crate::cases::table!("patterns"), 3) {
            let mut patterns = Patterns::default();
            case.fields[0].split(' ').for_each(|pattern| patterns.add(pattern.as_bytes()));
            let path = case.fields[1];
            let excluded = patterns.excludes(path.trim_end_matches('/').as_bytes(), path.ends_with('/'));
            case.expect(Ok(if excluded { "out" } else { "in" }));
        }
    }

    #[test]
    fn lines_of_files_have_comments_and_spaces() {
        let mut patterns = Patterns::default();
        patterns.add_lines(b"# a\n\na  \r\n\\#b\nc\\ \n");
        for (path, out) in [("# a", false), ("a", true), ("#b", true), ("c ", true), ("c", false)] {
            assert_eq!(patterns.excludes(path.as_bytes(), false), out, "{path:?}");
        }
    }

    #[test]
    fn time_is_bounded_for_any_pattern() {
        let mut patterns = Patterns::default();
        patterns.add("*a".repeat(200).as_bytes());
        assert!(!patterns.excludes("a".repeat(199).as_bytes(), false));
        assert!(patterns.excludes("a".repeat(500).as_bytes(), false));
    }
}
