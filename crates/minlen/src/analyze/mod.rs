//! How small can it get, and what is worth its time: the measurements behind `minlen analyze`.
//!
//! [`analyze`] says what the data is and of which parts it consists, how predictable its bytes are from the bytes
//! before them (empirical entropies of orders 0 to 3), how much of it repeats, how far each codec gets, and what
//! each level would cost. Everything but the detection is measured on samples where the data is large; the report
//! says how much was looked at.
//!
//! **What the entropies are not.** An empirical entropy of order n is a limit for coders that predict each byte from
//! the n bytes before it with fixed probabilities that cost nothing to send. Better models (longer contexts,
//! repeats, columns, knowledge of the format) get below it; and at orders 2 and 3 most contexts occur so seldom that
//! the figure is too low by itself. It is no limit of the data.
//!
//! [`analyze`] is for data at hand; [`analyze_with`] says how much is looked at and also tries levels. To know what compressing will take
//! without analysing anything, use [`crate::Options::estimate`].
//!
//! ```
//! use minlen::{Env, Kind, analyze, registry};
//! let data = "2024-01-01,12,ok\n2024-01-02,15,ok\n".repeat(200);
//! let report = analyze::analyze(data.as_bytes(), &registry(), &Env::default())?;
//! assert_eq!(report.detection.kind, Kind::Csv);
//! # Ok::<(), minlen::Error>(())
//! ```
//!
//! Nothing here decides what is written, so floating-point numbers and clocks are allowed.

mod codecs;
mod entropy;
mod json;
mod levels;
mod members;
mod repeats;
mod slices;
mod table;
#[cfg(test)]
mod tests;

use crate::detect;
use minlen_core::{Detection, Env, Registry, Result, Stats};
use std::ops::Range;

pub use codecs::CodecResult;
pub use entropy::OrderEntropy;
pub use levels::{LevelEstimate, Worth};
pub use members::Member;
pub use repeats::Repeats;

/// Compresses a sample at a level and returns the size: how [`analyze_with`] tries the levels.
pub type LevelTrial<'a> = dyn Fn(u8, &[u8]) -> Result<u64> + 'a;

/// How much is looked at, and how levels are tried.
#[derive(Clone, Copy)]
pub struct AnalyzeOptions<'a> {
    /// Bytes for the entropies of orders 2 and 3 (default 4 MiB; 16 bytes of memory each).
    pub entropy_sample: usize,
    /// Bytes for the search for repeats (default 16 MiB; 16 bytes of memory each).
    pub repeat_sample: usize,
    /// Bytes for the codecs and levels (default 2 MiB).
    pub codec_sample: usize,
    /// Bytes per second of the slowest and strongest settings are low: leave them out if false (default true).
    pub strong: bool,
    /// The levels to try (default 1 to 5).
    pub levels: (u8, u8),
    /// How to try one; without it the report has no levels.
    pub trial: Option<&'a LevelTrial<'a>>,
}

impl Default for AnalyzeOptions<'_> {
    fn default() -> Self {
        Self {
            entropy_sample: 4 << 20,
            repeat_sample: 16 << 20,
            codec_sample: 2 << 20,
            strong: true,
            levels: (1, 5),
            trial: None,
        }
    }
}

impl std::fmt::Debug for AnalyzeOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnalyzeOptions")
            .field("entropy_sample", &self.entropy_sample)
            .field("repeat_sample", &self.repeat_sample)
            .field("codec_sample", &self.codec_sample)
            .field("strong", &self.strong)
            .field("levels", &self.levels)
            .finish_non_exhaustive()
    }
}

/// A run of alike data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it lies.
    pub range: Range<usize>,
    /// What it is.
    pub detection: Detection,
    /// Its statistics.
    pub stats: Stats,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Bytes of the data.
    pub size: u64,
    /// What it is.
    pub detection: Detection,
    /// Its statistics.
    pub stats: Stats,
    /// Its runs of alike data, the first [`Report::MOST`] of them.
    pub segments: Vec<Segment>,
    /// How many there are.
    pub segment_count: usize,
    /// The members of a tar or ZIP archive, the first [`Report::MOST`] of them.
    pub members: Vec<Member>,
    /// How many there are.
    pub member_count: usize,
    /// Empirical entropies of orders 0 to 3.
    pub orders: Vec<OrderEntropy>,
    /// What repeats.
    pub repeats: Option<Repeats>,
    /// Bytes of the sample that codecs and levels were tried on.
    pub codec_sample: u64,
    /// How far each codec gets, smallest first.
    pub codecs: Vec<CodecResult>,
    /// What each level would cost.
    pub levels: Vec<LevelEstimate>,
    /// Which level is worth its time at which speed of line or disk.
    pub worth: Vec<Worth>,
    /// What to know about the figures.
    pub notes: Vec<String>,
}

