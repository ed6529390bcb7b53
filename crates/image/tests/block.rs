//! The transform codec: what is coded comes back as promised, whatever the picture; and no payload does harm.

use minlen_core::testing::Rng;
use minlen_core::{Cancel, Env, ErrorKind, Limits};
use minlen_image::block::{self, Encoded, QUANTIZER_MAX, Shape};
use minlen_image::{Planes, SIDE_MAX};

fn made(
    width: usize,
    height: usize,
    depth: u8,
    colours: usize,
    of: impl Fn(usize, usize, usize) -> u32,
) -> Planes {
    let most = (1u32 << depth) - 1;
    let plane = |c| (0..width * height).map(|i| of(i % width, i / width, c).min(most) as u16).collect();
    Planes::new(width, height, depth, (0..colours).map(plane).collect()).unwrap()
}

/// Slopes, an edge and some texture.
fn scene(width: usize, height: usize, depth: u8, colours: usize) -> Planes {
    let scale = (1u32 << depth) / 256;
    made(width, height, depth, colours, |x, y, c| {
        let edge = if x + 2 * y > width + 7 * c { 60 } else { 0 };
        let texture = (x * 7 + y * 13) % 17;
        (((x * 100 / width + y * 60 / height + edge + texture + 9 * c) as u32) * scale).max(c as u32)
    })
}

fn noise(width: usize, height: usize, depth: u8, colours: usize) -> Planes {
    let mut rng = Rng(7);
    let plane = |_| (0..width * height).map(|_| rng.below(1 << depth) as u16).collect();
    Planes::new(width, height, depth, (0..colours).map(plane).collect()).unwrap()
}

fn round_trip(picture: &Planes, quantizer: u16, effort: u8) -> Encoded {
    let env = Env::default();
    let coded = block::encode(picture, quantizer, effort, &env).unwrap();
    let decoded = block::decode(&coded.bytes, &Shape::of(picture), &env).unwrap();
    assert_eq!(decoded, coded.picture, "quantizer {quantizer}, effort {effort}");
    coded
}

#[test]
fn pictures_of_all_sizes_come_back_as_promised() {
    for (width, height) in [(1, 1), (1, 130), (130, 1), (7, 5), (64, 64), (65, 66), (130, 40)] {
        for colours in [1, 3] {
            round_trip(&scene(width, height, 8, colours), 200, 1);
        }
    }
}

#[test]
fn every_effort_codes_and_finer_steps_are_nearer() {
    let picture = scene(90, 70, 8, 3);
    for effort in 0..=5 {
        let [fine, coarse] = [150, 280].map(|quantizer| round_trip(&picture, quantizer, effort));
        assert!(fine.bytes.len() > coarse.bytes.len(), "effort {effort}");
        assert!(fine.picture.psnr(&picture) > coarse.picture.psnr(&picture) + 3.0, "effort {effort}");
    }
}

#[test]
fn depths_are_kept() {
    for depth in [8, 9, 12, 13, 14, 16] {
        for colours in [1, 3] {
            let picture = scene(40, 24, depth, colours);
            assert!(round_trip(&picture, 60, 2).picture.psnr(&picture) > 50.0, "{depth} {colours}");
        }
    }
}

#[test]
fn flat_pictures_take_a_few_bytes() {
    for value in [0, 128, 255] {
        let picture = made(200, 150, 8, 3, |_, _, _| value);
        let coded = round_trip(&picture, 200, 1);
        assert!(
            coded.bytes.len() < 60 && coded.picture.psnr(&picture) > 40.0,
            "{value}: {}",
            coded.bytes.len()
        );
    }
    let two = made(64, 48, 8, 3, |x, y, c| if (x / 8 + y / 8) % 2 == 0 { 255 } else { 60 * c as u32 });
    assert!(round_trip(&two, 160, 2).picture.psnr(&two) > 35.0);
}

#[test]
fn noise_at_both_ends_of_the_quantizers() {
    for (depth, colours) in [(8, 3), (16, 1), (16, 3)] {
        let picture = noise(40, 36, depth, colours);
        for quantizer in [0, 20, QUANTIZER_MAX, u16::MAX] {
            round_trip(&picture, quantizer, 1);
        }
        assert!(round_trip(&picture, 0, 0).picture.psnr(&picture) > 60.0, "{depth}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let picture = scene(200, 190, 8, 3);
    let of = |threads| block::encode(&picture, 230, 2, &Env::default().with_threads(threads)).unwrap();
    let one = of(1);
    assert_eq!(one, of(2));
    assert_eq!(one, of(5));
}

#[test]
fn payloads_cut_short_or_changed_give_errors_or_pictures() {
    let env = Env::default();
    let picture = scene(70, 66, 8, 3);
    let shape = Shape::of(&picture);
    for effort in [0, 1] {
        let bytes = block::encode(&picture, 220, effort, &env).unwrap().bytes;
        for length in (0..bytes.len()).step_by(11) {
            let _ = block::decode(&bytes[..length], &shape, &env);
        }
        assert!(block::decode(&bytes[..5], &shape, &env).is_err());
        assert!(block::decode(&[&bytes[..], &[1, 2, 3, 4, 5, 6, 7, 8]].concat(), &shape, &env).is_err());
        for i in (0..bytes.len()).step_by(5) {
            let mut changed = bytes.clone();
            changed[i] ^= 1 << (i % 8);
            let _ = block::decode(&changed, &shape, &env);
        }
    }
}

#[test]
fn bytes_of_strangers_give_errors_or_pictures() {
    let env = Env::default();
    let mut rng = Rng(11);
    for round in 0..60 {
        let length = 6 + rng.below(4000);
        let mut bytes: Vec<u8> = (0..length).map(|_| rng.below(256) as u8).collect();
        if round % 2 == 0 {
            bytes[1] &= 1;
            bytes[2..6].copy_from_slice(&[10, 20, 30, 40]);
        }
        for (depth, colours) in [(8, 3), (16, 1), (16, 3)] {
            let _ = block::decode(&bytes, &Shape { width: 80, height: 70, depth, colours }, &env);
        }
    }
}

#[test]
fn shapes_that_no_picture_has_are_refused() {
    let env = Env::default();
    let right = Shape { width: 4, height: 4, depth: 8, colours: 3 };
    let wrong = [
        Shape { width: 0, ..right },
        Shape { height: SIDE_MAX + 1, ..right },
        Shape { depth: 7, ..right },
        Shape { depth: 17, ..right },
        Shape { colours: 2, ..right },
    ];
    for shape in wrong {
        assert_eq!(block::decode(&[0; 100], &shape, &env).unwrap_err().kind(), ErrorKind::Usage);
    }
    let header = [[1, 200].as_slice(), &[0; 50]].concat();
    assert!(block::decode(&header, &right, &env).is_err());
    assert!(block::decode(&[0; 50], &right, &env).is_err());
}

#[test]
fn memory_is_asked_for_before_it_is_taken() {
    let small = Env::new(Limits::default().with_memory(1 << 20));
    let shape = Shape { width: SIDE_MAX, height: SIDE_MAX, depth: 8, colours: 3 };
    let error = block::decode(&[1; 100], &shape, &small).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(block::encode(&scene(64, 64, 8, 3), 200, 0, &small).is_err());
}

#[test]
fn coding_stops_on_request() {
    let stop = Cancel::default();
    stop.cancel();
    let env = Env::default().with_cancel(stop).with_threads(2);
    let error = block::encode(&scene(200, 190, 8, 3), 200, 1, &env).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
