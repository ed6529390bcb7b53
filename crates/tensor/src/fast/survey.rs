//! Looks at the arrays of a block and decides how each is coded.

use super::chunk::Piece;
use super::cluster::{Histogram, RAW, cluster};
use super::form::{Form, LISTED, Values, entry};
use super::scheme::{Mode, Model, Scheme, TABLES};
use super::shape::Shape;
use super::simd::{self, Task, isa};
use super::table::{entropy_q8, normalise};
use crate::{Array, Dtype};
use minlen_core::{Env, Result};

/// Bytes looked at together.
const STEP: usize = 1 << 13;
/// Units looked at together where a form is chosen, and how many of these parts.
const PART: usize = 256;
/// As above.
const PARTS: usize = 8;
/// Symbols that are counted or passed over together.
const GROUP: usize = 64;
/// Of arrays of at least so many units one group in [`COUNTED`] is counted.
const MANY: usize = 1 << 15;
/// As above.
const COUNTED: usize = 4;
/// A stream is stored unless a table of its own saves one part in so many.
const WORTH: u64 = 64;
/// Units looked at to see whether there are few different ones.
const SAMPLE: usize = 512;
/// One unit in so many must be zero for a mask to be tried.
const ZEROS: usize = 8;

/// The counts of one stream.
pub(crate) type Counts = [u32; 256];

/// What was seen of one array.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The form that takes least.
    pub(crate) form: Form,
    /// Counts of its streams.
    pub(crate) counts: Vec<Counts>,
}

/// The literal bytes of an array, in steps of whole units.
pub(crate) fn steps<'a>(
    array: &Array<'a>,
    pieces: &'a [Piece],
) -> impl Iterator<Item = (usize, &'a [u8])> + use<'a> {
    steps_of(array, pieces, STEP / array.dtype.unit())
}

/// The same in steps of so many units, with the offset of each.
fn steps_of<'a>(
    array: &Array<'a>,
    pieces: &'a [Piece],
    units: usize,
) -> impl Iterator<Item = (usize, &'a [u8])> + use<'a> {
    let (bytes, step) = (array.bytes, units * array.dtype.unit());
    pieces.iter().flat_map(move |piece| {
        let parts = bytes[piece.start..piece.start + piece.len].chunks(step).enumerate();
        parts.map(move |(i, part)| (piece.start + i * step, part))
    })
}

/// Counts of one stream, in four tables in turn so that equal neighbours do not wait for each other.
#[derive(Clone, Debug)]
struct Tally {
    tables: [Counts; 4],
    /// 1 for every symbol that occurs, where not all are counted.
    present: [u8; 256],
    /// Changes with every choice of a group.
    choice: u32,
}

impl Tally {
    fn new() -> Self {
        Self { tables: [[0; 256]; 4], present: [0; 256], choice: 1 }
    }

    /// Counts one group in `every`.
    fn add(&mut self, stream: &[u8], every: usize) {
        let (groups, rest) = stream.as_chunks::<GROUP>();
        for several in groups.chunks(every) {
            // Not always the same one: rows may have as many groups, or a multiple.
            self.choice = self.choice.wrapping_mul(0x9e37_79b1).wrapping_add(1);
            let group = &several[(self.choice >> 16) as usize % several.len()];
            for word in group.as_chunks::<8>().0 {
                let word = u64::from_le_bytes(*word);
                for i in 0..8 {
                    self.tables[i % 4][(word >> (8 * i)) as usize & 255] += 1;
                }
            }
        }
        rest.iter().for_each(|byte| self.tables[0][usize::from(*byte)] += 1);
        let mut at = 0;
        while every > 1 && at < stream.len() {
            at += simd::absent(isa(), &stream[at..], &self.present);
            if let Some(symbol) = stream.get(at) {
                self.present[usize::from(*symbol)] = 1;
            }
        }
    }

    /// About what all groups have: symbols that occur at least 1.
    fn counts(&self, every: usize) -> Counts {
        std::array::from_fn(|i| {
            let sum = self.tables.iter().fold(0u32, |sum, table| sum.saturating_add(table[i]));
            sum.saturating_mul(every as u32).max(u32::from(self.present[i]))
        })
    }
}

/// Counts streams of an array in a form: of one part in `every` of them.
fn sampled(array: &Array<'_>, pieces: &[Piece], form: &Form, every: usize) -> Vec<Counts> {
    let parts = steps_of(array, pieces, PART).step_by(every);
    count(array, parts.map(|(_, bytes)| bytes), form, 1, u32::MAX)
}

/// Counts the `wanted` streams of parts of an array in a form, one group in `every`.
fn count<'a>(
    array: &Array<'_>,
    parts: impl Iterator<Item = &'a [u8]>,
    form: &Form,
    every: usize,
    wanted: u32,
) -> Vec<Counts> {
    let mut tallies = vec![Tally::new(); form.streams(array.dtype)];
    let mut streams = vec![Vec::new(); tallies.len()];
    // Of this one it is only asked whether it has anything but zeros.
    let packed = form.packed();
    for bytes in parts {
        streams.iter_mut().for_each(Vec::clear);
        form.split_wanted(array.dtype, bytes, &mut streams, wanted, isa());
        for (i, (tally, stream)) in tallies.iter_mut().zip(&streams).enumerate() {
            if wanted >> i.min(31) & 1 != 0 {
                tally.add(stream, if packed == Some(i) { COUNTED } else { every });
            }
        }
    }
    let every = |i| if packed == Some(i) { COUNTED } else { every };
    tallies.iter().enumerate().map(|(i, tally)| tally.counts(every(i))).collect()
}

