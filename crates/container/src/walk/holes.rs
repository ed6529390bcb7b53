//! Where a sparse file holds data.

use super::open_plain;
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes of a unit of `st_blocks`.
const UNIT: u64 = 512;

/// Offset and length of every part with data. Files that have all their blocks are not even opened.
pub(super) fn data_parts(path: &Path, meta: &Metadata) -> Vec<(u64, u64)> {
    let len = meta.len();
    if len == 0 {
        return Vec::new();
    }
    let whole = vec![(0, len)];
    if meta.blocks().saturating_mul(UNIT) >= len {
        return whole;
    }
    open_plain(path).ok().and_then(|file| search(&file, len).ok()).unwrap_or(whole)
}

fn search(file: &File, len: u64) -> Result<Vec<(u64, u64)>, Errno> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < len {
        let start = match seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => break,
            Err(e) => return Err(e),
        };
        let end = seek(file, SeekFrom::Hole(start))?.min(len);
        if start >= len || end <= start {
            break;
        }
        parts.push((start, end - start));
        at = end;
    }
    Ok(parts)
}
