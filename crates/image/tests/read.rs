//! Pictures out of files.

use crate::common::photo;
use minlen_core::ErrorKind;
use minlen_image::Planes;
use minlen_image::read::is_picture;

fn picture(file: &[u8]) -> minlen_core::Result<minlen_image::Picture> {
    minlen_image::read::picture(file, &minlen_core::Env::default())
}

/// Samples of whole pixels as bytes, the large one first.
fn interleaved(planes: &Planes) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..planes.width() * planes.height() {
        for plane in planes.planes() {
            match planes.depth() {
                16 => out.extend(plane[i].to_be_bytes()),
                _ => out.push(plane[i] as u8),
            }
        }
    }
    out
}

fn png(planes: &Planes) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, planes.width() as u32, planes.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(if planes.depth() == 16 { png::BitDepth::Sixteen } else { png::BitDepth::Eight });
    encoder.write_header().unwrap().write_image_data(&interleaved(planes)).unwrap();
    file
}

fn webp(planes: &Planes) -> Vec<u8> {
    let mut file = Vec::new();
    image_webp::WebPEncoder::new(&mut file)
        .encode(
            &interleaved(planes),
            planes.width() as u32,
            planes.height() as u32,
            image_webp::ColorType::Rgb8,
        )
        .unwrap();
    file
}

fn tiff(planes: &Planes) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
    let (width, height) = (planes.width() as u32, planes.height() as u32);
    let bytes = interleaved(planes);
    if planes.depth() == 16 {
        let words: Vec<u16> = bytes.chunks(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
        encoder.write_image::<tiff::encoder::colortype::RGB16>(width, height, &words).unwrap();
    } else {
        encoder.write_image::<tiff::encoder::colortype::RGB8>(width, height, &bytes).unwrap();
    }
    file.into_inner()
}

fn ppm(planes: &Planes) -> Vec<u8> {
    let most = planes.peak();
    let head = format!("P6\n# a remark\n{} {}\n{most}\n", planes.width(), planes.height());
    [head.as_bytes(), &interleaved(planes)].concat()
}

#[test]
fn every_format_gives_the_same_picture() {
    for depth in [8, 16] {
        let planes = photo(37, 29, depth);
        let mut files = vec![png(&planes), tiff(&planes), ppm(&planes)];
        if depth == 8 {
            files.push(webp(&planes));
        }
        for file in files {
            assert!(is_picture(&file[..16]));
            let read = picture(&file).unwrap();
            assert!(read.colours == planes && read.alpha.is_none());
        }
    }
}

#[test]
fn grey_is_one_plane_and_opaque_alpha_none() {
    let grey = |alpha: u8| -> Vec<u8> { (0..60u8).flat_map(|v| [v, v, v, alpha]).collect() };
    for (alpha, is_kept) in [(255, false), (90, true)] {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 10, 6);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&grey(alpha)).unwrap();
        let read = picture(&file).unwrap();
        assert_eq!((read.colours.planes().len(), read.alpha.is_some()), (1, is_kept));
    }
}

#[test]
fn palettes_and_bits_are_spread_out() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 4, 1);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Two);
    encoder.set_palette(vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    encoder.write_header().unwrap().write_image_data(&[0b00_01_10_11]).unwrap();
    let read = picture(&file).unwrap();
    assert_eq!(read.colours.planes()[0], [1, 4, 7, 10]);
    let bits = picture(b"P4 9 1\n\x80\x80").unwrap();
    assert_eq!(bits.colours.planes()[0], [0, 255, 255, 255, 255, 255, 255, 255, 0]);
    let few = picture(b"P5 2 1 15\n\x00\x0f").unwrap();
    assert_eq!(few.colours.planes()[0], [0, 255]);
}

#[test]
fn what_is_needed_to_show_it_is_kept() {
    let planes = photo(8, 8, 8);
    let plain = png(&planes);
    // Behind the header: a gamma, something private, and a text.
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        [&(data.len() as u32).to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
    };
    let between =
        [chunk(b"gAMA", &[0, 0, 177, 143]), chunk(b"prVt", b"no"), chunk(b"tEXt", b"Author\0me")].concat();
    let file = [&plain[..33], &between, &plain[33..]].concat();
    let kinds: Vec<[u8; 4]> = picture(&file).unwrap().chunks.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [*b"gAMA", *b"tEXt"]);
}

#[test]
fn damaged_files_are_refused() {
    let planes = photo(23, 17, 8);
    for file in [png(&planes), webp(&planes), tiff(&planes), ppm(&planes)] {
        for len in 0..file.len() {
            if let Err(error) = picture(&file[..len]) {
                assert!(matches!(
                    error.kind(),
                    ErrorKind::Corrupt | ErrorKind::Unsupported | ErrorKind::Limit
                ));
            }
        }
        // A flipped bit may leave another picture; it must not bring anything down.
        for at in 0..file.len() {
            let mut other = file.clone();
            other[at] ^= 1 << (at % 8);
            let _ = picture(&other);
        }
    }
    assert_eq!(picture(b"plain text, no picture").unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(picture(b"P6 99999 99999 255\n").unwrap_err().kind(), ErrorKind::Limit);
}

/// What `testdata/small.*` were made of.
fn small() -> Planes {
    let pixels = || (0..24 * 16u16).map(|i| (i % 24, i / 24));
    let planes = vec![
        pixels().map(|(x, _)| x * 10).collect(),
        pixels().map(|(_, y)| y * 15).collect(),
        pixels().map(|(x, y)| x * y % 64 + 60).collect(),
    ];
    Planes::new(24, 16, 8, planes).unwrap()
}

#[test]
fn jpeg_files_are_read() {
    let file = include_bytes!("../testdata/small.jpg");
    let read = picture(file).unwrap();
    assert!(read.colours.psnr(&small()) > 28.0, "{}", read.colours.psnr(&small()));
    // 0xffe1: EXIF that says that the picture is turned.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let marker = [&[0xff, 0xe1][..], &(exif.len() as u16 + 2).to_be_bytes(), exif].concat();
    let turned = picture(&[&file[..2], &marker, &file[2..]].concat()).unwrap();
    assert_eq!(turned.colours, read.colours);
    assert_eq!(turned.chunks, [(*b"eXIf", exif[6..].to_vec())]);
    for len in 0..file.len() - 2 {
        assert!(picture(&file[..len]).is_err(), "{len} bytes");
    }
}

#[cfg(feature = "jxl")]
#[test]
fn jpeg_xl_files_are_read() {
    let file = include_bytes!("../testdata/small.jxl");
    assert_eq!(picture(file).unwrap().colours, small());
    for len in 0..file.len() {
        let _ = picture(&file[..len]);
        let mut other = file.to_vec();
        other[len] ^= 4;
        let _ = picture(&other);
    }
}
