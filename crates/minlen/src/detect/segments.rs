//! Cuts a mixed block into runs of alike data.
//!
//! Windows of 32 KiB are put into classes from small samples; windows that could be either take the class of their
//! neighbours, and short runs are swallowed unless they differ much, so that homogeneous data stays in one piece.
//! A boundary between two runs is then moved to the multiple of 512 bytes at which the two histograms part best
//! (tar members begin at those).

use super::{binary::machine, log2, sample};
use std::ops::Range;

/// Bytes per window.
const WINDOW: usize = 32 << 10;
/// Bytes between possible boundaries.
const STEP: usize = 512;
/// Dense and other binary data count as alike if their entropies differ by less (thousandths of a bit).
const SIMILAR: u32 = 450;
/// Pieces of a window that are looked at, and their length.
const PIECES: (usize, usize) = (4, 512);

/// The classes that segments are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentClass {
    /// One byte value (nearly) all over.
    Constant,
    /// Text of any kind.
    Text,
    /// x86 machine code.
    Code,
    /// Compressed or random.
    Dense,
    /// Anything else.
    Binary,
}

/// Runs of alike data, in order and without gaps; one for data that is alike all over, none for no data.
///
/// A sixteenth of the data is looked at, and the bytes around each boundary. Data of at most 32 KiB is never cut.
///
/// ```
/// let mut rng = minlen::testing::Rng(1);
/// let text = b"what is predicted need not be stored, ".repeat(4000);
/// let noise: Vec<u8> = (0..200_000).map(|_| rng.next_u64() as u8).collect();
/// let runs = minlen::detect::segments(&[&text[..], &noise].concat());
/// assert_eq!(runs.len(), 2);
/// assert!(runs[0].end.abs_diff(text.len()) <= 1024 && runs[1].start == runs[0].end);
/// ```
#[must_use]
pub fn segments(data: &[u8]) -> Vec<Range<usize>> {
    if data.is_empty() {
        return Vec::new();
    }
    let (windows, entropies): (Vec<_>, Vec<u32>) = data.chunks(WINDOW).map(look).unzip();
    let runs = swallow(join_similar(runs(&settle(&windows)), &entropies));
    let mut bounds: Vec<usize> = vec![0];
    for pair in runs.windows(2) {
        let last = bounds.last().copied().unwrap_or(0);
        let at = part(data, pair[1].start * WINDOW, &pair[0], &pair[1]);
        bounds.push(at.max(last + STEP).min(data.len()));
    }
    bounds.push(data.len());
    bounds.windows(2).map(|b| b[0]..b[1]).filter(|r| !r.is_empty()).collect()
}

/// A run of windows of one class.
#[derive(Clone, Debug)]
struct Run {
    class: SegmentClass,
    start: usize,
    end: usize,
}

impl Run {
    fn windows(&self) -> usize {
        self.end - self.start
    }
}

/// The class of a window; None where it lies between two.
///
/// ```
/// use minlen::detect::{SegmentClass, classify};
/// assert_eq!(classify(&[0; 4096]), Some(SegmentClass::Constant));
/// assert_eq!(classify(&b"plain words\n".repeat(100)), Some(SegmentClass::Text));
/// ```
#[must_use]
pub fn classify(window: &[u8]) -> Option<SegmentClass> {
    look(window).0
}

/// The class of a window, if it is clear, and its order-0 entropy in thousandths of a bit.
fn look(window: &[u8]) -> (Option<SegmentClass>, u32) {
    let pieces: Vec<&[u8]> = sample::pieces(window, PIECES.0, PIECES.1).collect();
    let counts = sample::histogram_of(pieces.iter().copied());
    let total: u32 = counts.iter().sum();
    let most = counts.iter().copied().max().unwrap_or(0);
    if most * 1000 >= total * 998 {
        return (Some(SegmentClass::Constant), 0);
    }
    let entropy = log2::entropy_corrected(&counts);
    let controls = counts[..9].iter().sum::<u32>()
        + counts[14..27].iter().sum::<u32>()
        + counts[28..32].iter().sum::<u32>();
    let printable = counts[32..127].iter().sum::<u32>() + counts[9] + counts[10] + counts[13];
    let high = counts[128..].iter().sum::<u32>();
    if controls * 500 <= total && (printable * 100 >= total * 90 || high > 0 && utf8(&pieces)) {
        return (Some(SegmentClass::Text), entropy);
    }
    let class = match entropy {
        7880.. => Some(SegmentClass::Dense),
        7650.. => None,
        _ if controls * 50 <= total && printable * 100 >= total * 80 => None,
        _ if likely_code(&counts, total) && machine::x86(&pieces).is_some() => Some(SegmentClass::Code),
        _ => Some(SegmentClass::Binary),
    };
    (class, entropy)
}

