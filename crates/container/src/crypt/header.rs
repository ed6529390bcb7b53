//! The header of age files, as far as it can be read without opening them.

use super::error::class_io;
use super::{FAMILY, INTRO};
use minlen_core::{Error, Result};
use std::io::{Read, Seek, SeekFrom};

/// Bytes that the header of an age file may have: room for hundreds of recipients.
const MAX_HEADER: u64 = 1 << 16;
/// Characters of the header's authentication code, with the space before it.
const CODE: usize = 44;

/// Reads until the header is complete and a little more; refuses one that is absurdly long.
pub(super) fn read_header<R: Read>(r: &mut R) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < MAX_HEADER as usize {
        let n = r.by_ref().take(1024).read_to_end(&mut head).map_err(class_io)?;
        if !is_prefix(&head) {
            return Err(match head.starts_with(FAMILY) {
                true => Error::unsupported("an age file of another version than 1"),
                false => Error::corrupt("not an age file"),
            });
        }
        if let Some(code) = header_code(&head) {
            return match code.len() {
                CODE if code[0] == b' ' => Ok(head),
                _ => Err(Error::corrupt("the authentication code of the age header is malformed")),
            };
        }
        if n == 0 {
            return Err(Error::truncated("the age header is cut off"));
        }
    }
    Err(Error::corrupt(format!("an age header of over {MAX_HEADER} bytes")))
}

/// Reads the header of an age file without opening it: whether it is built as one.
///
/// # Errors
/// Corrupt, truncated, unsupported; I/O.
pub fn check_header<R: Read + Seek>(r: &mut R) -> Result<()> {
    r.seek(SeekFrom::Start(0))?;
    read_header(r)?;
    r.seek(SeekFrom::Start(0))?;
    #[cfg(feature = "age")]
    age::Decryptor::new_buffered(std::io::BufReader::new(r)).map_err(super::error::class)?;
    Ok(())
}

fn is_prefix(head: &[u8]) -> bool {
    let n = head.len().min(INTRO.len());
    head[..n] == INTRO[..n]
}

/// What is behind the mark of the header's authentication code, once the line is complete.
fn header_code(head: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = b"\n---";
    let code = &head[head.windows(MARK.len()).position(|w| w == MARK)? + MARK.len()..];
    code.iter().position(|&b| b == b'\n').map(|n| &code[..n])
}

/// Where the line with the header's authentication code ends.
#[cfg(feature = "age")]
pub(super) fn header_end(head: &[u8]) -> Option<usize> {
    let mac = head.windows(5).position(|w| w == b"\n--- ")? + 1;
    head[mac..].iter().position(|&b| b == b'\n').map(|n| mac + n + 1)
}
