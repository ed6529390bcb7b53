//! The order of the suffixes of a text, for block sorting and for finding repeats.
//!
//! With the Cargo feature `libsais` the C library of that name sorts; without it the code below does, and coding a whole block takes about a
//! tenth longer (11 MB of text, programs and JSON: 2.6 against 2.9 MB/s).
//! There is one order only, so the bytes that come of it are the same.
//!
//! Method: suffix array by induced sorting (Nong, Zhang and Chan, "Two efficient algorithms for linear time suffix array
//! construction", 2009). A suffix is of type S where it is smaller than the one behind it, else of type L; the leftmost S of a run
//! (LMS) are sorted first, by recursion where their substrings do not tell, and all others follow from them in two passes.
//!
//! | You want | Use |
//! |---|---|
//! | the order of all suffixes, for block sorting or a search for repeats | [`sort`] |
//! | to reserve the memory before | [`MEMORY`] bytes for each byte of text |
//!
//! Time is linear in the length of the text. From the order of suffixes, the longest string that occurs twice is the longest common
//! prefix of two neighbours:
//!
//! ```
//! let text = b"banana bandana";
//! let order = minlen_bytes::suffixes::sort(text)?;
//! let suffix = |at: i32| &text[at as usize..];
//! let common = |pair: &[i32]| suffix(pair[0]).iter().zip(suffix(pair[1])).take_while(|(a, b)| a == b).count();
//! assert_eq!(order.windows(2).map(common).max(), Some(3));
//! # Ok::<(), minlen_core::Error>(())
//! ```

use minlen_core::{Error, Result};

/// Working memory of [`sort`] for each byte of the text, the result included.
pub const MEMORY: u64 = if cfg!(feature = "libsais") { 4 } else { 10 };

/// Where the suffixes of `text` start, the smallest suffix first; the end of the text counts as smaller than every byte.
///
/// ```
/// assert_eq!(minlen_bytes::suffixes::sort(b"banana")?, [5, 3, 1, 0, 4, 2]);
/// # Ok::<(), minlen_core::Error>(())
/// ```
///
/// # Errors
/// Limit for 2 GiB and more.
#[cfg(feature = "libsais")]
pub fn sort(text: &[u8]) -> Result<Vec<i32>> {
    let sorted = libsais::SuffixArrayConstruction::for_text(text)
        .in_owned_buffer32()
        .single_threaded()
        .run()
        .map_err(|e| Error::limit(format!("suffixes: sorting failed: {e}")))?;
    Ok(sorted.into_vec())
}

/// Where the suffixes of `text` start, the smallest suffix first; the end of the text counts as smaller than every byte.
///
/// # Errors
/// Limit for 2 GiB and more.
#[cfg(not(feature = "libsais"))]
pub fn sort(text: &[u8]) -> Result<Vec<i32>> {
    if i32::try_from(text.len()).is_err() {
        return Err(Error::limit("suffixes: too long"));
    }
    let mut order = vec![0; text.len()];
    induced::sort(text, 256, &mut order);
    Ok(order)
}

#[cfg(any(test, not(feature = "libsais")))]
mod induced {
    /// Marks a place that no suffix has taken yet.
    const NONE: i32 = -1;

    /// A letter of the text: a byte, or the rank of a substring one level up.
    pub(super) trait Letter: Copy + Ord {
        fn rank(self) -> usize;
    }

    impl Letter for u8 {
        fn rank(self) -> usize {
            usize::from(self)
        }
    }

    impl Letter for i32 {
        fn rank(self) -> usize {
            self.cast_unsigned() as usize
        }
    }

