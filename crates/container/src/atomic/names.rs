//! Names of unfinished files and folders, in a shape that nobody else's have.

use crate::primitives::hash64;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// How every such name ends.
pub(crate) const SUFFIX: &str = ".partial";
const MARK: &str = ".minlen-";
/// Bytes of the final name that the temporary one repeats: names may have 255 bytes in all.
const KEPT: usize = 200;
/// Letters that differ from run to run, and letters that check them.
const FREE: usize = 6;
const CHECK: usize = 4;
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The part of a final name that the temporary one repeats.
pub(crate) fn kept_part(name: &[u8]) -> &[u8] {
    &name[..name.len().min(KEPT)]
}

/// Names for what is not finished yet.
pub(crate) struct Unfinished;

impl Unfinished {
    /// A name for what will be called `name`; an empty one for a folder full of things. Another one with every call.
    pub(crate) fn fresh(name: &[u8]) -> OsString {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{now} {call} {}", std::process::id());
        let free = letters(hash64(seed.as_bytes()), FREE);
        let mut out = before(kept_part(name));
        out.extend(&free);
        out.extend(check(kept_part(name), &free));
        out.extend(SUFFIX.as_bytes());
        OsString::from_vec(out)
    }
}

/// The (kept part of the) final name if `name` is that of something unfinished.
pub(crate) fn partial_of(name: &[u8]) -> Option<&[u8]> {
    let body = name.strip_suffix(SUFFIX.as_bytes())?;
    let (front, letters) = body.split_at_checked(body.len().checked_sub(FREE + CHECK)?)?;
    let front = front.strip_suffix(MARK.as_bytes())?;
    // `.minlen-...` is that of a folder, `.NAME.minlen-...` that of a file.
    let kept = if front.is_empty() { front } else { front.strip_prefix(b".")? };
    let (free, checked) = letters.split_at(FREE);
    (check(kept, free) == checked).then_some(kept)
}

fn before(kept: &[u8]) -> Vec<u8> {
    let dot: &[u8] = if kept.is_empty() { b"" } else { b"." };
    [dot, kept, MARK.as_bytes()].concat()
}

fn check(kept: &[u8], free: &[u8]) -> Vec<u8> {
    letters(hash64(&[b"unfinished output of minlen ", kept, b"/", free].concat()), CHECK)
}

fn letters(mut number: u64, count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        out.push(LETTERS[(number % 32) as usize]);
        number /= 32;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn our_names_are_recognised_and_no_others() {
        for name in [&b""[..], b"a", b"a.mln", b".hidden", &[b'n'; 255], b"\xff"] {
            let fresh = Unfinished::fresh(name);
            assert!(fresh.len() <= 255);
            assert_eq!(partial_of(fresh.as_bytes()), Some(kept_part(name)));
            let mut other = fresh.as_bytes().to_vec();
            let at = other.len() - SUFFIX.len() - 1;
            other[at] ^= 1;
            assert_eq!(partial_of(&other), None);
        }
        assert_ne!(Unfinished::fresh(b"a"), Unfinished::fresh(b"a"));
        for other in [".minlen-abcdef.partial", ".a.minlen-abcdefghij.partial", "a.partial", ".partial", ""] {
            assert_eq!(partial_of(other.as_bytes()), None, "{other}");
        }
    }
}
