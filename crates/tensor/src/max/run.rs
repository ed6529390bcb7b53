//! A run of arrays, in either direction.

use super::coder::Bits;
use super::header::Header;
use super::matching::Matcher;
use super::model::Model;
use super::number::{Form, Number, number_at};
use super::packed::packing;
use super::plane::{Hint, Plane, Trace};
use super::rank::{LowRank, RANK};
use super::scale::Scales;
use crate::{Dtype, delta};
use minlen_core::{Env, Error, Result};
use std::collections::BTreeMap;

/// Numbers between two reports of progress.
pub(super) const REPORT: usize = 1 << 14;

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
pub(super) struct Done {
    shape: (Dtype, usize, usize),
    trace: Trace,
}

/// What is learned in a run.
pub struct Run {
    pub(super) models: BTreeMap<(Dtype, u8), Model>,
    pub(super) matcher: Matcher,
    pub(super) done: Vec<Done>,
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

    /// The model of a type in a role: taken out, to be put back.
    pub(super) fn model(&mut self, dtype: Dtype, role: u8, env: &Env) -> Result<Model> {
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
}

/// What the base says about the difference from it: how much a step is, and which way zero is.
pub fn delta_hint(form: &Form, base: Number) -> Hint {
    let offset = if form.float { (base.class as i32 - form.mantissa as i32 - 1).max(0) } else { 0 };
    Hint { offset, part: 0, context: base.class << 1 | base.sign }
}
