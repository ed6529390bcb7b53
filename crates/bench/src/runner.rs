//! The measuring itself.

use crate::input::Input;
use crate::machine::{self, Machine};
use crate::probe::Probe;
use crate::report::{Measure, Report, RivalInfo, Row, Skipped};
use crate::rival::{Job, Op, Rival, RivalKind};
use minlen_core::{Env, Error, ErrorKind, Event, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Timed repeats per file and rival, at least 1.
    pub repeats: u32,
    /// One run before, not timed.
    pub warm_up: bool,
    /// No further repeat is started once a file and rival took this long in all.
    pub time_box: Option<Duration>,
    /// Measure peak memory in the first run.
    pub memory: bool,
    /// Measure the memory of rivals in process in a child of their own, which is exact; else within this process.
    pub probe: Option<Probe>,
    /// Files and rivals measured at the same time. More than one is for sizes: the times then say little, and memory
    /// within the process is not told.
    pub jobs: usize,
}

impl Default for Options {
    /// Three repeats after a warm-up, no more than 60 s per file and rival, memory within the process.
    fn default() -> Self {
        Self {
            repeats: 3,
            warm_up: true,
            time_box: Some(Duration::from_secs(60)),
            memory: true,
            probe: None,
            jobs: 1,
        }
    }
}

impl Options {
    /// In words, for reports.
    fn line(&self) -> String {
        let warm = if self.warm_up { "after a warm-up" } else { "without warm-up" };
        let time = self.time_box.map(|t| format!(", at most {} s per file", t.as_secs())).unwrap_or_default();
        let jobs = if self.jobs > 1 { ", SEVERAL AT A TIME: times say little" } else { "" };
        let build = if machine::optimised() { "" } else { ", UNOPTIMISED BUILD: speeds mean nothing" };
        format!(
            "in memory, one thread, minimum of {} {warm}{time}, every round trip verified{jobs}{build}",
            self.repeats
        )
    }
}

/// Runs rivals over inputs.
#[derive(Clone, Debug, Default)]
pub struct Runner {
    /// How to measure.
    pub options: Options,
}

impl Runner {
    /// A runner with these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    /// Measures every rival on every input. A rival that fails on a file, or does not restore it, is noted in
    /// [`Report::skipped`] and as a warning; the rest goes on.
    ///
    /// Tells `env` the total of bytes (each file counts once per rival), the advance, and a line per row.
    ///
    /// # Errors
    /// An unreadable input, or cancellation.
    pub fn run(&self, inputs: &[Input], rivals: &[Box<dyn Rival>], env: &Env) -> Result<Report> {
        let raw: u64 = inputs.iter().map(Input::len).sum();
        env.progress.event(Event::Total { bytes: raw.saturating_mul(rivals.len() as u64) });
        let mut report = Report {
            machine: Machine::here(),
            settings: self.options.line(),
            rivals: rivals.iter().map(|r| info(&**r)).collect(),
            ..Report::default()
        };
        let cells: Vec<(&Input, &dyn Rival)> =
            inputs.iter().flat_map(|input| rivals.iter().map(move |rival| (input, &**rival))).collect();
        for (cell, measured) in cells.iter().zip(self.cells(&cells, env)) {
            match measured {
                Ok(row) => report.rows.push(row),
                Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                Err(error) => report.skipped.push(note(&cell.0.name, cell.1, &error, env)),
            }
        }
        Ok(report)
    }

