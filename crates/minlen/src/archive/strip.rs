//! Members without the first names of their paths.

use minlen_container::tree::show_path;
use minlen_container::{Body, Entry, Tree};
use minlen_core::{Budget, Error, Reservation, Result};
use std::collections::HashMap;

/// What is left of a path without its first `count` names; `None` if nothing is.
///
/// ```
/// use minlen::archive::without_first;
/// assert_eq!(without_first(b"a/b/c", 1), Some(&b"b/c"[..]));
/// assert_eq!(without_first(b"a/b/c", 0), Some(&b"a/b/c"[..]));
/// assert_eq!(without_first(b"a/b/c", 3), None);
/// ```
#[must_use]
pub fn without_first(path: &[u8], count: usize) -> Option<&[u8]> {
    (0..count).try_fold(path, |path, _| path.iter().position(|&byte| byte == b'/').map(|at| &path[at + 1..]))
}

/// A tree of the entries that are `picked` without the first `count` names of their paths. Entries of which nothing is left are left
/// out; folders that become one are one.
///
/// # Errors
/// Usage where two members would have one path; limit.
pub(super) fn stripped(
    tree: &Tree,
    picked: &dyn Fn(usize) -> bool,
    count: usize,
    budget: &Budget,
) -> Result<(Tree, Reservation)> {
    // No path gets longer, and no entry is there twice, but for the files behind hard links.
    let held = budget.reserve(tree.memory().saturating_add((tree.entries.len() * EACH) as u64))?;
    let mut out = Tree::default();
    let mut places: HashMap<usize, u32> = HashMap::new();
    let mut taken: HashMap<&[u8], usize> = HashMap::new();
    for (number, entry) in tree.entries.iter().enumerate().filter(|(number, _)| picked(*number)) {
        let Some(path) = without_first(&entry.path, count) else { continue };
        if let Some(&first) = taken.get(path) {
            if entry.body == Body::Dir && tree.entries[first].body == Body::Dir {
                continue;
            }
            let name = show_path(path);
            return Err(Error::usage(format!("two members would be {name} without their first names"))
                .remedy("choose members of one folder, or strip fewer names"));
        }
        taken.insert(path, number);
        let file = match entry.body {
            Body::Hardlink(to) => to as usize,
            _ => number,
        };
        let body = match (&entry.body, places.get(&file)) {
            (Body::Hardlink(_), Some(&at)) => Body::Hardlink(at),
            // The file itself is not taken out: this name gets its content.
            _ => tree.entries[file].body.clone(),
        };
        places.entry(file).or_insert(out.entries.len() as u32);
        out.entries.push(Entry { path: path.to_vec(), body, ..entry.clone() });
    }
    Ok((out, held))
}

/// Bytes for an entry while the tree is made.
const EACH: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, body: Body) -> Entry {
        Entry { path: path.into(), mode: 0o644, mtime: None, body, meta: None }
    }

    #[test]
    fn links_follow_their_files_and_folders_become_one() {
        let file = || Body::File { len: 0, hash: [0; 16], extents: Vec::new() };
        let tree = Tree {
            entries: vec![
                entry("a", Body::Dir),
                entry("a/d", Body::Dir),
                entry("a/d/f", file()),
                entry("b/d", Body::Dir),
                entry("b/d/g", Body::Hardlink(2)),
                entry("h", Body::Hardlink(2)),
            ],
        };
        let paths = |picked: &dyn Fn(usize) -> bool| {
            let (tree, _) = stripped(&tree, picked, 1, &Budget::new(1 << 20)).unwrap();
            tree.check(&minlen_core::Limits::default()).unwrap();
            tree.entries.iter().map(|e| (show_path(&e.path), e.body.clone())).collect::<Vec<_>>()
        };
        let all = paths(&|_| true);
        assert_eq!(all.iter().map(|(path, _)| &path[..]).collect::<Vec<_>>(), ["d", "d/f", "d/g"]);
        assert_eq!(all[2].1, Body::Hardlink(1));
        assert_eq!(paths(&|number| number != 2)[1], ("d/g".into(), file()));
        let clash = Tree { entries: vec![entry("a/f", file()), entry("b/f", file())] };
        assert!(stripped(&clash, &|_| true, 1, &Budget::new(1 << 20)).is_err());
        assert!(stripped(&clash, &|_| true, 1, &Budget::new(10)).is_err());
    }
}
