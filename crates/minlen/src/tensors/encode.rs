//! Arrays into payloads of the codec `tensors`.

use super::bases::read_bases;
use super::bounded::whole_shape;
use super::codec::{Tensors, checksum};
use super::describe::{self, Described, Method, gaps};
use crate::streams::{self, Coded, Payload};
use minlen_core::varint::put;
use minlen_core::{Dtype, Env, Error, NoProgress, Origin, Result, Span, SpanKind, ids};
use minlen_structure::Parsers;
use minlen_tensor::group::{self, Strength};
use minlen_tensor::{Array, delta, field, max};
use std::sync::Arc;

/// From this level on, numbers without a container are compared with what the models of bytes make of them.
const COMPARE_LEVEL: u8 = 6;
/// With more arrays than this, the fast strength does not look for fields among them.
const FEW_ARRAYS: usize = 8;
/// So many values are coded both ways to see whether they are a field.
const TRIAL: usize = 1 << 15;
/// A field must save so many thousandths of what the others' way takes.
const BETTER_PERMILLE: usize = 10;

fn effort(strength: Strength) -> field::Effort {
    match strength {
        Strength::Fast => field::Effort::Fast,
        Strength::Dense => field::Effort::Dense,
        Strength::Max => field::Effort::Max,
    }
}

impl Tensors {
    /// Codes the arrays as numbers, and what is around them at `level`.
    pub(super) fn encode_arrays(
        &self,
        input: &[u8],
        strength: Strength,
        level: u8,
        env: &Env,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let arrays = || env.layout.iter().filter(|span| span.kind == SpanKind::Array).cloned();
        let mut spans: Vec<Span> = arrays().collect();
        if spans.is_empty() {
            // Only a chain that the user named comes without the planner having looked.
            let kind = self.planner.detect(input, input.len() as u64).kind;
            spans = Parsers::arrays().readings(input, kind, 9, &[]);
        }
        let guessed = spans.iter().any(|span| span.origin == Origin::Guessed);
        let mut arrays: Vec<Described> = spans.iter().filter_map(Described::new).collect();
        let ordered = gaps(&arrays, input.len()).all(|gap| gap.start <= gap.end);
        if arrays.is_empty() || !ordered {
            return Err(Error::unsupported("tensors: no arrays found"));
        }
        let inner = &env.clone().without_layout();
        let quiet = env.clone().with_progress(Arc::new(NoProgress));
        let own = self.fields(input, &mut arrays, &spans, strength, &quiet)?;
        let together = encode_group(input, &arrays, strength, env)?;
        let coded: usize = together.len() + own.iter().map(Vec::len).sum::<usize>();
        if guessed && level >= COMPARE_LEVEL {
            let whole = streams::code(&self.planner, input, None, level, inner, None)?;
            if whole.iter().map(|part| part.payload.len()).sum::<usize>() < coded {
                let description = self.describe(&[], level, inner)?;
                write(vec![description, whole], checksum(input), &[], &[], out);
                return Ok(());
            }
        }
        let around: Vec<u8> = gaps(&arrays, input.len()).flat_map(|gap| &input[gap]).copied().collect();
        let sum = checksum(&around);
        let around = streams::code(&self.planner, &around, None, level, inner, None)?;
        let description = self.describe(&arrays, level, inner)?;
        write(vec![description, around], sum, &together, &own, out);
        Ok(())
    }

    fn describe(&self, arrays: &[Described], level: u8, env: &Env) -> Result<Vec<Coded>> {
        let mut description = Vec::new();
        describe::write(arrays, &mut description);
        streams::code(&self.planner, &description, None, level, env, None)
    }

    /// Codes those arrays on their own that come out smaller as fields or series, or that may be inexact; gives their payloads.
    fn fields(
        &self,
        input: &[u8],
        arrays: &mut [Described],
        spans: &[Span],
        strength: Strength,
        env: &Env,
    ) -> Result<Vec<Vec<u8>>> {
        let few = arrays.len() <= FEW_ARRAYS || strength != Strength::Fast;
        let mut own = Vec::new();
        // Both are in order, and every array is one of the spans.
        let mut spans = spans.iter();
        for array in arrays.iter_mut() {
            let Some(span) = spans.find(|span| span.start == array.start as u64) else { break };
            let bytes = &input[array.start..array.start + array.len];
            let described = span.description.as_ref().filter(|described| described.codec == ids::TENSORS);
            if let Some(payload) = described.map(|described| &described.payload) {
                (array.method, array.own, array.sum) = (Method::Bounded, payload.len(), checksum(bytes));
                own.push(payload.to_vec());
                continue;
            }
            if array.base.is_some() {
                if let Some(payload) = difference(bytes, array, strength, env)? {
                    (array.method, array.own, array.sum) = (Method::Delta, payload.len(), checksum(bytes));
                    own.push(payload);
                }
            } else if few && let Some(payload) = exact(bytes, array, span, strength, env)? {
                (array.method, array.own, array.sum) = (Method::Field, payload.len(), checksum(bytes));
                own.push(payload);
            }
        }
        Ok(own)
    }
}