/// True if the bytes of the commonest x86 instructions are common: cheap to check before the code is scanned.
fn likely_code(counts: &[u32; 256], total: u32) -> bool {
    let of = |bytes: &[u8]| bytes.iter().map(|&b| counts[usize::from(b)]).sum::<u32>();
    of(&[0xe8, 0xe9, 0x0f]) * 100 >= total && of(&[0x8b, 0x89, 0x8d, 0x83]) * 50 >= total
}

/// True if nearly all of the samples is valid UTF-8 (characters may be cut at their ends).
pub(super) fn utf8(pieces: &[&[u8]]) -> bool {
    pieces.iter().all(|piece| {
        let start = piece.iter().take(3).take_while(|b| (0x80..0xc0).contains(*b)).count();
        std::str::from_utf8(&piece[start..]).map_or_else(
            |error| error.error_len().is_none() && piece.len() - start - error.valid_up_to() < 4,
            |_| true,
        )
    })
}

/// Gives undecided windows the class before them (or the first decided one, or binary).
fn settle(windows: &[Option<SegmentClass>]) -> Vec<SegmentClass> {
    let mut class = windows.iter().flatten().next().copied().unwrap_or(SegmentClass::Binary);
    windows
        .iter()
        .map(|window| {
            class = window.unwrap_or(class);
            class
        })
        .collect()
}

fn runs(classes: &[SegmentClass]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for (at, &class) in classes.iter().enumerate() {
        match out.last_mut() {
            Some(run) if run.class == class => run.end = at + 1,
            _ => out.push(Run { class, start: at, end: at + 1 }),
        }
    }
    out
}

/// Joins dense and other binary runs whose entropies are close: numbers with noisy low bytes lie on the border.
fn join_similar(runs: Vec<Run>, entropies: &[u32]) -> Vec<Run> {
    let mean = |run: &Run| {
        let of = &entropies[run.start..run.end];
        of.iter().sum::<u32>() / of.len().max(1) as u32
    };
    let bytes = |class| matches!(class, SegmentClass::Dense | SegmentClass::Binary);
    let mut out: Vec<Run> = Vec::new();
    for run in runs {
        match out.last_mut() {
            Some(last)
                if bytes(last.class) && bytes(run.class) && mean(last).abs_diff(mean(&run)) < SIMILAR =>
            {
                if run.windows() > last.windows() {
                    last.class = run.class;
                }
                last.end = run.end;
            }
            _ => out.push(run),
        }
    }
    out
}

/// Merges short runs into the neighbour before them (or after, at the start), the shortest first, until every run is
/// long enough to be worth its own header and statistics.
fn swallow(mut runs: Vec<Run>) -> Vec<Run> {
    for limit in [1usize, 2, 3, 4] {
        let mut at = 0;
        while runs.len() > 1 && at < runs.len() {
            if runs[at].windows() > limit || runs[at].windows() >= needed(&runs, at) {
                at += 1;
                continue;
            }
            let gone = runs.remove(at);
            let previous = at.saturating_sub(1);
            let into = if at > 0 { previous } else { 0 };
            runs[into].start = runs[into].start.min(gone.start);
            runs[into].end = runs[into].end.max(gone.end);
            if at > 0 && at < runs.len() && runs[at].class == runs[previous].class {
                runs[previous].end = runs[at].end;
                runs.remove(at);
            }
            at = previous;
        }
    }
    runs
}

