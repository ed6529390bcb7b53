//! Pictures, compressed or not.

use super::{decimal, named};
use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    jpeg(v)
        .or_else(|| png(v))
        .or_else(|| gif(v))
        .or_else(|| riff_or_box(v, total))
        .or_else(|| tiff(v, total))
        .or_else(|| bmp(v, total))
        .or_else(|| pnm(v))
        .or_else(|| others(v))
}

/// Walks the segments to the frame header, which has the size.
fn jpeg(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"\xff\xd8\xff") || !(0xc0..0xff).contains(&v.u8(3)?) {
        return None;
    }
    let mut at = 2usize;
    for _ in 0..200 {
        if v.u8(at) != Some(0xff) {
            break;
        }
        let marker = v.u8(at + 1)?;
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let coding = match marker {
                0xc0 => "baseline",
                0xc1 => "extended",
                0xc2 | 0xca => "progressive",
                _ => "other",
            };
            let (height, width, parts) = (v.be16(at + 5)?, v.be16(at + 7)?, v.u8(at + 9)?);
            return found(
                Kind::ImageCoded,
                98,
                format!("JPEG {coding} {width}x{height}, {parts} components"),
            );
        }
        at += 2 + usize::from(v.be16(at + 2).unwrap_or(0));
    }
    found(Kind::ImageCoded, if at > 2 { 92 } else { 75 }, "JPEG")
}

fn png(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"\x89PNG\r\n\x1a\n") {
        return None;
    }
    let (width, height, depth, colour) = (v.be32(16)?, v.be32(20)?, v.u8(24)?, v.u8(25)?);
    let colours = [(0, "grey"), (2, "RGB"), (3, "palette"), (4, "grey+alpha"), (6, "RGBA")];
    let plausible = v.be32(8)? == 13 && v.has(12, b"IHDR") && width > 0 && height > 0;
    let name = named(&colours, colour)?;
    plausible.then(|| found(Kind::ImageCoded, 99, format!("PNG {width}x{height}, {depth}-bit {name}")))?
}

fn gif(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"GIF87a") && !v.has(0, b"GIF89a") {
        return None;
    }
    found(Kind::ImageCoded, 97, format!("GIF {}x{}", v.le16(6)?, v.le16(8)?))
}

