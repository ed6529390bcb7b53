use super::bounded::Bound;
use super::*;
use minlen_core::testing::{Rng, edge_cases, random_case};
use minlen_core::{ErrorKind, Limits};

const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Dense, Effort::Max];

fn round(bytes: &[u8], dtype: Dtype, shape: &[u64], effort: Effort) -> Vec<u8> {
    let env = Env::default();
    let (mut payload, mut again) = (Vec::new(), Vec::new());
    encode(bytes, dtype, shape, effort, &env, &mut payload).unwrap();
    encode(bytes, dtype, shape, effort, &env, &mut again).unwrap();
    assert!(payload == again, "not deterministic");
    assert!(payload.len() <= bytes.len() + 1);
    let mut back = b"kept".to_vec();
    decode(&payload, bytes.len(), &env, &mut back).unwrap();
    assert!(back[..4] == *b"kept" && back[4..] == *bytes, "{dtype:?} {shape:?} {effort:?}");
    payload
}

/// A smooth field with some noise.
fn wave(shape: &[u64], noise: f64, seed: u64) -> Vec<f64> {
    let (cells, mut rng) = (shape.iter().product::<u64>(), Rng(seed));
    let columns = shape.last().copied().unwrap_or(1);
    let bump = |t: f64| (t - t.floor() - 0.5).abs();
    (0..cells)
        .map(|i| {
            let (x, y) = ((i % columns) as f64, (i / columns) as f64);
            280.0 + 20.0 * bump(x / 37.0) + 9.0 * bump(y / 53.0) + noise * (rng.below(1000) as f64 / 1000.0)
        })
        .collect()
}

fn f32s(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect()
}

