//! The union of the trees of concatenated archives: what comes later wins.

use crate::tree::{Body, Entry, Extent, Tree};
use std::collections::{HashMap, HashSet};

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

/// About how many bytes of memory a tree takes.
pub(super) fn memory(tree: &Tree) -> u64 {
    let of = |e: &Entry| size_of::<Entry>() + e.path.len() + size_of_val(e.extents());
    tree.entries.iter().map(|e| of(e) as u64).sum()
}

/// The union of `trees`, first to last.
pub(super) fn merge(mut trees: Vec<Tree>) -> Tree {
    if trees.len() <= 1 {
        return trees.pop().unwrap_or_default();
    }
    let mut later = Later::default();
    let mut kept: Vec<Vec<Entry>> = Vec::with_capacity(trees.len());
    for tree in trees.into_iter().rev() {
        let keep: Vec<bool> = tree.entries.iter().map(|e| !later.replaces(e)).collect();
        for entry in &tree.entries {
            later.add(entry);
        }
        kept.push(without(tree, &keep));
    }
    let mut out = Tree::default();
    for entries in kept.into_iter().rev() {
        let base = out.entries.len() as u32;
        out.entries.extend(entries.into_iter().map(|mut entry| {
            if let Body::Hardlink(target) = &mut entry.body {
                *target += base;
            }
            entry
        }));
    }
    out
}

/// What later streams hold.
#[derive(Default)]
struct Later {
    /// Paths, and whether each is a folder.
    paths: HashMap<Vec<u8>, bool>,
    /// Every folder above a path.
    parents: HashSet<Vec<u8>>,
}

impl Later {
    fn add(&mut self, entry: &Entry) {
        for parent in parents(&entry.path) {
            if !self.parents.insert(parent.to_vec()) {
                break;
            }
        }
        self.paths.entry(entry.path.clone()).or_insert(entry.body == Body::Dir);
    }

    fn replaces(&self, entry: &Entry) -> bool {
        self.paths.contains_key(&entry.path)
            || (entry.body != Body::Dir && self.parents.contains(&entry.path))
            || parents(&entry.path).any(|p| self.paths.get(p) == Some(&false))
    }
}

/// The folders above a path, nearest first.
fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(path), |p| p.iter().rposition(|&b| b == b'/').map(|at| &p[..at])).skip(1)
}

/// The entries to keep; the first hard link to a file that goes becomes the file.
fn without(tree: Tree, keep: &[bool]) -> Vec<Entry> {
    let mut place: Vec<Option<u32>> = vec![None; tree.entries.len()];
    let bodies: HashMap<u32, Body> = tree
        .entries
        .iter()
        .enumerate()
        .filter(|(i, e)| !keep[*i] && matches!(e.body, Body::File { .. }))
        .map(|(i, e)| (i as u32, e.body.clone()))
        .collect();
    let mut out: Vec<Entry> = Vec::new();
    for (i, mut entry) in tree.entries.into_iter().enumerate() {
        if !keep[i] {
            continue;
        }
        if let Body::Hardlink(target) = entry.body {
            let now = &mut place[target as usize];
            entry.body = match (*now, bodies.get(&target)) {
                (None, Some(body)) => {
                    *now = Some(out.len() as u32);
                    body.clone()
                }
                (at, _) => Body::Hardlink(at.unwrap_or(0)),
            };
        }
        if place[i].is_none() {
            place[i] = Some(out.len() as u32);
        }
        out.push(entry);
    }
    out
}
