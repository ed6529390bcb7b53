//! A folder of its own for each case, and the command run in it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The built command.
pub const MINLEN: &str = env!("CARGO_BIN_EXE_minlen");

/// A temporary folder; everything runs inside it.
pub struct Sandbox(tempfile::TempDir);

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; -1 for death by a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, making its folders.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Names in a folder, sorted; hidden ones too.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The command, ready for arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(MINLEN);
        command.current_dir(self.0.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in ["MINLEN_LEVEL", "MINLEN_THREADS", "MINLEN_PASSPHRASE", "RUST_BACKTRACE"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs another program in the folder.
    pub fn command_of(&self, program: &str, args: &[&str]) -> Ran {
        let mut command = Command::new(program);
        Ran::new(command.current_dir(self.0.path()).args(args).stdin(Stdio::null()).output().unwrap())
    }

    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        let output = self.command().args(args).output().unwrap();
        Ran::new(output)
    }

    /// Runs with `input` on standard input.
    pub fn pipe<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &[u8]) -> Ran {
        let mut child = self.command().args(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran::new(output)
    }

    /// Runs and insists on exit code 0 and on silence about errors.
    pub fn ok<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran
    }

    /// Runs and insists on this exit code and on one line about it.
    pub fn fails<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, code: i32) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.starts_with("minlen: "), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        ran.stderr
    }
}

impl Ran {
    pub fn new(output: std::process::Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { code: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}

/// Text with some repetition in it, the same for the same seed.
pub fn text(len: usize, seed: u64) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "to ",
        "compress ",
        "is ",
        "to ",
        "predict ",
        "what ",
        "comes ",
        "next\n",
        "a ",
        "model ",
        "codes ",
        "it, ",
    ];
    let mut random = Random(seed);
    let mut text = Vec::with_capacity(len + 16);
    while text.len() < len {
        let n = random.next();
        text.extend(WORDS[(n % 12) as usize].as_bytes());
        if n.is_multiple_of(7) {
            text.extend((n >> 40).to_string().bytes());
        }
    }
    text.truncate(len);
    text
}

/// Bytes that do not compress.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    (0..len).map(|_| (random.next() >> 32) as u8).collect()
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
