//! Tests of pictures in streams.

use super::{distance, picture};
use crate::{Env, ErrorKind, Limits, Options, Target, compress, decompress};
use minlen_image::{Chunk, Planes};
use minlen_recode::png;

/// Waves and an edge, with a little noise.
fn samples(width: usize, height: usize, channels: usize, depth: u8) -> Vec<u8> {
    let mut state = 7u32;
    let mut out = Vec::new();
    for i in 0..width * height {
        let (x, y) = (i % width, i / width);
        for channel in 0..channels {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = (x * (channel + 1) + y * 2) / 2 % 128;
            let value = wave.min(128 - wave) + if x > y { 90 } else { 10 } + (state >> 31) as usize;
            out.push(value as u8);
            if depth == 16 {
                out.push((state >> 8) as u8);
            }
        }
    }
    out
}

fn file(width: usize, height: usize, channels: usize, depth: u8, chunks: &[Chunk]) -> Vec<u8> {
    let header = png::Header { width: width as u32, height: height as u32, depth, channels: channels as u8 };
    png::write(header, chunks, &samples(width, height, channels, depth), &Env::default()).unwrap()
}

fn options(level: u8, target: Target) -> Options {
    Options::new(level).unwrap().with_target(target).unwrap()
}

fn colours(file: &[u8]) -> Planes {
    picture(file, &Env::default()).unwrap().colours
}

fn there_and_back(file: &[u8], options: &Options) -> (usize, Vec<u8>) {
    let small = compress(file, options).unwrap();
    (small.len(), decompress(&small, &Limits::default()).unwrap())
}

#[test]
fn every_target_is_kept() {
    let original = file(120, 90, 3, 8, &[]);
    let (finest, _) = there_and_back(&original, &options(2, Target::Quality(80)));
    let (coarsest, _) = there_and_back(&original, &options(2, Target::Quality(20)));
    assert!(coarsest < finest && finest < original.len(), "{coarsest}, {finest} of {}", original.len());
    for decibels in [30.0, 38.5] {
        let (_, back) = there_and_back(&original, &options(2, Target::Psnr(decibels)));
        let reached = colours(&original).psnr(&colours(&back));
        assert!((decibels..decibels + 1.0).contains(&reached), "{decibels}: {reached}");
    }
    let (_, back) = there_and_back(&original, &options(2, Target::Ssimulacra2(60.0)));
    let score = super::ssimulacra2(&colours(&original), &colours(&back), 1).unwrap();
    assert!((60.0..66.0).contains(&score), "{score}");
    for most in [700, 2000] {
        let (len, _) = there_and_back(&original, &options(2, Target::MaxSize(most)));
        assert!(len as u64 <= most && len as u64 * 10 >= most * 8, "{len} of {most}");
    }
    let (len, _) = there_and_back(&original, &options(2, Target::BitsPerSample(1.0)));
    assert!((1000..=1350).contains(&len), "{len}");
    let refused = compress(&original, &options(2, Target::MaxSize(30))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Usage);
}

#[test]
fn what_belongs_to_a_picture_stays() {
    let chunks = [(*b"gAMA", vec![0, 0, 177, 143]), (*b"tEXt", b"Title\0a test".to_vec())];
    for (channels, depth) in [(1, 8), (2, 8), (3, 16), (4, 8), (4, 16)] {
        let original = file(50, 41, channels, depth, &chunks);
        let (_, back) = there_and_back(&original, &options(3, Target::Quality(70)));
        let (old, new) =
            (picture(&original, &Env::default()).unwrap(), picture(&back, &Env::default()).unwrap());
        assert_eq!((&old.alpha, &old.chunks), (&new.alpha, &new.chunks), "{channels} of {depth}");
        assert_eq!(old.colours.shape(), new.colours.shape());
        assert!(old.colours.psnr(&new.colours) > 25.0);
    }
}

#[test]
fn any_sides_work() {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (7, 5), (64, 65)] {
        let original = file(width, height, 3, 8, &[]);
        let (_, back) = there_and_back(&original, &options(2, Target::Quality(60)));
        assert_eq!(colours(&back).width(), width);
    }
}

#[test]
fn threads_change_nothing() {
    let original = file(150, 130, 3, 8, &[]);
    for target in [Target::Quality(50), Target::Psnr(33.0)] {
        let one = compress(&original, &options(3, target)).unwrap();
        assert_eq!(one, compress(&original, &options(3, target).with_threads(3)).unwrap());
    }
}

