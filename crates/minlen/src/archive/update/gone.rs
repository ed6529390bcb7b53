//! What is in the archive and on disk no more.

use super::{Change, ChangeKind};
use crate::archive::read::Archive;
use minlen_container::walk::{self, Item, Patterns};
use minlen_container::{Body, Tree};
use minlen_core::{Env, Error, Result};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What goes out.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Paths, each with all below, in order.
    pub(super) removed: Vec<Vec<u8>>,
    /// The same entry by entry.
    pub(super) changes: Vec<Change>,
}

/// Finds the entries below the inputs, which are called `names`, that are not on disk. What a pattern leaves out stays, whether it is
/// there or not, and so does what cannot be looked at.
pub(super) fn find(
    archive: &mut Archive<'_>,
    items: &[Item],
    names: &[(PathBuf, Vec<u8>)],
    exclude: &Patterns,
    env: &Env,
) -> Result<Gone> {
    let tree = archive.entries();
    let found: HashSet<&[u8]> = items.iter().map(|item| &item.path[..]).collect();
    let mut is_gone = vec![false; tree.entries.len()];
    for (number, entry) in tree.entries.iter().enumerate() {
        env.check()?;
        let Some((source, above)) = place(&entry.path, names).filter(|_| !found.contains(&entry.path[..]))
        else {
            continue;
        };
        if walk::is_left_out(exclude, &entry.path, above, entry.body == Body::Dir) {
            continue;
        }
        is_gone[number] = fs::symlink_metadata(&source).is_err_and(|error| walk::is_missing(&error));
    }
    refuse_unknown(&tree, items, names)?;
    let mut gone = Gone::default();
    for number in archive.in_order(&tree)? {
        let entry = &tree.entries[number];
        if !is_gone[number] {
            continue;
        }
        let kind = ChangeKind::Deleted;
        gone.changes.push(Change { path: entry.path.clone(), kind, is_folder: entry.body == Body::Dir });
        let is_within = |folder: &Vec<u8>| {
            entry.path.strip_prefix(&folder[..]).is_some_and(|rest| rest.first() == Some(&b'/'))
        };
        if gone.removed.last().is_some_and(is_within) {
            continue;
        }
        // A folder in which something stays, stays.
        let mut all = true;
        archive.each_below(&entry.path, &mut |below| all &= is_gone[below])?;
        if all {
            gone.removed.push(entry.path.clone());
        } else {
            gone.changes.pop();
        }
    }
    Ok(gone)
}

/// Where on disk what the archive calls `path` would be, and how long the name of the input is that it is below.
fn place(path: &[u8], names: &[(PathBuf, Vec<u8>)]) -> Option<(PathBuf, usize)> {
    let below = |name: &[u8]| match name {
        b"" => Some(path.to_vec()),
        _ => {
            path.strip_prefix(name).filter(|rest| rest.first().is_none_or(|&b| b == b'/')).map(<[u8]>::to_vec)
        }
    };
    // The longest one: `a/b` may be an input beside `a`.
    let inputs = names.iter().filter_map(|(input, name)| Some((input, name, below(name)?)));
    let (input, name, rest) = inputs.max_by_key(|(_, name, _)| name.len())?;
    let rest = rest.strip_prefix(b"/").unwrap_or(&rest);
    let place = if rest.is_empty() { input.clone() } else { input.join(OsStr::from_bytes(rest)) };
    Some((place, name.len()))
}

/// An input that is neither on disk nor in the archive was mistyped.
fn refuse_unknown(tree: &Tree, items: &[Item], names: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let missing = names.iter().filter(|(input, _)| fs::symlink_metadata(input).is_err());
    for (input, name) in missing {
        let is_below = |path: &[u8]| {
            path.strip_prefix(&name[..]).is_some_and(|rest| rest.first().is_none_or(|&b| b == b'/'))
        };
        let known = tree.entries.iter().any(|entry| is_below(&entry.path))
            || items.iter().any(|item| is_below(&item.path));
        if !known {
            return Err(Error::usage("is neither there nor in the archive").in_file(input));
        }
    }
    Ok(())
}
