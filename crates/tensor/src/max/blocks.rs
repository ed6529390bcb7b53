//! Blocks of quantized weights: scales first, then the weights that they scale.

use super::coder::Bits;
use super::header::Header;
use super::model::Model;
use super::number::{Form, number_at};
use super::packed::{MOST, Packing, SCALES};
use super::plane::{Hint, Plane, Trace};
use super::run::{Job, REPORT, Run};
use crate::Dtype;
use minlen_core::{Env, Result};

/// The roles of models: scales and minima of blocks, their weights, scales of sub-blocks.
const HALVES: u8 = 2;
const WEIGHTS: u8 = 3;
const SUBSCALES: u8 = 4;

/// What the weights of a block are predicted with.
struct Parts {
    halves: Vec<Plane>,
    scales: Plane,
    weights: Plane,
}

impl Parts {
    fn new(job: &Job<'_>, header: &Header, packing: &Packing, id: u32) -> Self {
        let half = Form::of(Dtype::F16);
        let plane = |form: Form, middle: i32, each: usize, level: i32| {
            let columns = job.columns.saturating_mul(each);
            Plane::new(form, middle, columns, job.len.saturating_mul(each), level)
        };
        let halves = packing.halves.iter().map(|at| {
            let mut plane = plane(half, half.middle(), 1, header.level);
            plane.id = *at as u32;
            plane
        });
        let level = header.level + 8 * packing.common;
        let mut weights = plane(packing.form, half.middle() + 1, packing.weights, level);
        weights.id = id;
        Self {
            halves: halves.collect(),
            scales: plane(packing.scale_form, 1, packing.scales.max(1), 32),
            weights,
        }
    }
}

impl Run {
    /// Codes an array of blocks.
    pub(super) fn blocks<C: Bits>(
        &mut self,
        coder: &mut C,
        job: &Job<'_>,
        header: &Header,
        packing: &Packing,
        env: &Env,
    ) -> Result<Trace> {
        let unit = job.dtype.unit();
        let roles = if packing.scales > 0 { &[HALVES, WEIGHTS, SUBSCALES][..] } else { &[HALVES, WEIGHTS] };
        let models: Result<Vec<Model>> = roles.iter().map(|role| self.model(job.dtype, *role, env)).collect();
        let mut models = models?;
        let mut parts = Parts::new(job, header, packing, self.done.len() as u32);
        self.matcher.begin(1);
        let mut block = vec![0; unit];
        for i in 0..job.units {
            if let Some(given) = job.input.and_then(|input| input.get(i * unit..(i + 1) * unit)) {
                block.copy_from_slice(given);
            }
            code_block(coder, &mut models, &mut parts, packing, &mut block);
            self.matcher.history.extend_from_slice(&block);
            if i % (REPORT / 64) == REPORT / 64 - 1 {
                env.work((REPORT / 64 * unit) as u64)?;
            }
        }
        for (role, model) in roles.iter().zip(models) {
            self.models.insert((job.dtype, *role), model);
        }
        Ok(parts.weights.trace)
    }
}

/// Codes a block: reads it when writing, fills it when reading.
fn code_block<C: Bits>(
    coder: &mut C,
    models: &mut [Model],
    parts: &mut Parts,
    packing: &Packing,
    block: &mut [u8],
) {
    let half = Form::of(Dtype::F16);
    let [halves, model, rest @ ..] = models else { return };
    let (mut weights, mut scales) = ([0; MOST], [0; SCALES]);
    packing.unpack(block, &mut weights, &mut scales);
    // Levels of the binary16 numbers, the first of which scales the weights, the second one their minimum.
    let mut levels = [0; 2];
    for (n, (at, plane)) in packing.halves.iter().zip(&mut parts.halves).enumerate().rev() {
        let raw = number_at(&block[*at..], 2, 0);
        let raw = halves.code(coder, plane, raw, None, Hint::default(), true);
        block[*at..at + 2].copy_from_slice(&(raw as u16).to_le_bytes());
        levels[n & 1] = half.level(half.split(raw));
    }
    if let Some(model) = rest.first_mut() {
        for (n, scale) in scales.iter_mut().enumerate().take(packing.scales) {
            let hint = Hint { context: n as u32, ..Hint::default() };
            *scale = model.code(coder, &mut parts.scales, u64::from(*scale), None, hint, true) as u8;
        }
    }
    let group = packing.group.max(1);
    for from in (0..packing.weights).step_by(group) {
        let scale = |n: usize| match scales.get(n).filter(|_| packing.scales > 0) {
            Some(scale) => packing.scale_form.level(packing.scale_form.split(u64::from(*scale))),
            None => 0,
        };
        let sub = from / group;
        let level = levels[0] + scale(sub);
        let base = match packing.minima {
            true => (levels[1] + scale(sub + packing.weights / group) - level).clamp(-40, 23) + 40,
            false => 0,
        };
        let hint = Hint { offset: level >> 3, part: level & 7, context: (base as u32) << 12 };
        let end = (from + group).min(packing.weights);
        code_weights(coder, model, &mut parts.weights, packing, &mut weights[from..end], hint);
    }
    packing.pack(&weights, &scales, block);
}

/// Codes the weights that have a scale in common.
fn code_weights<C: Bits>(
    coder: &mut C,
    model: &mut Model,
    plane: &mut Plane,
    packing: &Packing,
    weights: &mut [u8],
    hint: Hint,
) {
    // Some weight of a block is as large as can be, on both sides where there is a minimum: the later it comes, the surer it is.
    let (mut seen, count) = ([packing.extreme == 0, packing.extreme == 0 || !packing.minima], weights.len());
    for (i, weight) in weights.iter_mut().enumerate() {
        let left = (count - i) as u32;
        let waits = if seen[0] && seen[1] { 0 } else { 1 + left.min(8) + left / 8 * 8 };
        let sides = u32::from(seen[0]) | u32::from(seen[1]) << 1;
        let context = hint.context | waits << 2 | sides;
        let raw = model.code(coder, plane, u64::from(*weight), None, Hint { context, ..hint }, true);
        *weight = raw as u8;
        let most = (1 << packing.form.width) - 1;
        if packing.minima {
            seen[0] |= raw == 0;
            seen[1] |= raw == most;
        } else {
            seen[0] |= packing.form.distance(raw) >= packing.extreme;
        }
    }
}
