//! The loop of training: epochs or a time, measuring on held-out records, stopping early or on request.

use crate::data::shuffled;
use crate::trainer::{Means, Trainer};
use crate::{Parameters, Split, Tape, Var};
use minlen_core::{Cancel, Error, Result};
use std::time::{Duration, Instant};

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// This many times through all records: the same weights in every run on one machine.
    Epochs(u32),
    /// For this long, with the schedule by the clock: the weights depend on how fast the machine is.
    Time(Duration),
}

/// What to train on, and for how long.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Records to learn from and to measure with.
    pub split: &'a Split,
    /// Records of a step.
    pub batch: usize,
    /// How long.
    pub length: Length,
    /// Ends after this many measures without a better one; `None` never.
    pub patience: Option<u32>,
    /// Raised to stop after the step at hand.
    pub stop: Cancel,
}

/// Where a training is, told after each step.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Epochs done.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// Share of the training that is done.
    pub done: f64,
    /// Means over the last batch.
    pub batch: Means,
    /// What was measured on the held-out records, after the last step of an epoch.
    pub held_out: Option<Means>,
    /// Time left, as far as one can tell.
    pub left: Duration,
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is complete.
    Complete,
    /// The held-out measure got no better.
    Early,
    /// On request: going on later gives the same weights as if it had not been stopped.
    Stopped,
}

/// Where a training is: part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Course {
    pub(crate) epoch: u64,
    /// Records of the epoch that have been learned from.
    pub(crate) position: u64,
    /// Time spent.
    pub(crate) spent: Duration,
    /// Steps and held-out losses.
    pub(crate) history: Vec<(u64, f64)>,
    /// The lowest of them, and the parameters at that time.
    pub(crate) best: Option<(f64, Parameters)>,
}

impl Trainer {
    /// Steps and losses of all measures on held-out records.
    #[must_use]
    pub fn history(&self) -> &[(u64, f64)] {
        &self.course.history
    }

    /// The parameters with the lowest held-out loss so far, or the current ones if nothing was measured.
    #[must_use]
    pub fn best(&self) -> &Parameters {
        self.course.best.as_ref().map_or(self.current(), |(_, params)| params)
    }

    /// Measures without a better one since the best.
    fn since_best(&self) -> u32 {
        let best = self.course.best.as_ref().map(|(loss, _)| *loss);
        let place = self.course.history.iter().position(|(_, loss)| Some(*loss) == best);
        place.map_or(0, |place| (self.course.history.len() - 1 - place) as u32)
    }

    /// Trains until the plan is fulfilled, going on where a checkpoint ended. `told` hears of every step, and may end the
    /// training by raising the plan's flag.
    ///
    /// # Errors
    /// Usage without records, or where the loss leaves the numbers.
    pub fn fit<F>(&mut self, plan: &Plan<'_>, loss: F, mut told: impl FnMut(&Self, &Progress)) -> Result<End>
    where
        F: Fn(&mut Tape<'_>, &[u32]) -> Var + Sync,
    {
        let (records, batch) = (&plan.split.train, plan.batch.max(1));
        if records.is_empty() {
            return Err(Error::usage("there are no records to learn from").remedy("give more records"));
        }
        let (started, before) = (Instant::now(), self.course.spent);
        let first = self.done(plan);
        let mut order = shuffled(records, self.settings.seed, self.course.epoch);
        loop {
            let done = self.done(plan);
            if done >= 1.0 {
                return Ok(End::Complete);
            }
            if plan.stop.is_cancelled() {
                return Ok(End::Stopped);
            }
            let from = (self.course.position as usize).min(order.len());
            let to = (from + batch).min(order.len());
            let means = self.step(&order[from..to], self.settings.schedule.factor(done), &loss)?;
            self.course.position = to as u64;
            let mut held_out = None;
            if to == order.len() {
                (self.course.epoch, self.course.position) = (self.course.epoch + 1, 0);
                order = shuffled(records, self.settings.seed, self.course.epoch);
                held_out = self.measure(plan, &loss);
            }
            let gone = started.elapsed();
            self.course.spent = before + gone;
            let now = self.done(plan);
            let left = gone.mul_f64(((1.0 - now) / (now - first).max(1e-9)).clamp(0.0, 1e6));
            let (epoch, step) = (self.course.epoch, self.steps());
            let measured = held_out.is_some();
            told(self, &Progress { epoch, step, done: now.min(1.0), batch: means, held_out, left });
            if measured && plan.patience.is_some_and(|patience| self.since_best() >= patience.max(1)) {
                return Ok(End::Early);
            }
        }
    }

    /// Measures on the held-out records, and keeps the parameters if they are the best.
    fn measure<F>(&mut self, plan: &Plan<'_>, loss: F) -> Option<Means>
    where
        F: Fn(&mut Tape<'_>, &[u32]) -> Var + Sync,
    {
        if plan.split.held_out.is_empty() {
            return None;
        }
        let means = self.evaluate(&plan.split.held_out, loss);
        self.course.history.push((self.steps(), means.loss));
        // What is no number is never the best.
        if means.loss.is_finite() && self.course.best.as_ref().is_none_or(|(best, _)| means.loss < *best) {
            self.course.best = Some((means.loss, self.current().clone()));
        }
        Some(means)
    }

    /// Share of the plan that is done.
    fn done(&self, plan: &Plan<'_>) -> f64 {
        match plan.length {
            Length::Epochs(0) => 1.0,
            Length::Epochs(epochs) => {
                let part = self.course.position as f64 / plan.split.train.len().max(1) as f64;
                (self.course.epoch as f64 + part) / f64::from(epochs)
            }
            Length::Time(time) => self.course.spent.as_secs_f64() / time.as_secs_f64().max(1e-9),
        }
    }
}
