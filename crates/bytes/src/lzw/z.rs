//! Whole `.Z` files, as Unix `compress` writes and `uncompress` reads them.
//!
//! A `.Z` file has neither length nor checksum: one that was cut off decodes to a prefix of its content without an
//! error, here as with every other program.
//!
//! ```
//! use minlen_core::{Env, ErrorKind};
//! use minlen_bytes::lzw::z;
//! let (mut file, mut text) = (Vec::new(), Vec::new());
//! z::encode(b"to be or not to be", 16, &Env::default(), &mut file)?;
//! assert!(z::is_z(&file) && !z::is_z(b"PK"));
//! z::decode(&file, &Env::default(), &mut text)?;
//! assert_eq!(text, b"to be or not to be");
//! // There are codes of 9 to 16 bits only.
//! assert_eq!(z::encode(b"x", 17, &Env::default(), &mut file).unwrap_err().kind(), ErrorKind::Corrupt);
//! # Ok::<(), minlen_core::Error>(())
//! ```

use super::spec::{BLOCK_MODE, Layout, MAGIC, check_bits, read_header};
use super::{decode, encode};
use minlen_core::{Env, Result};

/// Appends `input` as a `.Z` file with codes of up to `bits` (9 to 16) bits.
///
/// # Errors
/// Corrupt for other values of `bits`; limit if the budget lacks 1 MiB; cancelled.
pub fn encode(input: &[u8], bits: u32, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&MAGIC);
    out.push(check_bits(bits)? as u8 | BLOCK_MODE);
    encode::encode(input, Layout::z(bits), env, out)
}

/// Appends the content of a `.Z` file. The memory of the output is reserved from the budget while this runs, and
/// the length is held against the limits as it grows.
///
/// # Errors
/// Corrupt or truncated for bytes that are no `.Z` file; limit; cancelled.
pub fn decode(file: &[u8], env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let (layout, body) = read_header(file)?;
    let start = out.len();
    let mut held = Vec::new();
    let mut reserved = 0;
    decode::to_end(body, layout, env, out, |len| {
        let len = len - start;
        if len > reserved {
            // Doubling, so that there are few reservations; the vector grows likewise.
            let more = (len - reserved).max(reserved).max(1 << 16);
            env.limits.check_output(len as u64, file.len() as u64)?;
            held.push(env.budget.reserve(more as u64)?);
            reserved += more;
        }
        Ok(())
    })?;
    env.limits.check_output((out.len() - start) as u64, file.len() as u64)
}

/// True if `bytes` begin like a `.Z` file.
#[must_use]
pub fn is_z(bytes: &[u8]) -> bool {
    read_header(bytes).is_ok()
}
