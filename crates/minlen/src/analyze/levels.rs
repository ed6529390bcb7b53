//! What each level would cost, and which is worth its time.

use super::AnalyzeOptions;
use minlen_core::{Env, Result};
use std::time::{Duration, Instant};

/// One level on the sample, and scaled up to all of the data.
#[derive(Clone, Debug)]
pub struct LevelEstimate {
    /// The level.
    pub level: u8,
    /// Bytes it made of the sample.
    pub sample_size: u64,
    /// The time that took.
    pub sample_time: Duration,
    /// Bytes it would make of the data.
    pub size: u64,
    /// The time it would take, on one thread.
    pub time: Duration,
    /// Bytes saved for each second more than the best level below it took; None for the first level and for those
    /// that save nothing.
    pub saved_per_second: Option<f64>,
}

/// The level that gets the data to the other side soonest, if coding and sending follow one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Worth {
    /// Bytes per second of the line or disk.
    pub speed: u64,
    /// The level.
    pub level: u8,
    /// Seconds per MiB of data for coding and sending.
    pub seconds_per_mib: f64,
}

/// Speeds that are compared: a phone network, a fast line, a local network, a disk.
const SPEEDS: [u64; 4] = [1_000_000, 12_500_000, 125_000_000, 1_000_000_000];

pub(super) fn estimate(
    sample: &[u8],
    total: u64,
    env: &Env,
    options: &AnalyzeOptions<'_>,
) -> Result<Vec<LevelEstimate>> {
    let mut out: Vec<LevelEstimate> = Vec::new();
    let Some(trial) = options.trial.filter(|_| !sample.is_empty()) else { return Ok(out) };
    let factor = total as f64 / sample.len() as f64;
    for level in options.levels.0..=options.levels.1 {
        env.check()?;
        let start = Instant::now();
        let sample_size = trial(level, sample)?;
        let sample_time = start.elapsed();
        let better = out.iter().filter(|other| other.sample_size > 0).min_by_key(|other| other.sample_size);
        let saved_per_second = better.and_then(|best| gain(best, sample_size, sample_time));
        out.push(LevelEstimate {
            level,
            sample_size,
            sample_time,
            size: (sample_size as f64 * factor) as u64,
            time: sample_time.mul_f64(factor),
            saved_per_second,
        });
    }
    Ok(out)
}

fn gain(best: &LevelEstimate, size: u64, time: Duration) -> Option<f64> {
    let saved = best.sample_size.checked_sub(size).filter(|&n| n > 0)?;
    let more = time.saturating_sub(best.sample_time).as_secs_f64();
    Some(saved as f64 / more.max(1e-6))
}

pub(super) fn worth(levels: &[LevelEstimate], sample: u64) -> Vec<Worth> {
    let mib = sample.max(1) as f64 / 1_048_576.0;
    let cost = |level: &LevelEstimate, speed: u64| {
        (level.sample_time.as_secs_f64() + level.sample_size as f64 / speed as f64) / mib
    };
    SPEEDS
        .iter()
        .filter_map(|&speed| {
            let best = levels.iter().min_by(|a, b| cost(a, speed).total_cmp(&cost(b, speed)))?;
            Some(Worth { speed, level: best.level, seconds_per_mib: cost(best, speed) })
        })
        .collect()
}
