//! Lists the members of tar and ZIP archives: names, sizes and kinds, nothing is unpacked.

use super::Report;
use crate::detect::magic::archive::{octal, tar_header};
use crate::detect::{detect, view::View};
use minlen_core::{Detection, Detector, Kind};
use std::sync::Arc;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name as stored, characters that are not printable left out.
    pub name: String,
    /// Its size when unpacked.
    pub size: u64,
    /// What it is: the detected kind in a tar, the method of compression in a ZIP.
    pub what: String,
}

/// More members than this are not counted.
const COUNTED: usize = 1 << 20;

/// The first members and how many there are.
pub(super) fn list(data: &[u8], seen: &Detection, detectors: &[Arc<dyn Detector>]) -> (Vec<Member>, usize) {
    match seen.kind {
        Kind::Tar if seen.detail.ends_with("tar") => tar(data, detectors),
        Kind::Zip => zip(data).unwrap_or_default(),
        _ => (Vec::new(), 0),
    }
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect()
}

/// The bytes before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

fn tar(data: &[u8], detectors: &[Arc<dyn Detector>]) -> (Vec<Member>, usize) {
    let (mut out, mut count, mut at) = (Vec::new(), 0, 0usize);
    while let Some(block) = data.get(at..).and_then(|rest| rest.get(..512)) {
        let size = tar_size(&block[124..136]);
        let Some(size) = size.filter(|_| tar_header(block)) else { break };
        let start = at + 512;
        let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX)).min(data.len());
        // Names of their own (GNU) and pax headers are about the next member.
        if !matches!(block[156], b'L' | b'K' | b'x' | b'g') {
            count += 1;
            if out.len() < Report::MOST {
                out.push(tar_member(block, size, &data[start..end], detectors));
            }
        }
        let Some(next) = end.checked_add((512 - (end - start) % 512) % 512) else { break };
        at = next;
        if count >= COUNTED {
            break;
        }
    }
    (out, count)
}

/// Octal, or binary with the first bit set (GNU).
fn tar_size(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        return Some(field[field.len() - 8..].iter().fold(0, |size, &b| size << 8 | u64::from(b)));
    }
    octal(field)
}

fn tar_member(block: &[u8], size: u64, content: &[u8], detectors: &[Arc<dyn Detector>]) -> Member {
    let prefix =
        if block[257..].starts_with(b"ustar\0") { name(text(&block[345..500])) } else { String::new() };
    let own = name(text(&block[..100]));
    let what = match block[156] {
        b'5' => "folder".into(),
        b'1' | b'2' => "link".into(),
        b'3' | b'4' | b'6' => "device".into(),
        _ => label(&detect(content, size, detectors)),
    };
    Member { name: if prefix.is_empty() { own } else { format!("{prefix}/{own}") }, size, what }
}

/// Kind and detail in one string.
pub(super) fn label(seen: &Detection) -> String {
    if seen.detail.is_empty() { seen.kind.to_string() } else { format!("{}: {}", seen.kind, seen.detail) }
}

/// From the central folder at the end (APPNOTE 4.3.12).
fn zip(data: &[u8]) -> Option<(Vec<Member>, usize)> {
    let tail = data.len().saturating_sub((64 << 10) + 22);
    let end = tail + data[tail..].windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let v = View(data);
    let (count, mut at) = (usize::from(v.le16(end + 10)?), v.le32(end + 16)? as usize);
    let mut out = Vec::new();
    for _ in 0..count.min(Report::MOST) {
        if !v.has(at, b"PK\x01\x02") {
            break;
        }
        let method = match v.le16(at + 10)? {
            0 => "stored".into(),
            8 => "deflate".into(),
            9 => "deflate64".into(),
            12 => "bzip2".into(),
            14 => "lzma".into(),
            93 => "zstd".into(),
            95 => "xz".into(),
            other => format!("method {other}"),
        };
        let length = usize::from(v.le16(at + 28)?);
        let more = usize::from(v.le16(at + 30)?) + usize::from(v.le16(at + 32)?);
        out.push(Member {
            name: name(v.bytes(at + 46, length)?),
            size: u64::from(v.le32(at + 24)?),
            what: method,
        });
        at = at.checked_add(46 + length + more)?;
    }
    Some((out, count))
}
