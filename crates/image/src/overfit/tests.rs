//! Payloads and pictures.

use super::*;
use minlen_core::testing::Rng;

fn picture(
    width: usize,
    height: usize,
    depth: u8,
    colours: usize,
    of: impl Fn(usize, usize, usize) -> u32,
) -> Planes {
    let peak = (1u32 << depth) - 1;
    let plane = |c| (0..width * height).map(|i| of(c, i % width, i / width).min(peak) as u16).collect();
    Planes::new(width, height, depth, (0..colours).map(plane).collect()).unwrap()
}

fn slopes(width: usize, height: usize, depth: u8, colours: usize) -> Planes {
    let unit = 1 << (depth - 8);
    picture(width, height, depth, colours, |c, x, y| {
        let square = if (x / 9 + y / 7) % 3 == 0 { 80 } else { 0 };
        unit * (40 + (x + y * (c + 1)) as u32 % 120 + square)
    })
}

fn quick(steps: u32) -> Schedule {
    Schedule { steps, hidden: 8, ..Schedule::effort(3) }
}

#[test]
fn decoding_gives_the_picture_that_encoding_promised() {
    let sizes = [(1, 1), (1, 40), (40, 1), (7, 5), (64, 48), (33, 65)];
    for (width, height) in sizes {
        for (depth, colours) in [(8, 3), (8, 1), (16, 3), (10, 1)] {
            let original = slopes(width, height, depth, colours);
            let made = encode(&original, Goal::Lambda(1e-3), &quick(6), &Env::default()).unwrap();
            let back = decode(&made.bytes, &Shape::of(&original), &Env::default()).unwrap();
            assert_eq!(back, made.picture, "{width} {height} {depth} {colours}");
        }
    }
}

#[test]
fn training_makes_pictures_better_and_smaller() {
    let original = slopes(64, 64, 8, 3);
    let lambda = 1e-3;
    let cost = |steps| {
        let made = encode(&original, Goal::Lambda(lambda), &quick(steps), &Env::default()).unwrap();
        let bits = 8.0 * made.bytes.len() as f64 / (64.0 * 64.0);
        original.mean_square(&made.picture) / (255.0 * 255.0) + f64::from(lambda) * bits
    };
    let (short, long) = (cost(4), cost(120));
    assert!(long < 0.8 * short, "{long} after {short}");
}

#[test]
fn payloads_do_not_depend_on_threads() {
    let original = slopes(90, 41, 8, 3);
    let one = encode(&original, Goal::Lambda(2e-3), &quick(5), &Env::default()).unwrap();
    let two = encode(&original, Goal::Lambda(2e-3), &quick(5), &Env::default().with_threads(2)).unwrap();
    assert_eq!(one.bytes, two.bytes);
}

#[test]
fn plain_and_noisy_pictures_come_through() {
    let mut rng = Rng(5);
    let noise: Vec<u32> = (0..3 * 24 * 24).map(|_| rng.below(256) as u32).collect();
    let pictures = [
        picture(24, 24, 8, 3, |_, _, _| 0),
        picture(24, 24, 8, 3, |_, _, _| 255),
        picture(24, 24, 8, 1, |_, x, _| if x < 11 { 10 } else { 200 }),
        picture(24, 24, 8, 3, |c, x, y| noise[(c * 24 + y) * 24 + x]),
    ];
    for original in pictures {
        let made = encode(&original, Goal::Lambda(1e-3), &quick(10), &Env::default()).unwrap();
        assert_eq!(decode(&made.bytes, &Shape::of(&original), &Env::default()).unwrap(), made.picture);
    }
}

#[test]
fn previews_are_smaller_pictures() {
    let original = slopes(64, 40, 8, 3);
    let made = encode(&original, Goal::Lambda(1e-3), &quick(30), &Env::default()).unwrap();
    let shape = Shape::of(&original);
    let small = preview(&made.bytes, &shape, 1, &Env::default()).unwrap();
    assert_eq!((small.width(), small.height()), (32, 20));
    // The half of a payload has what the coarse grids say.
    let half = &made.bytes[..made.bytes.len() * 3 / 4];
    let tiny = preview(half, &shape, 2, &Env::default());
    assert!(tiny.is_err() || tiny.unwrap().width() == 16);
    assert!(preview(&made.bytes, &shape, 200, &Env::default()).is_ok());
}

#[test]
fn broken_payloads_give_errors_or_pictures() {
    let original = slopes(30, 30, 8, 3);
    let made = encode(&original, Goal::Lambda(1e-3), &quick(6), &Env::default()).unwrap();
    let shape = Shape::of(&original);
    let mut rng = Rng(9);
    for length in 0..made.bytes.len().min(60) {
        let _ = decode(&made.bytes[..length], &shape, &Env::default());
    }
    for _ in 0..150 {
        let mut bytes = made.bytes.clone();
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        if let Ok(picture) = decode(&bytes, &shape, &Env::default()) {
            assert_eq!((picture.width(), picture.height()), (30, 30));
        }
        let noise: Vec<u8> = (0..rng.below(200)).map(|_| rng.next_u64() as u8).collect();
        let _ = decode(&noise, &shape, &Env::default());
    }
    for width in [0, 1 << 17] {
        assert!(decode(&made.bytes, &Shape { width, ..shape }, &Env::default()).is_err());
    }
    assert!(decode(&made.bytes, &Shape { colours: 2, ..shape }, &Env::default()).is_err());
    let little = Env::new(minlen_core::Limits::default().with_memory(1000));
    assert!(decode(&made.bytes, &shape, &little).is_err());
}

#[test]
fn goals_are_not_exceeded() {
    let original = slopes(64, 64, 8, 3);
    let made = encode(&original, Goal::Bytes(500), &quick(30), &Env::default()).unwrap();
    assert!((1..=500).contains(&made.bytes.len()), "{} bytes", made.bytes.len());
    let made = encode(&original, Goal::MeanSquare(150.0), &quick(30), &Env::default()).unwrap();
    assert!(original.mean_square(&made.picture) <= 150.0);
    for goal in [Goal::Lambda(0.0), Goal::Lambda(f32::NAN), Goal::MeanSquare(-1.0)] {
        assert!(encode(&original, goal, &quick(2), &Env::default()).is_err());
    }
}
