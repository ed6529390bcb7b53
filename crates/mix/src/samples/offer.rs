//! Whether a part of the data is samples, and how they lie.

use super::Media;
use super::spec::{Samples, What};
use crate::audio::Format;
use crate::image::Layout;
use minlen_core::layout::Meaning;
use minlen_core::{Chain, Codec, Env, Part, Proposal, SpanKind};
use std::ops::Range;

/// So many bytes are coded both ways where it is not certain: at the fast levels, and at the others.
const TRIAL: [usize; 2] = [24 << 10, 64 << 10];

/// The codec for a part that is samples.
pub(crate) fn offer(part: &Part<'_>, level: u8) -> Option<Proposal> {
    let samples = find(part, level)?;
    let sound = matches!(samples.what, What::Sound(_));
    let codec = Media { sound };
    let keys: &[&str] = if sound {
        &["channels", "bits", "flags"]
    } else {
        &["width", "stride", "channels", "bits", "frame", "flags"]
    };
    let mut params = codec
        .params()
        .with("depth", samples.depth.into())
        .with("start", samples.start as i64)
        .with("len", samples.len as i64);
    for (key, value) in keys.iter().zip(samples.what.numbers()) {
        params = params.with(key, value as i64);
    }
    let why = if sound { "samples predicted by filters" } else { "pixels predicted from their neighbours" };
    Some(Proposal { chain: Chain::single(&codec, params), encode_ns: 10_000, why })
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
        Samples { start, len, depth, what }
    };
    // Whoever undid a PNG knows that these are its rows.
    if let Some(rows) = image(true) {
        return Some(samples(rows));
    }
    let sound = part.spans(SpanKind::Sound).find_map(|span| Format::of(span, data));
    let found = sound.map(|(range, format)| (range, What::Sound(format))).or_else(|| image(false))?;
    let samples = samples(found);
    (samples.len >= 2048 && pays(&samples, data, level)).then_some(samples)
}

/// Whether a piece from the middle comes out smaller than with the general models; by a quarter at level 6, as these models
/// take twice the time of the general ones there.
fn pays(samples: &Samples, data: &[u8], level: u8) -> bool {
    let unit = match samples.what {
        What::Image(layout) => layout.stride as usize,
        What::Sound(format) => format.frame_bytes(),
    };
    let unit = unit.max(1);
    let middle = samples.start + samples.len / 2 / unit * unit;
    let end = (middle + TRIAL[usize::from(samples.depth > 0)]).min(samples.start + samples.len);
    let Some(piece) = data.get(middle..end) else { return false };
    let quiet = Env::default();
    let mut special = Vec::new();
    let trial = Samples { start: 0, len: piece.len(), depth: 0, what: samples.what };
    let coded = trial.with_model(|model| crate::cm::encode_bits(model, piece, &quiet, &mut special));
    let cm = crate::cm::codec();
    let mut general = Vec::new();
    coded.is_ok()
        && cm.encode(piece, &cm.params().with("model", 0), &quiet, &mut general).is_ok()
        && special.len() < if level == 6 { general.len() / 4 * 3 } else { general.len() }
}