    /// Every pair measured, in the order given, [`Options::jobs`] at a time. After a request to stop, the rest is
    /// answered with it.
    fn cells(&self, cells: &[(&Input, &dyn Rival)], env: &Env) -> Vec<Result<Row>> {
        if self.options.jobs <= 1 {
            return cells.iter().map(|(input, rival)| self.cell(input, *rival, env)).collect();
        }
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, Result<Row>)>> = Mutex::default();
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((input, rival)) = cells.get(at) else { return };
                let row = self.cell(input, *rival, env);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, row));
            }
        };
        std::thread::scope(|scope| {
            // This thread works, too, so that all gets done where no other is to be had.
            for _ in 1..self.options.jobs.min(cells.len()) {
                if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, row)| row).collect()
    }

    fn cell(&self, input: &Input, rival: &dyn Rival, env: &Env) -> Result<Row> {
        env.check()?;
        let data = input.read()?;
        let measured = self.measure(&input.name, &data, rival, env);
        if let Ok(row) = &measured {
            env.progress.event(Event::Explain { line: line(row) });
        }
        let output = measured.as_ref().map_or(0, |row| row.packed);
        env.progress.event(Event::Advance { input: data.len() as u64, output });
        measured
    }

    /// Measures one rival on one piece of data.
    ///
    /// # Errors
    /// The rival's own, a failed verification, or cancellation.
    pub fn measure(&self, file: &str, data: &[u8], rival: &dyn Rival, env: &Env) -> Result<Row> {
        let start = Instant::now();
        let first = self.round(data, rival, self.options.memory)?;
        let (mut there, mut back) = (Vec::new(), Vec::new());
        let mut cpu = (first.cpu_compress, first.cpu_decompress);
        let boxed = |taken: Duration| self.options.time_box.is_some_and(|limit| taken >= limit);
        // What takes that long has no need to warm up.
        if !self.options.warm_up || boxed(start.elapsed()) {
            there.push(first.compress);
            back.push(first.decompress);
        }
        while there.is_empty() || (there.len() < self.options.repeats as usize && !boxed(start.elapsed())) {
            env.check()?;
            let next = self.round(data, rival, false)?;
            if rival.kind() == RivalKind::Minlen && next.hash != first.hash {
                return Err(Error::new(ErrorKind::Verify, "two runs gave different bytes"));
            }
            there.push(next.compress);
            back.push(next.decompress);
            cpu = (least(cpu.0, next.cpu_compress), least(cpu.1, next.cpu_decompress));
        }
        Ok(Row {
            file: file.to_owned(),
            method: rival.name(),
            kind: rival.kind(),
            files: 1,
            raw: data.len() as u64,
            packed: first.packed,
            compress: Measure::of(there, first.peak_compress).with_cpu(cpu.0),
            decompress: Measure::of(back, first.peak_decompress).with_cpu(cpu.1),
        })
    }

    /// There and back once, compared with the input.
    fn round(&self, data: &[u8], rival: &dyn Rival, memory: bool) -> Result<Round> {
        let child = self.options.probe.as_ref().filter(|_| memory && rival.kind() != RivalKind::Program);
        let inside = memory && child.is_none() && self.options.jobs <= 1;
        let job = Job { op: Op::Compress, input: data, raw_len: data.len(), memory: inside };
        let mut packed = rival.run(job)?;
        // Decoding must not profit from room that only the encoder knows of.
        packed.bytes.shrink_to_fit();
        let back = Job { op: Op::Decompress, input: &packed.bytes, ..job };
        let restored = rival.run(back)?;
        if restored.bytes != data {
            return Err(Error::new(ErrorKind::Verify, "what came back is not what went in"));
        }
        let ask = |job| child.and_then(|probe| probe.peak(&rival.name(), job));
        Ok(Round {
            compress: packed.elapsed,
            decompress: restored.elapsed,
            cpu_compress: packed.cpu,
            cpu_decompress: restored.cpu,
            peak_compress: packed.peak.or_else(|| ask(job)),
            peak_decompress: restored.peak.or_else(|| ask(back)),
            packed: packed.bytes.len() as u64,
            hash: blake3::hash(&packed.bytes),
        })
    }
}

struct Round {
    compress: Duration,
    decompress: Duration,
    cpu_compress: Option<Duration>,
    cpu_decompress: Option<Duration>,
    peak_compress: Option<u64>,
    peak_decompress: Option<u64>,
    packed: u64,
    hash: blake3::Hash,
}

/// The smaller of what is known.
fn least(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).min()
}

fn line(row: &Row) -> String {
    let (there, back) = (row.speed(row.compress.min), row.speed(row.decompress.min));
    format!("{} {}: {} -> {} bytes, {there:.2}/{back:.2} MB/s", row.file, row.method, row.raw, row.packed)
}

fn info(rival: &dyn Rival) -> RivalInfo {
    RivalInfo { name: rival.name(), kind: rival.kind(), version: rival.version() }
}

fn note(file: &str, rival: &dyn Rival, error: &Error, env: &Env) -> Skipped {
    let method = rival.name();
    env.progress.event(Event::Warning { message: format!("{method} failed on {file}: {error:#}") });
    Skipped { method, file: Some(file.to_owned()), why: format!("{error:#}"), error: Some(error.kind()) }
}
