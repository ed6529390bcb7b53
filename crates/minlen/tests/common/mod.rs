//! What the integration tests share: the golden files and a way to decode anything to one comparable value.

pub mod hostile;
#[cfg(feature = "latent")]
pub mod records;

use minlen::archive::{Archive, Keys};
use minlen::{Env, Limits, Options, Result};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

/// Where the golden files live.
pub fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/v1")
}

/// The content behind the golden streams: text, records, runs and noise, about 3 KiB.
pub fn sample() -> Vec<u8> {
    let mut out = b"Ask of any code what it predicts, and what it pays when it is wrong. ".repeat(12);
    for i in 0..200u32 {
        out.extend_from_slice(&(i * i / 3).to_le_bytes());
    }
    out.extend(minlen_core::testing::random_case(8, 400));
    out.extend(vec![0; 700]);
    out
}

/// The identity that opens the encrypted golden file. A test key: it protects nothing.
pub fn identity_file() -> PathBuf {
    golden_dir().join("test-identity.txt")
}

pub fn keys() -> Keys {
    Keys::default().with_identity(identity_file())
}

/// Everything a file says, as one value: members with their metadata and content, or the content alone.
pub fn decode_all(bytes: &[u8], env: &Env) -> Result<Vec<u8>> {
    let options = Options::default();
    let mut archive = Archive::from_reader(Cursor::new(bytes), &keys(), &options, env)?;
    let mut out = Vec::new();
    if !archive.is_tree() {
        archive.read_content(0..u64::MAX, &mut out)?;
        return Ok(out);
    }
    for member in archive.members()? {
        writeln!(
            out,
            "{:?} {:?} {:o} {:?} {}",
            member.path, member.kind, member.mode, member.mtime, member.len
        )?;
        if member.is_file() {
            archive.read_member(&member.path, None, &mut out)?;
        }
    }
    Ok(out)
}

/// The same through the sequential decoder, which reads without seeking. Single streams only.
pub fn decode_stream(bytes: &[u8], env: &Env) -> Result<Vec<u8>> {
    minlen::decompress_with(bytes, &Options::default(), env)
}

/// Limits small enough that a test would notice a wild allocation.
pub fn tight() -> Env {
    Env::new(Limits::default().with_memory(256 << 20).with_output(64 << 20))
}
