//! Starting a program on temporary files, timing it, and asking for its peak memory.

use super::super::Outcome;
use minlen_core::{Error, ErrorKind, Result};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// GNU time tells a program's peak memory exactly: the kernel's own figure for a child also counts the process that
/// started it as it was before `exec`, and that is us, with the corpus in memory; between us and the program, the
/// small `time` process takes that part.
const GNU_TIME: &str = "/usr/bin/time";

/// Variables through which a user's settings would change what is measured.
const SETTINGS: [&str; 8] =
    ["XZ_OPT", "XZ_DEFAULTS", "ZSTD_CLEVEL", "ZSTD_NBTHREADS", "GZIP", "BZIP2", "BZIP", "LZ4_CLEVEL"];

/// A program with its arguments, and the files they speak of.
pub(crate) struct Call<'a> {
    pub path: &'a Path,
    pub args: &'a [String],
    pub from: &'a str,
    pub to: &'a str,
    /// The arguments before the names were put in: standard input and output stand in for a missing name.
    pub template: &'a [&'a str],
}

/// Runs the call on `input`, in a folder of its own that is gone afterwards.
pub(crate) fn run(call: &Call<'_>, input: &[u8], memory: bool) -> Result<Outcome> {
    let io = |e| Error::io("cannot prepare temporary files", e);
    let folder = tempfile::tempdir().map_err(io)?;
    let source = folder.path().join(call.from);
    fs::write(&source, input).map_err(io)?;
    // Archivers store the time: a fixed one gives the same size every day.
    let file = File::options().write(true).open(&source).map_err(io)?;
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).map_err(io)?;
    drop(file);
    let memory = memory && cfg!(target_os = "linux") && Path::new(GNU_TIME).exists();
    let mut command = command(call, memory);
    redirect(&mut command, call, folder.path()).map_err(io)?;
    let start = Instant::now();
    let status = command.status().map_err(|e| Error::io("cannot start", e).in_file(call.path))?;
    let elapsed = start.elapsed();
    check(status, call.path, folder.path())?;
    let bytes = fs::read(folder.path().join(call.to))
        .map_err(|e| Error::io("no output was written", e).in_file(call.path))?;
    let (peak, cpu) = if memory { told(folder.path()).unzip() } else { (None, None) };
    Ok(Outcome { bytes, elapsed, cpu, peak })
}

fn command(call: &Call<'_>, memory: bool) -> Command {
    let mut command = if memory {
        let mut time = Command::new(GNU_TIME);
        time.args(["-q", "-f", "%M %U %S", "-o", ".memory"]).arg(call.path);
        time
    } else {
        Command::new(call.path)
    };
    command.args(call.args);
    for name in SETTINGS {
        command.env_remove(name);
    }
    command
}

fn redirect(command: &mut Command, call: &Call<'_>, folder: &Path) -> std::io::Result<()> {
    let names = |what: &str| call.template.iter().any(|piece| piece.contains(what));
    command.current_dir(folder);
    command.stdin(if names("{in}") { Stdio::null() } else { File::open(folder.join(call.from))?.into() });
    command.stdout(if names("{out}") { Stdio::null() } else { File::create(folder.join(call.to))?.into() });
    command.stderr(File::create(folder.join(".errors"))?);
    Ok(())
}

fn check(status: ExitStatus, path: &Path, folder: &Path) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let errors = fs::read(folder.join(".errors")).unwrap_or_default();
    let text = String::from_utf8_lossy(&errors);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    let last: String = last.trim().chars().take(200).collect();
    Err(Error::new(ErrorKind::Io, format!("the program failed ({status}): {last}")).in_file(path))
}

/// What GNU time wrote: peak memory (it says KiB) in bytes, and processor time (in hundredths of a second).
fn told(folder: &Path) -> Option<(u64, Duration)> {
    let text = fs::read_to_string(folder.join(".memory")).ok()?;
    let mut words = text.lines().last()?.split_whitespace();
    let peak = words.next()?.parse::<u64>().ok()?.checked_mul(1024)?;
    let (user, system) = (words.next()?.parse::<f64>().ok()?, words.next()?.parse::<f64>().ok()?);
    Some((peak, Duration::try_from_secs_f64(user + system).ok()?))
}

/// The full path of a program on the search path.
pub(crate) fn on_path(binary: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(binary)).find(|path| path.is_file())
}

/// The version that a program prints first: digits with dots between them.
pub(crate) fn version(path: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new(path).args(args).stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|piece| piece.trim_matches('.'))
        .find(|piece| piece.contains('.'))
        .map(str::to_owned)
}
