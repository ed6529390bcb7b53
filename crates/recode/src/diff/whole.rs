//! Compressed parts that changed are left whole.
//!
//! A deflate stream whose text has changed a little is another stream altogether, but for its beginning perhaps. Copying that would leave a rest that
//! nobody can undo.

use super::find::Like;
use crate::scan::{Scanner, What};
use std::ops::Range;

/// Text of streams that is looked at, at most.
const LIMIT: usize = 256 << 20;

/// The stretches without those in compressed parts of which less than half is in the old content.
pub(super) fn spare(data: &[u8], likes: Vec<Like>) -> Vec<Like> {
    let mut scanner = Scanner::new(data, LIMIT);
    let mut parts: Vec<Range<usize>> = Vec::new();
    while let Some(find) = scanner.next() {
        let part = find.head..find.end;
        let compressed = matches!(find.what, What::Deflate { .. } | What::Idat { .. } | What::Jpeg);
        if compressed && covered(&likes, &part) * 2 < part.len() {
            parts.push(part);
        }
    }
    let mut parts = parts.iter().peekable();
    let mut kept = Vec::with_capacity(likes.len());
    for like in likes {
        let end = like.at + like.len;
        let mut at = like.at;
        let mut keep = |from: usize, to: usize| {
            if from < to {
                kept.push(Like { at: from, from: like.from + (from - like.at), len: to - from });
            }
        };
        while let Some(part) = parts.peek().filter(|part| part.start < end) {
            keep(at, part.start);
            at = at.max(part.end);
            if part.end > end {
                // It may reach into the next stretch, too.
                break;
            }
            parts.next();
        }
        keep(at, end);
    }
    kept
}

/// How many bytes of a part are in stretches.
fn covered(likes: &[Like], part: &Range<usize>) -> usize {
    let first = likes.partition_point(|like| like.at + like.len <= part.start);
    let within = likes[first..].iter().take_while(|like| like.at < part.end);
    within.map(|like| (like.at + like.len).min(part.end) - like.at.max(part.start)).sum()
}