fn riff_or_box(v: View<'_>, total: u64) -> Option<Detection> {
    if v.has(0, b"RIFF") && v.has(8, b"WEBP") {
        let coding = match v.bytes(12, 4)? {
            b"VP8 " => "lossy",
            b"VP8L" => "lossless",
            b"VP8X" => "extended",
            _ => return None,
        };
        return found(Kind::ImageCoded, 98, format!("WebP {coding}"));
    }
    if v.has(4, b"ftyp") && u64::from(v.be32(0)?) <= total {
        let brands: [(&[u8], &'static str); 6] = [
            (b"avif", "AVIF"),
            (b"avis", "AVIF sequence"),
            (b"heic", "HEIC"),
            (b"heix", "HEIC"),
            (b"mif1", "HEIF"),
            (b"jxl ", "JPEG XL"),
        ];
        return named(&brands, v.bytes(8, 4)?).and_then(|name| found(Kind::ImageCoded, 97, name));
    }
    v.has(0, b"\0\0\0\x0cJXL \r\n\x87\n").then(|| found(Kind::ImageCoded, 98, "JPEG XL"))?
}

/// The first folder tells whether the pixels are compressed (tag 259; TIFF 6.0, section 3).
fn tiff(v: View<'_>, total: u64) -> Option<Detection> {
    let big = match v.bytes(0, 4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        b"II+\0" | b"MM\0+" => return found(Kind::ImageCoded, 90, "BigTIFF"),
        _ => return None,
    };
    let folder = v.u32(4, big)? as usize;
    if folder < 8 || folder as u64 >= total {
        return None;
    }
    let count = usize::from(v.u16(folder, big).unwrap_or(0));
    for i in 0..count.min(64) {
        let entry = folder + 2 + 12 * i;
        if v.u16(entry, big) == Some(259) {
            return match v.u16(entry + 8, big)? {
                1 => found(Kind::ImageRaw, 96, "TIFF uncompressed"),
                method => found(Kind::ImageCoded, 96, format!("TIFF, compression {method}")),
            };
        }
    }
    found(Kind::ImageRaw, 90, "TIFF")
}

fn bmp(v: View<'_>, total: u64) -> Option<Detection> {
    if !v.has(0, b"BM") {
        return None;
    }
    let (pixels, header) = (v.le32(10)?, v.le32(14)?);
    if !matches!(header, 12 | 40 | 52 | 56 | 64 | 108 | 124)
        || pixels < 14 + header
        || u64::from(pixels) > total
    {
        return None;
    }
    if header == 12 {
        return found(
            Kind::ImageRaw,
            90,
            format!("BMP {}x{}, {}-bit", v.le16(18)?, v.le16(20)?, v.le16(24)?),
        );
    }
    let (width, height) = (v.le32(18)?, v.le32(22)?.cast_signed().unsigned_abs());
    let (planes, bits, method) = (v.le16(26)?, v.le16(28)?, v.le32(30)?);
    if planes != 1 || !matches!(bits, 0 | 1 | 2 | 4 | 8 | 16 | 24 | 32) {
        return None;
    }
    let kind = if matches!(method, 0 | 3 | 6) { Kind::ImageRaw } else { Kind::ImageCoded };
    found(kind, 96, format!("BMP {width}x{height}, {bits}-bit"))
}

/// PNM and PAM: a letter, a number, and the size in text.
fn pnm(v: View<'_>) -> Option<Detection> {
    let (b'P', kind @ b'1'..=b'7') = (v.u8(0)?, v.u8(1)?) else { return None };
    if !v.u8(2)?.is_ascii_whitespace() {
        return None;
    }
    let names = ["", "PBM text", "PGM text", "PPM text", "PBM", "PGM", "PPM", "PAM"];
    let name = names[usize::from(kind - b'0')];
    if kind == b'7' {
        return v.find(b"WIDTH ", 200).and_then(|_| found(Kind::ImageRaw, 95, name));
    }
    let header = v.upto(2, 400);
    let fields = header
        .split(|&b| b == b'\n')
        .filter(|line| line.first() != Some(&b'#'))
        .flat_map(|line| line.split(u8::is_ascii_whitespace))
        .filter(|f| !f.is_empty());
    let numbers: Vec<u32> = fields.map_while(decimal).take(3).collect();
    let [width, height, ..] = numbers[..] else { return None };
    let bits = if numbers.get(2).is_some_and(|&max| max > 255) { 16 } else { 8 };
    let depth = if matches!(kind, b'1' | b'4') { String::new() } else { format!(", {bits}-bit") };
    (width > 0 && height > 0).then(|| found(Kind::ImageRaw, 94, format!("{name} {width}x{height}{depth}")))?
}

fn others(v: View<'_>) -> Option<Detection> {
    if v.has(0, b"YUV4MPEG2 ") {
        let line = v.upto(10, 40);
        let line = &line[..line.iter().position(|&b| b == b'\n').unwrap_or(line.len())];
        return found(Kind::ImageRaw, 96, format!("YUV4MPEG2 {}", super::printable(line, 40)));
    }
    if v.has(0, b"qoif") && matches!(v.u8(12)?, 3 | 4) && v.u8(13)? <= 1 {
        return found(Kind::ImageCoded, 96, format!("QOI {}x{}", v.be32(4)?, v.be32(8)?));
    }
    if v.has(0, b"8BPS\0\x01") && v.bytes(6, 6)? == [0; 6] {
        return found(Kind::ImageRaw, 92, "Photoshop");
    }
    if v.has(0, b"\x76\x2f\x31\x01\x02") {
        return found(Kind::ImageCoded, 94, "OpenEXR");
    }
    if v.has(0, b"SIMPLE  =                    T") {
        return found(Kind::ImageRaw, 96, "FITS");
    }
    if v.has(0, b"\xff\x4f\xff\x51\0") || v.has(0, b"\0\0\0\x0cjP  \r\n\x87\n") {
        return found(Kind::ImageCoded, 96, "JPEG 2000");
    }
    if v.has(0, b"DDS \x7c\0\0\0") {
        return found(Kind::ImageRaw, 92, "DirectDraw surface");
    }
    // An icon: zero, one, a small count, and a first picture that begins after the folder.
    let count = usize::from(v.le16(4)?);
    let icon = v.has(0, b"\0\0\x01\0") && (1..100).contains(&count);
    let plausible = icon && v.u8(9)? == 0 && v.le32(18)? as usize == 6 + 16 * count;
    plausible.then(|| found(Kind::ImageRaw, 90, format!("icon, {count} pictures")))?
}
