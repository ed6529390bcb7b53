//! The models of pixels and of sound: sizes on known signals, round trips, hostile layouts, and what the detectors find.

use minlen_core::Env;
use minlen_entropy::binary::{Decoder, Encoder};
use minlen_mix::Predictor;
use minlen_mix::audio::{AudioModel, Format};
use minlen_mix::image::{ImageModel, Layout};
use minlen_mix::records;
use minlen_structure::{pixels, sound};
use proptest::prelude::*;
use std::ops::Range;

fn pixels_of(data: &[u8]) -> Option<(Range<usize>, Layout)> {
    Layout::of(&pixels::find(data)?, data)
}

fn sound_of(data: &[u8]) -> Option<(Range<usize>, Format)> {
    Format::of(&sound::find(data)?, data)
}

fn code(model: &mut dyn Predictor, data: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    for &byte in data {
        for b in (0..8).rev() {
            let bit = u32::from(byte >> b & 1);
            let p = model.p();
            assert!((1..=65_535).contains(&p));
            encoder.encode(bit, p);
            model.update(bit);
        }
    }
    encoder.finish()
}

fn decode(model: &mut dyn Predictor, data: &[u8], n: usize) -> Vec<u8> {
    let mut decoder = Decoder::new(data);
    let mut byte = || {
        (0..8).fold(0, |byte, _| {
            let bit = decoder.decode(model.p());
            model.update(bit);
            byte << 1 | bit as u8
        })
    };
    (0..n).map(|_| byte()).collect()
}

fn image_size(layout: Layout, depth: u32, data: &[u8]) -> usize {
    let out = code(&mut ImageModel::new(layout, depth).unwrap(), data);
    assert!(decode(&mut ImageModel::new(layout, depth).unwrap(), &out, data.len()) == data, "{layout:?}");
    out.len()
}

fn audio_size(format: Format, depth: u32, data: &[u8]) -> usize {
    let out = code(&mut AudioModel::new(format, depth).unwrap(), data);
    assert!(decode(&mut AudioModel::new(format, depth).unwrap(), &out, data.len()) == data, "{format:?}");
    out.len()
}

/// Noise of a few bits.
struct Noise(u64);

impl Noise {
    fn next(&mut self, most: u32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(most)) as i32
    }
}

/// Smooth waves in `channels` planes with a little noise.
fn picture(width: u32, height: u32, channels: u32, scale: f64, noise: u32) -> Vec<i32> {
    let mut random = Noise(7);
    let mut out = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let wave = (f64::from(x) / 9.0).sin() + (f64::from(y) / 7.0 + f64::from(x) / 31.0).cos() + 2.0;
            for c in 0..channels {
                out.push((wave * scale) as i32 + random.next(noise) + 3 * c as i32);
            }
        }
    }
    out
}

fn bytes(values: &[i32]) -> Vec<u8> {
    values.iter().map(|&v| v as u8).collect()
}

#[test]
fn smooth_pictures_cost_little_more_than_their_noise() {
    for (channels, depth) in [(1, 0), (3, 1), (4, 2)] {
        let data = bytes(&picture(80, 60, channels, 50.0, 4));
        let size = image_size(Layout::new(80, channels as u8), depth, &data);
        // Two bits of noise for each sample.
        let least = data.len() / 4;
        assert!((least..least * 8 / 5).contains(&size), "{channels} channels: {size} for {least}");
    }
}

#[test]
fn sixteen_bits_in_both_orders() {
    let values = picture(64, 64, 1, 3000.0, 16);
    let least = values.len() / 2;
    for (little, signed) in [(true, false), (false, false), (true, true), (false, true)] {
        let join = |&v: &i32| {
            let v = if signed { v - 6000 } else { v } as i16;
            if little { v.to_le_bytes() } else { v.to_be_bytes() }
        };
        let data: Vec<u8> = values.iter().flat_map(join).collect();
        let mut layout = Layout { bits: 16, little, signed, stride: 128, ..Layout::new(64, 1) };
        layout.frame = 32;
        let size = image_size(layout, 1, &data);
        assert!(size < least * 9 / 5, "little {little}, signed {signed}: {size} for {least}");
    }
}

