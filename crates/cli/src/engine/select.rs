//! Which members a name on the command line means.

use crate::args::Range;
use crate::ui::human;
use minlen::archive::Archive;
use minlen::container::walk::Patterns;
use minlen::container::{Body, Entry};
use minlen::{Error, Result};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Members of an archive, in its order, and the memory of their numbers.
pub struct Chosen {
    /// Their numbers among the entries.
    pub numbers: Vec<usize>,
    _held: minlen::Reservation,
}

impl Chosen {
    /// None of them.
    pub fn none(archive: &Archive<'_>) -> Result<Self> {
        Ok(Self { numbers: Vec::new(), _held: archive.budget().reserve(0)? })
    }

    /// Those that no pattern leaves out.
    pub fn without(mut self, patterns: &Patterns, archive: &Archive<'_>) -> Self {
        let tree = archive.entries();
        let excluded = |entry: &Entry| patterns.excludes(&entry.path, entry.body == Body::Dir);
        self.numbers.retain(|&number| patterns.is_empty() || !excluded(&tree.entries[number]));
        self
    }
}

/// The members that these names mean, each with everything below it; all of them where there are no names. Names without `*`
/// and `?` are looked up, so that a list of all members takes no longer than the members themselves.
pub fn choose(archive: &mut Archive<'_>, names: &[PathBuf]) -> Result<Chosen> {
    let tree = archive.entries();
    let count = tree.entries.len();
    let _held = archive.budget().reserve((count * (size_of::<usize>() + 1)) as u64)?;
    let mut chosen = vec![names.is_empty(); count];
    for name in names {
        let pattern = name.as_os_str().as_bytes();
        let mut found = false;
        let exact = pattern.strip_suffix(b"/").unwrap_or(pattern);
        archive.each_below(exact, &mut |number| (chosen[number], found) = (true, true))?;
        if pattern.iter().any(|byte| matches!(byte, b'*' | b'?')) {
            let entries = tree.entries.iter().enumerate();
            for (number, _) in entries.filter(|(_, entry)| matches(pattern, &entry.path)) {
                (chosen[number], found) = (true, true);
            }
        }
        if !found {
            return Err(Error::usage(format!("{} is not in the archive", human::name(pattern)))
                .remedy("see `minlen list ARCHIVE`"));
        }
    }
    let numbers = (0..count).filter(|&number| chosen[number]).collect();
    Ok(Chosen { numbers, _held })
}

/// Those of the members that have content of their own or share it.
pub fn files(archive: &mut Archive<'_>, names: &[PathBuf]) -> Result<Chosen> {
    let mut chosen = choose(archive, names)?;
    let tree = archive.entries();
    chosen
        .numbers
        .retain(|&number| matches!(tree.entries[number].body, Body::File { .. } | Body::Hardlink(_)));
    Ok(chosen)
}

/// True where `pattern` is the path itself, a folder above it, or a pattern that matches one of these. `*` stands for
/// any bytes, `/` too, as in tar; `?` for one.
pub fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let pattern = pattern.strip_suffix(b"/").unwrap_or(pattern);
    glob(pattern, path) || glob(&[pattern, b"/*"].concat(), path)
}

/// Matches with one step of backtracking, to the last star: linear memory and at worst quadratic time.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    p = at + 1;
                    t = taken + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// An open end is the end of the file, whatever that is.
pub fn bounds(range: Range) -> std::ops::Range<u64> {
    range.start..range.end.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_folders_and_patterns() {
        for (pattern, path) in
            [("a/b", "a/b"), ("a", "a/b/c"), ("a/", "a/b"), ("a/*.rs", "a/x.rs"), ("*", "x")]
        {
            assert!(matches(pattern.as_bytes(), path.as_bytes()), "{pattern} {path}");
        }
        for (pattern, path) in [("a", "ab"), ("a/b", "a"), ("*.rs", "a.rsx"), ("?", "ab"), ("", "a")] {
            assert!(!matches(pattern.as_bytes(), path.as_bytes()), "{pattern} {path}");
        }
        assert!(matches(b"a*b*c", b"aXbYbZc"));
        assert!(matches(b"*/x", b"a/b/x/y"));
    }
}
