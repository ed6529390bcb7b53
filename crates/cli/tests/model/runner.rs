//! Running the command, with a limit on the time.

use super::disk::Blob;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// No run may take longer.
const LONGEST: Duration = Duration::from_secs(60);
/// Except at the strongest levels, which `analyze` tries, too, which take their time whatever the file.
const AT_MOST: Duration = Duration::from_secs(400);
/// Nor do nothing at all for so long.
const IDLE: Duration = Duration::from_secs(15);

/// Where and what to run.
#[derive(Clone, Debug)]
pub struct Binary {
    pub path: PathBuf,
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: Ending,
    pub stdout: Blob,
    pub stderr: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Code(i32),
    Signal(i32),
    /// It had to be ended from outside.
    Hung,
}

impl Binary {
    /// The one to test: `MINLEN_MODEL_BIN`, or the one that was built for the test.
    pub fn from_environment() -> Self {
        let other = std::env::var_os("MINLEN_MODEL_BIN").map(PathBuf::from);
        Self { path: other.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_minlen"))) }
    }

    /// Runs in `folder` with these arguments.
    pub fn run(
        &self,
        folder: &Path,
        args: &[OsString],
        passphrase: Option<&str>,
        stdin: Option<&[u8]>,
    ) -> Ran {
        let mut command = Command::new(&self.path);
        command.args(args).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command
            .env_remove("MINLEN_PASSPHRASE")
            .env_remove("RUST_BACKTRACE")
            .env("TMPDIR", folder.with_extension("tmp"));
        if let Some(passphrase) = passphrase {
            command.env("MINLEN_PASSPHRASE", passphrase);
        }
        let mut child = command.spawn().unwrap_or_else(|e| panic!("cannot run {}: {e}", self.path.display()));
        let (out, err, sent) = (child.stdout.take(), child.stderr.take(), child.stdin.take());
        std::thread::scope(|threads| {
            let out = threads.spawn(|| collect(out));
            let err = threads.spawn(|| collect(err));
            threads.spawn(move || sent.map(|mut pipe| pipe.write_all(stdin.unwrap_or_default())));
            let slow = |arg: &OsString| {
                ["--max", "-9", "--time-budget", "analyze"]
                    .iter()
                    .any(|slow| arg.to_string_lossy().starts_with(slow))
            };
            let longest = if args.iter().any(slow) { AT_MOST } else { LONGEST };
            let code = wait(&mut child, longest);
            let (stdout, stderr) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
            Ran { code, stdout: Blob::of(stdout), stderr: String::from_utf8_lossy(&stderr).into_owned() }
        })
    }
}

fn collect(pipe: Option<impl Read>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut all);
    }
    all
}

/// Waits for the end, and looks on meanwhile whether anything is done.
fn wait(child: &mut Child, longest: Duration) -> Ending {
    let start = Instant::now();
    let (mut busy, mut seen) = (Instant::now(), 0);
    let mut pause = Duration::from_millis(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return ending(status);
        }
        let work = ticks(child.id());
        if work != seen {
            (busy, seen) = (Instant::now(), work);
        }
        if start.elapsed() > longest || busy.elapsed() > IDLE {
            let _ = child.kill();
            let _ = child.wait();
            return Ending::Hung;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or_default()),
    }
}

/// Processor time that a process has used; where the system does not say, time goes on as if it were busy.
fn ticks(id: u32) -> u64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else {
        return std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as u64);
    };
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    field(11) + field(12)
}