/// Rows as a PNG has them, the filters in turn.
fn filtered(data: &[u8], row: usize, pixel: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for y in 0..data.len() / row {
        out.push((y % 5) as u8);
        for x in 0..row {
            let at = |up: usize, back: usize| match (y >= up, x >= back) {
                (true, true) => i32::from(data[(y - up) * row + x - back]),
                _ => 0,
            };
            let (a, b, c) = (at(0, pixel), at(1, 0), at(1, pixel));
            let q = a + b - c;
            let near = [(q - a).abs(), (q - b).abs(), (q - c).abs()];
            let paeth = match near {
                [x, y, z] if x <= y && x <= z => a,
                [_, y, z] if y <= z => b,
                _ => c,
            };
            let predicted = [0, a, b, (a + b) / 2, paeth][y % 5];
            out.push(data[y * row + x].wrapping_sub(predicted as u8));
        }
    }
    out
}

#[test]
fn filters_of_png_cost_almost_nothing() {
    let data = bytes(&picture(100, 60, 3, 50.0, 4));
    let plain = Layout::new(100, 3);
    let png = Layout { png: true, stride: 301, ..plain };
    let (a, b) = (image_size(plain, 1, &data), image_size(png, 1, &filtered(&data, 300, 3)));
    assert!(b < a + a / 6 + 100, "{b} for {a}");
}

#[test]
fn padding_palettes_and_cut_rows() {
    let mut data = Vec::new();
    for row in bytes(&picture(61, 40, 1, 20.0, 1)).chunks(61) {
        data.extend_from_slice(row);
        data.extend_from_slice(&[0, 0, 0]);
    }
    let layout = Layout { stride: 64, palette: true, ..Layout::new(61, 1) };
    for len in [0, 1, 63, 64, 65, data.len() - 1, data.len()] {
        let size = image_size(layout, 0, &data[..len]);
        assert!(size < len / 2 + 64);
    }
}

fn page(width: usize, height: usize) -> Vec<u8> {
    let mut data = vec![0u8; width / 8 * height];
    for (i, byte) in data.iter_mut().enumerate() {
        let (x, y) = (i % (width / 8) * 8, i / (width / 8));
        for b in 0..8 {
            let (dx, dy) = ((x + b) % 97, y % 53);
            let inside =
                dx > 20 && dx < 40 && dy > 8 || (dx as i32 - 60).pow(2) + (dy as i32 - 25).pow(2) < 150;
            *byte |= u8::from(inside) << (7 - b);
        }
    }
    data
}

#[test]
fn pages_of_bits() {
    let data = page(1024, 300);
    for depth in 0..3 {
        let layout = Layout { bits: 1, stride: 128, ..Layout::new(1024, 1) };
        let size = image_size(layout, depth, &data);
        assert!(size < 400, "{size}");
    }
    let (range, layout) = pixels_of(&data).unwrap();
    assert_eq!((range, layout.bits, layout.stride), (0..data.len(), 1, 128));
}

#[test]
fn tones_cost_little_more_than_their_noise() {
    let mut random = Noise(3);
    let samples: Vec<i32> = (0..12_000)
        .map(|i| {
            let t = f64::from(i / 2);
            ((t / 20.0).sin() * 9000.0 + (t / 7.3).sin() * 4000.0) as i32 + random.next(16)
        })
        .collect();
    // Four bits of noise for each sample.
    let least = samples.len() / 2;
    for (little, depth) in [(true, 0), (false, 1), (true, 2)] {
        let join = |&v: &i32| if little { (v as i16).to_le_bytes() } else { (v as i16).to_be_bytes() };
        let data: Vec<u8> = samples.iter().flat_map(join).collect();
        let size = audio_size(Format { bits: 16, channels: 2, little, signed: true }, depth, &data);
        assert!(size < least * 3 / 2, "depth {depth}: {size} for {least}");
    }
    let wide: Vec<u8> = samples.iter().flat_map(|v| (v * 16).to_le_bytes()[..3].to_vec()).collect();
    let size = audio_size(Format { bits: 24, channels: 1, little: true, signed: true }, 1, &wide);
    assert!(size < least * 5 / 2, "{size}");
    let narrow: Vec<u8> = samples.iter().map(|v| (v / 110 + 128) as u8).collect();
    let size = audio_size(Format { bits: 8, channels: 1, little: true, signed: false }, 0, &narrow);
    assert!(size < narrow.len() / 2, "{size}");
}

