//! The order of paths component by component: folders before what is in them, and everything below a path next to it.

use super::Tree;
use minlen_core::{Budget, Reservation, Result};
use std::cmp::Ordering;
use std::ops::Range;

/// The entries of a tree by path, to find one or all below a folder without looking at every entry.
#[derive(Debug)]
pub struct Order {
    /// Entry numbers in order; `None` where the entries are in order themselves, as those that minlen writes are.
    numbers: Option<Vec<u32>>,
    len: usize,
    _held: Option<Reservation>,
}

impl Order {
    /// Sorts the entries, if they need it.
    ///
    /// # Errors
    /// Limit where the budget does not have the four bytes per entry that this takes.
    pub fn new(tree: &Tree, budget: &Budget) -> Result<Self> {
        let (entries, len) = (&tree.entries, tree.entries.len());
        if entries.is_sorted_by(|a, b| compare(&a.path, &b.path).is_le()) {
            return Ok(Self { numbers: None, len, _held: None });
        }
        let held = budget.reserve((len * size_of::<u32>()) as u64)?;
        let mut numbers: Vec<u32> = (0..len as u32).collect();
        numbers.sort_unstable_by(|&a, &b| {
            compare(&entries[a as usize].path, &entries[b as usize].path).then(a.cmp(&b))
        });
        Ok(Self { numbers: Some(numbers), len, _held: Some(held) })
    }

    /// The number of the entry at this place in the order.
    #[must_use]
    pub fn number(&self, place: usize) -> usize {
        self.numbers.as_ref().map_or(place, |numbers| numbers[place] as usize)
    }

    /// The number of the entry with this path.
    #[must_use]
    pub fn find(&self, tree: &Tree, path: &[u8]) -> Option<usize> {
        let place = self.partition(|number| compare(&tree.entries[number].path, path).is_lt());
        let number = (place < self.len).then(|| self.number(place))?;
        (tree.entries[number].path == path).then_some(number)
    }

    /// The places of the entry with this path and of all below it.
    #[must_use]
    pub fn below(&self, tree: &Tree, path: &[u8]) -> Range<usize> {
        let start = self.partition(|number| compare(&tree.entries[number].path, path).is_lt());
        let inside = |number: usize| {
            let other = &tree.entries[number].path;
            compare(other, path).is_lt() || is_within(other, path)
        };
        start..self.partition(inside)
    }

    /// The first place whose entry does not fulfil `before`.
    fn partition(&self, before: impl Fn(usize) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.number(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Compares two paths component by component.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    // Most neighbours have long beginnings in common: those are compared many bytes at a time.
    const STEP: usize = 32;
    let equal = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b).count() * STEP;
    let (a, b) = (&a[equal..], &b[equal..]);
    let differ = a.iter().zip(b).position(|(a, b)| a != b);
    // A path has no byte 0: the end of a name, if it is not that of the path, comes before every byte.
    let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
    differ.map_or(a.len().cmp(&b.len()), |at| rank(a[at]).cmp(&rank(b[at])))
}

/// True for `folder` itself and for what lies below it.
pub(crate) fn is_within(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testutil::entry;
    use crate::tree::Body;

    fn tree(paths: &[&str]) -> Tree {
        Tree { entries: paths.iter().map(|path| entry(path.as_bytes(), Body::Dir)).collect() }
    }

    #[test]
    fn everything_below_a_folder_is_next_to_it() {
        let budget = Budget::new(100);
        for paths in
            [&["a", "a/b", "a/b/c", "a-b", "a.b", "b"][..], &["b", "a.b", "a/b/c", "a-b", "a", "a/b"]]
        {
            let tree = tree(paths);
            let order = Order::new(&tree, &budget).unwrap();
            for path in paths {
                assert_eq!(tree.entries[order.find(&tree, path.as_bytes()).unwrap()].path, path.as_bytes());
            }
            let below = |path: &[u8]| -> Vec<_> {
                let numbers = order.below(&tree, path).map(|place| order.number(place));
                numbers.map(|number| String::from_utf8(tree.entries[number].path.clone()).unwrap()).collect()
            };
            assert_eq!(below(b"a"), ["a", "a/b", "a/b/c"]);
            assert_eq!(below(b"a/b"), ["a/b", "a/b/c"]);
            assert_eq!(below(b"a-b"), ["a-b"]);
            assert!(below(b"a/").is_empty() && below(b"c").is_empty() && order.find(&tree, b"a/c").is_none());
        }
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn sorting_is_charged() {
        let tree = tree(&["b", "a"]);
        assert!(Order::new(&tree, &Budget::new(7)).is_err() && Order::new(&tree, &Budget::new(8)).is_ok());
    }

    #[test]
    fn long_beginnings_do_not_hide_differences() {
        let base = vec![b'x'; 100];
        for at in 0..100 {
            let mut other = base.clone();
            other[at] = b'y';
            assert_eq!(compare(&base, &other), Ordering::Less);
            other[at] = b'/';
            assert_eq!(compare(&base, &other), Ordering::Greater);
            assert_eq!(compare(&base[..at], &base), Ordering::Less);
        }
    }
}
