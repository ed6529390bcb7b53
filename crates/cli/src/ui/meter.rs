//! Progress: a bar, a JSON line per second, or nothing; and the messages that come out of the library.

use super::human;
use super::report::SCHEMA;
use crate::args::ProgressMode;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use minlen::{Event, Progress};
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const KNOWN: &str =
    "{prefix} [{bar:25}] {percent}% of {total_bytes}  {binary_bytes_per_sec}  {msg}  {eta} left";
const UNKNOWN: &str = "{prefix} {spinner} {bytes}  {binary_bytes_per_sec}  {msg}";

/// Counts bytes, shows them, and passes messages on without tearing the bar.
pub struct Meter {
    mode: Mode,
    quiet: u8,
    explain: bool,
    /// Whether messages are JSON.
    json: bool,
    warnings: AtomicU32,
    counts: Arc<Counts>,
    ticker: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

enum Mode {
    Bar(ProgressBar),
    Json,
    None,
}

#[derive(Default)]
struct Counts {
    total: AtomicU64,
    input: AtomicU64,
    output: AtomicU64,
}

impl Meter {
    /// A meter that shows nothing yet.
    pub fn new(mode: ProgressMode, quiet: u8, explain: bool, json: bool) -> Self {
        let bar = match mode {
            ProgressMode::Auto => quiet == 0 && std::io::stderr().is_terminal(),
            ProgressMode::Bar => true,
            ProgressMode::Json | ProgressMode::None => false,
        };
        let mode = match mode {
            ProgressMode::Json => Mode::Json,
            _ if bar => Mode::Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())),
            _ => Mode::None,
        };
        Self {
            mode,
            quiet,
            explain,
            json,
            warnings: AtomicU32::new(0),
            counts: Arc::default(),
            ticker: Mutex::new(None),
        }
    }

    /// Starts on a new input of `total` bytes (0: unknown).
    pub fn start(&self, name: &str, total: u64) {
        self.counts.reset(total);
        match &self.mode {
            Mode::Bar(bar) => {
                // Shown last, so that nothing is drawn half-dressed.
                bar.set_draw_target(ProgressDrawTarget::hidden());
                style(bar, total);
                bar.reset();
                bar.set_message("");
                bar.set_prefix(human::ellipsis(name, 24));
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            }
            Mode::Json => self.tick(name.to_string()),
            Mode::None => {}
        }
    }

    /// Ends the input: the bar goes away, the last JSON line is written.
    pub fn stop(&self) {
        if let Mode::Bar(bar) = &self.mode {
            bar.finish_and_clear();
        }
        let ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, thread)) = ticker {
            drop(stop);
            let _ = thread.join();
        }
    }

    /// Writes a line to standard error: as it is, or where messages are JSON and it is of some `kind`, as an object.
    pub fn say(&self, line: &str, kind: Option<&str>) {
        let line = human::safe(line);
        let line = match kind {
            Some(kind) if self.json => {
                let message = line.strip_prefix("minlen: ").unwrap_or(&line);
                let object = json!({"schema": SCHEMA, kind: {"message": message}});
                super::json_text(&object.to_string()).into()
            }
            _ => line,
        };
        let write = || {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        };
        match &self.mode {
            Mode::Bar(bar) => bar.suspend(write),
            _ => write(),
        }
    }

    /// Writes a warning and remembers that there was one.
    pub fn warn(&self, message: &str) {
        self.warnings.fetch_add(1, Ordering::Relaxed);
        if self.quiet == 0 {
            let text = human::safe(message);
            let text = if self.json { text.into_owned() } else { format!("minlen: warning: {text}") };
            self.say(&text, Some("warning"));
        }
    }

    /// Warnings so far.
    pub fn warnings(&self) -> u32 {
        self.warnings.load(Ordering::Relaxed)
    }

    fn tick(&self, name: String) {
        let (stop, stopped) = channel::<()>();
        let counts = Arc::clone(&self.counts);
        let thread = std::thread::Builder::new().name("minlen-progress".into()).spawn(move || {
            let start = Instant::now();
            loop {
                let end = stopped.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout);
                let line = counts.json(&name, start.elapsed(), end);
                let _ = writeln!(std::io::stderr().lock(), "{}", super::json_text(&line.to_string()));
                if end {
                    return;
                }
            }
        });
        // Without a thread there are no lines, and nothing else is lost.
        let ticker = thread.ok().map(|thread| (stop, thread));
        *self.ticker.lock().unwrap_or_else(PoisonError::into_inner) = ticker;
    }
}

impl Progress for Meter {
    fn event(&self, event: Event) {
        match event {
            Event::Total { bytes } => {
                self.counts.total.store(bytes, Ordering::Relaxed);
                if let Mode::Bar(bar) = &self.mode {
                    style(bar, bytes);
                }
            }
            Event::Advance { input, output } => {
                let (input, output) = self.counts.add(input, output);
                if let Mode::Bar(bar) = &self.mode {
                    bar.set_message(human::ratio(input, output));
                    bar.set_position(input);
                }
            }
            Event::Explain { line } if self.explain => self.say(&line, Some("explain")),
            Event::Notice { message } => self.say(&message, Some("notice")),
            Event::Warning { message } => self.warn(&message),
            Event::Advised { message, advice } => {
                self.warn(&format!("{message}; {}", super::advice::words(advice)));
            }
            _ => {}
        }
    }
}

impl Counts {
    fn reset(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.input.store(0, Ordering::Relaxed);
        self.output.store(0, Ordering::Relaxed);
    }

    fn add(&self, input: u64, output: u64) -> (u64, u64) {
        let sum = |counter: &AtomicU64, n: u64| counter.fetch_add(n, Ordering::Relaxed).saturating_add(n);
        (sum(&self.input, input), sum(&self.output, output))
    }

    fn json(&self, name: &str, elapsed: Duration, done: bool) -> serde_json::Value {
        let total = self.total.load(Ordering::Relaxed);
        let input = self.input.load(Ordering::Relaxed);
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { input as f64 / seconds } else { 0.0 };
        let left = total.saturating_sub(input) as f64;
        json!({
            "schema": SCHEMA,
            "event": if done { "done" } else { "progress" },
            "file": name,
            "input": input,
            "output": self.output.load(Ordering::Relaxed),
            "total": (total > 0).then_some(total),
            "seconds": (seconds * 1000.0).round() / 1000.0,
            "bytes_per_second": rate.round(),
            "seconds_left": (total > 0 && rate > 0.0).then(|| (left / rate).round()),
        })
    }
}

fn style(bar: &ProgressBar, total: u64) {
    bar.set_length(total);
    let template = if total > 0 { KNOWN } else { UNKNOWN };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
}
