//! Any arrays come back, whole and in part, at every strength; damage is never believed.

use super::tests::decoded;
use super::*;
use crate::Dtype;
use minlen_core::testing::Rng;
use proptest::prelude::*;
use std::ops::Range;

const STRENGTHS: [Strength; 3] = [Strength::Fast, Strength::Dense, Strength::Max];

/// What the bytes of an array are like.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Noise,
    Constant,
    /// Small numbers around zero, where bytes are numbers.
    Small,
    /// NaN with payloads, infinities, -0 and subnormal numbers, where bytes are floats.
    Special,
    /// Zero but for a few.
    Sparse,
    /// A stretch of the array before, then something else.
    Repeat,
}

#[derive(Clone, Debug)]
struct Shape {
    dtype: Dtype,
    columns: usize,
    units: usize,
    kind: Kind,
    /// How far the base is from the array, in random bits of its last bytes, if there is one.
    base: Option<u8>,
    seed: u64,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Noise),
        Just(Kind::Constant),
        Just(Kind::Small),
        Just(Kind::Special),
        Just(Kind::Sparse),
        Just(Kind::Repeat),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let base = prop_oneof![Just(None), (0u8..8).prop_map(Some)];
    (0usize..Dtype::ALL.len(), 1usize..90, 0usize..500, kind(), base, any::<u64>()).prop_map(
        |(code, columns, units, kind, base, seed)| {
            let dtype = Dtype::ALL[code];
            Shape { dtype, columns, units: units * 4 / (dtype.unit() + 3), kind, base, seed }
        },
    )
}

fn bytes(shape: &Shape, before: &[u8]) -> Vec<u8> {
    let (mut rng, unit) = (Rng(shape.seed), shape.dtype.unit());
    let len = shape.units * unit;
    let mut out: Vec<u8> = match shape.kind {
        Kind::Noise => (0..len).map(|_| rng.next_u64() as u8).collect(),
        Kind::Constant => {
            let one: Vec<u8> = (0..unit).map(|_| rng.next_u64() as u8).collect();
            one.into_iter().cycle().take(len).collect()
        }
        Kind::Small => (0..shape.units).flat_map(|_| small(shape.dtype, &mut rng)).collect(),
        Kind::Special => (0..shape.units).flat_map(|_| special(unit, &mut rng)).collect(),
        Kind::Sparse => (0..len).map(|_| if rng.below(40) == 0 { rng.next_u64() as u8 } else { 0 }).collect(),
        Kind::Repeat => before.iter().skip(rng.below(9) * unit).copied().take(len).collect(),
    };
    out.resize_with(len, || rng.next_u64() as u8 & 0x3f);
    out
}

fn small(dtype: Dtype, rng: &mut Rng) -> Vec<u8> {
    let value = rng.below(2001) as f64 / 4096.0 - 0.25;
    match dtype {
        Dtype::F64 => value.to_le_bytes().to_vec(),
        Dtype::F32 => (value as f32).to_le_bytes().to_vec(),
        Dtype::Bf16 => (value as f32).to_le_bytes()[2..].to_vec(),
        _ => (0..dtype.unit()).map(|_| (value * 64.0) as i8 as u8).collect(),
    }
}

fn special(unit: usize, rng: &mut Rng) -> Vec<u8> {
    let high = [0x7ff8u16, 0xfff0, 0x7f80, 0xff81, 0x8000, 0, 0x7c01, 0xfc00][rng.below(8)];
    let mut one: Vec<u8> = (0..unit).map(|_| [0, 1, 0xff][rng.below(3)]).collect();
    for (to, from) in one.iter_mut().rev().zip(high.to_le_bytes().iter().rev()) {
        *to = *from;
    }
    one
}

fn base(shape: &Shape, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rng = Rng(!shape.seed);
    let unit = shape.dtype.unit();
    let changed = |(at, byte): (usize, &u8)| {
        let low = at % unit == 0 || shape.base == Some(7);
        byte ^ if low { rng.next_u64() as u8 & ((1u16 << shape.base.unwrap_or(0)) - 1) as u8 } else { 0 }
    };
    shape.base.map(|_| bytes.iter().enumerate().map(changed).collect())
}

/// The bytes of all arrays and of their bases.
fn contents(shapes: &[Shape]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut all: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
    for shape in shapes {
        let bytes = bytes(shape, all.last().map_or(&[], |(before, _)| before.as_slice()));
        let base = base(shape, &bytes);
        all.push((bytes, base));
    }
    all
}

