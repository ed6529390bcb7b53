//! Sound, compressed or not.

use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

/// MPEG-1 layer III bit rates in kbit/s, and those of MPEG-2 and 2.5 (ISO 11172-3, 13818-3).
const MP3_RATES: [[u32; 16]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
];

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    wave(v).or_else(|| aiff(v)).or_else(|| coded(v)).or_else(|| mpeg(v, total))
}

fn channels(count: u16) -> String {
    match count {
        1 => "mono".into(),
        2 => "stereo".into(),
        n => format!("{n} channels"),
    }
}

fn wave(v: View<'_>) -> Option<Detection> {
    if !(v.has(0, b"RIFF") || v.has(0, b"RF64") || v.has(0, b"BW64")) || !v.has(8, b"WAVE") {
        return None;
    }
    let mut at = 12usize;
    for _ in 0..32 {
        let size = v.le32(at + 4)? as usize;
        if v.has(at, b"fmt ") {
            return format(View(v.bytes(at + 8, 16)?), v.le16(at + 32));
        }
        at = at.checked_add(8 + size + size % 2)?;
    }
    found(Kind::AudioRaw, 80, "WAV")
}

fn format(v: View<'_>, extended: Option<u16>) -> Option<Detection> {
    let (tag, count, rate, bits) = (v.le16(0)?, v.le16(2)?, v.le32(4)?, v.le16(14)?);
    let tag = if tag == 0xfffe { extended.unwrap_or(1) } else { tag };
    if count == 0 || rate == 0 {
        return None;
    }
    let of = format!("{} {rate} Hz", channels(count));
    match tag {
        1 => found(Kind::AudioRaw, 98, format!("WAV {bits}-bit {of}")),
        3 => found(Kind::AudioRaw, 98, format!("WAV {bits}-bit float {of}")),
        6 | 7 => found(Kind::AudioRaw, 98, format!("WAV 8-bit companded {of}")),
        tag => found(Kind::AudioCoded, 96, format!("WAV coding {tag}, {of}")),
    }
}

fn aiff(v: View<'_>) -> Option<Detection> {
    if v.has(0, b".snd") && (24..4096).contains(&v.be32(4)?) && (1..=27).contains(&v.be32(12)?) {
        return found(Kind::AudioRaw, 94, "Sun audio");
    }
    if !v.has(0, b"FORM") || !(v.has(8, b"AIFF") || v.has(8, b"AIFC")) {
        return None;
    }
    let at = v.find(b"COMM", 4096)?;
    let (count, bits) = (v.be16(at + 8)?, v.be16(at + 14)?);
    let raw = v.has(8, b"AIFF") || matches!(v.bytes(at + 26, 4), Some(b"NONE" | b"sowt" | b"twos" | b"fl32"));
    let kind = if raw { Kind::AudioRaw } else { Kind::AudioCoded };
    found(kind, 97, format!("AIFF {bits}-bit {}", channels(count)))
}

fn coded(v: View<'_>) -> Option<Detection> {
    if v.has(0, b"fLaC") && v.u8(4)? & 0x7f == 0 && v.be32(4)? & 0xff_ffff == 34 {
        let packed = v.be64(18)?;
        let (rate, count) = (packed >> 44, (packed >> 41 & 7) as u16 + 1);
        let bits = (packed >> 36 & 31) + 1;
        return found(Kind::AudioCoded, 99, format!("FLAC {bits}-bit {} {rate} Hz", channels(count)));
    }
    if v.has(0, b"OggS\0") {
        let head = View(v.upto(28, 64));
        return match () {
            () if head.find(b"\x01vorbis", 32).is_some() => found(Kind::AudioCoded, 98, "Ogg Vorbis"),
            () if head.find(b"OpusHead", 32).is_some() => found(Kind::AudioCoded, 98, "Ogg Opus"),
            () if head.find(b"\x7fFLAC", 32).is_some() => found(Kind::AudioCoded, 98, "Ogg FLAC"),
            () if head.find(b"\x80theora", 32).is_some() => found(Kind::Video, 98, "Ogg Theora"),
            () => found(Kind::AudioCoded, 92, "Ogg"),
        };
    }
    let others: [(&[u8], &str); 6] = [
        (b"wvpk", "WavPack"),
        (b"MAC ", "Monkey's Audio"),
        (b"TTA1", "True Audio"),
        (b"#!AMR", "AMR"),
        (b"MPCK", "Musepack"),
        (b"caff\0\x01", "Core Audio"),
    ];
    others.iter().find(|(magic, _)| v.has(0, magic)).and_then(|(_, name)| found(Kind::AudioCoded, 90, *name))
}

/// MP3 and AAC frames: the header must be followed by another at the distance that it gives.
fn mpeg(v: View<'_>, total: u64) -> Option<Detection> {
    if v.has(0, b"ID3") && (2..=4).contains(&v.u8(3)?) && v.be32(6)? & 0x8080_8080 == 0 {
        return found(Kind::AudioCoded, 95, "MP3 with ID3 tag");
    }
    let length = frame(v, 0)?;
    let next = frame(v, length);
    let same = next.is_some() && v.u8(1) == v.u8(length + 1);
    if !same && length as u64 != total {
        return None;
    }
    let third = next.and_then(|n| frame(v, length + n)).is_some();
    let name = if v.u8(1)? & 6 == 0 { "AAC" } else { "MP3" };
    found(Kind::AudioCoded, if third { 95 } else { 85 }, name)
}

fn frame(v: View<'_>, at: usize) -> Option<usize> {
    let (a, b, c) = (v.u8(at)?, v.u8(at + 1)?, v.u8(at + 2)?);
    if a != 0xff || b & 0xe0 != 0xe0 {
        return None;
    }
    if b & 0xf6 == 0xf0 {
        let length = (usize::from(v.u8(at + 3)? & 3) << 11) | usize::from(v.be16(at + 4)? >> 5);
        return (length > 7 && c >> 2 & 15 < 13).then_some(length);
    }
    let (version, layer) = (b >> 3 & 3, b >> 1 & 3);
    if version == 1 || layer != 1 || c >> 2 & 3 == 3 {
        return None;
    }
    let old = version == 3;
    let kbits = MP3_RATES[usize::from(!old)][usize::from(c >> 4)];
    let hertz = [44_100, 48_000, 32_000][usize::from(c >> 2 & 3)] >> [2, 0, 1, 0][usize::from(version)];
    let samples = if old { 144_000 } else { 72_000 };
    (kbits > 0).then(|| (samples * kbits / hertz) as usize + usize::from(c >> 1 & 1))
}