/// Bits times 256 that streams of these counts take, all of them or a sample.
fn estimate(form: &Form, counts: &[Counts], sample: bool) -> u64 {
    let cost = |(stream, counts): (usize, &Counts)| match form.packed() == Some(stream) {
        true => total(counts) * 6 * 256,
        false if sample => expected(counts),
        false => entropy_q8(counts),
    };
    counts.iter().enumerate().map(cost).sum()
}

/// Bits times 256 that symbols like the counted ones take: counts of few look smaller than they are, by half a nat for each kind.
fn expected(counts: &Counts) -> u64 {
    entropy_q8(counts) + counts.iter().filter(|count| **count > 0).count() as u64 * 184
}

fn total(counts: &Counts) -> u64 {
    counts.iter().map(|count| u64::from(*count)).sum()
}

/// The form that takes least, and its counts. Unless all of it is to be looked at, the form is chosen by a sample, streams that are
/// not worth coding have counts of that, and the others about those of all units.
pub(crate) fn look(array: &Array<'_>, pieces: &[Piece], thorough: bool) -> Seen {
    let (mut units, mut parts) = (0, 0);
    for piece in pieces {
        units += piece.len / array.dtype.unit();
        parts += (piece.len / array.dtype.unit()).div_ceil(PART);
    }
    let every = if thorough { 1 } else { (parts / PARTS).max(1) };
    let mut best = Seen { form: Form::PLAIN, counts: sampled(array, pieces, &Form::PLAIN, every) };
    let mut least = estimate(&best.form, &best.counts, every > 1);
    for form in candidates(array, pieces, &best.counts, units / every * array.dtype.unit()) {
        let counts = sampled(array, pieces, &form, every);
        let cost = estimate(&form, &counts, every > 1) + (list_cost(&form.values) + 64 * 256) / every as u64;
        if cost < least {
            (best, least) = (Seen { form, counts }, cost);
        }
    }
    if every > 1 {
        let mut wanted = 0;
        for (i, counts) in best.counts.iter().enumerate() {
            wanted |= u32::from(simple(&best.form, i, counts) != Some(Mode::Raw)) << i.min(31);
        }
        // The symbols of bytes are many, and may be uneven.
        let groups = if units < MANY || array.dtype.unit() == 1 { 1 } else { COUNTED };
        let all = steps(array, pieces).map(|(_, bytes)| bytes);
        let counts = count(array, all, &best.form, groups, wanted);
        for (i, (old, new)) in best.counts.iter_mut().zip(counts).enumerate() {
            *old = if wanted >> i.min(31) & 1 != 0 { new } else { *old };
        }
    }
    best
}

/// Forms other than the plain one that an array may be worth, of which `counts` were seen in `len` bytes.
fn candidates(array: &Array<'_>, pieces: &[Piece], counts: &[Counts], len: usize) -> Vec<Form> {
    let unit = array.dtype.unit();
    if unit == 1 || unit > 8 {
        return Vec::new();
    }
    let zeros = counts.iter().map(|counts| counts[0] as usize).min().unwrap_or(0);
    let mask = zeros * ZEROS * unit > len && zeros * unit < len;
    let mut candidates = Vec::new();
    let window = window(array, pieces);
    candidates.extend(window.map(|base| Form { mask, values: Values::Window(base) }));
    if mask {
        candidates.push(Form { mask, values: Values::Plain });
    }
    candidates.extend(distinct(array, pieces).map(|list| Form { mask: false, values: Values::List(list) }));
    candidates
}

/// Bits times 256 that a list takes.
fn list_cost(values: &Values) -> u64 {
    let Values::List(list) = values else { return 0 };
    let gaps = list.windows(2).map(|pair| u64::from(64 - (pair[1] - pair[0]).leading_zeros()) + 2);
    gaps.sum::<u64>() * 256
}