#[test]
fn loops_are_found_again() {
    let mut random = Noise(5);
    let beat: Vec<u8> = (0..8000).map(|_| random.next(256) as u8).collect();
    let data = beat.repeat(6);
    let size = audio_size(Format { bits: 16, channels: 2, little: true, signed: true }, 0, &data);
    assert!(size < beat.len() * 3 / 2, "{size}");
}

#[test]
fn impossible_layouts_are_refused() {
    let good = Layout::new(10, 3);
    for bad in [
        Layout { width: 0, ..good },
        Layout { width: u32::MAX, ..good },
        Layout { width: 1 << 20, stride: u32::MAX, ..good },
        Layout { stride: 29, ..good },
        Layout { channels: 0, ..good },
        Layout { channels: 255, ..good },
        Layout { bits: 7, ..good },
        Layout { bits: 1, ..good },
        Layout { png: true, ..good },
        Layout { frame: u32::MAX, ..good },
        Layout { stride: 5000, ..good },
    ] {
        assert!(ImageModel::new(bad, 2).is_err(), "{bad:?}");
    }
    for (bits, channels) in [(0, 1), (16, 0), (32, 2), (16, 200)] {
        assert!(AudioModel::new(Format { bits, channels, little: true, signed: true }, 2).is_err());
    }
}

#[test]
fn headers_are_understood() {
    let mut bmp = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x15\0\0\0\x20\0\0\0\x01\0\x18\0".to_vec();
    bmp.resize(54, 0);
    bmp.resize(54 + 64 * 32, 9);
    let (range, layout) = pixels_of(&bmp).unwrap();
    assert_eq!((range, layout.width, layout.stride, layout.channels), (54..54 + 64 * 32, 21, 64, 3));

    let mut ppm = b"P6 # a comment\n20 30\n255\n".to_vec();
    let start = ppm.len();
    ppm.resize(start + 1800 + 7, 1);
    assert_eq!(pixels_of(&ppm), Some((start..start + 1800, Layout::new(20, 3))));

    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data".to_vec();
    wav.extend_from_slice(&1001u32.to_le_bytes());
    wav.resize(44 + 1100, 0);
    let format = Format { bits: 16, channels: 2, little: true, signed: true };
    assert_eq!(sound_of(&wav), Some((44..1044, format)));

    let mut aiff = b"FORM\0\0\0\0AIFFCOMM\0\0\0\x12\0\x01\0\0\0\0\0\x10".to_vec();
    aiff.resize(12 + 8 + 18, 0);
    aiff.extend_from_slice(b"SSND\0\0\x01\x08\0\0\0\0\0\0\0\0");
    let start = aiff.len();
    aiff.resize(start + 256, 0);
    let format = Format { bits: 16, channels: 1, little: false, signed: true };
    assert_eq!(sound_of(&aiff), Some((start..start + 256, format)));
}

#[test]
fn dicom_and_tiff_are_understood() {
    let mut dicom = vec![0; 128];
    dicom.extend_from_slice(b"DICM");
    for (element, value) in [(2u16, 1u16), (0x10, 32), (0x11, 48), (0x100, 16), (0x103, 1)] {
        dicom.extend_from_slice(&[0x28, 0]);
        dicom.extend_from_slice(&element.to_le_bytes());
        dicom.extend_from_slice(b"US\x02\0");
        dicom.extend_from_slice(&value.to_le_bytes());
    }
    dicom.extend_from_slice(b"\xe0\x7f\x10\0OW\0\0");
    dicom.extend_from_slice(&(32u32 * 48 * 2).to_le_bytes());
    let start = dicom.len();
    dicom.resize(start + 32 * 48 * 2, 0);
    let (range, layout) = pixels_of(&dicom).unwrap();
    assert_eq!((range, layout.width, layout.bits, layout.signed), (start..dicom.len(), 48, 16, true));

    let mut tiff = b"MM\0*\0\0\0\x08\0\x06".to_vec();
    for (tag, kind, value) in
        [(256u16, 3u16, 40u16), (257, 3, 30), (258, 3, 8), (273, 3, 100), (277, 3, 1), (279, 3, 1200)]
    {
        tiff.extend_from_slice(&tag.to_be_bytes());
        tiff.extend_from_slice(&kind.to_be_bytes());
        tiff.extend_from_slice(&[0, 0, 0, 1]);
        tiff.extend_from_slice(&value.to_be_bytes());
        tiff.extend_from_slice(&[0, 0]);
    }
    tiff.resize(1300, 5);
    assert_eq!(pixels_of(&tiff).map(|(range, layout)| (range, layout.width)), Some((100..1300, 40)));
}