    /// The text and what is known of it.
    struct Sorter<'a, T> {
        text: &'a [T],
        /// True for suffixes of type S.
        smaller: Vec<bool>,
        /// For each letter a place in its bucket.
        at: Vec<i32>,
    }

    /// Sorts the suffixes of `text`, whose letters are below `alphabet`, into `order`, which is as long.
    pub(super) fn sort<T: Letter>(text: &[T], alphabet: usize, order: &mut [i32]) {
        let n = text.len();
        if n < 2 {
            order.fill(0);
            return;
        }
        let mut smaller = vec![false; n];
        for i in (0..n - 1).rev() {
            smaller[i] = text[i] < text[i + 1] || text[i] == text[i + 1] && smaller[i + 1];
        }
        let mut sorter = Sorter { text, smaller, at: vec![0; alphabet] };
        let (count, names) = sorter.sort_substrings(order);
        // The names, in the order of the text, are a text of their own.
        let (head, tail) = order.split_at_mut(n - count);
        if names < count {
            sort(tail, names, &mut head[..count]);
        } else {
            for (i, name) in tail.iter().enumerate() {
                head[name.rank()] = i as i32;
            }
        }
        let places = (1..n).filter(|&i| sorter.is_leftmost(i));
        tail.iter_mut().zip(places).for_each(|(slot, place)| *slot = place as i32);
        for slot in &mut head[..count] {
            *slot = tail[slot.rank()];
        }
        sorter.place_sorted(order, count);
        sorter.induce(order);
    }

    impl<T: Letter> Sorter<'_, T> {
        fn is_leftmost(&self, i: usize) -> bool {
            i > 0 && self.smaller[i] && !self.smaller[i - 1]
        }

        /// Sets `at` to where buckets start, or to where they end.
        fn buckets(&mut self, ends: bool) {
            self.at.fill(0);
            self.text.iter().for_each(|letter| self.at[letter.rank()] += 1);
            let mut sum = 0;
            for slot in &mut self.at {
                sum += *slot;
                *slot = if ends { sum } else { sum - *slot };
            }
        }

        fn put_last(&mut self, order: &mut [i32], i: usize) {
            let at = &mut self.at[self.text[i].rank()];
            *at -= 1;
            order[at.rank()] = i as i32;
        }

        /// From the LMS suffixes in their buckets: those of type L, then those of type S.
        fn induce(&mut self, order: &mut [i32]) {
            let n = self.text.len();
            self.buckets(false);
            // The end of the text is the smallest suffix of all and comes first.
            let mut put_first = |order: &mut [i32], i: usize| {
                let at = &mut self.at[self.text[i].rank()];
                order[at.rank()] = i as i32;
                *at += 1;
            };
            put_first(order, n - 1);
            for k in 0..n {
                let i = order[k];
                if i > 0 && !self.smaller[i.rank() - 1] {
                    put_first(order, i.rank() - 1);
                }
            }
            self.buckets(true);
            for k in (0..n).rev() {
                let i = order[k];
                if i > 0 && self.smaller[i.rank() - 1] {
                    self.put_last(order, i.rank() - 1);
                }
            }
        }

        /// Sorts the substrings between LMS places and puts their names, in the order of the text, at the end of `order`. Gives how
        /// many there are and how many differ.
        fn sort_substrings(&mut self, order: &mut [i32]) -> (usize, usize) {
            let n = self.text.len();
            order.fill(NONE);
            self.buckets(true);
            for i in 1..n {
                if self.is_leftmost(i) {
                    self.put_last(order, i);
                }
            }
            self.induce(order);
            let mut count = 0;
            for k in 0..n {
                if self.is_leftmost(order[k].rank()) {
                    order[count] = order[k];
                    count += 1;
                }
            }
            // No two LMS places are neighbours, so half of the place is a slot of its own.
            let (sorted, slots) = order.split_at_mut(count);
            slots.fill(NONE);
            let (mut names, mut last) = (0, None);
            for &i in sorted.iter() {
                if last.is_none_or(|last| !self.same_substring(last, i.rank())) {
                    names += 1;
                }
                last = Some(i.rank());
                slots[i.rank() / 2] = names - 1;
            }
            let mut to = n;
            for k in (count..n).rev() {
                if order[k] != NONE {
                    to -= 1;
                    order[to] = order[k];
                }
            }
            (count, names.rank())
        }

        /// True if the substrings from `a` and `b` to the next LMS place are the same, types included.
        fn same_substring(&self, a: usize, b: usize) -> bool {
            let n = self.text.len();
            for d in 0.. {
                let (x, y) = (a + d, b + d);
                if x == n || y == n || self.text[x] != self.text[y] || self.smaller[x] != self.smaller[y] {
                    return false;
                }
                if d > 0 && (self.is_leftmost(x) || self.is_leftmost(y)) {
                    return self.is_leftmost(x) && self.is_leftmost(y);
                }
            }
            false
        }

        /// Puts the `count` sorted LMS suffixes at the start of `order` into their buckets.
        fn place_sorted(&mut self, order: &mut [i32], count: usize) {
            order[count..].fill(NONE);
            self.buckets(true);
            for k in (0..count).rev() {
                let i = std::mem::replace(&mut order[k], NONE);
                self.put_last(order, i.rank());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::{edge_cases, random_case};

    fn by_comparing(text: &[u8]) -> Vec<i32> {
        let mut order: Vec<i32> = (0..text.len() as i32).collect();
        order.sort_by_key(|&i| &text[i as usize..]);
        order
    }

    fn ours(text: &[u8]) -> Vec<i32> {
        let mut order = vec![0; text.len()];
        induced::sort(text, 256, &mut order);
        order
    }

    #[test]
    fn suffixes_are_in_order() {
        for text in (0..600).map(|seed| random_case(seed, 700)) {
            let expected = by_comparing(&text);
            assert_eq!(ours(&text), expected, "{text:?}");
            assert_eq!(sort(&text).unwrap(), expected);
        }
    }

    #[test]
    fn all_short_texts_of_few_letters_are_sorted() {
        for len in 0..=9usize {
            for number in 0..3u32.pow(len as u32) {
                let text: Vec<u8> = (0..len as u32).map(|i| (number / 3u32.pow(i) % 3) as u8).collect();
                assert_eq!(ours(&text), by_comparing(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn long_texts_come_out_as_from_the_library() {
        let deep: Vec<u8> = (0..200_000u32).map(|i| b'a' + (i.count_ones() & 1) as u8).collect();
        let long = [random_case(3, 1 << 18), random_case(4, 1 << 18)].concat();
        for text in
            edge_cases().into_iter().chain([deep, long.repeat(2), vec![7; 300_000], b"ab".repeat(99_999)])
        {
            let sorted = sort(&text).unwrap();
            assert!(ours(&text) == sorted, "{} bytes", text.len());
        }
    }
}