fn arrays<'a>(shapes: &[Shape], contents: &'a [(Vec<u8>, Option<Vec<u8>>)]) -> Vec<Array<'a>> {
    let pairs = shapes.iter().zip(contents);
    pairs
        .map(|(shape, (bytes, base))| Array {
            dtype: shape.dtype,
            columns: shape.columns,
            bytes,
            base: base.as_deref(),
        })
        .collect()
}

fn coded(arrays: &[Array<'_>], strength: Strength) -> Vec<u8> {
    let mut out = b"kept".to_vec();
    encode(arrays, strength, &Env::default(), &mut out).unwrap();
    assert_eq!(out[..4], *b"kept");
    out.split_off(4)
}

/// Some rows of some arrays.
fn rows(arrays: &[Array<'_>], rng: &mut Rng) -> Vec<Range<usize>> {
    let some = arrays.iter().map(|array| {
        let row = array.columns * array.dtype.unit();
        let count = array.bytes.len().div_ceil(row);
        let first = rng.below(count + 1);
        let last = first + rng.below(count - first + 1);
        (first * row).min(array.bytes.len())..(last * row).min(array.bytes.len())
    });
    some.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_arrays_come_back_whole_and_by_rows(
        shapes in proptest::collection::vec(shape(), 0..6), strength in 0usize..3, seed in any::<u64>(),
    ) {
        let contents = contents(&shapes);
        let arrays = arrays(&shapes, &contents);
        let payload = coded(&arrays, STRENGTHS[strength]);
        prop_assert_eq!(&payload, &coded(&arrays, STRENGTHS[strength]));
        let all: Vec<_> = arrays.iter().map(|array| 0..array.bytes.len()).collect();
        let mut rng = Rng(seed);
        for wanted in [all, rows(&arrays, &mut rng), rows(&arrays, &mut rng)] {
            let back = decoded(&payload, &arrays, &wanted).unwrap();
            for ((array, range), back) in arrays.iter().zip(wanted).zip(back) {
                prop_assert!(array.bytes[range.clone()] == back, "{:?} {range:?}", array.dtype);
            }
        }
    }

    #[test]
    fn damage_to_any_arrays_is_never_believed(
        shapes in proptest::collection::vec(shape(), 1..4), strength in 0usize..3, seed in any::<u64>(),
    ) {
        let contents = contents(&shapes);
        let arrays = arrays(&shapes, &contents);
        let payload = coded(&arrays, STRENGTHS[strength]);
        let all: Vec<_> = arrays.iter().map(|array| 0..array.bytes.len()).collect();
        let mut rng = Rng(seed);
        for i in 0..20 {
            let mut damaged = payload.clone();
            match i % 4 {
                0 => damaged.truncate(rng.below(payload.len())),
                1 => damaged[rng.below(payload.len())] = rng.next_u64() as u8,
                2 => damaged.insert(rng.below(payload.len()), rng.next_u64() as u8),
                _ => damaged[rng.below(payload.len().min(40))] ^= 1 << rng.below(8),
            }
            if let Ok(back) = decoded(&damaged, &arrays, &all) {
                prop_assert!(arrays.iter().zip(back).all(|(array, back)| array.bytes == back));
            }
        }
    }
}

#[test]
fn every_truncation_and_bit_flip_of_mixed_arrays_is_noticed() {
    let shape = |dtype, units, kind, base| Shape { dtype, columns: 5, units, kind, base, seed: 9 };
    let shapes = [
        shape(Dtype::F16, 30, Kind::Small, None),
        shape(Dtype::F32, 12, Kind::Special, Some(3)),
        shape(Dtype::Q4_0, 2, Kind::Noise, None),
    ];
    let contents = contents(&shapes);
    let arrays = arrays(&shapes, &contents);
    let payload = coded(&arrays, Strength::Max);
    let all: Vec<_> = arrays.iter().map(|array| 0..array.bytes.len()).collect();
    for cut in 0..payload.len() {
        assert!(decoded(&payload[..cut], &arrays, &all).is_err(), "cut at {cut}");
    }
    let mut damaged = payload.clone();
    for bit in 0..payload.len() * 8 {
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(back) = decoded(&damaged, &arrays, &all) {
            assert!(arrays.iter().zip(back).all(|(array, back)| array.bytes == back), "bit {bit}");
        }
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
}
