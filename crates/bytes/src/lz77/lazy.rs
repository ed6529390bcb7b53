//! Greedy and lazy parsing over hash chains: quick, and good enough for most uses.

use super::chain::{Chains, Found};
use super::spec::{Repeats, Sequence, common};

/// Steps widen by one for every so many literals in a row, so that noise is passed over quickly.
const SKIP_SHIFT: u32 = 8;

/// After a match this long, no better one is looked for.
const CONTENT: u32 = 32;
/// After a match this long, a better one is looked for in a quarter of the places.
const GOOD: u32 = 10;

/// Parses one block after another.
pub struct Lazy {
    chains: Chains,
    depth: u32,
    lazy: bool,
}

/// A match and what it is worth.
#[derive(Clone, Copy)]
struct Candidate {
    length: u32,
    offset: u32,
    gain: i64,
}

impl Candidate {
    /// What a match saves, in quarter bytes, less what its offset costs: next to nothing for a repeated one.
    fn new((length, offset): Found, repeated: bool) -> Self {
        let price = if repeated { 0 } else { i64::from((offset + 1).ilog2()) };
        Self { length, offset, gain: i64::from(length) * 4 - price }
    }
}

impl Lazy {
    /// A parser that tries `depth` places for each match; greedy unless `lazy`.
    pub fn new(chains: Chains, depth: u32, lazy: bool) -> Self {
        Self { chains, depth, lazy }
    }

    /// Appends the sequences of `data[start..end]`; bytes after the last match are literals.
    pub fn parse(
        &mut self,
        data: &[u8],
        start: usize,
        end: usize,
        repeats: &mut Repeats,
        out: &mut Vec<Sequence>,
    ) {
        let (mut at, mut anchor) = (start, start);
        while at + 4 <= end {
            let last = if at == anchor { repeats.0[1] } else { repeats.0[0] };
            let Some(mut best) = self.best(data, at, end, last, (self.depth, true)) else {
                at += 1 + ((at - anchor) >> SKIP_SHIFT);
                continue;
            };
            if self.lazy {
                (at, best) = self.wait(data, at, end, repeats.0[0], best);
            }
            let begin = extend_back(data, at, anchor, best.offset as usize);
            let length = best.length + (at - begin) as u32;
            let literals = (begin - anchor) as u32;
            let code = repeats.code_of(best.offset, literals == 0);
            repeats.take(code, literals == 0);
            out.push(Sequence { literals, length, offset: code });
            at = begin + length as usize;
            anchor = at;
        }
    }

    /// The best match at `at`, the offset `last` preferred. `search`: how many places are tried, and whether for
    /// matches under 5 bytes too.
    #[inline]
    fn best(
        &mut self,
        data: &[u8],
        at: usize,
        end: usize,
        last: u32,
        search: (u32, bool),
    ) -> Option<Candidate> {
        self.chains.enter(data, at);
        let mut repeated = None;
        if let Some(from) = at.checked_sub(last as usize)
            && last > 0
        {
            let length = common(data, from, at, end - at) as u32;
            if length >= CONTENT {
                return Some(Candidate::new((length, last), true));
            }
            repeated = (length >= 3).then(|| Candidate::new((length, last), true));
        }
        let found =
            self.chains.find(data, at, end - at, search.0, search.1).map(|f| Candidate::new(f, f.1 == last));
        match (repeated, found) {
            (Some(r), Some(f)) => Some(if r.gain >= f.gain { r } else { f }),
            (r, f) => r.or(f),
        }
    }

    /// Moves on for as long as the next place or the one after it has a match that is worth more.
    fn wait(
        &mut self,
        data: &[u8],
        mut at: usize,
        end: usize,
        last: u32,
        mut best: Candidate,
    ) -> (usize, Candidate) {
        'moved: while best.length < CONTENT {
            let depth = if best.length >= GOOD { self.depth.div_ceil(4) } else { self.depth };
            let search = (depth, best.length < 4);
            // A place farther on costs literals.
            for (step, threshold) in [(1, 4), (2, 7)] {
                if at + step + 4 <= end
                    && let Some(next) = self.best(data, at + step, end, last, search)
                    && next.gain > best.gain + threshold
                {
                    (at, best) = (at + step, next);
                    continue 'moved;
                }
            }
            break;
        }
        (at, best)
    }
}

/// Where the match begins if it is extended over the literals before it.
fn extend_back(data: &[u8], at: usize, anchor: usize, offset: usize) -> usize {
    let mut begin = at;
    while begin > anchor && begin > offset && data[begin - 1] == data[begin - 1 - offset] {
        begin -= 1;
    }
    begin
}
