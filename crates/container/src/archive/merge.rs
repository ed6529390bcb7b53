//! The union of the trees of concatenated archives: what comes later wins.

use crate::tree::memory::allocated;
use crate::tree::order::{compare, is_within};
use crate::tree::{Body, Entry, Extent, Tree};
use minlen_core::{Budget, Reservation, Result};
use std::ops::Range;

/// Moves a tree's extents to where its stream's content begins. The caller knows that the sum fits.
pub(super) fn shift(tree: &mut Tree, raw_start: u64) {
    move_extents(tree, |offset| offset.saturating_add(raw_start));
}

/// What one stream says of the tree.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) tree: Tree,
    /// What goes out of the trees before it.
    pub(super) removed: Vec<Vec<u8>>,
}

impl Part {
    /// How many paths it has.
    pub(super) fn count(&self) -> u64 {
        (self.tree.entries.len() + self.removed.len()) as u64
    }
}

const NOWHERE: u32 = u32::MAX;

/// Moves the extents of a tree that go by `before` bytes of content of which only the last `there` are left: what has any of the others
/// is left out.
///
/// # Errors
/// Limit where the budget does not do.
pub(super) fn cut(tree: &mut Tree, before: u64, there: u64, budget: &Budget) -> Result<()> {
    let lost = before.saturating_sub(there);
    let _held = budget.reserve((tree.entries.len() * size_of::<u32>()) as u64)?;
    let (mut places, mut next) = (Vec::with_capacity(tree.entries.len()), 0);
    let is_lost = |extent: &Extent| matches!(extent, Extent::Data { offset, .. } if *offset < lost);
    for entry in &mut tree.entries {
        let kept = match &mut entry.body {
            Body::Hardlink(to) => {
                *to = places[*to as usize];
                *to != NOWHERE
            }
            body => !matches!(body, Body::File { extents, .. } if extents.iter().any(is_lost)),
        };
        places.push(if kept { next } else { NOWHERE });
        next += u32::from(kept);
    }
    let mut places = places.into_iter();
    tree.entries.retain(|_| places.next().is_some_and(|place| place != NOWHERE));
    move_extents(tree, |offset| offset.saturating_sub(lost));
    Ok(())
}

fn move_extents(tree: &mut Tree, moved: impl Fn(u64) -> u64) {
    for entry in &mut tree.entries {
        if let Body::File { extents, .. } = &mut entry.body {
            for extent in extents {
                if let Extent::Data { offset, .. } = extent {
                    *offset = moved(*offset);
                }
            }
        }
    }
}

/// The union of `trees`, first to last, with the memory of what had to be copied and moved for it.
///
/// # Errors
/// Limit where the budget does not do.
pub(super) fn merge(mut parts: Vec<Part>, budget: &Budget) -> Result<(Tree, Option<Reservation>)> {
    if parts.len() <= 1 {
        return Ok((parts.pop().unwrap_or_default().tree, None));
    }
    let entries: usize = parts.iter().map(|part| part.tree.entries.len()).sum();
    let paths = entries + parts.iter().map(|part| part.removed.len()).sum::<usize>();
    let mut held = budget.reserve((entries * size_of::<Entry>()) as u64)?;
    let _working = budget.reserve((paths * WORKING) as u64)?;
    let mut all = Entries { entries: Vec::with_capacity(entries), ..Entries::default() };
    for (number, part) in parts.into_iter().enumerate() {
        let first = all.entries.len() as u32;
        all.tree_of.resize(all.entries.len() + part.tree.entries.len(), number as u32);
        all.entries.extend(part.tree.entries.into_iter().map(|mut entry| {
            if let Body::Hardlink(target) = &mut entry.body {
                *target += first;
            }
            entry
        }));
        all.removed.extend(part.removed.into_iter().map(|path| (path, number as u32)));
    }
    let keep = all.survivors();
    let tree = Tree { entries: without(all.entries, &keep, &mut held)? };
    Ok((tree, Some(held)))
}

/// Bytes for each path while the survivors are found: its tree, its place in the order, its fate, its place afterwards, and where it is
/// removed, the path.
const WORKING: usize = 4 + 4 + 1 + 4 + size_of::<(Vec<u8>, u32)>();

/// The entries of all trees in a row, and the number of the tree of each; and what is removed, by which tree.
#[derive(Default)]
struct Entries {
    entries: Vec<Entry>,
    tree_of: Vec<u32>,
    removed: Vec<(Vec<u8>, u32)>,
}

/// A path that the walk in order is at or below.
struct Above {
    /// One of what has the path.
    node: u32,
    /// The last of the entries of the path: the only one that can stay.
    last: Option<usize>,
    /// The latest tree that removes this or a folder above it, or in which it is something else than a folder, and one more.
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
            let path = self.path(order[at]);
            while above.last().is_some_and(|a| !is_within(path, self.path(a.node))) {
                self.leave(&mut above, &mut keep);
            }
            let nodes = &order[group.clone()];
            let removed =
                nodes.iter().filter_map(|&node| self.removal(node)).max().map_or(0, |tree| tree + 1);
            // Later trees win, and a tree removes what is before it.
            let closed = above.last().map_or(0, |a| a.closed).max(removed);
            let last =
                nodes.iter().map(|&node| node as usize).filter(|&node| node < self.entries.len()).max();
            let mut own = 0;
            if let Some(last) = last {
                let tree = self.tree_of[last];
                // A later tree has something else than a folder where a folder above this would have to be, or removes it.
                keep[last] = closed <= tree + 1;
                own = if self.entries[last].body == Body::Dir { 0 } else { tree + 1 };
            }
            above.push(Above { node: order[at], last, closed: closed.max(own), below: 0 });
            at = group.end;
        }
        while !above.is_empty() {
            self.leave(&mut above, &mut keep);
        }
        keep
    }

    /// The tree that removes a path, of a node that says so.
    fn removal(&self, node: u32) -> Option<u32> {
        let (_, tree) = self.removed.get((node as usize).checked_sub(self.entries.len())?)?;
        Some(*tree)
    }

    /// The path of an entry, or behind those of what is removed.
    fn path(&self, node: u32) -> &[u8] {
        let node = node as usize;
        match self.entries.get(node) {
            Some(entry) => &entry.path,
            None => &self.removed[node - self.entries.len()].0,
        }
    }

    /// Entries and what is removed by path, and those of one path by number.
    fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..(self.entries.len() + self.removed.len()) as u32).collect();
        order.sort_unstable_by(|&a, &b| compare(self.path(a), self.path(b)).then(a.cmp(&b)));
        order
    }

    /// The places of everything with the path of the one at `start`.
    fn group(&self, order: &[u32], start: usize) -> Range<usize> {
        let path = self.path(order[start]);
        let same = order[start..].iter().take_while(|&&node| self.path(node) == path);
        start..start + same.count()
    }

    /// Everything below the innermost path has been seen: a folder there, also one that is only implied, replaces what is
    /// no folder.
    fn leave(&self, above: &mut Vec<Above>, keep: &mut [bool]) {
        let Some(left) = above.pop() else { return };
        let mut latest = left.below;
        if let Some(last) = left.last {
            let tree = self.tree_of[last];
            if self.entries[last].body != Body::Dir && left.below > tree + 1 {
                keep[last] = false;
            }
            latest = latest.max(tree + 1);
        }
        if let Some(outer) = above.last_mut() {
            outer.below = outer.below.max(latest);
        }
    }
}

/// The entries to keep; the first hard link to a file that goes becomes the file.
fn without(mut entries: Vec<Entry>, keep: &[bool], held: &mut Reservation) -> Result<Vec<Entry>> {
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
