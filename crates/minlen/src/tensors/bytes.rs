//! Arrays of bytes: weights are numbers, but pixels and categories are signs that the other codecs may know better.

use super::codec::{Tensors, by_number, wanted};
use crate::planner::Request;
use minlen_core::layout::{Dtype, Span};
use minlen_core::{Detection, Env, Part, SpanKind};

/// From this level on others are asked for arrays of bytes.
pub(super) const COMPARED_LEVEL: u8 = 4;

/// From this level on only one codec is tried out, so that it must be known beforehand which.
const CHOSEN_LEVEL: u8 = crate::planner::STRONG;

/// The strongest level at which a piece is coded to compare.
const TRIAL_LEVEL: u8 = 7;

/// So much of an array is coded both ways.
const TRIAL: u64 = 32 << 10;

/// The largest array of bytes, where it is most of the part and its word for it is the file's own.
pub(super) fn mostly<'a>(part: &Part<'a>) -> Option<&'a Span> {
    let bytes = part.spans(SpanKind::Array).filter(|span| span.dtype == Dtype::U8);
    let largest = bytes.max_by_key(|span| span.len)?;
    (!part.is_guess(SpanKind::Array) && largest.len > part.data.len() as u64 / 2).then_some(largest)
}

impl Tensors {
    /// Whether another codec makes more of a part that is mostly bytes: by a piece from its middle, which begins with a record.
    pub(super) fn has_better_for_bytes(&self, part: &Part<'_>, level: u8) -> bool {
        if level < CHOSEN_LEVEL {
            return false;
        }
        let Some(span) = mostly(part) else { return false };
        let record = span.shape.iter().skip(1).try_fold(1u64, |all, size| all.checked_mul(*size));
        let unit = record.filter(|record| (1..=TRIAL).contains(record)).unwrap_or(span.columns());
        let from = span.len / 2 / unit * unit;
        let len = TRIAL.div_ceil(unit).saturating_mul(unit).min(span.len - from);
        let range = usize::try_from(span.start + from).ok().zip(usize::try_from(len).ok());
        let piece = range.and_then(|(start, len)| part.data.get(start..start.checked_add(len)?));
        let (Some(piece), Some(known)) = (piece, span.part(from, len, 0)) else { return false };
        let env = Env::default().with_layout(vec![known].into());
        let mut numbers = Vec::new();
        let level = level.min(TRIAL_LEVEL);
        let strength = by_number(wanted(level) as i64);
        if self.encode_arrays(piece, strength, level, &env, &mut numbers).is_err() {
            return true;
        }
        let detection = Detection { kind: part.kind, confidence: 100, detail: String::new() };
        let request =
            Request { level, chain: None, memory: None, known: Some(detection), decode_ns: part.decode_ns };
        let other = self.planner.code_whole(piece, &request, &env);
        other.is_ok_and(|other| other.payload.len() < numbers.len())
    }
}
