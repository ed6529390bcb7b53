//! Zero bytes behind the end of a file, as tapes and block devices leave them.

use minlen_core::{Env, Result};
use std::io::{Read, Seek, SeekFrom};

const WINDOW: u64 = 1 << 16;

/// Where the zero bytes at the end of `r` (of `file_len` bytes) begin; `file_len` if the last byte is another one.
pub(crate) fn zeros_from<R: Read + Seek>(r: &mut R, file_len: u64, env: &Env) -> Result<u64> {
    let mut end = file_len;
    let mut window = Vec::new();
    while end > 0 {
        env.check()?;
        let start = end.saturating_sub(WINDOW);
        r.seek(SeekFrom::Start(start))?;
        window.clear();
        r.by_ref().take(end - start).read_to_end(&mut window)?;
        if let Some(last) = window.iter().rposition(|&byte| byte != 0) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// What a reader says of so many zero bytes behind the end.
pub(crate) fn warning(at: u64, count: u64) -> String {
    format!("{count} zero bytes behind the end are no part of it (at byte {at}); the content was read")
}
