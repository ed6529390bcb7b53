//! Whether the predictor of a codec file helps with a part.

use super::super::predictor::{layout_of, predictors};
use super::super::spec::{Samples, What};
use super::{LEAST, depth_at, is_unknown};
use crate::records::Layout;
use minlen_core::layout::{Dtype, Span};
use minlen_core::{Env, Part, Resources, SpanKind};

/// So many bytes at least, and this part of all, are coded both ways.
const TRIAL: (usize, usize) = (128 << 10, 16);

/// Where a trial with the predictor takes fewer thousandths of what it takes without, it is taken; where it takes more than the second, it is
/// not; between them the whole is coded both ways. It learns nothing, so what it saves gets less from the first records on.
const CERTAIN: [usize; 2] = [960, 1010];

/// Records of a kind that a codec file at hand has a predictor for.
pub(super) fn find(part: &Part<'_>, level: u8) -> Option<Samples> {
    let resources = part.resources.filter(|_| level >= 6)?;
    let array =
        part.spans(SpanKind::Array).filter(|span| span.dtype == Dtype::U8).max_by_key(|span| span.len);
    predictors(resources).find_map(|(name, causal)| {
        let layout = layout_of(&causal);
        let (start, len) = place(part, array, &layout)?;
        let layout = Layout { common: layout.common, ..layout.seen_in(&part.data[start..start + len]) };
        Some(Samples { start, len, depth: depth_at(level), what: What::Records(layout), model: Some(name) })
    })
}

/// Where records of this layout are: in an array whose inner dimensions are those of a record, or in data of which nothing is known but its
/// length.
fn place(part: &Part<'_>, array: Option<&Span>, layout: &Layout) -> Option<(usize, usize)> {
    let record = layout.row() * layout.rows.max(1) as usize;
    let Some(span) = array else {
        let whole = is_unknown(part) && part.data.len().is_multiple_of(record) && part.data.len() >= LEAST;
        return whole.then_some((0, part.data.len()));
    };
    let shape = &span.shape;
    let inner = |from: usize| shape[from..].iter().try_fold(1u64, |all, &side| all.checked_mul(side));
    let fits = (1..shape.len()).any(|from| inner(from) == Some(record as u64));
    let channels = layout.channels == 1 || shape.last() == Some(&u64::from(layout.channels));
    let (start, len) = (usize::try_from(span.start).ok()?, usize::try_from(span.len).ok()?);
    let there = start.checked_add(len).is_some_and(|end| end <= part.data.len());
    (fits && channels && there && len >= LEAST && len > part.data.len() / 2).then_some((start, len))
}

/// Those of both that are worth trying: with the predictor, and what there is without it. Nothing where the general models are better.
pub(super) fn choose(part: &Part<'_>, level: u8, with: Samples, without: Option<Samples>) -> Vec<Samples> {
    let resources = part.resources.cloned().unwrap_or_default();
    let Some([helped, plain]) = sizes(part.data, level, with, without, &resources) else {
        return without.into_iter().collect();
    };
    if helped * 1000 < plain * CERTAIN[0] {
        return vec![with];
    }
    if helped * 1000 > plain * CERTAIN[1] {
        return without.into_iter().collect();
    }
    match without {
        Some(without) => vec![with, without],
        // The general models are no offer of this codec.
        None if helped * 100 < plain * 99 => vec![with],
        None => Vec::new(),
    }
}

/// What a piece from the middle takes with the predictor and without it.
fn sizes(
    data: &[u8],
    level: u8,
    with: Samples,
    without: Option<Samples>,
    resources: &Resources,
) -> Option<[usize; 2]> {
    let unit = with.what.unit().max(1);
    let middle = with.start + with.len / 2 / unit * unit;
    let end = (middle + TRIAL.0.max(with.len / TRIAL.1)).min(with.start + with.len);
    let piece = data.get(middle..end)?;
    let env = Env::default().with_resources(resources.clone());
    let size = |samples: Samples| -> Option<usize> {
        let mut out = Vec::new();
        Samples { start: 0, len: piece.len(), ..samples }.encode(piece, &env, &mut out).ok()?;
        Some(out.len())
    };
    let plain = match without {
        Some(samples) => size(samples)?,
        None => {
            let (cm, mut out) = (crate::cm::codec(), Vec::new());
            let model = i64::from(level - 6).min(4);
            cm.encode(piece, &cm.params().with("model", model), &env, &mut out).ok()?;
            out.len()
        }
    };
    Some([size(with)?, plain])
}
