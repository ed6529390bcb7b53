//! Whether a part of the data is samples, and how they lie.

use super::spec::{Samples, What};
use super::{Media, width};
use crate::audio::Format;
use crate::image::Layout;
use crate::records::{self, DEEPEST};
use minlen_core::layout::{Dtype, Meaning, Span};
use minlen_core::{Chain, Codec, Env, Kind, Part, Proposal, SpanKind};
use std::ops::Range;

mod predicted;

/// So many bytes are coded both ways where it is not certain: at the fast levels, and at the others.
const TRIAL: [usize; 2] = [24 << 10, 64 << 10];

/// Fewer bytes are not worth a model of their own.
const LEAST: usize = 2048;

/// The strongest models that a guess is tried with: both kinds have them, and stronger ones take long.
const GUESS_DEPTH: u8 = 2;

/// The smallest width of rows that is guessed.
const LEAST_WIDTH: usize = 8;

/// Samples of a pixel at most.
const MAX_CHANNELS: u64 = 4;

/// The codec for a part that is samples: with the predictor of a codec file where that pays, both ways where it is not certain.
pub(crate) fn offer(part: &Part<'_>, level: u8) -> Vec<Proposal> {
    let found = find(part, level);
    let all = match predicted::find(part, level) {
        Some(with) => predicted::choose(part, level, with, found),
        None => found.into_iter().collect(),
    };
    all.iter().map(proposal).collect()
}

fn proposal(samples: &Samples) -> Proposal {
    let codec = Media { sound: matches!(samples.what, What::Sound(_)) };
    let (keys, why): (&[&str], _) = match samples.what {
        What::Sound(_) => (&["channels", "bits", "flags"], "samples predicted by filters"),
        What::Image(_) => (
            &["width", "stride", "channels", "bits", "frame", "flags"],
            "pixels predicted from their neighbours",
        ),
        What::Records(_) => (
            &["width", "channels", "frame", "planes"],
            if samples.model.is_some() {
                "values predicted from those around them in their records, with the help of the codec file"
            } else {
                "values predicted from those around them in their records"
            },
        ),
    };
    let mut params = codec
        .params()
        .with("depth", samples.depth.into())
        .with("start", samples.start as i64)
        .with("len", samples.len as i64);
    for (key, value) in keys.iter().zip(samples.what.numbers()) {
        params = params.with(key, value as i64);
    }
    if matches!(samples.what, What::Records(_)) {
        params = params.with("flags", 16).with("model", i64::from(samples.model.is_some()));
    }
    Proposal { chain: Chain::single(&codec, params), encode_ns: 10_000, why }
}

/// Samples that are worth a model of their own.
fn find(part: &Part<'_>, level: u8) -> Option<Samples> {
    let depth = match level {
        0..=5 => return None,
        6 | 7 => 0,
        8 => 1,
        _ => 2,
    };
    let data = part.data;
    let image = |filtered: bool| {
        let mut spans = part.spans(SpanKind::Pixels).filter(|s| (s.meaning == Meaning::Filtered) == filtered);
        spans.find_map(|span| Layout::of(span, data)).map(|(range, layout)| (range, What::Image(layout)))
    };
    let samples = |(range, what): (Range<usize>, What)| {
        let (start, len) = (range.start, range.len());
        Samples { start, len, depth, ..what.into() }
    };
    // Whoever undid a PNG knows that these are its rows.
    if let Some(rows) = image(true) {
        return Some(samples(rows));
    }
    let sound = part.spans(SpanKind::Sound).find_map(|span| Format::of(span, data));
    let found = sound.map(|(range, format)| (range, What::Sound(format))).or_else(|| image(false));
    if let Some(samples) = found.map(samples) {
        let pays = pays(&[samples], data, |_| picture_permille(level), (level, false));
        return (samples.len >= LEAST && pays.is_some()).then_some(samples);
    }
    let (readings, guessed) = readings(part, level);
    let all: Vec<Samples> = readings.into_iter().map(samples).collect();
    let permille = |what| match what {
        What::Records(_) => records_permille(level, guessed),
        _ => picture_permille(level),
    };
    let best = *all.get(pays(&all, data, permille, (level, guessed))?)?;
    Some(match best.what {
        What::Records(layout) => {
            let layout = layout.seen_in(&data[best.start..best.start + best.len]);
            Samples { what: What::Records(layout), depth: depth_at(level), ..best }
        }
        _ => best,
    })
}

/// The model of records at a level.
fn depth_at(level: u8) -> u8 {
    level.saturating_sub(6).min(DEEPEST)
}

/// What a piece may take of what it takes with the general models, in thousandths: these models take twice their time at level 6.
fn picture_permille(level: u8) -> usize {
    if level == 6 { 750 } else { 1000 }
}

/// The same for records. Where their width is a guess, other parts of the data may have another or none.
fn records_permille(level: u8, guessed: bool) -> usize {
    match (level, guessed) {
        (_, true) => 930,
        (6, _) => 900,
        _ => 1000,
    }
}

