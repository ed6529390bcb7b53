//! What a run found: one row per file and rival, and their sums.

use crate::machine::Machine;
use crate::rival::RivalKind;
use minlen_core::ErrorKind;
use std::collections::BTreeMap;
use std::time::Duration;

/// Speeds are also told as a share of this rival's compression speed in the same run, since machines differ and are
/// seldom idle.
pub const YARDSTICK: &str = "xz:9e";

/// Times and peak memory of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// The fastest repeat.
    pub min: Duration,
    /// The median repeat.
    pub median: Duration,
    /// Timed repeats.
    pub runs: u32,
    /// Peak memory in bytes, where it could be had.
    pub peak: Option<u64>,
    /// Processor time of the cheapest repeat, where it could be had.
    pub cpu: Option<Duration>,
}

impl Measure {
    /// From the times of all repeats. The median of an even number is the lower of the middle two.
    #[must_use]
    pub fn of(mut times: Vec<Duration>, peak: Option<u64>) -> Self {
        times.sort_unstable();
        let at = |i: usize| times.get(i).copied().unwrap_or_default();
        let runs = u32::try_from(times.len()).unwrap_or(u32::MAX);
        Self { min: at(0), median: at(times.len().saturating_sub(1) / 2), runs, peak, cpu: None }
    }

    /// The same with the processor time of the cheapest repeat.
    #[must_use]
    pub fn with_cpu(self, cpu: Option<Duration>) -> Self {
        Self { cpu, ..self }
    }

    /// What the work cost: processor time where known, else wall time.
    #[must_use]
    pub fn cost(&self) -> Duration {
        self.cpu.unwrap_or(self.min)
    }

    /// Sums times, keeps the larger memory: how totals are made.
    fn add(&mut self, other: &Self) {
        self.min = self.min.saturating_add(other.min);
        self.median = self.median.saturating_add(other.median);
        self.runs = self.runs.max(other.runs);
        self.peak = self.peak.max(other.peak);
        self.cpu = self.cpu.zip(other.cpu).map(|(a, b)| a.saturating_add(b));
    }
}

/// One rival on one file, or on the sum of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The file, or `TOTAL`, or a class with `/*` behind it.
    pub file: String,
    /// The rival.
    pub method: String,
    /// Where it ran.
    pub kind: RivalKind,
    /// Files summed up here.
    pub files: u32,
    /// Bytes before.
    pub raw: u64,
    /// Bytes after.
    pub packed: u64,
    /// Compressing.
    pub compress: Measure,
    /// Decompressing.
    pub decompress: Measure,
}

impl Row {
    /// Raw size over compressed size (0 where nothing came out).
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.packed == 0 { 0.0 } else { self.raw as f64 / self.packed as f64 }
    }

    /// Compressed bits per raw byte (0 for empty files).
    #[must_use]
    pub fn bits_per_byte(&self) -> f64 {
        if self.raw == 0 { 0.0 } else { self.packed as f64 * 8.0 / self.raw as f64 }
    }

    /// How many times as fast as the compression of `yardstick` this ran in the direction of `measure`, by processor time.
    #[must_use]
    pub fn relative(&self, measure: &Measure, yardstick: &Self) -> f64 {
        yardstick.compress.cost().as_secs_f64() / measure.cost().as_secs_f64()
    }

    /// Raw megabytes (10^6) in `time`, per second; infinite for no time at all.
    #[must_use]
    pub fn speed(&self, time: Duration) -> f64 {
        self.raw as f64 / 1e6 / time.as_secs_f64()
    }
}

/// Something that was not measured, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The rival.
    pub method: String,
    /// The file, or `None` where the rival did not run at all.
    pub file: Option<String>,
    /// The reason, in a sentence.
    pub why: String,
    /// The class of the error, where it was one; [`ErrorKind::Verify`] is a failed round trip.
    pub error: Option<ErrorKind>,
}

/// A rival as it is named under a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RivalInfo {
    /// The name in the rows.
    pub name: String,
    /// Where it ran.
    pub kind: RivalKind,
    /// Its version, where it tells.
    pub version: Option<String>,
}

/// The outcome of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// Repeats, warm-up and so on, in words.
    pub settings: String,
    /// The rivals in the order given.
    pub rivals: Vec<RivalInfo>,
    /// File by file, and within a file in the order of the rivals.
    pub rows: Vec<Row>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

impl Report {
    /// One row per rival over all files, in the order of the rivals. A rival that failed on a file has a smaller
    /// number of [`Row::files`].
    #[must_use]
    pub fn totals(&self) -> Vec<Row> {
        self.sums(|_| "TOTAL".to_owned())
    }

    /// One row per class and rival; the class is the first folder.
    #[must_use]
    pub fn classes(&self) -> Vec<Row> {
        self.sums(|file| format!("{}/*", crate::input::class(file)))
    }

    /// True where a rival of ours failed or did not restore its input.
    #[must_use]
    pub fn minlen_failed(&self) -> bool {
        let ours = |name: &str| self.rivals.iter().any(|r| r.name == name && r.kind == RivalKind::Minlen);
        self.skipped.iter().any(|s| s.error.is_some() && ours(&s.method))
    }

    /// The row that speeds are compared with in the block of `row`: [`YARDSTICK`] on the same data, if it ran on all of it.
    #[must_use]
    pub fn yardstick<'r>(rows: &'r [Row], row: &Row) -> Option<&'r Row> {
        rows.iter().find(|r| r.method == YARDSTICK && r.file == row.file && r.files == row.files)
    }

    fn sums(&self, group: impl Fn(&str) -> String) -> Vec<Row> {
        let order = |method: &str| self.rivals.iter().position(|r| r.name == method);
        let mut sums: BTreeMap<(String, Option<usize>, String), Row> = BTreeMap::new();
        for row in &self.rows {
            let file = group(&row.file);
            let key = (file.clone(), order(&row.method), row.method.clone());
            if let Some(sum) = sums.get_mut(&key) {
                sum.files = sum.files.saturating_add(row.files);
                sum.raw = sum.raw.saturating_add(row.raw);
                sum.packed = sum.packed.saturating_add(row.packed);
                sum.compress.add(&row.compress);
                sum.decompress.add(&row.decompress);
            } else {
                sums.insert(key, Row { file, ..row.clone() });
            }
        }
        sums.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_minimum() {
        let ms = |n| Duration::from_millis(n);
        let m = Measure::of(vec![ms(5), ms(1), ms(9), ms(4)], Some(7));
        assert_eq!((m.min, m.median, m.runs, m.peak), (ms(1), ms(4), 4, Some(7)));
        assert_eq!(Measure::of(vec![], None), Measure::default());
    }
}
