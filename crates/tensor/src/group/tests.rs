use super::*;
use crate::Dtype;
use minlen_core::testing::Rng;

/// Values like weights: small, of a scale that depends on row and column.
fn weights(dtype: Dtype, units: usize, columns: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let mut out = Vec::new();
    for i in 0..units {
        let noise: i64 = (0..4).map(|_| (rng.next_u64() >> 40) as i64 - (1 << 23)).sum();
        let scale = 1 + (i / columns % 7) as i64 * (i % columns % 5) as i64;
        let x = noise as f64 * scale as f64 / (1u64 << 29) as f64;
        match dtype {
            Dtype::F64 => out.extend(x.to_le_bytes()),
            Dtype::F32 => out.extend((x as f32).to_le_bytes()),
            Dtype::Bf16 => out.extend(&(x as f32).to_le_bytes()[2..]),
            Dtype::F16 => out.extend((((x as f32).to_bits() >> 13) as u16).to_le_bytes()),
            Dtype::I8 | Dtype::U8 => out.push((x * 100.0) as i8 as u8),
            _ => out.extend((0..dtype.unit()).map(|_| (rng.next_u64() & rng.next_u64()) as u8 & 0x77)),
        }
    }
    out
}

fn encoded(arrays: &[Array<'_>], strength: Strength) -> Vec<u8> {
    let mut out = Vec::new();
    encode(arrays, strength, &Env::default(), &mut out).unwrap();
    out
}

pub(super) fn decoded(
    payload: &[u8],
    arrays: &[Array<'_>],
    wanted: &[std::ops::Range<usize>],
) -> Result<Vec<Vec<u8>>> {
    let mut outs: Vec<Vec<u8>> = wanted.iter().map(|range| vec![0xa5; range.len()]).collect();
    let mut targets: Vec<Target<'_>> = arrays
        .iter()
        .zip(wanted)
        .zip(&mut outs)
        .map(|((array, range), out)| Target {
            dtype: array.dtype,
            columns: array.columns,
            len: array.bytes.len(),
            base: array.base,
            wanted: range.clone(),
            out,
        })
        .collect();
    decode(payload, &mut targets, &Env::default())?;
    drop(targets);
    Ok(outs)
}

fn round_trip(arrays: &[Array<'_>], strength: Strength) -> Vec<u8> {
    let payload = encoded(arrays, strength);
    assert_eq!(payload, encoded(arrays, strength), "not deterministic");
    let all: Vec<_> = arrays.iter().map(|array| 0..array.bytes.len()).collect();
    let back = decoded(&payload, arrays, &all).unwrap();
    for (array, back) in arrays.iter().zip(back) {
        assert!(array.bytes == back, "{} of {} bytes", array.dtype.name(), back.len());
    }
    payload
}

const STRENGTHS: [Strength; 2] = [Strength::Fast, Strength::Dense];

#[test]
fn every_type_and_length_comes_back() {
    for strength in STRENGTHS {
        for dtype in Dtype::ALL {
            let all: Vec<Vec<u8>> = [0, 1, 2, 63, 64, 65, 127, 1000, 4097, 70_001 / dtype.unit()]
                .iter()
                .map(|n| weights(dtype, *n, 37, *n as u64))
                .collect();
            let arrays: Vec<Array<'_>> =
                all.iter().map(|bytes| Array { dtype, columns: 37, bytes, base: None }).collect();
            round_trip(&arrays, strength);
            for array in &arrays {
                round_trip(&[*array], strength);
            }
        }
    }
}

#[test]
fn every_pattern_of_a_half_comes_back() {
    let all: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let special: Vec<u8> =
        [0x7fc0_0001u32, 0xffff_ffff, 0x7f80_0000, 0xff80_0000, 0x8000_0000, 1, 0x807f_ffff]
            .iter()
            .flat_map(|bits| bits.to_le_bytes())
            .cycle()
            .take(40_000)
            .collect();
    for strength in STRENGTHS {
        for dtype in [Dtype::F16, Dtype::Bf16, Dtype::F32, Dtype::F64, Dtype::U16] {
            let arrays = [&all, &special].map(|bytes| Array { dtype, columns: 64, bytes, base: None });
            round_trip(&arrays, strength);
        }
    }
}

#[test]
fn zeros_lists_and_repeats_cost_little() {
    let mut rng = Rng(9);
    let noise: Vec<u8> = (0..40_000).map(|_| rng.next_u64() as u8 & 0x3f).collect();
    let sparse: Vec<u8> = noise
        .chunks_exact(4)
        .flat_map(|v| if v[0] < 56 { [0; 4] } else { [v[0], v[1], v[2], v[3]] })
        .collect();
    let listed: Vec<u8> = noise.iter().flat_map(|i| (f32::from(i % 16) * 0.123).to_le_bytes()).collect();
    let clean: Vec<u8> = noise.chunks_exact(2).flat_map(|v| [0, 0, v[0], 0x3d]).collect();
    let cases: [(&[u8], usize); 4] =
        [(&sparse, 8500), (&listed, 20_700), (&clean, 15_500), (&[7; 40_000], 60)];
    for (bytes, most) in cases {
        let array = Array { dtype: Dtype::F32, columns: 100, bytes, base: None };
        let payload = round_trip(&[array], Strength::Fast);
        assert!(payload.len() < most, "{} for {most}", payload.len());
    }
    let array = Array { dtype: Dtype::Bf16, columns: 100, bytes: &noise, base: None };
    let one = round_trip(&[array], Strength::Fast).len();
    let three = round_trip(&[array; 3], Strength::Fast).len();
    assert!(three < one + 40, "{three} for three of {one}");
}

#[test]
fn positive_values_over_several_chunks_come_back() {
    for (dtype, unit) in [(Dtype::Bf16, 2), (Dtype::F32, 4)] {
        let mut bytes = weights(dtype, 300_001, 1000, 3);
        bytes.chunks_exact_mut(unit).for_each(|value| value[unit - 1] &= 0x7f);
        let again = [&bytes[unit * 700..unit * 9000], &bytes[..unit * 31]].concat();
        let arrays = [&bytes, &again].map(|bytes| Array { dtype, columns: 1000, bytes, base: None });
        for strength in STRENGTHS {
            round_trip(&arrays, strength);
        }
    }
}

#[test]
fn ranges_equal_the_whole() {
    let a = weights(Dtype::Bf16, 300_000, 1000, 1);
    let b = weights(Dtype::F32, 10_000, 100, 2);
    let c = [&a[200..100_000], &[9, 9]].concat();
    let arrays = [(Dtype::Bf16, &a), (Dtype::F32, &b), (Dtype::Bf16, &c)].map(|(dtype, bytes)| Array {
        dtype,
        columns: 100,
        bytes,
        base: None,
    });
    for strength in STRENGTHS {
        let payload = round_trip(&arrays, strength);
        let mut rng = Rng(4);
        for _ in 0..40 {
            let wanted: Vec<_> = arrays
                .iter()
                .map(|array| {
                    let start = rng.below(array.bytes.len());
                    if rng.below(3) == 0 {
                        0..0
                    } else {
                        start..start + rng.below(array.bytes.len() - start + 1)
                    }
                })
                .collect();
            let back = decoded(&payload, &arrays, &wanted).unwrap();
            for ((array, range), back) in arrays.iter().zip(&wanted).zip(back) {
                assert!(array.bytes[range.clone()] == back);
            }
        }
    }
}

#[test]
fn damage_is_refused() {
    let a = weights(Dtype::F16, 1500, 50, 1);
    let b = weights(Dtype::I8, 700, 50, 2);
    let c = [0u8; 400];
    let arrays = [(Dtype::F16, a.as_slice()), (Dtype::I8, &b), (Dtype::F16, &a[..600]), (Dtype::F32, &c)]
        .map(|(dtype, bytes)| Array { dtype, columns: 50, bytes, base: None });
    let all: Vec<_> = arrays.iter().map(|array| 0..array.bytes.len()).collect();
    for strength in STRENGTHS {
        let payload = round_trip(&arrays, strength);
        for cut in 0..payload.len() {
            assert!(decoded(&payload[..cut], &arrays, &all).is_err(), "cut at {cut}");
        }
        for bit in 0..payload.len() * 8 {
            let mut bytes = payload.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(back) = decoded(&bytes, &arrays, &all) {
                assert!(arrays.iter().zip(back).all(|(array, back)| array.bytes == back), "bit {bit}");
            }
        }
        let other = [arrays[1], arrays[0], arrays[2], arrays[3]];
        let all: Vec<_> = other.iter().map(|array| 0..array.bytes.len()).collect();
        assert!(decoded(&payload, &other, &all).is_err());
    }
}
