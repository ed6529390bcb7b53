//! One way in and out for all codecs of colours: which of them, and how coarse, so that the goal is met.

use crate::metric::ssimulacra2;
use crate::{Planes, block};
use minlen_core::{Env, Error, Result};

/// What a decoder knows of a picture beside the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bits of a sample, 8 to 16.
    pub depth: u8,
    /// Planes: 1 or 3.
    pub colours: usize,
}

/// A payload, and exactly the picture that it decodes to.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The payload, in the form of its codec.
    pub bytes: Vec<u8>,
    /// What decoding gives.
    pub picture: Planes,
}

/// How a payload was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Predicted blocks, transformed and quantized ([`block`]).
    Block,
}

impl Method {
    /// Every method, in the order of their numbers in payloads.
    pub const ALL: [Self; 1] = [Self::Block];

    /// Its name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
        }
    }
}

/// How near a picture has to be, or how small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// 0 to 100: the coarseness of the steps alone.
    Quality(u8),
    /// The mean of the squares of differences of samples, at most.
    MeanSquare(f64),
    /// The score of [`ssimulacra2`], at least.
    Score(f64),
    /// Bytes of the payload, at most.
    Bytes(u64),
}

/// The picture as near as the goal says, in as few bytes as `effort` (0 to 9) finds.
///
/// # Errors
/// Usage where the goal cannot be reached; limit where memory does not do; cancelled.
pub fn encode(picture: &Planes, goal: &Goal, effort: u8, env: &Env) -> Result<(Method, Encoded)> {
    Ok((Method::Block, Search { picture, goal, effort, env }.run()?))
}

/// The picture of a payload.
///
/// # Errors
/// Corrupt or truncated for a payload that no encoder wrote; limit where memory does not do; cancelled.
pub fn decode(method: Method, payload: &[u8], shape: &Shape, env: &Env) -> Result<Planes> {
    match method {
        Method::Block => block::decode(payload, &of_block(shape), env),
    }
}

fn of_block(shape: &Shape) -> block::Shape {
    let Shape { width, height, depth, colours } = *shape;
    block::Shape { width, height, depth, colours: colours as u8 }
}

/// The most effort of [`block`].
const BLOCK_EFFORT: u8 = 5;
/// The effort of trials that only look for the right coarseness.
const TRIAL_EFFORT: u8 = 1;

/// A search for the coarsest steps that keep a goal.
struct Search<'a> {
    picture: &'a Planes,
    goal: &'a Goal,
    effort: u8,
    env: &'a Env,
}

impl Search<'_> {
    fn run(&self) -> Result<Encoded> {
        if let Goal::Quality(quality) = *self.goal {
            return self.code(quantizer_of(quality), self.effort);
        }
        // Cheap trials find about where it is; what effort changes is a few steps.
        let near = match self.effort > TRIAL_EFFORT {
            true => self.between(0, block::QUANTIZER_MAX, TRIAL_EFFORT)?.map_or(0, |(at, _)| at),
            false => block::QUANTIZER_MAX / 2,
        };
        let (low, high) = match self.effort > TRIAL_EFFORT {
            true => self.around(near)?,
            false => (0, block::QUANTIZER_MAX),
        };
        let found = self.between(low, high, self.effort)?;
        found.map(|(_, encoded)| encoded).ok_or_else(|| self.out_of_reach())
    }

    /// A few quantizers around `near`, of which the goal's is one.
    fn around(&self, near: u16) -> Result<(u16, u16)> {
        const REACH: u16 = 3;
        let (mut low, mut high) = (near.saturating_sub(REACH), (near + REACH).min(block::QUANTIZER_MAX));
        let keeps = |at| Ok::<_, Error>(self.keeps(&self.code(at, self.effort)?)?);
        // For bytes the coarse end has to keep the goal, for the others the fine end.
        if matches!(self.goal, Goal::Bytes(_)) {
            while high < block::QUANTIZER_MAX && !keeps(high)? {
                (low, high) = (high, (high + 2 * REACH).min(block::QUANTIZER_MAX));
            }
        } else {
            while low > 0 && !keeps(low)? {
                (low, high) = (low.saturating_sub(2 * REACH), low);
            }
        }
        Ok((low, high))
    }

    /// The best quantizer of a range, and what it gives: of those that keep the goal the finest where bytes are named, the coarsest
    /// otherwise. Nothing if none of them does.
    fn between(&self, low: u16, high: u16, effort: u8) -> Result<Option<(u16, Encoded)>> {
        let finest = matches!(self.goal, Goal::Bytes(_));
        let (mut low, mut high, mut best) = (i32::from(low), i32::from(high), None);
        while low <= high {
            let at = u16::try_from((low + high) / 2).unwrap_or_default();
            let encoded = self.code(at, effort)?;
            let kept = self.keeps(&encoded)?;
            if kept {
                best = Some((at, encoded));
            }
            // What keeps a size asks for finer steps next, what keeps a quality for coarser ones.
            if kept == finest {
                high = i32::from(at) - 1;
            } else {
                low = i32::from(at) + 1;
            }
        }
        Ok(best)
    }

    fn code(&self, quantizer: u16, effort: u8) -> Result<Encoded> {
        let block::Encoded { bytes, picture } =
            block::encode(self.picture, quantizer, effort.min(BLOCK_EFFORT), self.env)?;
        Ok(Encoded { bytes, picture })
    }

    /// Whether a result keeps the goal.
    fn keeps(&self, encoded: &Encoded) -> Result<bool> {
        Ok(match *self.goal {
            Goal::Quality(_) => true,
            Goal::MeanSquare(most) => self.picture.mean_square(&encoded.picture) <= most,
            Goal::Score(least) => ssimulacra2(self.picture, &encoded.picture, self.env.threads)? >= least,
            Goal::Bytes(most) => encoded.bytes.len() as u64 <= most,
        })
    }

    fn out_of_reach(&self) -> Error {
        match *self.goal {
            Goal::Bytes(most) => Error::usage(format!("{most} bytes are too few for this picture"))
                .remedy("allow more bytes, or make the picture smaller"),
            _ => Error::usage("this picture cannot be as near as that with a lossy codec")
                .remedy("store it exactly"),
        }
    }
}

/// The steps of a quality: as coarse as they get for 0, a two-hundredth of the range of samples for 100. In between a quality is about what
/// WebP calls the same.
fn quantizer_of(quality: u8) -> u16 {
    const GOOD: u16 = 60;
    const AT_GOOD: u16 = 280;
    const AT_100: u16 = 150;
    let quality = u16::from(quality.min(100));
    match quality {
        0..=GOOD => AT_GOOD + (block::QUANTIZER_MAX - AT_GOOD) * (GOOD - quality) / GOOD,
        _ => AT_GOOD - (AT_GOOD - AT_100) * (quality - GOOD) / (100 - GOOD),
    }
}
