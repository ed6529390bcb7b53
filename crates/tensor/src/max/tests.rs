use super::*;
use minlen_core::testing::Rng;
use proptest::prelude::*;

/// Numbers like weights: sums of random bytes, scaled by row and column.
fn weights(seed: u64, len: usize, columns: usize) -> Vec<f32> {
    let mut rng = Rng(seed);
    let mut value = |i: usize| {
        let noise: i32 = (0..6).map(|_| rng.below(256) as i32 - 128).sum();
        noise as f32 / 4096.0 * [1.0, 3.0][i / columns % 2] * [1.0, 0.25][i % columns % 2]
    };
    (0..len).map(&mut value).collect()
}

fn bytes_of(dtype: Dtype, values: &[f32]) -> Vec<u8> {
    let unit = dtype.unit();
    if dtype.weights() > 1 {
        let mut rng = Rng(values.len() as u64);
        return (0..values.len() / 32 * unit).map(|_| (rng.next_u64() & rng.next_u64()) as u8).collect();
    }
    let raw = |value: &f32| match dtype {
        Dtype::F64 => f64::from(*value).to_bits(),
        Dtype::F32 => u64::from(value.to_bits()),
        Dtype::F16 => u64::from(value.to_bits() >> 13 & 0x3fff | value.to_bits() >> 16 & 0x8000),
        Dtype::Bf16 => u64::from(value.to_bits() >> 16),
        Dtype::F8E4m3 | Dtype::F8E5m2 => u64::from(value.to_bits() >> 20 & 127 | value.to_bits() >> 24 & 128),
        _ => (value * 64.0) as i64 as u64,
    };
    values.iter().flat_map(|value| raw(value).to_le_bytes().into_iter().take(unit)).collect()
}