/// All that a part can be read as, and whether that is a guess: an array of bytes that takes up most of it, or rows of a width that shows.
fn readings(part: &Part<'_>, level: u8) -> (Vec<(Range<usize>, What)>, bool) {
    let arrays = part.spans(SpanKind::Array).filter(|span| span.dtype == Dtype::U8);
    if let Some(span) = arrays.max_by_key(|span| span.len) {
        return (of_array(span, part.data), false);
    }
    let unknown = is_unknown(part);
    // The deeper general models know short records themselves.
    let least = if level == 6 { LEAST_WIDTH } else { 2 * LEAST_WIDTH };
    let width = unknown.then(|| width::guess(part.data, least, None)).flatten();
    let what = |width| What::Records(records::Layout { width, ..records::Layout::default() });
    (width.map(|width| (0..part.data.len(), what(width))).into_iter().collect(), true)
}

/// Whether nothing is known of a part but that it is neither text nor a program.
fn is_unknown(part: &Part<'_>) -> bool {
    part.layout.is_empty() && matches!(part.kind, Kind::Records | Kind::Binary)
}

/// The readings of an array: records, pictures where they may be some, and both again where rows of values hide pictures.
fn of_array(span: &Span, data: &[u8]) -> Vec<(Range<usize>, What)> {
    let (Ok(start), Ok(end)) = (usize::try_from(span.start), usize::try_from(span.end())) else {
        return Vec::new();
    };
    let Some(bytes) = data.get(start..end).filter(|b| b.len() >= LEAST && b.len() > data.len() / 2) else {
        return Vec::new();
    };
    let Some(declared) = records_of(span).filter(records::Layout::is_sane) else { return Vec::new() };
    let row = (span.shape.len() == 2).then_some(u64::from(declared.width));
    let hidden = row.and_then(|row| width::guess(bytes, LEAST_WIDTH, Some(row)));
    let hidden = hidden.map(|width| records::Layout { width, rows: declared.width / width, ..declared });
    let mut all = Vec::new();
    for layout in std::iter::once(declared).chain(hidden) {
        all.push((start..end, What::Records(layout)));
        let pictures = Layout { frame: layout.rows, ..Layout::new(layout.width, layout.channels) };
        // Tables are no pictures.
        if (layout.rows > 0 || layout.channels > 1) && pictures.is_sane() {
            all.push((start..end, What::Image(pictures)));
        }
    }
    all
}

/// How the records of an array lie: rows; pictures of grey or of pixels; or planes one behind the other.
fn records_of(span: &Span) -> Option<records::Layout> {
    let small = |n: u64| (2..=MAX_CHANNELS).contains(&n);
    let (planes, rows, width, channels) = match *span.shape.as_slice() {
        [_, width] => (1, 0, width, 1),
        [_, width, channels] if small(channels) => (1, 0, width, channels),
        [_, rows, width] => (1, rows, width, 1),
        [_, rows, width, channels] if small(channels) => (1, rows, width, channels),
        [_, .., planes, rows, width] => (planes, rows, width, 1),
        _ => return None,
    };
    Some(records::Layout {
        width: width.try_into().ok()?,
        channels: channels.try_into().ok()?,
        rows: rows.try_into().ok()?,
        planes: planes.try_into().ok()?,
        ..records::Layout::default()
    })
}

/// Which of several readings of the same samples makes a piece from the middle smallest, if any leaves no more than it may of what the general
/// models make of it. The fastest models of both kinds tell; but a guess must hold against the models of the level.
fn pays(
    readings: &[Samples],
    data: &[u8],
    permille: impl Fn(What) -> usize,
    (level, guessed): (u8, bool),
) -> Option<usize> {
    let depth = if guessed { (level - 6).min(GUESS_DEPTH) } else { 0 };
    let first = readings.first()?;
    let unit = readings.iter().map(|samples| samples.what.unit()).max().unwrap_or(1).max(1);
    let middle = first.start + first.len / 2 / unit * unit;
    let end = (middle + TRIAL[usize::from(level > 7)]).min(first.start + first.len);
    let piece = data.get(middle..end)?;
    let quiet = Env::default();
    let mut general = Vec::new();
    let cm = crate::cm::codec();
    cm.encode(piece, &cm.params().with("model", depth.into()), &quiet, &mut general).ok()?;
    let mut best: Option<(usize, usize)> = None;
    for (i, samples) in readings.iter().enumerate() {
        let what = match samples.what {
            What::Records(layout) => What::Records(layout.seen_in(piece)),
            what => what,
        };
        let trial = Samples { len: piece.len(), depth, ..what.into() };
        let mut special = Vec::new();
        let coded = trial.encode(piece, &quiet, &mut special).is_ok();
        let smallest = best.is_none_or(|(size, _)| special.len() < size);
        if coded && smallest && special.len() * 1000 < general.len() * permille(what) {
            best = Some((special.len(), i));
        }
    }
    best.map(|(_, i)| i)
}
