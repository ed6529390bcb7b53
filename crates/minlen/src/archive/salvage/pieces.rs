//! Pieces of files and of content: what is left of either.

use super::super::hash::FileHash;
use minlen_container::{Body, Entry, Extent};
use std::ops::Range;

/// The same file with holes where content is lost.
pub(super) fn with_holes(entry: &Entry, lost: &[Range<u64>]) -> Entry {
    let Body::File { len, hash, extents } = &entry.body else { return entry.clone() };
    let mut left: Vec<Extent> = Vec::new();
    let hole = |left: &mut Vec<Extent>, more: u64| match left.last_mut() {
        Some(Extent::Hole { len }) => *len += more,
        _ => left.push(Extent::Hole { len: more }),
    };
    let mut at = 0u64;
    for extent in extents {
        let end = at.saturating_add(extent.len());
        let Extent::Data { offset, .. } = *extent else {
            hole(&mut left, extent.len());
            at = end;
            continue;
        };
        let (start, mut done) = (at, at);
        let first = lost.partition_point(|range| range.end <= at);
        for range in lost[first..].iter().take_while(|range| range.start < end) {
            let (from, to) = (range.start.max(done), range.end.min(end));
            if from > done {
                left.push(Extent::Data { offset: offset + (done - start), len: from - done });
            }
            hole(&mut left, to - from);
            done = to;
        }
        if end > done {
            left.push(Extent::Data { offset: offset + (done - start), len: end - done });
        }
        at = end;
    }
    let body = Body::File { len: *len, hash: *hash, extents: left };
    Entry { body, ..entry.clone() }
}

/// Runs of content that no member claims, as good blocks go by.
pub(super) struct Runs {
    free: Vec<Range<u64>>,
    next: usize,
    current: Option<(Range<u64>, FileHash)>,
    done: Vec<(Range<u64>, [u8; 16])>,
}

impl Runs {
    pub(super) fn new(free: Vec<Range<u64>>) -> Self {
        Self { free, next: 0, current: None, done: Vec::new() }
    }

    pub(super) fn take(&mut self, start: u64, bytes: &[u8]) {
        let end = start.saturating_add(bytes.len() as u64);
        while let Some(free) = self.free.get(self.next).cloned() {
            let (from, to) = (free.start.max(start), free.end.min(end));
            if from < to {
                if self.current.as_ref().is_none_or(|(range, _)| range.end != from) {
                    self.close();
                }
                let (range, hash) = self.current.get_or_insert_with(|| (from..from, FileHash::default()));
                range.end = to;
                hash.update(&bytes[(from - start) as usize..(to - start) as usize]);
            }
            if free.end > end {
                break;
            }
            self.next += 1;
        }
    }

    fn close(&mut self) {
        self.done.extend(self.current.take().map(|(range, hash)| (range, hash.finish())));
    }

    pub(super) fn finish(mut self) -> Vec<(Range<u64>, [u8; 16])> {
        self.close();
        self.done
    }
}
