//! age files as text: `-----BEGIN AGE ENCRYPTED FILE-----`, lines of base64, and an end.

/// How such a file begins.
const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// What some editors put in front of a text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the armour begins: behind a byte-order mark and white space, if at all.
pub(super) fn start(head: &[u8]) -> Option<usize> {
    let text = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start();
    text.starts_with(BEGIN).then(|| head.len() - text.len())
}
