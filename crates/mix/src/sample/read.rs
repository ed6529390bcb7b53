//! Numbers from headers, whose bytes may be missing.

/// `n` bytes (1 to 4) at `at`, the low one first if `little`.
#[must_use]
pub fn number(data: &[u8], at: usize, n: usize, little: bool) -> Option<u32> {
    let bytes = data.get(at..at.checked_add(n)?)?;
    let join = |value: u32, &byte: &u8| value << 8 | u32::from(byte);
    Some(if little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) })
}

/// Two bytes, low first.
#[must_use]
pub fn le16(data: &[u8], at: usize) -> Option<u32> {
    number(data, at, 2, true)
}

/// Four bytes, low first.
#[must_use]
pub fn le32(data: &[u8], at: usize) -> Option<u32> {
    number(data, at, 4, true)
}

/// `len` bytes from `start` as far as `data` has them; none if it has no such start.
#[must_use]
pub fn span(data: &[u8], start: usize, len: u64) -> Option<std::ops::Range<usize>> {
    let end = (start as u64).checked_add(len)?.min(data.len() as u64) as usize;
    (start < end).then_some(start..end)
}
