//! Families told by a magic number and a header whose fields agree with each other.

pub(crate) mod archive;
pub(crate) mod audio;
pub(crate) mod dicom;
pub(crate) mod document;
pub(crate) mod exec;
pub(crate) mod image;
pub(crate) mod stream;
pub(crate) mod tensor;
pub(crate) mod video;

/// Looks `key` up in a table of names.
fn named<K: PartialEq>(table: &[(K, &'static str)], key: K) -> Option<&'static str> {
    table.iter().find(|(k, _)| *k == key).map(|&(_, name)| name)
}

/// Bytes as text for a detail: printable ASCII only, at most `len` of it.
fn printable(bytes: &[u8], len: usize) -> String {
    bytes.iter().take(len).filter(|b| (0x20..0x7f).contains(*b)).map(|&b| char::from(b)).collect()
}

/// A decimal number at the start of `bytes`.
fn decimal(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}