fn decode_part(
    payload: &[u8],
    arrays: &[Array<'_>],
    wanted: &[std::ops::Range<usize>],
) -> Result<Vec<Vec<u8>>> {
    let mut outs: Vec<Vec<u8>> = wanted.iter().map(|range| vec![0; range.len()]).collect();
    let mut targets: Vec<Target<'_>> = arrays
        .iter()
        .zip(wanted)
        .zip(&mut outs)
        .map(|((array, wanted), out)| Target {
            dtype: array.dtype,
            columns: array.columns,
            len: array.bytes.len(),
            base: array.base,
            wanted: wanted.clone(),
            out,
        })
        .collect();
    decode(payload, &mut targets, &Env::default()).map(|()| outs)
}

fn round_trip(arrays: &[Array<'_>]) -> Vec<u8> {
    let payload = encode(arrays, &Env::default()).unwrap();
    let all: Vec<_> = arrays.iter().map(|array| 0..array.bytes.len()).collect();
    let outs = decode_part(&payload, arrays, &all).unwrap();
    for (array, out) in arrays.iter().zip(&outs) {
        assert!(array.bytes == out, "{:?} of {} bytes", array.dtype, array.bytes.len());
    }
    payload
}

fn array(dtype: Dtype, columns: usize, bytes: &[u8]) -> Array<'_> {
    Array { dtype, columns, bytes, base: None }
}

#[test]
fn every_type_comes_back_and_shrinks() {
    for dtype in Dtype::ALL {
        for len in [32, 64, 4096] {
            let bytes = bytes_of(dtype, &weights(1, len, 64));
            let payload = round_trip(&[array(dtype, 64, &bytes)]);
            let slack = if len == 4096 { 0 } else { 80 };
            assert!(payload.len() < bytes.len() + slack, "{dtype:?}: {} for {}", payload.len(), bytes.len());
        }
    }
}

#[test]
fn odd_shapes_and_single_numbers() {
    let values = weights(2, 700, 7);
    for dtype in [Dtype::F32, Dtype::F16, Dtype::I8, Dtype::U64] {
        let bytes = bytes_of(dtype, &values);
        for (columns, units) in [(1, 1), (1, 7), (7, 1), (3, 100), (1000, 700), (usize::MAX, 699), (7, 0)] {
            round_trip(&[array(dtype, columns, &bytes[..units * dtype.unit()])]);
        }
    }
    assert!(encode(&[array(Dtype::F32, 1, &[0; 6])], &Env::default()).is_err());
    assert!(round_trip(&[]).len() < 8);
}

#[test]
fn special_values_keep_their_bits() {
    let mut rng = Rng(5);
    let special =
        [0u32, 1 << 31, 1, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 0xffff_ffff, 0x7f80_0001, 0x0080_0000];
    let mut bytes = Vec::new();
    for i in 0..3000 {
        let word = if i % 3 == 0 { special[rng.below(9)] } else { rng.next_u64() as u32 };
        bytes.extend(word.to_le_bytes());
    }
    for dtype in Dtype::ALL.into_iter().filter(|d| d.weights() == 1) {
        round_trip(&[array(dtype, 50, &bytes)]);
    }
    let clean: Vec<u8> =
        weights(3, 2000, 50).iter().flat_map(|v| (v.to_bits() & 0xffff_0000).to_le_bytes()).collect();
    let payload = round_trip(&[array(Dtype::F32, 50, &clean)]);
    assert!(payload.len() * 3 < clean.len(), "{} of {}", payload.len(), clean.len());
}

#[test]
fn repeated_rows_and_arrays_are_found() {
    let bytes = bytes_of(Dtype::F32, &weights(4, 4096, 64));
    let once = round_trip(&[array(Dtype::F32, 64, &bytes)]).len();
    let twice = round_trip(&[array(Dtype::F32, 64, &bytes), array(Dtype::F32, 32, &bytes)]).len();
    assert!(twice < once + 100, "{twice} for {once}");
}

#[test]
fn differences_from_a_base() {
    for dtype in Dtype::ALL.into_iter().filter(|d| d.weights() == 1) {
        let base = weights(6, 4096, 64);
        let new: Vec<f32> = base.iter().zip(weights(7, 4096, 64)).map(|(b, d)| b + d / 100.0).collect();
        let (base, new) = (bytes_of(dtype, &base), bytes_of(dtype, &new));
        let own = round_trip(&[array(dtype, 64, &new)]).len();
        let payload = round_trip(&[Array { base: Some(&base), ..array(dtype, 64, &new) }]);
        assert!(payload.len() <= own + own / 50 + 8, "{dtype:?}: {} for {own}", payload.len());
        let same = round_trip(&[Array { base: Some(&new), ..array(dtype, 64, &new) }]);
        assert!(same.len() < 200 || dtype.unit() == 1, "{dtype:?}: {}", same.len());
    }
}

#[test]
fn parts_equal_the_whole() {
    let values = weights(8, 2048, 32);
    let types = [Dtype::F16, Dtype::Q8_0, Dtype::F32, Dtype::I8];
    let all: Vec<Vec<u8>> = types.iter().map(|d| bytes_of(*d, &values)).collect();
    let arrays: Vec<_> = types.iter().zip(&all).map(|(d, b)| array(*d, 32, b)).collect();
    let payload = round_trip(&arrays);
    for which in 0..types.len() {
        for range in [0..1, 3..7, 100..1001, all[which].len() - 3..all[which].len(), 5..5] {
            let mut wanted = vec![0..0; types.len()];
            wanted[which] = range.clone();
            let outs = decode_part(&payload, &arrays, &wanted).unwrap();
            assert_eq!(outs[which], all[which][range]);
        }
    }
}

#[test]
fn hostile_payloads_do_not_panic() {
    let values = weights(9, 256, 16);
    let (f16, f32, q4) =
        (bytes_of(Dtype::F16, &values), bytes_of(Dtype::F32, &values), bytes_of(Dtype::Q4_0, &values));
    let mut arrays = [array(Dtype::F16, 16, &f16), array(Dtype::F32, 16, &f32), array(Dtype::Q4_0, 1, &q4)];
    arrays[1].base = Some(&f32);
    let payload = round_trip(&arrays);
    let all: Vec<_> = arrays.iter().map(|a| 0..a.bytes.len()).collect();
    for cut in (0..payload.len()).step_by(7) {
        let _ = decode_part(&payload[..cut], &arrays, &all);
    }
    let mut rng = Rng(10);
    for i in 0..300 {
        let mut bytes = payload.clone();
        let at = if i < 150 { rng.below(40.min(bytes.len())) } else { rng.below(bytes.len()) };
        bytes[at] ^= 1 << rng.below(8);
        let _ = decode_part(&bytes, &arrays, &all);
    }
    arrays[1].base = None;
    assert!(decode_part(&payload, &arrays, &all).is_err());
}

#[test]
fn payload_never_changes() {
    let values = weights(11, 3000, 50);
    let types = [Dtype::Bf16, Dtype::F32, Dtype::I8, Dtype::Q4_0, Dtype::F64];
    let all: Vec<Vec<u8>> = types.iter().map(|d| bytes_of(*d, &values)).collect();
    let mut arrays: Vec<_> = types.iter().zip(&all).map(|(d, b)| array(*d, 50, b)).collect();
    for dtype in [Dtype::Q2K, Dtype::Q3K, Dtype::Q4K, Dtype::Q5K, Dtype::Q6K] {
        let bytes = &all[1];
        arrays.push(array(dtype, 3, &bytes[..bytes.len() / 3 / dtype.unit() * dtype.unit()]));
    }
    // An update of low rank.
    let change =
        |i: usize| ((i / 50 * 7919 % 61) as f32 - 30.0) * ((i % 50 * 104_729 % 37) as f32 - 18.0) / 1e4;
    let updated: Vec<f32> = values.iter().enumerate().map(|(i, v)| v + change(i) + v / 64.0).collect();
    let updated = bytes_of(Dtype::F32, &updated);
    arrays.push(Array { base: Some(&all[1]), ..array(Dtype::F32, 50, &updated) });
    assert!(choose::choose(&arrays[10], &[]).rank);
    let payload = round_trip(&arrays);
    let sum = payload
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!((payload.len(), sum), (37_137, 5_855_512_107_898_598_682));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn anything_comes_back(
        seed in any::<u64>(), code in 0usize..25, columns in 1usize..300, with_base in any::<bool>(),
    ) {
        let dtype = Dtype::ALL[code];
        let cut = |mut bytes: Vec<u8>| { bytes.truncate(bytes.len() / dtype.unit() * dtype.unit()); bytes };
        let bytes = cut(minlen_core::testing::random_case(seed, 6000));
        let mut base = cut(minlen_core::testing::random_case(seed ^ 8, 6000));
        base.resize(bytes.len(), 7);
        round_trip(&[Array { dtype, columns, bytes: &bytes, base: with_base.then_some(&base) }]);
    }
}
