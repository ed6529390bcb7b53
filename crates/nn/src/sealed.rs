//! The frame of learned files: three letters, a version, the body, and the lower half of the XXH3 of all before it.

use minlen_core::{Error, Result};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of the letters and the version.
const HEAD: usize = 4;
/// Bytes of the checksum.
const SUM: usize = 4;

/// The letters and the version that a file of this kind begins with.
#[must_use]
pub const fn head(letters: [u8; 3], version: u8) -> [u8; HEAD] {
    [letters[0], letters[1], letters[2], version]
}

/// Appends the checksum of what is in `out`.
pub fn close(out: &mut Vec<u8>) {
    let sum = xxh3_64(out) as u32;
    out.extend_from_slice(&sum.to_le_bytes());
}

/// What lies between version and checksum of a file; `what` it is called goes into messages.
///
/// # Errors
/// Truncated; corrupt for another kind of file or a wrong checksum; unsupported for another version.
pub fn open<'a>(bytes: &'a [u8], letters: [u8; 3], version: u8, what: &str) -> Result<&'a [u8]> {
    let early = || Error::truncated(format!("{what} ends too early"));
    if bytes.get(..3).ok_or_else(early)? != letters {
        let letters = String::from_utf8_lossy(&letters).into_owned();
        return Err(Error::corrupt(format!("not {what}: it does not begin with {letters:?}")));
    }
    let found = *bytes.get(3).ok_or_else(early)?;
    if found != version {
        return Err(Error::unsupported(format!("version {found} of {what}")));
    }
    let end = bytes.len().checked_sub(SUM).filter(|end| *end >= HEAD).ok_or_else(early)?;
    let (body, sum) = bytes.split_at(end);
    if sum != (xxh3_64(body) as u32).to_le_bytes() {
        return Err(Error::corrupt(format!("the checksum of {what} differs")));
    }
    Ok(&body[HEAD..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::ErrorKind;

    #[test]
    fn what_is_damaged_is_named() {
        let mut file = head(*b"abc", 2).to_vec();
        file.extend(b"body");
        close(&mut file);
        assert_eq!(open(&file, *b"abc", 2, "a thing").unwrap(), b"body");
        let kind = |bytes: &[u8], version| open(bytes, *b"abc", version, "a thing").unwrap_err().kind();
        for end in 0..8 {
            assert_eq!(kind(&file[..end], 2), ErrorKind::Truncated, "{end}");
        }
        assert_eq!(kind(&file, 3), ErrorKind::Unsupported);
        for (at, expected) in [(0, ErrorKind::Corrupt), (5, ErrorKind::Corrupt), (11, ErrorKind::Corrupt)] {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert_eq!(kind(&damaged, 2), expected, "{at}");
        }
    }
}
