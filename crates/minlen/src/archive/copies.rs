//! Copies of parts of the directory between the blocks of a large archive, so that neither a cut nor damage to the directory at
//! the end costs the names of what was stored (docs/format/tree.md).
//!
//! What is written depends on the content only, never on how far the threads are.

use minlen_container::walk::{Found, Item};
use minlen_container::{Body, Extent, Tree};

/// Archives of less content have no copies.
const LEAST: u64 = 16 << 20;
/// Bytes of content from one copy to the next.
const EVERY: u64 = 64 << 20;

/// Which files no copy names yet.
pub(super) struct Copies {
    wanted: bool,
    /// Files that were stored since the last copy.
    waiting: Vec<usize>,
    /// By number of the item.
    named: Vec<bool>,
    next: u64,
}

impl Copies {
    /// For an archive of about `total` bytes in `items` items.
    pub(super) fn new(total: u64, items: usize) -> Self {
        let wanted = total >= LEAST;
        Self { wanted, waiting: Vec::new(), named: vec![false; if wanted { items } else { 0 }], next: EVERY }
    }

    /// Takes a file that was stored.
    pub(super) fn add(&mut self, item: usize) {
        if self.wanted {
            self.waiting.push(item);
        }
    }

    /// The files whose content is in the first `at` bytes, which were handed to the coder, once there is enough of them.
    pub(super) fn due(&mut self, at: u64, items: &[Item], bodies: &[Option<Body>]) -> Option<Tree> {
        if !self.wanted || at < self.next {
            return None;
        }
        self.next = at.saturating_add(EVERY);
        let is_there = |extent: &Extent| match *extent {
            Extent::Data { offset, len } => offset.saturating_add(len) <= at,
            Extent::Hole { .. } => true,
        };
        let (mut part, mut later) = (Tree::default(), Vec::new());
        for item in std::mem::take(&mut self.waiting) {
            match &bodies[item] {
                Some(body @ Body::File { extents, .. }) if extents.iter().all(is_there) => {
                    self.named[item] = true;
                    part.entries.push(items[item].entry(body.clone()));
                }
                _ => later.push(item),
            }
        }
        self.waiting = later;
        (!part.entries.is_empty()).then_some(part)
    }

    /// What no copy named: the last files, and everything that has no content of its own. Other names of files that may be in
    /// another copy are files with the same content.
    pub(super) fn rest(&mut self, items: &[Item], bodies: &[Option<Body>]) -> Option<Tree> {
        let mut rest = Tree::default();
        for (number, (item, named)) in items.iter().zip(&self.named).enumerate() {
            let body = match &item.body {
                _ if *named => None,
                Found::Dir => Some(Body::Dir),
                Found::Symlink(target) => Some(Body::Symlink(target.clone())),
                Found::Hardlink(to) => {
                    bodies[number].clone().or_else(|| bodies.get(*to as usize).cloned().flatten())
                }
                Found::File { .. } => bodies[number].clone(),
            };
            rest.entries.extend(body.map(|body| item.entry(body)));
        }
        (!rest.entries.is_empty()).then_some(rest)
    }
}
