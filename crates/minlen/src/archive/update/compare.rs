//! What on disk differs from what the archive has.

use super::{ByLen, Change, ChangeKind, Updating, same};
use crate::archive::read::Archive;
use crate::options::{Keep, Options};
use minlen_container::walk::{Found as Body, Item};
use minlen_container::{self as container, Entry, Meta, Tree};
use minlen_core::{Env, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is to be written.
pub(super) struct Found {
    /// What is new or different; hard links refer to one another.
    pub(super) items: Vec<Item>,
    /// Those of them whose content is in the archive, with that.
    pub(super) known: HashMap<usize, container::Body>,
    pub(super) changes: Vec<Change>,
}

/// Files shorter than this are not looked for under other names: the comparison would cost more than it saves.
const WORTH: u64 = 512;

/// One thing on disk beside the entry of its path.
#[derive(Clone, Copy, Default)]
struct Pair {
    /// The entry.
    entry: Option<usize>,
    /// The file that it is, which differs from the entry for hard links.
    root: Option<usize>,
    /// An entry that has the content.
    content: Option<usize>,
    /// Mode, time, owner and attributes are the same, as far as both sides have them.
    attributes: bool,
}

/// Compares what was found with the archive.
pub(super) fn compare(
    archive: &mut Archive<'_>,
    mut items: Vec<Item>,
    how: Updating,
    options: &Options,
    env: &Env,
) -> Result<Found> {
    let tree = archive.entries();
    let mut pairs = Vec::with_capacity(items.len());
    // Both sides mostly go in one order.
    let mut next = 0;
    for item in &mut items {
        let is_next = tree.entries.get(next).is_some_and(|entry| entry.path == item.path);
        let entry = if is_next { Some(next) } else { archive.find(&item.path)? };
        next = entry.map_or(next, |entry| entry + 1);
        let root = entry.map(|number| root(&tree, number)).filter(|&root| is_file(&tree.entries[root]));
        let mut attributes = false;
        if let Some(entry) = entry.map(|number| &tree.entries[number]) {
            item.meta = merged(item.meta.take(), entry.meta.as_ref(), options.keep);
            attributes = has_attributes(item, entry);
        }
        pairs.push(Pair { entry, root, content: None, attributes });
    }
    let unknown = find_contents(&tree, &items, &mut pairs, how);
    let others = others(&tree, &items, &unknown, options);
    let equal = same::find(archive, &items, &unknown, &others, how.checksum, env)?;
    equal.into_iter().for_each(|(item, entry)| pairs[item].content = Some(entry));
    Ok(select(&tree, items, &pairs))
}

fn is_file(entry: &Entry) -> bool {
    matches!(entry.body, container::Body::File { .. })
}

/// The entry that has the content of this one.
fn root(tree: &Tree, number: usize) -> usize {
    match tree.entries[number].body {
        container::Body::Hardlink(to) => to as usize,
        _ => number,
    }
}

/// Owner and attributes that the archive shall have: what was not asked for stays as it is there.
fn merged(new: Option<Arc<Meta>>, old: Option<&Arc<Meta>>, keep: Keep) -> Option<Arc<Meta>> {
    let Some(old) = old.filter(|_| !(keep.owners && keep.xattrs && keep.acls)) else { return new };
    let fresh = new.as_deref().cloned().unwrap_or_default();
    let owner = if keep.owners { fresh.owner } else { old.owner.clone() };
    let xattrs = if keep.xattrs || keep.acls { fresh.xattrs } else { old.xattrs.clone() };
    let meta = Meta { owner, xattrs };
    match meta {
        meta if meta == **old => Some(Arc::clone(old)),
        meta if meta == Meta::default() => None,
        meta => Some(Arc::new(meta)),
    }
}

/// A time or an owner that one side does not have says nothing.
fn has_attributes(item: &Item, entry: &Entry) -> bool {
    let time = item.mtime.is_none() || entry.mtime.is_none() || item.mtime == entry.mtime;
    let owner = |meta: &Option<Arc<Meta>>| meta.as_ref().and_then(|meta| meta.owner.clone());
    let xattrs = |meta: &Option<Arc<Meta>>| meta.as_ref().map(|meta| meta.xattrs.clone()).unwrap_or_default();
    let (new, old) = (owner(&item.meta), owner(&entry.meta));
    let owner = new.is_none() || old.is_none() || new == old;
    item.mode == entry.mode && time && owner && xattrs(&item.meta) == xattrs(&entry.meta)
}

/// Notes which files have the content of their entry by length and time. Gives the others, with the entry of their path where that is
/// as long.
fn find_contents(
    tree: &Tree,
    items: &[Item],
    pairs: &mut [Pair],
    how: Updating,
) -> Vec<(usize, Option<usize>)> {
    let mut unknown = Vec::new();
    for (number, (item, pair)) in items.iter().zip(pairs).enumerate() {
        let Body::File { len, .. } = item.body else { continue };
        let as_long = |root: &usize| matches!(tree.entries[*root].body, container::Body::File { len: known, .. } if known == len);
        let own = pair.root.filter(as_long);
        let timed = item.mtime.is_some() && pair.entry.is_some_and(|e| tree.entries[e].mtime == item.mtime);
        if own.is_some() && (len == 0 || (timed && !how.checksum)) {
            pair.content = own;
        } else if len > 0 {
            unknown.push((number, own));
        }
    }
    unknown
}

/// Entries that files may be equal to which are not known under their own names.
fn others(tree: &Tree, items: &[Item], unknown: &[(usize, Option<usize>)], options: &Options) -> ByLen {
    let mut others = ByLen::new();
    if !options.dedup {
        return others;
    }
    let lens: HashSet<u64> = unknown.iter().map(|(item, _)| items[*item].state.len()).collect();
    for (number, entry) in tree.entries.iter().enumerate() {
        if let container::Body::File { len, .. } = entry.body
            && len >= WORTH
            && lens.contains(&len)
        {
            others.entry(len).or_default().push(number);
        }
    }
    others
}

/// Chooses what is to be written. Names of one file go together: if any of them differs, all are written.
fn select(tree: &Tree, items: Vec<Item>, pairs: &[Pair]) -> Found {
    let first = |number: usize| match items[number].body {
        Body::Hardlink(to) => to as usize,
        _ => number,
    };
    // How many names each file has on disk, and how many of those found have each file of the archive.
    let (mut names, mut entries) = (vec![0u32; items.len()], vec![0u32; tree.entries.len()]);
    for (number, pair) in pairs.iter().enumerate() {
        names[first(number)] += 1;
        if let Some(root) = pair.root {
            entries[root] += 1;
        }
    }
    let is_same = |number: usize| {
        let (item, pair, file) = (&items[number], &pairs[number], first(number));
        let body = pair.entry.map(|entry| &tree.entries[entry].body);
        let content = match &item.body {
            Body::Dir => body == Some(&container::Body::Dir),
            Body::Symlink(target) => matches!(body, Some(container::Body::Symlink(there)) if there == target),
            Body::File { .. } | Body::Hardlink(_) => {
                let root = pairs[file].root.filter(|root| pair.root == Some(*root));
                root.is_some_and(|root| pairs[file].content == Some(root) && entries[root] == names[file])
            }
        };
        content && pair.attributes
    };
    let differs: HashSet<usize> = (0..items.len()).filter(|&number| !is_same(number)).map(first).collect();
    let mut found = Found { items: Vec::new(), known: HashMap::new(), changes: Vec::new() };
    let mut places = HashMap::new();
    let chosen: Vec<bool> = (0..items.len()).map(|number| differs.contains(&first(number))).collect();
    let kinds: HashMap<usize, ChangeKind> = (0..items.len())
        .filter(|&number| chosen[number])
        .map(|number| (number, kind(tree, &items, pairs, number)))
        .collect();
    for (number, mut item) in items.into_iter().enumerate().filter(|(number, _)| chosen[*number]) {
        let place = found.items.len();
        places.insert(number, place as u32);
        if let Body::Hardlink(to) = &mut item.body {
            *to = places.get(&(*to as usize)).copied().unwrap_or_default();
        }
        if let (Body::File { .. }, Some(entry)) = (&item.body, pairs[number].content) {
            found.known.insert(place, tree.entries[entry].body.clone());
        }
        let is_folder = item.body == Body::Dir;
        found.changes.push(Change {
            path: item.path.clone(),
            kind: kinds.get(&number).copied().unwrap_or(ChangeKind::Changed),
            is_folder,
        });
        found.items.push(item);
    }
    found
}

/// What to call it if an item is written.
fn kind(tree: &Tree, items: &[Item], pairs: &[Pair], number: usize) -> ChangeKind {
    let Some(entry) = pairs[number].entry else { return ChangeKind::New };
    let same = match (&items[number].body, &tree.entries[entry].body) {
        (Body::Dir, container::Body::Dir) => true,
        (Body::Symlink(target), container::Body::Symlink(there)) => target == there,
        (Body::File { .. }, _) => {
            pairs[number].content.is_some() && pairs[number].content == pairs[number].root
        }
        (Body::Hardlink(to), _) => {
            let file = &pairs[*to as usize];
            file.content.is_some() && file.content == pairs[number].root
        }
        _ => false,
    };
    if same { ChangeKind::Attributes } else { ChangeKind::Changed }
}
