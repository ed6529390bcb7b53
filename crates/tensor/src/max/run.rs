//! A run of arrays, in either direction.

use super::coder::Bits;
use super::header::Header;
use super::matching::Matcher;
use super::model::Model;
use super::number::{Form, Number, number_at};
use super::packed::{MOST, Packing, packing};
use super::plane::{Hint, Plane, Trace};
use super::rank::{LowRank, RANK};
use super::scale::Scales;
use crate::{Dtype, delta};
use minlen_core::{Env, Error, Result};
use std::collections::BTreeMap;

/// Numbers between two reports of progress.
const REPORT: usize = 1 << 14;

/// One array of a run.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The type.
    pub dtype: Dtype,
    /// Units in a row.
    pub columns: usize,
    /// Units in the array.
    pub len: usize,
    /// Units to be coded, at most `len`.
    pub units: usize,
    /// The bytes, when writing.
    pub input: Option<&'a [u8]>,
    /// The base.
    pub base: Option<&'a [u8]>,
}

/// What an array was, for those of the same shape.
struct Done {
    shape: (Dtype, usize, usize),
    trace: Trace,
}

/// What is learned in a run.
pub struct Run {
    models: BTreeMap<(Dtype, u8), Model>,
    matcher: Matcher,
    done: Vec<Done>,
}

impl Run {
    /// Nothing learned.
    pub fn new() -> Self {
        Self { models: BTreeMap::new(), matcher: Matcher::new(), done: Vec::new() }
    }

    /// Bytes of memory that coding this array takes, without the models.
    pub fn memory(dtype: Dtype, columns: usize, len: usize) -> u64 {
        let numbers = (len as u64).saturating_mul(dtype.weights() as u64);
        let bytes = (len as u64).saturating_mul(dtype.unit() as u64);
        let columns = columns.min(len).saturating_mul(dtype.weights());
        (numbers.saturating_mul(2 * Trace::MEMORY))
            .saturating_add(2 * bytes)
            .saturating_add(3 * Scales::memory(columns) + LowRank::<RANK>::memory(columns))
    }

    /// Codes an array and gives its bytes (of [`Job::units`] units).
    ///
    /// # Errors
    /// Limit if the memory is not there, cancelled; usage if the base does not fit.
    pub fn array<C: Bits>(
        &mut self,
        coder: &mut C,
        job: &Job<'_>,
        header: &Header,
        env: &Env,
    ) -> Result<&[u8]> {
        let start = self.matcher.history.len();
        let trace = match packing(job.dtype) {
            Some(packing) => self.blocks(coder, job, header, &packing, env)?,
            None => self.numbers(coder, job, header, env)?,
        };
        self.done.push(Done { shape: (job.dtype, job.columns, job.len), trace });
        Ok(self.matcher.history.get(start..).unwrap_or_default())
    }

    fn model(&mut self, dtype: Dtype, role: u8, env: &Env) -> Result<Model> {
        match self.models.remove(&(dtype, role)) {
            Some(model) => Ok(model),
            None => {
                drop(env.budget.reserve(Model::memory())?);
                Ok(Model::new())
            }
        }
    }

    fn numbers<C: Bits>(
        &mut self,
        coder: &mut C,
        job: &Job<'_>,
        header: &Header,
        env: &Env,
    ) -> Result<Trace> {
        let unit = job.dtype.unit();
        let base = job.base.filter(|_| header.delta);
        if header.delta && (base.is_none_or(|b| b.len() / unit != job.len) || !delta::applies(job.dtype)) {
            return Err(Error::usage("the base of an array is missing or has another length"));
        }
        let (own, form) = (Form::of(job.dtype).shifted(header.shift), header.form(job.dtype));
        let width = own.width - header.shift;
        let mut plane = Plane::new(form, own.middle(), job.columns, job.len, header.level);
        plane.id = self.done.len() as u32;
        (plane.lag, plane.plain_signs) = (header.lag, header.plain_signs);
        plane.rank = header.rank.then(|| Box::new(LowRank::new(job.columns, job.len)));
        if let Some(split) = header.split {
            plane.split_at(split.min(form.max_class().saturating_sub(1)), job.len);
        }
        let mut model = self.model(job.dtype, u8::from(header.delta), env)?;
        self.matcher.begin(unit);
        let reference = self.done.len().checked_sub(header.reference).filter(|_| header.reference > 0);
        let reference =
            reference.and_then(|i| self.done.get(i)).filter(|d| d.shape == (job.dtype, job.columns, job.len));
        let reference = reference.map(|done| &done.trace);
        for i in 0..job.units {
            let raw = job.input.map_or(0, |input| number_at(input, unit, i));
            let raw = if let Some(base) = base {
                let old = number_at(base, unit, i);
                let change = delta::difference(raw >> header.shift, old >> header.shift, width, own.float);
                let hint = delta_hint(&own, own.split(old));
                let change = model.code(coder, &mut plane, change, reference, hint, header.all_bits);
                delta::restore(change, old >> header.shift, width, own.float) << header.shift
            } else if let Some(raw) = self.matcher.code(coder, raw) {
                plane.push(form.split(raw), raw, Hint::default());
                raw
            } else {
                model.code(coder, &mut plane, raw, reference, Hint::default(), header.all_bits)
            };
            self.matcher.push(raw);
            if i % REPORT == REPORT - 1 {
                env.work((REPORT * unit) as u64)?;
            }
        }
        self.models.insert((job.dtype, u8::from(header.delta)), model);
        Ok(plane.trace)
    }

