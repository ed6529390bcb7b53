//! Which members a name on the command line means.

/// True where `pattern` is the path itself, a folder above it, or a pattern that matches one of these. `*` stands for
/// any bytes, `/` too, as in tar; `?` for one.
pub fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let pattern = pattern.strip_suffix(b"/").unwrap_or(pattern);
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    ends.chain([path.len()]).any(|end| glob(pattern, &path[..end]))
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