/// How many windows a run must have to stand: fewer the more it differs from its neighbours.
fn needed(runs: &[Run], at: usize) -> usize {
    let before = at.checked_sub(1).and_then(|i| runs.get(i));
    let after = runs.get(at + 1);
    [before, after]
        .into_iter()
        .flatten()
        .map(|other| match (runs[at].class, other.class) {
            (SegmentClass::Dense, SegmentClass::Text) | (SegmentClass::Text, SegmentClass::Dense) => 1,
            (SegmentClass::Dense, _) | (_, SegmentClass::Dense) => 2,
            (SegmentClass::Text, SegmentClass::Code) | (SegmentClass::Code, SegmentClass::Text) => 2,
            (SegmentClass::Constant, _) | (_, SegmentClass::Constant) => 4,
            _ => 4,
        })
        .max()
        .unwrap_or(1)
}

/// The multiple of [`STEP`] within a window of `around` at which the bytes before fit the first run's histogram and
/// those after the second's best.
fn part(data: &[u8], around: usize, first: &Run, second: &Run) -> usize {
    let low = around.saturating_sub(WINDOW).max(first.start * WINDOW + STEP);
    let high = (around + WINDOW).min(second.end * WINDOW).min(data.len());
    // The windows next to the boundary may be mixed, so each histogram comes from a little further off.
    let one = price(
        data,
        first.start * WINDOW,
        around.saturating_sub(WINDOW).max(first.start * WINDOW + WINDOW / 2),
    );
    let two = price(data, (around + WINDOW).min(high.saturating_sub(WINDOW / 2)), second.end * WINDOW);
    let (mut sum, mut least, mut position, mut start) = (0i64, i64::MAX, around, low);
    while start < high {
        if sum < least {
            (least, position) = (sum, start);
        }
        let end = (start + STEP).min(high);
        for &byte in data[start..end].iter().step_by(3) {
            sum += i64::from(one[usize::from(byte)]) - i64::from(two[usize::from(byte)]);
        }
        start = end;
    }
    position
}

/// Price of each byte value in 1/16 bits under the histogram of `data[from..to]` (sampled).
fn price(data: &[u8], from: usize, to: usize) -> [u32; 256] {
    let (from, to) = (from.min(data.len()), to.min(data.len()));
    let range = if from < to { &data[from..to] } else { &[] };
    let counts = sample::histogram_of(sample::pieces(range, 16, 512));
    let total: u32 = counts.iter().sum::<u32>() + 256;
    counts.map(|count| ((log2::log2(total * 16) - log2::log2(count * 16 + 16)) >> 12) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::{Rng, edge_cases, random_case};

    fn text(len: usize) -> Vec<u8> {
        let mut rng = Rng(11);
        let words: [&[u8]; 8] =
            [b"entropy ", b"is ", b"a ", b"measure, ", b"of ", b"what\n", b"remains ", b"to say "];
        let mut out = Vec::new();
        while out.len() < len {
            out.extend(words[rng.below(8)]);
        }
        out.truncate(len);
        out
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut rng = Rng(12);
        (0..len).map(|_| rng.next_u64() as u8).collect()
    }

    #[test]
    fn homogeneous_data_stays_whole() {
        assert_eq!(segments(&text(1 << 20)).len(), 1);
        assert_eq!(segments(&noise(1 << 20)).len(), 1);
        assert_eq!(segments(&vec![0; 1 << 20]).len(), 1);
        let mut rng = Rng(1);
        let ints: Vec<u8> = (0..1 << 18).flat_map(|_| (rng.below(60_000) as u32).to_le_bytes()).collect();
        assert_eq!(segments(&ints).len(), 1);
    }

    #[test]
    fn mixed_data_is_cut_near_its_seams() {
        let data = [text(300_000), noise(200_000), text(150_000)].concat();
        let cut = segments(&data);
        assert_eq!(cut.len(), 3, "{cut:?}");
        assert!(cut[0].end.abs_diff(300_000) <= 1024 && cut[1].end.abs_diff(500_000) <= 1024, "{cut:?}");
    }

    #[test]
    fn segments_cover_everything() {
        let cases = edge_cases().into_iter().chain((0..16).map(|seed| random_case(seed, 400_000)));
        for data in cases {
            let cut = segments(&data);
            let mut at = 0;
            for range in &cut {
                assert!(range.start == at && range.end > at);
                at = range.end;
            }
            assert_eq!(at, data.len());
        }
    }
}
