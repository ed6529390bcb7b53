//! From a file with a picture to a PNG file near it.

use super::codec::{PIXEL_MEMORY, chunks_to_bytes, file, method_of};
use super::head::Head;
use crate::block_progress::Scaled;
use crate::options::Options;
use crate::streams::{self, Payload};
use minlen_core::{Detection, Env, Error, Event, Kind, Result, Span, Target, ids};
use minlen_image::{Encoded, Goal, Method, Picture, Planes};
use std::sync::Arc;

/// True for a target that pictures have.
pub(crate) fn has(target: Target) -> bool {
    use Target::{BitsPerSample, MaxSize, Psnr, Quality, Ssimulacra2};
    matches!(target, Quality(_) | Ssimulacra2(_) | Psnr(_) | BitsPerSample(_) | MaxSize(_))
}

/// What is stored in place of a picture.
pub(crate) struct Near {
    /// The PNG file.
    pub(crate) bytes: Vec<u8>,
    /// All of it, with the description that it decodes from.
    pub(crate) span: Span,
    /// What it is, for people.
    pub(crate) told: String,
}

/// Bytes that a stream has around the payload of a picture: at most, and in its shortest form.
const AROUND: (u64, u64) = (160, 24);
/// Payloads from this share of the file on are compared with exact coding.
const FAR_SMALLER: usize = 10;

/// A PNG file near the picture in `file`, as near as the target of `options` says, which a stream of the level's effort describes; nothing
/// where the file is better stored exactly (which is said).
///
/// # Errors
/// Corrupt for a damaged picture; usage for a target that cannot be reached; limit; cancelled.
pub(crate) fn near(file: &[u8], target: &Target, options: &Options, env: &Env) -> Result<Option<Near>> {
    let picture = match minlen_image::read::picture(file, env) {
        Err(error) if error.kind() == minlen_core::ErrorKind::Unsupported => {
            let message = format!("{error}: stored exactly");
            env.progress.event(Event::Notice { message });
            return Ok(None);
        }
        other => other?,
    };
    let pixels = (picture.colours.width() * picture.colours.height()) as u64;
    let _held = env.budget.reserve(pixels * PIXEL_MEMORY)?;
    let maker = Maker { picture: &picture, len: file.len() as u64, options, env };
    let beside = maker.beside()?;
    let payload = maker.payload(target, beside)?;
    if payload.len() > file.len() / FAR_SMALLER && maker.is_exact_smaller(file, payload.len())? {
        let message =
            "picture: exactness takes fewer bytes than the quality asked for, stored exactly".into();
        env.progress.event(Event::Notice { message });
        return Ok(None);
    }
    maker.describe(payload).map(Some)
}

/// Makes the description of one picture.
struct Maker<'a> {
    picture: &'a Picture,
    /// Bytes of its file.
    len: u64,
    options: &'a Options,
    env: &'a Env,
}

