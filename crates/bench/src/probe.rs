//! Peak memory of one call in a process of its own.
//!
//! The caller's program starts itself again with a few arguments of its own choice followed by those of [`Probe`];
//! in the child it hands the latter to [`serve`] and prints the line that comes back. A fresh process has no freed
//! memory lying about, so the figure is exact to a few pages.

use crate::memory;
use crate::rival::{Job, Op, Rival};
use minlen_core::{Error, Result};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How to start the child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The program, usually `std::env::current_exe()`.
    pub program: PathBuf,
    /// What comes before the arguments of the protocol, such as `bench --probe`.
    pub args: Vec<OsString>,
}

impl Probe {
    /// Runs the job of the rival called `name` in a child; `None` where anything about that fails.
    #[must_use]
    pub fn peak(&self, name: &str, job: Job<'_>) -> Option<u64> {
        let mut file = tempfile::NamedTempFile::new().ok()?;
        std::io::Write::write_all(&mut file, job.input).ok()?;
        let op = match job.op {
            Op::Compress => "compress",
            Op::Decompress => "decompress",
        };
        let output = Command::new(&self.program)
            .args(&self.args)
            .args([op, name, &job.raw_len.to_string()])
            .arg(file.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        text.trim().strip_prefix("peak ")?.parse().ok()
    }
}

/// The child's side: `args` are `compress|decompress NAME RAW_LENGTH FILE`; `find` resolves the name. The line
/// that comes back is to be printed on standard output.
///
/// # Errors
/// Wrong arguments, an unreadable file, a failing rival, or a system that does not tell peak memory.
pub fn serve(args: &[OsString], find: &dyn Fn(&str) -> Result<Box<dyn Rival>>) -> Result<String> {
    let wrong = || Error::usage("the probe takes compress|decompress NAME RAW_LENGTH FILE");
    let [op, name, raw_len, path] = args else { return Err(wrong()) };
    let op = match op.to_str() {
        Some("compress") => Op::Compress,
        Some("decompress") => Op::Decompress,
        _ => return Err(wrong()),
    };
    let raw_len = raw_len.to_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    let rival = find(name.to_str().ok_or_else(wrong)?)?;
    let input = std::fs::read(path).map_err(|e| Error::io("cannot read", e).in_file(path))?;
    memory::Watch::start().ok_or_else(|| Error::unsupported("the system does not tell peak memory"))?;
    let outcome = rival.run(Job { op, input: &input, raw_len, memory: true })?;
    let peak = outcome.peak.ok_or_else(|| Error::unsupported("the system does not tell peak memory"))?;
    Ok(format!("peak {peak}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_says_nothing_gives_no_figure() {
        let probe = Probe { program: "/nonexistent/program".into(), args: Vec::new() };
        let job = Job { op: Op::Compress, input: b"x", raw_len: 1, memory: true };
        assert_eq!(probe.peak("zstd:3", job), None);
    }
}
