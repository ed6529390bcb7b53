//! Lossy as exact coding of a nearby file.
//!
//! Nothing in minlen codes inexactly. Where the user asks for less than all, an [`Approximator`] replaces the data by other data near
//! it, which has a short description, and from there on everything is exact: checksums, identity and verification are of what is
//! really stored. One approximator belongs to one kind of content; the target means the same for all of them.

use crate::{CodecId, Description, Env, Result, Span};

/// How far a value may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxError {
    /// By so much.
    Absolute(f64),
    /// By so much of the difference between the largest and the smallest value of a span.
    Relative(f64),
}

/// How near the stored content has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// No value may be off by more than this.
    MaxError(MaxError),
    /// At least this peak signal-to-noise ratio in decibels, the peak being the difference between the largest and the smallest value
    /// of a span.
    Psnr(f64),
    /// At most about so many bits for a sample.
    BitsPerSample(f64),
    /// At most about so many bytes for a record, of what is described by records.
    BytesPerRecord(f64),
    /// At most so many bytes for all that is approximated.
    MaxSize(u64),
    /// 0 to 100, as pictures have it: what is good enough to look at, or to listen to.
    Quality(u8),
    /// At least this score of SSIMULACRA 2: 90 where hardly anybody sees a difference, 70 high, 50 medium, 30 low quality.
    Ssimulacra2(f64),
}

impl From<MaxError> for Target {
    fn from(bound: MaxError) -> Self {
        Self::MaxError(bound)
    }
}

/// How the stored content differs from what it stands for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the span; empty where it has none.
    pub name: String,
    /// What it is, for people: type and sizes.
    pub what: String,
    /// Samples in it, and how many of them are others now (where known).
    pub samples: u64,
    /// See `samples`.
    pub changed: Option<u64>,
    /// The most that a value is off (where known), and the most that it may be.
    pub worst: Option<f64>,
    /// See `worst`; `None` where the target is none of single values.
    pub allowed: Option<f64>,
    /// Bytes of the description.
    pub stored: u64,
}

impl Difference {
    /// Of `samples` numbers described in `stored` bytes.
    #[must_use]
    pub fn new(what: impl Into<String>, samples: u64, stored: u64) -> Self {
        Self { what: what.into(), samples, stored, ..Self::default() }
    }

    /// The same with the most that a value is off and may be.
    #[must_use]
    pub fn within(mut self, worst: Option<f64>, allowed: f64) -> Self {
        (self.worst, self.allowed) = (worst, Some(allowed));
        self
    }
}

/// A content near another, and what it takes to describe it.
#[derive(Clone, Debug)]
pub struct Nearby {
    /// The bytes that stand for those of the span, as many as those.
    pub bytes: Vec<u8>,
    /// The description that decodes to them.
    pub description: Description,
    /// How far off they are.
    pub difference: Difference,
}

/// Finds a nearby content with a short description, for one kind of span.
pub trait Approximator: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// The codec that stores what it makes.
    fn codec(&self) -> CodecId;

    /// True if it can do something with this span and this target. What the file has not declared, or holds a checksum of, is never
    /// asked for.
    fn takes(&self, span: &Span, target: &Target) -> bool;

    /// True if exact coding may be smaller than what it makes, so that the two are to be compared where that is not far smaller than the
    /// span.
    fn is_compared(&self) -> bool {
        false
    }

    /// A nearby content for `bytes`, which are those of `span`; `None` where the span is better stored exactly (it says so with
    /// [`crate::Event::Notice`]). `level` is the effort.
    ///
    /// # Errors
    /// Verify if the target would not hold; usage where it cannot be reached; cancelled.
    fn approximate(
        &self,
        bytes: &[u8],
        span: &Span,
        target: &Target,
        level: u8,
        env: &Env,
    ) -> Result<Option<Nearby>>;
}