/// The base of the window that has all exponents, if there is one.
fn window(array: &Array<'_>, pieces: &[Piece]) -> Option<u8> {
    if !matches!(array.dtype, Dtype::Bf16 | Dtype::F32) {
        return None;
    }
    let (mut first, mut last) = (255, 0);
    for (_, bytes) in steps(array, pieces) {
        let (low, high) = simd::with(isa(), Exponents { dtype: array.dtype, bytes });
        (first, last) = (low.min(first), high.max(last));
    }
    (first <= last && last - first < 63).then(|| first - 1)
}

/// The least exponent but 0, and the greatest.
struct Exponents<'a> {
    dtype: Dtype,
    bytes: &'a [u8],
}

impl Task for Exponents<'_> {
    type Out = (u8, u8);

    #[inline(always)]
    fn run(self) -> (u8, u8) {
        // Exponent 0 becomes 255 for the least and is no match for the greatest.
        let (mut low, mut high) = (254u8, 0u8);
        let mut take = |exponent: u8| {
            low = low.min(exponent.wrapping_sub(1));
            high = high.max(exponent);
        };
        if self.dtype == Dtype::Bf16 {
            self.bytes.as_chunks::<2>().0.iter().for_each(|u| take((u16::from_le_bytes(*u) << 1 >> 8) as u8));
        } else {
            self.bytes
                .as_chunks::<4>()
                .0
                .iter()
                .for_each(|u| take((u32::from_le_bytes(*u) << 1 >> 24) as u8));
        }
        (low + 1, high)
    }
}

/// The different units of an array in order, if they are few.
fn distinct(array: &Array<'_>, pieces: &[Piece]) -> Option<Vec<u64>> {
    let unit = array.dtype.unit();
    let units = || {
        let all = pieces.iter().flat_map(|p| array.bytes[p.start..p.start + p.len].chunks_exact(unit));
        all.map(|unit| entry(array.dtype, unit).0)
    };
    let mut sample: Vec<u64> = units().take(SAMPLE).collect();
    let taken = sample.len();
    if unit == 2 {
        let mut seen = vec![0u64; 1 << 10];
        sample.retain(|value| {
            let (word, bit) = (&mut seen[(value >> 6) as usize & 1023], 1 << (value & 63));
            let new = *word & bit == 0;
            *word |= bit;
            new
        });
    } else {
        sample.sort_unstable();
        sample.dedup();
    }
    // Of the few values of two bytes any sample repeats some.
    let most = if unit == 2 { taken / 2 } else { taken / 8 * 7 };
    if sample.len() > most {
        return None;
    }
    let mut all: Vec<u64> = units().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    (all.len() <= LISTED && all.len() * 2 < count).then_some(all)
}

/// The mode of a stream that needs no table, if it is one.
pub(crate) fn simple(form: &Form, stream: usize, counts: &Counts) -> Option<Mode> {
    let total = total(counts);
    let only = counts.iter().position(|c| u64::from(*c) == total);
    if form.packed() == Some(stream) {
        // What numbers share a byte depends on where chunks are cut, so counts say nothing, but for zeros.
        return Some(if only == Some(0) { Mode::Constant(0) } else { Mode::Raw });
    }
    if let Some(only) = only {
        return Some(Mode::Constant(only as u8));
    }
    let raw = total * 8 * 256;
    (expected(counts) + raw / WORTH >= raw).then_some(Mode::Raw)
}

/// Decides for all arrays of a block; `pieces` are what is coded of each.
///
/// # Errors
/// Cancelled on request.
pub(crate) fn survey(
    arrays: &[Array<'_>],
    shapes: &[Shape],
    pieces: &[Vec<Piece>],
    env: &Env,
) -> Result<Model> {
    let (mut schemes, mut histograms, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (i, array) in arrays.iter().enumerate() {
        if shapes[i].literal == 0 {
            schemes.push(None);
            continue;
        }
        env.check()?;
        let seen = look(array, &pieces[i], false);
        let mut modes = Vec::with_capacity(seen.counts.len());
        for (stream, counts) in seen.counts.iter().enumerate() {
            modes.push(simple(&seen.form, stream, counts).unwrap_or_else(|| {
                histograms.push(Histogram::new(counts, true));
                places.push((i, stream));
                Mode::Raw
            }));
        }
        schemes.push(Some(Scheme { form: seen.form, modes, scales: None }));
    }
    let (chosen, tables) = cluster(&histograms, TABLES);
    for (&choice, (array, stream)) in chosen.iter().zip(places) {
        if let (true, Some(scheme)) = (choice != RAW, &mut schemes[array]) {
            scheme.modes[stream] = Mode::Table(choice as u8);
        }
    }
    Ok(Model { tables: tables.iter().map(normalise).collect(), schemes, _held: Vec::new() })
}
