//! Copies of parts of the directory between the blocks of a large archive, so that neither a cut nor damage to the directory at
//! the end costs the names of what was stored (docs/format/tree.md).
//!
//! What is written depends on the content only, never on how far the threads are.

use super::content::Content;
use minlen_container::{Body, Entry, Tree};
use std::collections::HashSet;
use std::io::Write;

/// Archives of less content have no copies.
const LEAST: u64 = 16 << 20;
/// Bytes of content from one copy to the next.
const EVERY: u64 = 64 << 20;

/// The files that no copy names yet.
pub(super) struct Copies {
    wanted: bool,
    waiting: Vec<Entry>,
    named: HashSet<Vec<u8>>,
    next: u64,
}

impl Copies {
    /// For an archive of about `total` bytes.
    pub(super) fn new(total: u64) -> Self {
        Self { wanted: total >= LEAST, waiting: Vec::new(), named: HashSet::new(), next: EVERY }
    }

    /// Takes a file that was stored.
    pub(super) fn add(&mut self, entry: Entry) {
        if self.wanted {
            self.waiting.push(entry);
        }
    }

    /// The files whose content was handed in, once there is enough of them.
    pub(super) fn due<W: Write>(&mut self, content: &Content<W>) -> Option<Tree> {
        let at = content.handed_in();
        if !self.wanted || at < self.next {
            return None;
        }
        self.next = at.saturating_add(EVERY);
        let waiting = std::mem::take(&mut self.waiting);
        let (ready, later) = waiting.into_iter().partition(|entry| {
            entry.extents().iter().all(|e| match *e {
                minlen_container::Extent::Data { offset, len } => offset + len <= at,
                minlen_container::Extent::Hole { .. } => true,
            })
        });
        self.waiting = later;
        self.part(ready)
    }

    /// What no copy named: the last files, and everything that has no content.
    pub(super) fn rest(&mut self, tree: &Tree) -> Option<Tree> {
        if !self.wanted {
            return None;
        }
        let entries = &tree.entries;
        let unnamed = entries.iter().filter(|entry| !self.named.contains(&entry.path));
        let alone = |entry: &Entry| match entry.body {
            // Another name of a file that an earlier copy may have: as a file of the same content.
            Body::Hardlink(to) => Entry { body: entries[to as usize].body.clone(), ..entry.clone() },
            _ => entry.clone(),
        };
        let rest: Vec<Entry> = unnamed.map(alone).collect();
        self.part(rest)
    }

    fn part(&mut self, entries: Vec<Entry>) -> Option<Tree> {
        self.named.extend(entries.iter().map(|entry| entry.path.clone()));
        (!entries.is_empty()).then_some(Tree { entries })
    }
}
