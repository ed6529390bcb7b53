//! Single compressed or encrypted streams, minlen's own among them.

use crate::detect::{found, stats, view::View};
use minlen_core::{Detection, Kind};

/// The first bytes of a minlen file.
const MINLEN: &[u8] = b"\x8dMLN\r\n\x1a\n";

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    if v.has(0, MINLEN) {
        return found(Kind::Minlen, 100, "minlen");
    }
    coded(v, total).or_else(|| encrypted(v)).or_else(|| zlib(v))
}

fn coded(v: View<'_>, total: u64) -> Option<Detection> {
    let name = if v.has(0, b"\x1f\x8b\x08") && v.u8(3)? & 0xe0 == 0 {
        "gzip"
    } else if v.has(0, b"\xfd7zXZ\0\0") && v.u8(7)? < 16 {
        "xz"
    } else if v.has(0, b"\x28\xb5\x2f\xfd") && v.u8(4)? & 0x08 == 0 {
        "zstd"
    } else if v.has(1, b"\x2a\x4d\x18") && v.u8(0)? & 0xf0 == 0x50 && u64::from(v.le32(4)?) <= total {
        "zstd or lz4, skippable frame first"
    } else if v.has(0, b"BZh") && (b'1'..=b'9').contains(&v.u8(3)?) && bzip2_block(v) {
        "bzip2"
    } else if v.has(0, b"\x04\x22\x4d\x18") && v.u8(4)? & 0xc2 == 0x40 {
        "lz4"
    } else if v.has(0, b"LZIP\x01") {
        "lzip"
    } else if v.has(0, b"\x89LZO\0\r\n\x1a\n") {
        "lzop"
    } else if v.has(0, b"\xff\x06\0\0sNaPpY") {
        "snappy"
    } else if v.has(0, b"\x1f\x9d") && matches!(v.u8(2)? & 0x1f, 9..=16) {
        return found(Kind::Compressed, 85, "compress");
    } else if v.has(0, b"\x5d\0\0") && lzma(v) {
        return found(Kind::Compressed, 90, "lzma");
    } else {
        return None;
    };
    found(Kind::Compressed, 97, name)
}

/// A block or the end mark must follow the four bytes (both are decimal digits, of pi and of its square root).
fn bzip2_block(v: View<'_>) -> bool {
    v.has(4, b"\x31\x41\x59\x26\x53\x59") || v.has(4, b"\x17\x72\x45\x38\x50\x90")
}

/// The dictionary is 2^n or 2^n + 2^(n-1), and the size unknown or plausible; the first coded byte is zero.
fn lzma(v: View<'_>) -> bool {
    let (Some(dictionary), Some(size), Some(0)) = (v.le32(1), v.le64(5), v.u8(13)) else { return false };
    dictionary >= 1 << 12 && dictionary.count_ones() <= 2 && (size == u64::MAX || size < 1 << 40)
}

fn encrypted(v: View<'_>) -> Option<Detection> {
    let magics: [(&[u8], &str); 5] = [
        (b"age-encryption.org/v1\n", "age"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", "age, armoured"),
        (b"-----BEGIN PGP MESSAGE-----", "OpenPGP, armoured"),
        (b"Salted__", "OpenSSL"),
        (b"LUKS\xba\xbe\0", "LUKS"),
    ];
    magics.iter().find(|(magic, _)| v.has(0, magic)).and_then(|(_, name)| found(Kind::Encrypted, 97, *name))
}

/// zlib has two bytes of header only, so the rest must look dense too.
fn zlib(v: View<'_>) -> Option<Detection> {
    let head = v.be16(0)?;
    if head >> 8 & 0x8f != 0x08 || head % 31 != 0 || head & 0x20 != 0 || v.u8(2)? & 6 == 6 {
        return None;
    }
    let dense = v.0.len() >= 512 && stats(v.0).order0_millibits > 7500;
    dense.then(|| found(Kind::Compressed, 72, "zlib"))?
}
