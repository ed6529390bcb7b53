//! Room for what is needed more than once and has no name.

use minlen::{Error, Result};
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;

/// What a secret may take of the memory.
const MOST_IN_MEMORY: u64 = 1 << 30;

/// A temporary file without a name, that nobody else can open and that goes away with the process. A secret of `len` bytes stays in
/// memory, unless it is too large for that.
pub fn file(secret: bool, len: u64) -> Result<File> {
    if secret
        && len <= MOST_IN_MEMORY
        && let Ok(memory) = memfd_create("minlen", MemfdFlags::CLOEXEC)
    {
        return Ok(File::from(memory));
    }
    tempfile::tempfile().map_err(|e| Error::io("cannot make a temporary file", e))
}
