//! What programs need to show a picture, as chunks of a PNG.

use crate::Chunk;

/// Chunks that stay: colours, orientation, resolution and texts. All others belong to the pixels, or to how they were stored.
const KEPT: [&[u8; 4]; 14] = [
    b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"eXIf", b"pHYs", b"sPLT", b"tIME",
    b"tEXt", b"zTXt", b"iTXt",
];
/// More bytes of chunks than this are not kept.
const MOST: usize = 16 << 20;

/// The chunks of a PNG that stay, in their order. The file was read before, so they are whole.
pub(super) fn of_png(file: &[u8]) -> Vec<Chunk> {
    let (mut at, mut kept, mut size) = (8, Vec::new(), 0);
    while let Some(head) = file.get(at..at + 8) {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let kind = [head[4], head[5], head[6], head[7]];
        let Some(data) = file.get(at + 8..(at + 8).saturating_add(len)) else { break };
        if KEPT.contains(&&kind) && size + len <= MOST {
            size += len;
            kept.push((kind, data.to_vec()));
        }
        at += 12 + len;
    }
    kept
}

/// Chunks of an ICC profile, of EXIF data without a header, and of XMP.
pub(super) fn of_parts(profile: Option<&[u8]>, exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    if let Some(profile) = profile.filter(|profile| profile.len() <= MOST) {
        // A name, the method, and a stream of RFC 1950; minlen looks into that, so it is not compressed here.
        chunks.push((*b"iCCP", [b"ICC profile\0\0", &stored(profile)[..]].concat()));
    }
    if let Some(exif) = exif.filter(|exif| exif.len() <= MOST) {
        let bare = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        chunks.push((*b"eXIf", bare.to_vec()));
    }
    if let Some(xmp) = xmp.filter(|xmp| xmp.len() <= MOST) {
        chunks.push((*b"iTXt", [b"XML:com.adobe.xmp\0\0\0\0\0", xmp].concat()));
    }
    chunks
}

/// EXIF data that say how a picture is turned, and nothing else.
pub(super) fn orientation(turn: u16) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend(turn.to_be_bytes());
    exif.extend([0; 6]);
    exif
}

/// A stream of RFC 1950 with stored blocks.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut pieces = data.chunks(65_535).peekable();
    while let Some(piece) = pieces.next() {
        out.push(u8::from(pieces.peek().is_none()));
        let len = piece.len() as u16;
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend_from_slice(piece);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}