fn f64s(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn special_values_keep_their_bits() {
    let bits32 =
        [0u32, 1 << 31, 1, 0x8000_0001, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001, 0xffff_ffff];
    let bits64 = bits32.map(|b| u64::from(b) << 32 | u64::from(b & 3));
    for effort in EFFORTS {
        for copies in [1, 3, 40] {
            let bytes: Vec<u8> = bits32.repeat(copies).iter().flat_map(|b| b.to_le_bytes()).collect();
            round(&bytes, Dtype::F32, &[9 * copies as u64], effort);
            round(&bytes, Dtype::F32, &[3, 3 * copies as u64], effort);
            let bytes: Vec<u8> = bits64.repeat(copies).iter().flat_map(|b| b.to_le_bytes()).collect();
            round(&bytes, Dtype::F64, &[9 * copies as u64], effort);
            round(&bytes, Dtype::F64, &[copies as u64, 3, 3], effort);
        }
        for bits in bits32 {
            round(&bits.to_le_bytes(), Dtype::F32, &[], effort);
            round(&u64::from(bits).to_le_bytes(), Dtype::F64, &[1], effort);
        }
        round(&[], Dtype::F32, &[0, 5], effort);
    }
}

#[test]
fn fields_of_every_shape_shrink() {
    for shape in [
        &[4001u64][..],
        &[61, 67],
        &[7, 23, 29],
        &[3, 5, 17, 19],
        &[1, 2, 3, 5, 7, 11],
        &[1499, 1],
        &[1, 997],
    ] {
        let values = wave(shape, 0.01, 3);
        for effort in EFFORTS {
            assert!(round(&f32s(&values), Dtype::F32, shape, effort).len() < values.len() * 3);
            assert!(round(&f64s(&values), Dtype::F64, shape, effort).len() < values.len() * 15 / 2);
        }
    }
}

#[test]
fn fill_values_cost_little() {
    let shape = [5, 31, 37];
    let clean = wave(&shape, 0.1, 4);
    for fill in [1e20, f64::NAN, -9999.0, f64::NEG_INFINITY] {
        let mut values = clean.clone();
        // An island in every plane.
        for i in (0..values.len()).filter(|i| (10..20).contains(&(i / 37 % 31)) && i % 37 > 20) {
            values[i] = fill;
        }
        for effort in EFFORTS {
            let with = round(&f32s(&values), Dtype::F32, &shape, effort).len();
            let without = round(&f32s(&clean), Dtype::F32, &shape, effort).len();
            assert!(with < without, "{fill}: {with} of {without} at {effort:?}");
        }
    }
}

#[test]
fn any_bytes_of_any_type() {
    let cases = edge_cases()
        .into_iter()
        .filter(|case| case.len() < 5000)
        .chain((0..40).map(|s| random_case(s, 1500)));
    for (i, case) in cases.enumerate() {
        let dtype = Dtype::ALL[i % 15];
        let bytes = &case[..case.len() / dtype.unit() * dtype.unit()];
        let n = (bytes.len() / dtype.unit()) as u64;
        for effort in EFFORTS {
            round(bytes, dtype, &[n], effort);
            if n.is_multiple_of(3) {
                round(bytes, dtype, &[3, n / 3], effort);
            }
        }
    }
}

#[test]
fn wrong_calls_are_refused() {
    let env = Env::default();
    let refused =
        |dtype, shape: &[u64]| encode(&[0; 24], dtype, shape, Effort::Fast, &env, &mut Vec::new()).is_err();
    assert!(
        refused(Dtype::F32, &[5]) && refused(Dtype::Q4_0, &[1]) && refused(Dtype::F32, &[1 << 62, 1 << 62])
    );
    let (mut payload, mut out) = (Vec::new(), Vec::new());
    encode(&f32s(&wave(&[999], 1.0, 1)), Dtype::F32, &[999], Effort::Fast, &env, &mut payload).unwrap();
    let small = Env::new(Limits::default().with_memory(1000));
    assert_eq!(decode(&payload, 3996, &small, &mut out).unwrap_err().kind(), ErrorKind::Limit);
    assert!(decode(&payload, 4000, &env, &mut out).is_err() && out.is_empty());
    env.cancel.cancel();
    assert_eq!(decode(&payload, 3996, &env, &mut out).unwrap_err().kind(), ErrorKind::Cancelled);
}

/// Every truncation and a sample of bit flips: any answer but a panic will do.
fn hostile(payload: &[u8], len: usize, decode: impl Fn(&[u8], usize, &Env, &mut Vec<u8>) -> Result<()>) {
    let env = Env::new(Limits::default().with_memory(64 << 20));
    let try_decode = |bytes: &[u8]| {
        let mut out = Vec::new();
        if decode(bytes, len, &env, &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    };
    (0..payload.len()).step_by(1 + payload.len() / 200).for_each(|cut| try_decode(&payload[..cut]));
    let mut bytes = payload.to_vec();
    for bit in
        (0..(payload.len() * 8).min(400)).chain((400..payload.len() * 8).step_by(1 + payload.len() / 40))
    {
        bytes[bit / 8] ^= 1 << (bit % 8);
        try_decode(&bytes);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for n in [0, 1, len / 2, len + 1, len + 8, 1 << 40] {
        let mut out = Vec::new();
        if decode(payload, n, &env, &mut out).is_ok() {
            assert_eq!(out.len(), n);
        }
    }
}

#[test]
fn hostile_payloads_are_survived() {
    let shape = [5, 7, 11];
    let mut values = wave(&shape, 0.2, 9);
    values.iter_mut().step_by(5).for_each(|v| *v = 1e20);
    for effort in EFFORTS {
        for (bytes, dtype) in [(f32s(&values), Dtype::F32), (f64s(&values), Dtype::F64)] {
            hostile(&round(&bytes, dtype, &shape, effort), bytes.len(), decode);
            let lossy = bounded_round(&bytes, dtype, &shape, Bound::Relative(1e-3), effort);
            hostile(&lossy, bytes.len(), bounded::decode);
            let n = values.len() as u64;
            hostile(&round(&bytes, dtype, &[n], effort), bytes.len(), decode);
        }
    }
}

fn bounded_round(bytes: &[u8], dtype: Dtype, shape: &[u64], bound: Bound, effort: Effort) -> Vec<u8> {
    let env = Env::default();
    let (mut payload, mut again) = (Vec::new(), Vec::new());
    // Encoding decodes and compares.
    let report = bounded::encode(bytes, dtype, shape, bound, effort, &env, &mut payload).unwrap();
    assert!(report.worst <= report.bound);
    bounded::encode(bytes, dtype, shape, bound, effort, &env, &mut again).unwrap();
    assert!(payload == again, "not deterministic");
    let mut back = Vec::new();
    bounded::decode(&payload, bytes.len(), &env, &mut back).unwrap();
    let value = |part: &[u8]| match dtype {
        Dtype::F32 => f64::from(f32::from_le_bytes(part.try_into().unwrap())),
        _ => f64::from_le_bytes(part.try_into().unwrap()),
    };
    for (a, b) in bytes.chunks(dtype.unit()).zip(back.chunks(dtype.unit())) {
        let (x, y) = (value(a), value(b));
        assert!(a == b || (x - y).abs() <= report.bound, "{x} became {y}");
        assert!(x.is_finite() || a == b, "{x} became {y}");
    }
    payload
}

#[test]
fn values_stay_within_the_bound() {
    let shape = [7, 23, 29];
    let mut values = wave(&shape, 0.3, 8);
    let plain = f32s(&values);
    for effort in [Effort::Fast, Effort::Max] {
        let sizes = [1e-1, 1e-2, 1e-4]
            .map(|share| bounded_round(&plain, Dtype::F32, &shape, Bound::Relative(share), effort).len());
        assert!(sizes.is_sorted() && sizes[1] < plain.len() / 5, "{sizes:?}");
    }
    for (i, odd) in
        [f64::NAN, f64::INFINITY, -f64::NAN, f64::NEG_INFINITY, 1e300, -1e-300, -0.0].into_iter().enumerate()
    {
        values[i * 501 + 3] = odd;
    }
    values[2000..2400].fill(1e20);
    for effort in [Effort::Fast, Effort::Max] {
        for bound in
            [Bound::Absolute(1e-3), Bound::Relative(1e-3), Bound::Absolute(1e-12), Bound::Absolute(1e30)]
        {
            bounded_round(&f32s(&values), Dtype::F32, &shape, bound, effort);
            bounded_round(&f64s(&values), Dtype::F64, &shape, bound, effort);
            bounded_round(&f64s(&values[..997]), Dtype::F64, &[997], bound, effort);
            bounded_round(&f64s(&[1.5]), Dtype::F64, &[], bound, effort);
            bounded_round(&f32s(&[2.5; 40]), Dtype::F32, &[5, 8], bound, effort);
            bounded_round(&f32s(&[f64::NAN; 3]), Dtype::F32, &[3], bound, effort);
        }
    }
    let refused = |bound, dtype| {
        bounded::encode(&plain, dtype, &shape, bound, Effort::Max, &Env::default(), &mut Vec::new()).is_err()
    };
    assert!(refused(Bound::Absolute(0.0), Dtype::F32) && refused(Bound::Relative(f64::NAN), Dtype::F32));
    assert!(refused(Bound::Absolute(1.0), Dtype::F64) && refused(Bound::Absolute(1.0), Dtype::I32));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn random_words_return(words in proptest::collection::vec(proptest::num::u64::ANY, 0..200), shift in 0u32..60, effort in 0usize..3) {
        let bytes: Vec<u8> = words.iter().flat_map(|w| (w >> shift).to_le_bytes()).collect();
        round(&bytes, Dtype::F64, &[words.len() as u64], EFFORTS[effort]);
        round(&bytes, Dtype::F32, &[2, words.len() as u64], EFFORTS[effort]);
    }

    #[test]
    fn fields_of_any_type_and_shape_return(
        seed in proptest::num::u64::ANY, code in 0usize..15, effort in 0usize..3,
        shape in proptest::collection::vec(1u64..9, 0..6), odd in 0usize..20,
    ) {
        let dtype = Dtype::ALL[code];
        let cells = shape.iter().product::<u64>().min(600) as usize;
        let shape = if cells < 600 { shape } else { vec![20, 30] };
        let mut rng = Rng(seed);
        // Steps from one to the next, and here and there a pattern of no number or the same value again.
        let mut word = rng.next_u64();
        let bytes: Vec<u8> = (0..cells)
            .flat_map(|_| {
                word = match rng.below(20) {
                    0 if odd > 0 => !0 << rng.below(64),
                    n if n < odd => 1 << 62,
                    _ => word.wrapping_add(rng.next_u64() >> 54),
                };
                word.to_le_bytes().into_iter().take(dtype.unit())
            })
            .collect();
        round(&bytes, dtype, &shape, EFFORTS[effort]);
    }

    #[test]
    fn any_floats_stay_within_any_bound(
        words in proptest::collection::vec(proptest::num::u64::ANY, 1..120), kind in 0usize..12,
        exponent in -300i32..300, wide in proptest::bool::ANY, columns in 1u64..9,
    ) {
        // All floats there are; or those around 1, and some that are none.
        let near = kind >= 6;
        let sized = |word: u64| match word % 16 {
            0 | 1 if near => word,
            _ if near => word >> 12 | 0x3ff << 52,
            _ => word,
        };
        let dtype = if wide { Dtype::F64 } else { Dtype::F32 };
        let single = |word: u64| if near { (f64::from_bits(sized(word)) as f32).to_bits() } else { word as u32 };
        let bytes: Vec<u8> = if wide {
            words.iter().flat_map(|word| sized(*word).to_le_bytes()).collect()
        } else {
            words.iter().flat_map(|word| single(*word).to_le_bytes()).collect()
        };
        let count = words.len() as u64;
        let shape = if count.is_multiple_of(columns) { vec![count / columns, columns] } else { vec![count] };
        let size = if near { [1e-9, 1e-4, 0.01, 0.5][kind % 4] } else { 10f64.powi(exponent) };
        let bound = if kind % 2 == 0 { Bound::Absolute(size) } else { Bound::Relative(size) };
        bounded_round(&bytes, dtype, &shape, bound, EFFORTS[kind % 3]);
    }
}
