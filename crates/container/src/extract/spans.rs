//! Which ranges of the content go where, found by the content.

use std::ops::Range;

/// A range of the content that goes to one place in one file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) file: u32,
    pub(super) file_offset: u64,
}

/// How many spans or groups have one maximum above them.
const GROUP: usize = 16;

/// Spans in the order of the content; they may overlap, because files may share content.
///
/// Above the spans is a tree of maxima of their ends: those that end too early are passed over in groups, so that a search
/// costs little more than what it finds, however the spans lie.
#[derive(Debug, Default)]
pub(super) struct Spans {
    spans: Vec<Span>,
    /// The largest end in each group of what is one level below, the spans being the lowest.
    ends: Vec<Vec<u64>>,
}

impl Spans {
    /// Bytes of memory for so many spans.
    pub(super) fn memory(count: usize) -> u64 {
        (count * size_of::<Span>() + count / (GROUP - 1) * size_of::<u64>()) as u64 + 64
    }

    pub(super) fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable_by_key(|s| (s.start, s.file, s.file_offset));
        let mut ends: Vec<Vec<u64>> = Vec::new();
        let first = spans.chunks(GROUP).map(|group| group.iter().map(|s| s.end).max().unwrap_or(0));
        let mut level: Vec<u64> = first.collect();
        while level.len() > 1 {
            let above = level.chunks(GROUP).map(|group| group.iter().copied().max().unwrap_or(0)).collect();
            ends.push(std::mem::replace(&mut level, above));
        }
        ends.push(level);
        Self { spans, ends }
    }

    /// The spans that share a byte with `content`, in order.
    pub(super) fn overlapping(&self, content: Range<u64>) -> impl Iterator<Item = Span> {
        let last = match content.is_empty() {
            true => 0,
            false => self.spans.partition_point(|s| s.start < content.end),
        };
        let mut at = 0;
        std::iter::from_fn(move || {
            at = self.next(at, last, content.start)?;
            at += 1;
            self.spans.get(at - 1).copied()
        })
    }

    /// The first span from `at` on and before `last` that ends after `start`.
    fn next(&self, mut at: usize, last: usize, start: u64) -> Option<usize> {
        while at < last {
            // At the beginning of groups that end too early, the whole of the largest of them is passed over.
            let mut passed = 0;
            let (mut index, mut size) = (at, 1);
            for level in &self.ends {
                if !index.is_multiple_of(GROUP) {
                    break;
                }
                (index, size) = (index / GROUP, size * GROUP);
                if level.get(index).is_none_or(|&end| end > start) {
                    break;
                }
                passed = size;
            }
            if passed == 0 {
                if self.spans[at].end > start {
                    return Some(at);
                }
                passed = 1;
            }
            at += passed;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> Span {
        Span { start, end, file: 0, file_offset: start }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn finds_what_overlaps_and_nothing_else() {
        let mut random = 1u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        for count in [0, 1, 15, 16, 17, 300, 5000] {
            let all: Vec<Span> = (0..count)
                .map(|_| {
                    let (start, long) = (next(1000), next(50) == 0);
                    span(start, start + 1 + next(if long { 1000 } else { 5 }))
                })
                .collect();
            let spans = Spans::new(all.clone());
            for _ in 0..200 {
                let (from, len) = (next(1200), next(20));
                let found = spans.overlapping(from..from + len).count();
                let overlaps = |s: &&Span| len > 0 && s.start < from + len && s.end > from;
                assert_eq!(found, all.iter().filter(overlaps).count());
            }
        }
    }

    #[test]
    fn as_much_memory_is_reckoned_as_is_taken() {
        for count in [0, 1, 15, 16, 17, 255, 256, 257, 5000] {
            let spans = Spans::new((0..count).map(|i| span(i, i + 1)).collect());
            let ends: usize = spans.ends.iter().map(|level| level.len() * size_of::<u64>()).sum();
            let taken = (spans.spans.len() * size_of::<Span>() + ends) as u64;
            let reckoned = Spans::memory(count as usize);
            assert!((taken..=taken + 64).contains(&reckoned), "{count}: {taken}, {reckoned}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn one_long_span_does_not_make_every_search_look_at_all() {
        let mut all: Vec<Span> = (0..200_000).map(|i| span(i, i + 1)).collect();
        all.push(span(0, 200_000));
        let spans = Spans::new(all);
        let began = std::time::Instant::now();
        assert!((0..200_000).all(|i| spans.overlapping(i..i + 1).count() == 2));
        assert!(began.elapsed().as_secs() < 20);
    }
}
