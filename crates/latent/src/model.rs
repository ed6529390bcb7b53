//! A codec file, as values: what records look like, and the members that describe them.

use crate::linear::Linear;
use crate::network::Latents;
use crate::steps;
use crate::tables::Start;
use crate::values::Scaling;
use minlen_core::{Dtype, Env, Error, Result};
use minlen_nn::causal::Predictor;

/// Members of a codec file at most.
pub const MEMBERS_MAX: usize = 15;
/// Numbers in a record at most.
pub const NUMBERS_MAX: u64 = 1 << 16;
/// Bytes of a member's name at most.
const NAME_MAX: usize = 32;
/// Rates at most.
pub const RATES_MAX: u8 = 64;

/// One way to describe a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What people call it: `klt`, `cklt`.
    pub name: String,
    /// What it does.
    pub body: Body,
}

/// What a member does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A transform, or one for each class.
    Linear {
        /// The transform.
        linear: Linear,
        /// How integers are distributed before the first record.
        start: Start,
        /// How much less than their steps integers stand for: see [`steps::restored`].
        pull: [i8; 2],
    },
    /// A network.
    Network(Latents),
}

/// A codec file.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The shape of a record.
    pub shape: Vec<u32>,
    /// What its numbers are.
    pub scaling: Scaling,
    /// At least one, or a predictor.
    pub members: Vec<Member>,
    /// What predicts records of bytes exactly, beside the contexts of the codec `pixels`.
    pub predictor: Option<Predictor>,
    /// The coarsest step, and how many finer ones there are, each by a quarter of an octave.
    pub coarsest: u8,
    /// See `coarsest`.
    pub rates: u8,
    /// Under which licence the file may be used.
    pub licence: String,
    /// What it was made from, and how.
    pub provenance: String,
    /// How well its members do.
    pub report: String,
}

impl Model {
    /// Numbers in a record.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.shape.iter().map(|&side| side as usize).product()
    }

    /// Bytes of a record.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        self.numbers() * self.scaling.dtype().unit()
    }

    /// The same with one of its members and nothing else; none that is not there.
    #[must_use]
    pub fn only(&self, member: usize) -> Option<Self> {
        let members = vec![self.members.get(member)?.clone()];
        Some(Self { members, predictor: None, report: String::new(), ..self.clone() })
    }

    /// The rate of a member at which bits are worth as much as at a rate of the file.
    #[must_use]
    pub fn rate_of(&self, member: usize, rate: u8) -> u8 {
        match self.members.get(member).map(|member| &member.body) {
            Some(Body::Network(latents)) => latents.nearest(self.step(rate)),
            _ => rate.min(self.rates.saturating_sub(1)),
        }
    }

    /// The step of a rate, in quarters of an octave.
    #[must_use]
    pub fn step(&self, rate: u8) -> u8 {
        self.coarsest.saturating_sub(rate)
    }

    /// Squares, of numbers of the file, that a bit is worth with steps of `step`.
    #[must_use]
    pub fn worth(&self, step: u8) -> f64 {
        let size = steps::size(step) as f64 / 16.0 * self.scaling.scale();
        steps::PRICE * size * size
    }

    /// # Errors
    /// Corrupt if its parts do not fit together; limit where memory does not allow it.
    pub fn check(&self, env: &Env) -> Result<()> {
        let bad = |what| Err(Error::corrupt(format!("codec file: {what}")));
        let numbers = self.shape.iter().try_fold(1u64, |all, &side| all.checked_mul(u64::from(side)));
        if !numbers.is_some_and(|numbers| (1..=NUMBERS_MAX).contains(&numbers)) || self.shape.len() > 4 {
            return bad("records of no size, or of too many numbers");
        }
        if let Some(predictor) = &self.predictor {
            if self.scaling.dtype() != Dtype::U8 || predictor.geometry.record() != self.numbers() {
                return bad("a predictor of other records");
            }
            predictor.ready(env)?;
        }
        let least = usize::from(self.predictor.is_none());
        if !(least..=MEMBERS_MAX).contains(&self.members.len()) {
            return bad("no members, or too many");
        }
        let fits = (1..=RATES_MAX).contains(&self.rates) && self.coarsest >= self.rates - 1;
        if !fits || self.coarsest > steps::QUARTERS_MAX {
            return bad("steps out of range");
        }
        for member in &self.members {
            if member.name.len() > NAME_MAX {
                return bad("a name that is too long");
            }
            match &member.body {
                Body::Linear { linear, start, .. } => {
                    linear.check()?;
                    if !start.fits(linear) || linear.numbers() != self.numbers() {
                        return bad("a member of another size");
                    }
                }
                Body::Network(latents) => {
                    if !(1..=usize::from(self.rates)).contains(&latents.rates()) || latents.rates.is_empty() {
                        return bad("a network of too many rates, or of none");
                    }
                    latents.ready(&self.shape, env)?;
                }
            }
        }
        Ok(())
    }
}

impl Member {
    /// Rates that it has.
    #[must_use]
    pub fn rates(&self, of: &Model) -> u8 {
        match &self.body {
            Body::Linear { .. } => of.rates,
            Body::Network(latents) => latents.rates().min(usize::from(of.rates)) as u8,
        }
    }

    /// Classes of its records; 1 where there are none.
    #[must_use]
    pub fn classes(&self) -> usize {
        match &self.body {
            Body::Linear { linear, .. } => linear.classes.len(),
            Body::Network(latents) => {
                latents.residual.as_ref().map_or(1, |residual| residual.linear.classes.len())
            }
        }
    }
}