/// Appends the payload: streams, the checksum of what is around the arrays, arrays coded together, arrays coded each on its own.
fn write(streams: Vec<Vec<Coded>>, sum: u32, together: &[u8], own: &[Vec<u8>], out: &mut Vec<u8>) {
    let mut head = Vec::new();
    Payload { streams }.write(&mut head);
    put(out, head.len() as u64);
    out.extend(head);
    out.extend(sum.to_le_bytes());
    put(out, together.len() as u64);
    out.extend_from_slice(together);
    own.iter().for_each(|payload| out.extend_from_slice(payload));
}

/// The arrays that are coded together.
fn encode_group(input: &[u8], arrays: &[Described], strength: Strength, env: &Env) -> Result<Vec<u8>> {
    let chosen: Vec<&Described> = arrays.iter().filter(|array| array.method == Method::Group).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let (bases, _held) = read_bases(chosen.iter().copied(), env)?;
    let list: Vec<Array<'_>> = chosen
        .iter()
        .zip(&bases)
        .map(|(array, base)| Array {
            dtype: array.dtype,
            columns: array.columns,
            bytes: &input[array.start..array.start + array.len],
            base: base.as_deref(),
        })
        .collect();
    let mut out = Vec::new();
    group::encode(&list, strength, env, &mut out)?;
    Ok(out)
}

/// The array as a field or series, where a trial says that this is smaller.
fn exact(
    bytes: &[u8],
    array: &Described,
    span: &Span,
    strength: Strength,
    env: &Env,
) -> Result<Option<Vec<u8>>> {
    if !matches!(array.dtype, Dtype::F32 | Dtype::F64) || array.base.is_some() {
        return Ok(None);
    }
    let unit = array.dtype.unit();
    let shape = whole_shape(span, array.len / unit);
    // The first slices, so that what is above and before is as it is in the whole.
    let slice: u64 = shape.iter().skip(1).product::<u64>().max(1);
    let slices = (TRIAL as u64).div_ceil(slice).min(shape.first().copied().unwrap_or(1));
    let part: Vec<u64> = std::iter::once(slices).chain(shape.iter().skip(1).copied()).collect();
    let sample = bytes.get(..(slices * slice) as usize * unit).unwrap_or(bytes);
    let quick = if strength == Strength::Fast { strength } else { Strength::Dense };
    let (mut field, mut group) = (Vec::new(), Vec::new());
    field::encode(sample, array.dtype, &part, effort(quick), env, &mut field)?;
    let one = Array { dtype: array.dtype, columns: array.columns, bytes: sample, base: None };
    group::encode(&[one], quick, env, &mut group)?;
    if field.len() * 1000 > group.len() * (1000 - BETTER_PERMILLE) {
        return Ok(None);
    }
    if sample.len() < bytes.len() || quick != strength {
        field.clear();
        field::encode(bytes, array.dtype, &shape, effort(strength), env, &mut field)?;
    }
    Ok(Some(field))
}

/// The array by static tables as the difference from its base; `None`, and no base any more, where it is smaller by itself. The
/// strongest models take differences themselves.
fn difference(bytes: &[u8], array: &mut Described, strength: Strength, env: &Env) -> Result<Option<Vec<u8>>> {
    let (bases, _held) = read_bases(std::iter::once(&*array), env)?;
    let base = bases.first().and_then(Option::as_deref);
    let pair = Array { dtype: array.dtype, columns: array.columns, bytes, base };
    if !max::prefers_delta(&pair) {
        array.base = None;
        return Ok(None);
    }
    if strength == Strength::Max {
        return Ok(None);
    }
    let payload = delta::encode(&pair, env).ok().filter(|payload| payload.len() < bytes.len());
    if payload.is_none() {
        array.base = None;
    }
    Ok(payload)
}
