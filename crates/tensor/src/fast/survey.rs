//! Looks at the arrays of a block and decides how each is coded.

use super::chunk::Piece;
use super::cluster::{Histogram, RAW, cluster};
use super::form::{Form, LISTED, Values, entry};
use super::scheme::{Mode, Model, Scheme, Shape, TABLES};
use super::simd::{self, Task, isa};
use super::table::{entropy_q8, normalise};
use crate::{Array, Dtype};
use minlen_core::{Env, Result};

/// Bytes looked at together.
const STEP: usize = 1 << 13;
/// One step in so many is looked at to see what is worth more.
const SAMPLED: usize = 8;
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
    let (bytes, unit) = (array.bytes, array.dtype.unit());
    let step = STEP / unit * unit;
    pieces.iter().flat_map(move |piece| {
        let parts = bytes[piece.start..piece.start + piece.len].chunks(step).enumerate();
        parts.map(move |(i, part)| (piece.start + i * step, part))
    })
}

/// Counts the streams of an array in a form, of one step in `every`; with `only`, just those.
pub(crate) fn count(
    array: &Array<'_>,
    pieces: &[Piece],
    form: &Form,
    every: usize,
    only: Option<&[bool]>,
) -> Vec<Counts> {
    let count = form.streams(array.dtype);
    let mut tables = vec![[[0u32; 256]; 4]; count];
    let mut streams = vec![Vec::new(); count];
    for (_, bytes) in steps(array, pieces).step_by(every) {
        streams.iter_mut().for_each(Vec::clear);
        form.split(array.dtype, bytes, &mut streams, isa());
        form.finish(&mut streams, isa());
        for (i, (tables, stream)) in tables.iter_mut().zip(&streams).enumerate() {
            if only.is_none_or(|only| only[i]) {
                histogram(stream, tables);
            }
        }
    }
    let sum = |t: &[Counts; 4]| std::array::from_fn(|i| t[0][i] + t[1][i] + t[2][i] + t[3][i]);
    tables.iter().map(sum).collect()
}

/// Adds how often each byte occurs, to four tables in turn so that equal neighbours do not wait for each other.
fn histogram(stream: &[u8], tables: &mut [Counts; 4]) {
    let (words, rest) = stream.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        for i in 0..8 {
            tables[i % 4][(word >> (8 * i)) as usize & 255] += 1;
        }
    }
    rest.iter().for_each(|byte| tables[0][usize::from(*byte)] += 1);
}

/// Bits times 256 that streams of these counts take.
fn estimate(form: &Form, counts: &[Counts]) -> u64 {
    let cost = |(stream, counts): (usize, &Counts)| {
        if form.packed() == Some(stream) { total(counts) * 8 * 256 } else { entropy_q8(counts) }
    };
    counts.iter().enumerate().map(cost).sum()
}

fn total(counts: &Counts) -> u64 {
    counts.iter().map(|count| u64::from(*count)).sum()
}

/// The form that takes least, and its counts; of streams that are not worth coding those of a sample, one step in `every`.
pub(crate) fn look(array: &Array<'_>, pieces: &[Piece], every: usize) -> Seen {
    let len: usize = pieces.iter().map(|piece| piece.len).sum();
    let every = if len < 2 * SAMPLED * STEP { 1 } else { every };
    let mut best = Seen { form: Form::PLAIN, counts: count(array, pieces, &Form::PLAIN, every, None) };
    let mut least = estimate(&best.form, &best.counts);
    for form in candidates(array, pieces, &best.counts, len / every) {
        let counts = count(array, pieces, &form, every, None);
        let cost = estimate(&form, &counts) + (list_cost(&form.values) + 64 * 256) / every as u64;
        if cost < least {
            (best, least) = (Seen { form, counts }, cost);
        }
    }
    if every > 1 {
        let modes = best.counts.iter().enumerate().map(|(i, counts)| simple(&best.form, i, counts));
        let worth: Vec<bool> = modes.map(|mode| mode != Some(Mode::Raw)).collect();
        let counts = count(array, pieces, &best.form, 1, Some(&worth));
        for ((old, new), worth) in best.counts.iter_mut().zip(counts).zip(worth) {
            *old = if worth { new } else { *old };
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
    sample.sort_unstable();
    sample.dedup();
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
    // The counts of few symbols look smaller than they are.
    let symbols = counts.iter().filter(|c| **c > 0).count() as u64;
    let correction = symbols * 184;
    (entropy_q8(counts) + correction + raw / WORTH >= raw).then_some(Mode::Raw)
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
        let seen = look(array, &pieces[i], SAMPLED);
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