impl Report {
    /// At most this many segments and members are listed.
    pub const MOST: usize = 200;

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::report(self)
    }

    /// The report as tables for people, at most 100 columns wide.
    #[must_use]
    pub fn to_table(&self) -> String {
        table::report(self)
    }
}

/// Analyses `data` with the default options; no levels are tried.
///
/// # Errors
/// Limit if the memory budget is too small even for small samples; cancelled.
pub fn analyze(data: &[u8], registry: &Registry, env: &Env) -> Result<Report> {
    analyze_with(data, registry, env, &AnalyzeOptions::default())
}

/// Analyses `data`.
///
/// ```
/// use minlen::analyze::{AnalyzeOptions, analyze_with};
/// use minlen::{Env, Options, compress, registry};
/// let data = b"2024-01-01,12,ok\n2024-01-02,15,ok\n".repeat(40);
/// let trial = |level, sample: &[u8]| Ok(compress(sample, &Options::new(level)?)?.len() as u64);
/// let options = AnalyzeOptions { strong: false, levels: (1, 3), trial: Some(&trial), ..AnalyzeOptions::default() };
/// let report = analyze_with(&data, &registry(), &Env::default(), &options)?;
/// assert_eq!(report.levels.iter().map(|level| level.level).collect::<Vec<_>>(), [1, 2, 3]);
/// // The two lines over and over: nearly all of it could be copied, and one byte says little about the next but one.
/// assert!(report.repeats.is_some_and(|repeats| repeats.covered > 0.9));
/// assert!(report.orders[2].bits < report.orders[0].bits);
/// assert!(report.to_json().starts_with('{'));
/// # Ok::<(), minlen::Error>(())
/// ```
///
/// # Errors
/// Limit if the memory budget is too small even for small samples; cancelled; whatever the trial of a level says.
pub fn analyze_with(
    data: &[u8],
    registry: &Registry,
    env: &Env,
    options: &AnalyzeOptions<'_>,
) -> Result<Report> {
    let detectors = detect::detectors();
    let detection = detect::detect(data, data.len() as u64, &detectors);
    let ranges = detect::segments(data);
    let (members, member_count) = members::list(data, &detection, &detectors);
    env.check()?;
    let mut notes = Vec::new();
    let orders = entropy::orders(data, options.entropy_sample, env, &mut notes)?;
    let repeats = repeats::find(data, options.repeat_sample, env, &mut notes)?;
    let sample = slices::join(data, options.codec_sample, slices::FEW);
    if sample.len() < data.len() {
        notes.push(format!(
            "Codecs and levels ran on {} bytes in evenly spaced slices of the {}; whole files do a little better.",
            sample.len(),
            data.len()
        ));
    }
    let stats = detect::stats(data);
    let codecs = codecs::measure(&sample, registry, env, &stats, options.strong)?;
    let levels = levels::estimate(&sample, data.len() as u64, env, options)?;
    Ok(Report {
        size: data.len() as u64,
        detection,
        stats,
        segment_count: ranges.len(),
        segments: ranges
            .into_iter()
            .take(Report::MOST)
            .map(|range| segment(data, range, &detectors))
            .collect(),
        members,
        member_count,
        orders,
        repeats,
        codec_sample: sample.len() as u64,
        codecs,
        worth: levels::worth(&levels, sample.len() as u64),
        levels,
        notes,
    })
}

fn segment(
    data: &[u8],
    range: Range<usize>,
    detectors: &[std::sync::Arc<dyn minlen_core::Detector>],
) -> Segment {
    let part = &data[range.clone()];
    Segment {
        range,
        detection: detect::detect(part, part.len() as u64, detectors),
        stats: detect::stats(part),
    }
}
