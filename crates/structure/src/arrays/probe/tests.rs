//! What is an array and what is not.

use super::{blob, probe};
use crate::formats;
use minlen_core::layout::Dtype;
use minlen_core::testing::{Rng, edge_cases, random_case};

/// About normal, mean 0 and deviation 1.
fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0
}

/// The binary16 nearest below in size.
fn half(x: f32) -> u16 {
    let bits = x.to_bits();
    let exponent = (bits >> 23 & 255) as i32 - 112;
    let sign = (bits >> 16 & 0x8000) as u16;
    if exponent <= 0 { sign } else { sign | (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16 }
}

fn weights(n: usize) -> Vec<f32> {
    let mut rng = Rng(9);
    (0..n).map(|_| (normal(&mut rng) * 0.03) as f32).collect()
}

#[test]
fn floats_of_all_widths() {
    let weights = weights(40_000);
    let dtype = |bytes: Vec<u8>| probe(&bytes).map(|found| found.0);
    assert_eq!(dtype(weights.iter().flat_map(|x| x.to_le_bytes()).collect()), Some(Dtype::F32));
    let doubles = weights.iter().map(|x| (f64::from(*x) * 1.000_123).to_le_bytes());
    assert_eq!(dtype(doubles.flatten().collect()), Some(Dtype::F64));
    let clean = weights.iter().flat_map(|x| (x.to_bits() & 0xffff_0000).to_le_bytes()).collect();
    assert_eq!(dtype(clean), Some(Dtype::F32));
    let bf16 = weights.iter().flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes()).collect();
    assert_eq!(dtype(bf16), Some(Dtype::Bf16));
    assert_eq!(dtype(weights.iter().flat_map(|x| half(*x).to_le_bytes()).collect()), Some(Dtype::F16));
    let bytes =
        |middle: i32| weights.iter().cycle().take(80_000).map(move |x| ((x * 900.0) as i32 + middle) as u8);
    assert_eq!(dtype(bytes(0).collect()), Some(Dtype::I8));
    assert_eq!(dtype(bytes(128).collect()), Some(Dtype::U8));
}

#[test]
fn rows_of_a_field_show() {
    let value = |i: usize| {
        let (row, column) = ((i / 77) as f32, (i % 77) as f32);
        280.0 + (column - 38.0) * (column - 38.0) * 0.01 + row * 0.003 + (column * row % 7.0) * 0.001
    };
    let field: Vec<u8> = (0..77 * 300).flat_map(|i| value(i).to_le_bytes()).collect();
    assert_eq!(probe(&field), Some((Dtype::F32, 77)));
}

#[test]
fn other_data_is_left_alone() {
    for case in edge_cases() {
        assert_eq!(probe(&case), None);
        assert!(blob(&case.as_slice()).unwrap().is_none());
    }
    for seed in 0..64 {
        let case = random_case(seed, 100_000);
        assert_eq!(probe(&case), None, "seed {seed}");
        assert!(blob(&case.as_slice()).unwrap().is_none(), "seed {seed}");
    }
    let mut rng = Rng(4);
    let mut level = 0.0;
    let sound: Vec<i16> = (0..100_000)
        .map(|_| {
            level = level * 0.98 + normal(&mut rng) * 600.0;
            level as i16
        })
        .collect();
    assert_eq!(probe(&sound.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>()), None);
    let picture: Vec<u8> =
        sound.iter().flat_map(|x| [(*x >> 8) as u8 ^ 0x80, (*x >> 8) as u8, 7, 255]).collect();
    assert_eq!(probe(&picture), None);
    let numbers: Vec<u8> =
        (0..50_000u32).flat_map(|_| ((rng.next_u64() % 10_000) as u32).to_le_bytes()).collect();
    assert_eq!(probe(&numbers), None);
}

#[test]
fn regions_in_a_file() {
    let head = b"a header of some kind, text mostly. ".repeat(2000);
    let start = head.len().next_multiple_of(4);
    let mut file = head;
    file.resize(start, b' ');
    file.extend(weights(60_000).iter().flat_map(|x| x.to_le_bytes()));
    let end = file.len();
    file.extend(b"and a tail of text, as it comes. ".repeat(1000));
    let found = blob(&file.as_slice()).unwrap().unwrap();
    assert_eq!(found.format, formats::BLOB);
    let [tensor] = found.spans.as_slice() else { panic!("{:?}", found.spans) };
    assert_eq!(tensor.dtype, Dtype::F32);
    assert!(tensor.start.abs_diff(start as u64) < 512, "{} for {start}", tensor.start);
    assert!((tensor.start + tensor.len).abs_diff(end as u64) < 512);
}
