//! Records described and restored by several threads. What is found in a record does not depend on those before it, so threads change nothing but
//! the time.

use crate::code::{Outcome, Promise};
use crate::linear::Room;
use crate::model::Model;
use crate::search::Search;
use crate::stream::{Coded, Record, Stream, numbers};
use minlen_core::threads::each;
use minlen_core::{Env, Error, Result};

/// Numbers of records that are worked on at once, and records: without and with refinement of latents, which takes long.
const TOGETHER: usize = 1 << 18;
/// See [`TOGETHER`].
const RECORDS: [usize; 2] = [128, 16];

/// How many records one thread works on at once.
pub(crate) fn together(model: &Model, thorough: bool) -> usize {
    (TOGETHER / model.numbers().max(1)).clamp(1, RECORDS[usize::from(thorough)])
}

/// So many workers as there are threads, and jobs for them.
fn workers<W>(env: &Env, jobs: usize, new: impl Fn() -> Result<W>) -> Result<Vec<W>> {
    (0..env.threads.min(jobs).max(1)).map(|_| new()).collect()
}

/// Describes whole records; `told` hears of some after the other, with their bytes and how the promise was kept, and has a stream to code them.
///
/// # Errors
/// Usage for bytes that are no whole records; cancelled; those of `told`.
pub(crate) fn describe_all(
    model: &Model,
    bytes: &[u8],
    promise: Promise,
    thorough: bool,
    env: &Env,
    mut told: impl FnMut(&mut Stream<'_>, Vec<Record>, &[u8], Outcome) -> Result<()>,
) -> Result<()> {
    let size = model.record_bytes().max(1);
    if !bytes.len().is_multiple_of(size) {
        return Err(Error::usage("records: the last one is not whole"));
    }
    let chunk = size * together(model, thorough);
    let mut searches = workers(env, bytes.len().div_ceil(chunk), || Search::new(model, thorough, env))?;
    for round in bytes.chunks(chunk * searches.len()) {
        env.check()?;
        let jobs: Vec<&[u8]> = round.chunks(chunk).collect();
        let found = each(&mut searches, jobs.len(), |search, job| {
            let mut outcome = Outcome::default();
            Ok((search.records(jobs[job], promise, &mut outcome)?, outcome))
        })?;
        // Searches look at no more of their streams than what the codec file has, so the first may code.
        let stream = &mut searches[0].stream;
        for ((records, outcome), bytes) in found.into_iter().zip(jobs) {
            told(stream, records, bytes, outcome)?;
        }
    }
    Ok(())
}

/// Threads that restore records.
pub(crate) struct Restorers<'m> {
    model: &'m Model,
    all: Vec<(Stream<'m>, Room)>,
}

impl<'m> Restorers<'m> {
    /// For so many records.
    pub(crate) fn new(model: &'m Model, count: usize, env: &Env) -> Result<Self> {
        let jobs = count.div_ceil(together(model, false));
        let all = workers(env, jobs, || Ok((Stream::new(model, env)?, Room::default())))?;
        Ok(Self { model, all })
    }

    /// How many records should be restored at once.
    pub(crate) fn most(&self) -> usize {
        together(self.model, false) * self.all.len()
    }

    /// A stream to read them from: restoring changes nothing in it.
    pub(crate) fn stream(&mut self) -> &mut Stream<'m> {
        &mut self.all[0].0
    }

    /// Appends the bytes of records.
    pub(crate) fn restore(&mut self, records: &[Record], out: &mut Vec<u8>) -> Result<()> {
        let model = self.model;
        let jobs: Vec<&[Record]> = records.chunks(together(model, false)).collect();
        let parts = each(&mut self.all, jobs.len(), |(stream, room), job| {
            let records = jobs[job];
            let mut out = Vec::with_capacity(records.len() * model.record_bytes());
            let (mut values, mut made) = (Vec::new(), Vec::new());
            stream.restore(records, room, &mut values)?;
            for (record, values) in records.iter().zip(values.chunks_exact(model.numbers())) {
                match record {
                    Record::Raw(bytes) => out.extend(bytes),
                    Record::Coded(Coded { rest: None, .. }) => model.scaling.write_values(values, &mut out),
                    Record::Coded(coded) => {
                        numbers(model, values, coded.rest.as_ref(), &mut made);
                        made.iter().for_each(|&number| model.scaling.write(number, &mut out));
                    }
                }
            }
            Ok(out)
        })?;
        parts.iter().for_each(|part| out.extend_from_slice(part));
        Ok(())
    }
}
