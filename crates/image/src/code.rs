//! One way in and out for all codecs of colours: which of them, and how coarse, so that the goal is met.

use crate::metric::ssimulacra2;
use crate::{Planes, block, overfit, vae};
use minlen_core::{Env, Error, ErrorKind, Result, Scaled};

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

impl Shape {
    /// That of a picture.
    #[must_use]
    pub fn of(picture: &Planes) -> Self {
        picture.shape()
    }

    /// Refuses sides, depths and numbers of planes that no picture has.
    pub(crate) fn check(&self) -> Result<()> {
        let side = 1..=crate::SIDE_MAX;
        let sides = side.contains(&self.width) && side.contains(&self.height);
        if sides && (8..=16).contains(&self.depth) && matches!(self.colours, 1 | 3) {
            return Ok(());
        }
        let Self { width, height, depth, colours } = self;
        Err(Error::usage(format!(
            "a picture of {width} by {height} pixels with {colours} planes of {depth} bits"
        )))
    }
}

/// A payload, and exactly the picture that it decodes to.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Networks that are fitted to the picture ([`overfit`]).
    Overfit,
    /// Latents of networks that were trained on pictures ([`vae`]).
    Vae,
}

impl Method {
    /// Every method, in the order of their numbers in payloads.
    pub const ALL: [Self; 3] = [Self::Block, Self::Overfit, Self::Vae];