    fn blocks<C: Bits>(
        &mut self,
        coder: &mut C,
        job: &Job<'_>,
        header: &Header,
        packing: &Packing,
        env: &Env,
    ) -> Result<Trace> {
        let (unit, half) = (job.dtype.unit(), Form::of(Dtype::F16));
        let mut models = [self.model(job.dtype, 2, env)?, self.model(job.dtype, 3, env)?];
        let mut scales: Vec<Plane> = packing
            .halves
            .iter()
            .map(|at| {
                let mut plane = Plane::new(half, half.middle(), job.columns, job.len, header.level);
                plane.id = *at as u32;
                plane
            })
            .collect();
        let (middle, level) = match packing.scaled() {
            true => (half.middle() + 1, header.level + 8 * packing.common),
            false => (1, 8 * packing.common),
        };
        let columns = job.columns.saturating_mul(packing.weights);
        let mut plane =
            Plane::new(packing.form, middle, columns, job.len.saturating_mul(packing.weights), level);
        plane.id = self.done.len() as u32;
        self.matcher.begin(1);
        let (mut weights, mut block) = ([0; MOST], vec![0; unit]);
        for i in 0..job.units {
            if let Some(given) = job.input.and_then(|input| input.get(i * unit..(i + 1) * unit)) {
                block.copy_from_slice(given);
                packing.unpack(&block, &mut weights);
            }
            let mut hint = Hint::default();
            for (at, plane) in packing.halves.iter().zip(&mut scales).rev() {
                let raw = number_at(&block[*at..], 2, 0);
                let raw = models[0].code(coder, plane, raw, None, Hint::default(), true);
                block[*at..at + 2].copy_from_slice(&(raw as u16).to_le_bytes());
                hint = scale_hint(packing, half.split(raw));
            }
            self.block(coder, &mut models[1], &mut plane, packing, &mut weights, hint);
            packing.pack(&weights, &mut block);
            self.matcher.history.extend_from_slice(&block);
            if i % (REPORT / 64) == REPORT / 64 - 1 {
                env.work((REPORT / 64 * unit) as u64)?;
            }
        }
        let [first, second] = models;
        self.models.insert((job.dtype, 2), first);
        self.models.insert((job.dtype, 3), second);
        Ok(plane.trace)
    }

    fn block<C: Bits>(
        &self,
        coder: &mut C,
        model: &mut Model,
        plane: &mut Plane,
        packing: &Packing,
        weights: &mut [u8; MOST],
        hint: Hint,
    ) {
        // One weight of a block is as large as can be: the later it comes, the surer it is.
        let mut seen = packing.extreme == 0;
        for (i, weight) in weights.iter_mut().enumerate().take(packing.weights) {
            let left = (packing.weights - i) as u32;
            let context = if packing.scaled() {
                if seen { 0 } else { 1 + left.min(8) + (left / 8) * 8 }
            } else {
                i as u32
            };
            let raw = model.code(coder, plane, u64::from(*weight), None, Hint { context, ..hint }, true);
            *weight = raw as u8;
            let number: Number = packing.form.split(raw);
            seen |= number.class == 64 - packing.extreme.leading_zeros()
                && magnitude(&packing.form, number) == packing.extreme;
        }
    }
}

/// The magnitude of an integer.
const fn magnitude(form: &Form, number: Number) -> u64 {
    if number.class == 0 { 0 } else { 1 << (form.bits(number.class) & 63) | number.mantissa }
}

/// What the base says about the difference from it: how much a step is, and which way zero is.
pub fn delta_hint(form: &Form, base: Number) -> Hint {
    let offset = if form.float { (base.class as i32 - form.mantissa as i32 - 1).max(0) } else { 0 };
    Hint { offset, part: 0, context: base.class << 1 | base.sign }
}

fn scale_hint(packing: &Packing, scale: Number) -> Hint {
    if !packing.scaled() {
        return Hint::default();
    }
    let level = Form::of(Dtype::F16).level(scale);
    Hint { offset: level >> 3, part: level & 7, context: 0 }
}