#[test]
fn where_exactness_is_smaller_the_file_stays_as_it_is() {
    // Two colours, at random.
    let noise = |i: u32| i.wrapping_mul(2_654_435_761) >> 13 & 1;
    let pixels: Vec<u8> = (0..200 * 100).map(|i| if noise(i) == 1 { 255 } else { 0 }).collect();
    let header = png::Header { width: 200, height: 100, depth: 8, channels: 1 };
    let original = png::write(header, &[], &pixels, &Env::default()).unwrap();
    let (_, back) = there_and_back(&original, &options(5, Target::Quality(90)));
    assert_eq!(back, original);
}

#[test]
fn damaged_pictures_are_refused() {
    let original = file(40, 30, 3, 8, &[]);
    for len in [8, 20, 40, original.len() / 2, original.len() - 1] {
        let error = compress(&original[..len], &options(2, Target::Quality(60))).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Truncated), "{len}: {error}");
    }
}

#[test]
fn cut_and_flipped_streams_are_refused() {
    let original = file(33, 21, 4, 8, &[(*b"tEXt", b"A\0b".to_vec())]);
    let small = compress(&original, &options(2, Target::Quality(40))).unwrap();
    let whole = decompress(&small, &Limits::default()).unwrap();
    for len in 0..small.len() {
        assert!(decompress(&small[..len], &Limits::default()).is_err());
    }
    for at in 0..small.len() {
        let mut other = small.clone();
        other[at] ^= 1 << (at % 8);
        if let Ok(back) = decompress(&other, &Limits::default()) {
            assert_eq!(back, whole, "bit {} of byte {at}", at % 8);
        }
    }
}

#[test]
fn another_picture_is_not_taken_for_a_copy() {
    let original = file(40, 30, 3, 8, &[]);
    let env = Env::default();
    let far = distance(&original, &file(40, 31, 3, 8, &[]), &Target::Quality(1), &env).unwrap_err();
    assert_eq!(far.kind(), ErrorKind::Verify);
    let unlike = file(40, 30, 3, 8, &[(*b"tEXt", b"A\0b".to_vec())]);
    assert!(distance(&original, &unlike, &Target::Quality(1), &env).is_err());
    let (_, back) = there_and_back(&original, &options(2, Target::Quality(30)));
    assert!(distance(&original, &back, &Target::Psnr(60.0), &env).is_err());
    assert!(distance(&original, &back, &Target::Psnr(10.0), &env).unwrap().changed > 0);
}

#[test]
fn what_is_no_still_picture_is_stored_exactly() {
    let text = b"no picture at all, and no numbers".repeat(9);
    let (_, back) = there_and_back(&text, &options(2, Target::Quality(60)));
    assert_eq!(back, text);
}

#[test]
fn little_time_means_little_effort() {
    use std::time::Duration;
    let original = file(90, 60, 3, 8, &[]);
    let within = |time| {
        let options = options(5, Target::Quality(60)).with_time_budget(Duration::from_millis(time));
        compress(&original, &options).unwrap()
    };
    let at = |level| compress(&original, &options(level, Target::Quality(60))).unwrap();
    assert_eq!((within(1), within(60), within(60_000)), (at(1), at(2), at(5)));
}

#[test]
fn a_method_can_be_named() {
    let original = file(64, 48, 3, 8, &[]);
    let by = |method: &str| {
        let options = options(3, Target::Quality(5)).with_codec(&format!("picture:method={method}")).unwrap();
        compress(&original, &options).unwrap()
    };
    let all = ["auto", "block", "overfit", "vae"].map(by);
    assert_eq!(all[0], all[1]);
    for small in &all[1..] {
        let back = decompress(small, &Limits::default()).unwrap();
        assert_eq!(colours(&back).shape(), colours(&original).shape());
        let preview = super::preview(&small[..], 2, &Env::default()).unwrap();
        assert_eq!((preview.colours.width(), preview.colours.height()), (16, 12));
    }
    // Another chain has nothing to do with pictures, which then stay exact.
    let exact = compress(&original, &options(3, Target::Quality(5)).with_codec("lz77").unwrap()).unwrap();
    assert_eq!(decompress(&exact, &Limits::default()).unwrap(), original);
}

#[test]
fn a_picture_that_is_waited_for_is_stored_exactly() {
    use std::io::Write;
    let original = file(60, 50, 3, 8, &[]);
    let mut encoder =
        crate::Encoder::new(Vec::new(), &options(2, Target::Quality(50)), &Env::default()).unwrap();
    for piece in original.chunks(original.len() / 3) {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
    }
    assert_eq!(decompress(&encoder.finish().unwrap(), &Limits::default()).unwrap(), original);
    // Pieces alone change nothing.
    let mut encoder =
        crate::Encoder::new(Vec::new(), &options(2, Target::Quality(50)), &Env::default()).unwrap();
    original.chunks(100).for_each(|piece| encoder.write_all(piece).unwrap());
    assert_eq!(encoder.finish().unwrap(), compress(&original, &options(2, Target::Quality(50))).unwrap());
}