#[test]
fn planes_without_a_header() {
    let values = (0..32_000).map(|i| {
        let (x, y) = (f64::from(i % 200), f64::from(i / 200));
        ((x / 9.0).sin() + (y / 7.0).cos() + 2.0) * 900.0
    });
    let data: Vec<u8> = values.flat_map(|v| (v as u16).to_le_bytes()).collect();
    let (_, layout) = pixels_of(&data).unwrap();
    assert_eq!((layout.width, layout.bits, layout.little), (200, 16, true));
    let mut random = Noise(1);
    let noise: Vec<u8> = (0..100_000).map(|_| random.next(256) as u8).collect();
    assert_eq!(pixels_of(&noise), None);
    assert_eq!(pixels_of(&vec![0; 100_000]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_layout_codes_any_bytes(
        data in prop::collection::vec(any::<u8>(), 0..700),
        (width, channels, extra) in (1u32..40, 1u8..5, 0u32..4),
        (kind, little, signed, frame, depth) in (0u8..4, any::<bool>(), any::<bool>(), 0u32..6, 0u32..3),
    ) {
        let (channels, bits) = if kind == 0 { (1, 1) } else { (channels, if kind == 1 { 16 } else { 8 }) };
        let mut layout = Layout { bits, little, signed, frame, png: kind == 2, ..Layout::new(width, channels) };
        layout.stride = layout.row_bytes() as u32 + extra + u32::from(layout.png);
        image_size(layout, depth, &data);
        let format = Format { bits: [8, 16, 24][depth as usize], channels, little, signed };
        audio_size(format, depth, &data);
    }

    #[test]
    fn any_records_code_any_bytes(
        data in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..500),
        (width, channels, rows, planes) in (1u32..30, 1u8..6, 0u32..9, 1u16..5),
        (depth, bright) in (0u8..4, any::<bool>()),
    ) {
        let data: Vec<u8> = data.iter().map(|&value| if bright { !value } else { value }).collect();
        let planes = if rows == 0 { 1 } else { planes };
        let layout = records::Layout { width, channels, rows, planes, ..records::Layout::default() }.seen_in(&data);
        let (mut bits, mut back) = (Vec::new(), Vec::new());
        let model = || records::RecordModel::new(layout, depth, data.len()).unwrap();
        model().encode(&data, &Env::default(), &mut bits).unwrap();
        model().decode(&bits, data.len(), &Env::default(), &mut back).unwrap();
        prop_assert_eq!(back, data);
    }

    #[test]
    fn detectors_take_any_bytes(
        head in 0usize..9,
        mut data in prop::collection::vec(any::<u8>(), 0..400),
        long in any::<bool>(),
    ) {
        let heads: [&[u8]; 9] = [
            b"BM", b"P4", b"P6 9 9 255 ", b"II*\0", b"MM\0*\0\0\0\x08", b"\x08\0\0\0\x04\0\0\0", b"RIFF\0\0\0\0WAVEfmt ",
            b"FORM\0\0\0\0AIFCCOMM", b"",
        ];
        data.splice(0..0, heads[head].iter().copied());
        if long {
            let n = 40_000usize.div_ceil(data.len().max(1));
            data = data.repeat(n);
        }
        for (range, ok) in [pixels_of(&data).map(|(r, l)| (r, l.is_sane())), sound_of(&data).map(|(r, f)| (r, f.is_sane()))].into_iter().flatten() {
            prop_assert!(ok && range.end <= data.len() && range.start < range.end);
        }
    }
}