impl Maker<'_> {
    /// Chunks and opacity, coded by the level's codecs; empty where there are none.
    fn beside(&self) -> Result<Vec<u8>> {
        let Picture { alpha, chunks, .. } = self.picture;
        if alpha.is_none() && chunks.is_empty() {
            return Ok(Vec::new());
        }
        let planner = &self.options.planner;
        let code =
            |bytes: &[u8], kind| streams::code(planner, bytes, kind, self.options.level, &self.quiet(), None);
        let opacity = alpha.as_ref().map(|alpha| alpha.interleaved(None)).unwrap_or_default();
        let known = Detection { kind: Kind::ImageRaw, confidence: 90, detail: String::new() };
        let streams = vec![code(&chunks_to_bytes(chunks), None)?, code(&opacity, Some(known))?];
        let mut out = Vec::new();
        Payload { streams }.write(&mut out);
        Ok(out)
    }

    /// What is coded inside would tell of other bytes than those of the input.
    fn quiet(&self) -> Env {
        self.env.clone().without_layout().with_progress(Arc::new(minlen_core::NoProgress))
    }

    /// The payload that keeps the target.
    fn payload(&self, target: &Target, beside: Vec<u8>) -> Result<Vec<u8>> {
        let colours = &self.picture.colours;
        let peak = f64::from(colours.peak());
        let size = |most: u64| self.within(most, &beside);
        match *target {
            Target::Quality(quality) => self.coded(&Goal::Quality(quality), &beside),
            Target::Psnr(decibels) => {
                let off = peak * crate::nearby::decibels::power_of_ten(-decibels / 20.0);
                self.coded(&Goal::MeanSquare(off * off), &beside)
            }
            Target::Ssimulacra2(score) => self.coded(&Goal::Score(score), &beside),
            Target::BitsPerSample(bits) => {
                size((bits * (colours.width() * colours.height()) as f64 / 8.0) as u64)
            }
            Target::MaxSize(most) => size(most),
            _ => Err(Error::usage("a target that pictures do not have").remedy("name a quality, or a size")),
        }
    }

    /// The payload of a stream of at most so many bytes.
    fn within(&self, most: u64, beside: &[u8]) -> Result<Vec<u8>> {
        let around = |room: u64| beside.len() as u64 + room + HEAD;
        let few = || {
            Error::usage(format!("{most} bytes are too few for this picture"))
                .remedy("allow more bytes, or make the picture smaller")
        };
        let room = if most < 4096 { AROUND.1 } else { AROUND.0 };
        let goal = Goal::Bytes(most.checked_sub(around(room)).filter(|&left| left > 0).ok_or_else(few)?);
        self.coded(&goal, beside)
    }

    /// The payload that keeps this goal.
    fn coded(&self, goal: &Goal, beside: &[u8]) -> Result<Vec<u8>> {
        let effort = self.effort(goal);
        let method = self.options.chain.as_ref().and_then(method_of).flatten();
        let colours = &self.picture.colours;
        let samples = (colours.width() * colours.height() * colours.planes().len()) as u64;
        let (told, inner) = Scaled::new(self.env, samples, self.len);
        let (method, encoded) = minlen_image::encode(colours, goal, method, effort, &inner)?;
        self.env.work(told.rest())?;
        let Encoded { bytes, picture } = encoded;
        let mut out = Vec::with_capacity(bytes.len() + beside.len() + HEAD as usize);
        self.head(method, &picture, bytes.len(), !beside.is_empty()).write(&mut out);
        out.extend(bytes);
        out.extend_from_slice(beside);
        Ok(out)
    }

    /// The level, or the most that the time allows.
    fn effort(&self, goal: &Goal) -> u8 {
        let level = self.options.level.min(9);
        let Some(time) = self.options.time else { return level };
        let pixels = (self.picture.colours.width() * self.picture.colours.height()) as u64;
        let passes = if matches!(goal, Goal::Quality(_)) { 1 } else { 3 };
        let takes =
            |effort: &u8| minlen_image::effort_ns(*effort).saturating_mul(pixels).saturating_mul(passes);
        (1..=level).rev().find(|effort| takes(effort) <= time).unwrap_or(1)
    }

    fn head(&self, method: Method, near: &Planes, colours: usize, beside: bool) -> Head {
        let decibels = self.picture.colours.psnr(near).min(655.0);
        Head {
            method,
            shape: near.shape(),
            alpha: self.picture.alpha.is_some(),
            beside,
            decibels: (decibels * 100.0) as u16,
            colours,
        }
    }

    /// True if the file takes no more bytes exactly than in a payload of `len`.
    fn is_exact_smaller(&self, file: &[u8], len: usize) -> Result<bool> {
        let request = crate::planner::Request {
            level: self.options.level.min(EXACT_LEVEL),
            chain: None,
            memory: None,
            known: None,
            decode_ns: u32::MAX,
        };
        Ok(self.options.planner.code_whole(file, &request, &self.quiet())?.payload.len() <= len)
    }

    fn describe(&self, payload: Vec<u8>) -> Result<Near> {
        let (head, rest) = Head::read(&payload)?;
        let bytes = file(&head, rest, self.options.registry(), 0, &self.quiet())?;
        let told = head.difference(payload.len()).what;
        let description = minlen_core::Description { codec: ids::PICTURE, payload: payload.into() };
        let span =
            Span { start: 0, len: bytes.len() as u64, description: Some(description), ..Span::default() };
        Ok(Near { bytes, span, told })
    }
}

/// Bytes of a head, at most.
const HEAD: u64 = 16;
/// Exact coding is tried at this level at most: what is near it is decided by kind, not by percents.
const EXACT_LEVEL: u8 = 6;