    /// Its name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Overfit => "overfit",
            Self::Vae => "vae",
        }
    }

    /// The largest number of a quantizer.
    fn coarsest(self) -> u16 {
        match self {
            Self::Block | Self::Overfit => block::QUANTIZER_MAX,
            Self::Vae => vae::QUANTIZER_MAX,
        }
    }

    /// The steps of a quality: as coarse as they get for 0, as fine as is worth it for 100. In between a quality is about what WebP calls
    /// the same.
    fn quantizer(self, quality: u8) -> u16 {
        // What 60 and 100 are.
        let (good, best) = match self {
            Self::Block | Self::Overfit => (280, 150),
            Self::Vae => (24, 0),
        };
        const GOOD: u16 = 60;
        let quality = u16::from(quality.min(100));
        match quality {
            0..=GOOD => good + (self.coarsest() - good) * (GOOD - quality) / GOOD,
            _ => good - (good - best) * (quality - GOOD) / (100 - GOOD),
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

/// What an effort takes on one core of the reference machine, in nanoseconds a pixel; a goal that has to be searched for takes about
/// three times as long.
#[must_use]
pub fn effort_ns(effort: u8) -> u64 {
    const NS: [u64; 10] =
        [2_000, 4_000, 10_000, 22_000, 51_000, 71_000, 71_000, 71_000, 3_500_000, 10_000_000];
    NS[usize::from(effort.min(9))]
}

/// The picture as near as the goal says, in as few bytes as `effort` (0 to 9) finds; by `method`, or by the best for that effort.
///
/// # Errors
/// Usage where the goal cannot be reached; limit where memory does not do; cancelled.
pub fn encode(
    picture: &Planes,
    goal: &Goal,
    method: Option<Method>,
    effort: u8,
    env: &Env,
) -> Result<(Method, Encoded)> {
    let search = |method, effort, env: &Env| Search { picture, goal, method, effort, env }.run();
    let samples = (picture.width() * picture.height() * picture.planes().len()) as u64;
    // Blocks take a small part of the time that fitting takes.
    let (first, looking) = Scaled::new(env, samples, samples / 20);
    let fitting = |like: &Encoded| {
        env.work(first.rest())?;
        let steps = u64::from(overfit::Schedule::effort(effort).steps);
        let (rest, inner) = Scaled::new(env, steps + steps / 4, samples - samples / 20);
        let found = fit(picture, goal, like, effort, &inner);
        env.work(rest.rest())?;
        found
    };
    match method {
        Some(Method::Overfit) => Ok((Method::Overfit, fitting(&search(Method::Block, FAST, &looking)?)?)),
        None if effort >= FITTED && picture.width() * picture.height() <= FITTED_PIXELS => {
            let fast = search(Method::Block, BLOCK_EFFORT, &looking)?;
            match fitting(&fast) {
                Ok(slow) => better(picture, goal, fast, slow, env),
                // What networks cannot be fitted to closely enough, blocks have reached already.
                Err(error) if error.kind() == ErrorKind::Usage => Ok((Method::Block, fast)),
                Err(error) => Err(error),
            }
        }
        other => {
            let method = other.unwrap_or(Method::Block);
            Ok((method, search(method, effort, env)?))
        }
    }
}

/// From this effort on, networks are fitted to the picture: with less time, blocks are smaller.
const FITTED: u8 = 8;
/// Pictures of more pixels are left to blocks: fitting takes some hundred bytes and, at the most effort, some milliseconds a pixel.
const FITTED_PIXELS: usize = 1 << 22;
/// The effort that finds how near a quality is.
const FAST: u8 = 2;

/// The picture by networks that are fitted to it: as near as `like` is where the goal is how near, and as small as the goal where it is that.
fn fit(picture: &Planes, goal: &Goal, like: &Encoded, effort: u8, env: &Env) -> Result<Encoded> {
    let goal = match *goal {
        Goal::Bytes(most) => overfit::Goal::Bytes(most),
        Goal::MeanSquare(most) => overfit::Goal::MeanSquare(most),
        Goal::Quality(_) | Goal::Score(_) => overfit::Goal::MeanSquare(picture.mean_square(&like.picture)),
    };
    overfit::encode(picture, goal, &overfit::Schedule::effort(effort), env)
}

/// The better of two results: the smaller one that keeps the goal, or the nearer one within the bytes.
fn better(
    picture: &Planes,
    goal: &Goal,
    fast: Encoded,
    slow: Encoded,
    env: &Env,
) -> Result<(Method, Encoded)> {
    let off = |encoded: &Encoded| picture.mean_square(&encoded.picture);
    let smaller = slow.bytes.len() < fast.bytes.len();
    let wins = match *goal {
        Goal::Bytes(most) => slow.bytes.len() as u64 <= most && off(&slow) < off(&fast),
        Goal::MeanSquare(most) => smaller && off(&slow) <= most,
        Goal::Quality(_) => smaller && off(&slow) <= off(&fast),
        Goal::Score(least) => smaller && ssimulacra2(picture, &slow.picture, env.threads)? >= least,
    };
    Ok(if wins { (Method::Overfit, slow) } else { (Method::Block, fast) })
}

/// The picture of a payload.
///
/// # Errors
/// Corrupt or truncated for a payload that no encoder wrote; limit where memory does not do; cancelled.
pub fn decode(method: Method, payload: &[u8], shape: &Shape, env: &Env) -> Result<Planes> {
    match method {
        Method::Block => block::decode(payload, shape, env),
        Method::Overfit => overfit::decode(payload, shape, env),
        Method::Vae => vae::decode(payload, shape, env),
    }
}

/// The picture of a payload at 1 of 2^`shift` of its size (up to 1/64, sides rounded up), decoding no more than it takes where that is possible.
///
/// # Errors
/// As [`decode`].
pub fn preview(method: Method, payload: &[u8], shape: &Shape, shift: u8, env: &Env) -> Result<Planes> {
    let shift = shift.min(6);
    let sides = (shape.width.div_ceil(1 << shift), shape.height.div_ceil(1 << shift));
    let found = match method {
        Method::Overfit => overfit::preview(payload, shape, shift, env)?,
        Method::Block | Method::Vae => decode(method, payload, shape, env)?,
    };
    let is_smaller = (found.width(), found.height()) == sides;
    if is_smaller { Ok(found) } else { found.smaller(shift) }
}

/// The most effort of [`block`].
const BLOCK_EFFORT: u8 = 5;
/// About how often a picture is coded to find where the goal is, and then for what it is.
const TRIALS: u64 = 9;
/// See [`TRIALS`].
const LOOKS: u64 = 5;
/// The effort of trials that only look for the right coarseness.
const TRIAL_EFFORT: u8 = 1;

/// A search for the coarsest steps that keep a goal.
#[derive(Clone, Copy)]
struct Search<'a> {
    picture: &'a Planes,
    goal: &'a Goal,
    method: Method,
    effort: u8,
    env: &'a Env,
}

impl Search<'_> {
    fn run(&self) -> Result<Encoded> {
        if let Goal::Quality(quality) = *self.goal {
            return self.code(self.method.quantizer(quality), self.effort);
        }
        let samples = (self.picture.width() * self.picture.height() * self.picture.planes().len()) as u64;
        let (trials, trying) = Scaled::new(self.env, samples * TRIALS, samples / 4);
        // Cheap trials find about where it is; what effort changes is a few steps.
        let near = match self.effort > TRIAL_EFFORT {
            true => Search { env: &trying, ..*self }
                .between(0, self.method.coarsest(), TRIAL_EFFORT)?
                .map_or(0, |(at, _)| at),
            false => self.method.coarsest() / 2,
        };
        self.env.work(trials.rest())?;
        let (rest, looking) = Scaled::new(self.env, samples * LOOKS, samples - samples / 4);
        let closer = Search { env: &looking, ..*self };
        let (low, high) = match self.effort > TRIAL_EFFORT {
            true => closer.around(near)?,
            false => (0, self.method.coarsest()),
        };
        let found = closer.between(low, high, self.effort)?;
        self.env.work(rest.rest())?;
        found.map(|(_, encoded)| encoded).ok_or_else(|| self.out_of_reach())
    }

    /// A few quantizers around `near`, of which the goal's is one.
    fn around(&self, near: u16) -> Result<(u16, u16)> {
        const REACH: u16 = 3;
        let (mut low, mut high) = (near.saturating_sub(REACH), (near + REACH).min(self.method.coarsest()));
        let keeps = |at| self.keeps(&self.code(at, self.effort)?);
        // For bytes the coarse end has to keep the goal, for the others the fine end.
        if matches!(self.goal, Goal::Bytes(_)) {
            while high < self.method.coarsest() && !keeps(high)? {
                (low, high) = (high, (high + 2 * REACH).min(self.method.coarsest()));
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
        match self.method {
            Method::Block | Method::Overfit => {
                block::encode(self.picture, quantizer, effort.min(BLOCK_EFFORT), self.env)
            }
            Method::Vae => vae::encode(self.picture, quantizer, self.env),
        }
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
