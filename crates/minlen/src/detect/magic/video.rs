//! Video and its containers (some of which hold sound only).

use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    mp4(v, total).or_else(|| matroska(v)).or_else(|| streams(v))
}

fn mp4(v: View<'_>, total: u64) -> Option<Detection> {
    let size = v.be32(0)?;
    if !(8..=4096).contains(&size) || u64::from(size) > total || !v.has(4, b"ftyp") || size % 4 != 0 {
        return None;
    }
    let brand = v.bytes(8, 4)?;
    match brand {
        b"M4A " | b"M4B " => found(Kind::AudioCoded, 96, "MPEG-4 sound"),
        b"qt  " => found(Kind::Video, 97, "QuickTime"),
        _ => found(Kind::Video, 96, format!("MP4, brand {}", super::printable(brand, 4))),
    }
}

fn matroska(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"\x1a\x45\xdf\xa3") {
        return None;
    }
    if v.find(b"webm", 64).is_some() {
        return found(Kind::Video, 98, "WebM");
    }
    v.find(b"matroska", 64).and_then(|_| found(Kind::Video, 98, "Matroska"))
}

fn streams(v: View<'_>) -> Option<Detection> {
    if v.has(0, b"RIFF") && v.has(8, b"AVI ") {
        return found(Kind::Video, 98, "AVI");
    }
    if v.has(0, b"FLV\x01") && v.be32(5)? == 9 {
        return found(Kind::Video, 97, "Flash video");
    }
    if v.has(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") {
        return found(Kind::Video, 97, "ASF");
    }
    if v.has(0, b"DKIF\0\0\x20\0") {
        return found(Kind::Video, 97, "IVF");
    }
    if v.has(0, b"\0\0\x01\xba") && matches!(v.u8(4)? >> 4, 2 | 4..=7) {
        return found(Kind::Video, 90, "MPEG program stream");
    }
    // Transport streams have a sync byte every 188 bytes.
    let packets = (0..5).all(|i| v.u8(188 * i) == Some(0x47));
    packets.then(|| found(Kind::Video, 90, "MPEG transport stream"))?
}
