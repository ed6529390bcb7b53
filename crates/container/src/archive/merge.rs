//! The union of the trees of concatenated archives: what comes later wins.

use crate::tree::memory::allocated;
use crate::tree::order::{compare, is_within};
use crate::tree::{Body, Entry, Extent, Tree};
use minlen_core::{Budget, Reservation, Result};
use std::ops::Range;

/// Moves a tree's extents to where its stream's content begins. The caller knows that the sum fits.
pub(super) fn shift(tree: &mut Tree, raw_start: u64) {
    for entry in &mut tree.entries {
        if let Body::File { extents, .. } = &mut entry.body {
            for extent in extents {
                if let Extent::Data { offset, .. } = extent {
                    *offset = offset.saturating_add(raw_start);
                }
            }
        }
    }
}

/// The union of `trees`, first to last, with the memory of what had to be copied and moved for it.
///
/// # Errors
/// Limit where the budget does not do.
pub(super) fn merge(mut trees: Vec<Tree>, budget: &Budget) -> Result<(Tree, Option<Reservation>)> {
    if trees.len() <= 1 {
        return Ok((trees.pop().unwrap_or_default(), None));
    }
    let count: usize = trees.iter().map(|tree| tree.entries.len()).sum();
    let mut held = budget.reserve((count * size_of::<Entry>()) as u64)?;
    let _working = budget.reserve((count * WORKING) as u64)?;
    let mut all = Entries { entries: Vec::with_capacity(count), tree_of: Vec::with_capacity(count) };
    for (number, tree) in trees.into_iter().enumerate() {
        let first = all.entries.len() as u32;
        all.tree_of.resize(all.entries.len() + tree.entries.len(), number as u32);
        all.entries.extend(tree.entries.into_iter().map(|mut entry| {
            if let Body::Hardlink(target) = &mut entry.body {
                *target += first;
            }
            entry
        }));
    }
    let keep = all.survivors();
    let tree = Tree { entries: without(all.entries, &keep, &mut held)? };
    Ok((tree, Some(held)))
}

/// Bytes for each entry while the survivors are found: its tree, its place in the order, its fate, its place afterwards.
const WORKING: usize = 4 + 4 + 1 + 4;

/// The entries of all trees in a row, and the number of the tree of each.
struct Entries {
    entries: Vec<Entry>,
    tree_of: Vec<u32>,
}

/// A path that the walk in order is at or below.
struct Above {
    /// The last of the entries of the path: the only one that can stay.
    last: usize,
    /// The latest tree in which this or a folder above it is something else than a folder, and one more.
    closed: u32,
    /// The latest tree with anything below, and one more.
    below: u32,
}

impl Entries {
    /// Which entries stay.
    fn survivors(&self) -> Vec<bool> {
        let mut keep = vec![false; self.entries.len()];
        let order = self.order();
        let mut above: Vec<Above> = Vec::new();
        let mut at = 0;
        while at < order.len() {
            let group = self.group(&order, at);
            let last = order[group.end - 1] as usize;
            let path = &self.entries[last].path;
            while above.last().is_some_and(|a| !is_within(path, &self.entries[a.last].path)) {
                self.leave(&mut above, &mut keep);
            }
            let tree = self.tree_of[last];
            let closed = above.last().map_or(0, |a| a.closed);
            // A later tree has something else than a folder where a folder above this would have to be.
            keep[last] = closed <= tree + 1;
            let own = if self.entries[last].body == Body::Dir { 0 } else { tree + 1 };
            above.push(Above { last, closed: closed.max(own), below: 0 });
            at = group.end;
        }
        while !above.is_empty() {
            self.leave(&mut above, &mut keep);
        }
        keep
    }

    /// Entry numbers by path, and those of one path by tree.
    fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.entries.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            compare(&self.entries[a as usize].path, &self.entries[b as usize].path).then(a.cmp(&b))
        });
        order
    }

    /// The places of all entries with the path of the one at `start`.
    fn group(&self, order: &[u32], start: usize) -> Range<usize> {
        let path = &self.entries[order[start] as usize].path;
        let same = order[start..].iter().take_while(|&&i| self.entries[i as usize].path == *path);
        start..start + same.count()
    }

    /// Everything below the innermost path has been seen: a folder there, also one that is only implied, replaces what is
    /// no folder.
    fn leave(&self, above: &mut Vec<Above>, keep: &mut [bool]) {
        let Some(left) = above.pop() else { return };
        let tree = self.tree_of[left.last];
        if self.entries[left.last].body != Body::Dir && left.below > tree + 1 {
            keep[left.last] = false;
        }
        if let Some(outer) = above.last_mut() {
            outer.below = outer.below.max(left.below).max(tree + 1);
        }
    }
}

/// The entries to keep; the first hard link to a file that goes becomes the file.
fn without(mut entries: Vec<Entry>, keep: &[bool], held: &mut Reservation) -> Result<Vec<Entry>> {
    const NOWHERE: u32 = u32::MAX;
    let mut place = vec![NOWHERE; entries.len()];
    let mut next = 0;
    for i in 0..entries.len() {
        if !keep[i] {
            continue;
        }
        if let Body::Hardlink(target) = entries[i].body {
            let target = target as usize;
            entries[i].body = match place[target] {
                NOWHERE => {
                    // The file goes: this is its content from now on.
                    held.grow(allocated(size_of_val(entries[target].extents())))?;
                    place[target] = next;
                    entries[target].body.clone()
                }
                at => Body::Hardlink(at),
            };
        }
        place[i] = next;
        next += 1;
    }
    let mut kept = keep.iter();
    entries.retain(|_| kept.next().copied().unwrap_or(false));
    Ok(entries)
}
