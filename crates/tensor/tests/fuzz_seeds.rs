//! Seeds for the fuzz targets of this crate: `cargo test -p minlen-tensor -- --ignored write_fuzz_seeds`.
#![allow(clippy::unwrap_used)] // tests may unwrap

use minlen_core::{Env, testing::Rng};
use minlen_tensor::field::bounded::{self, Bound};
use minlen_tensor::field::{self, Effort};
use minlen_tensor::group::{self, Strength};
use minlen_tensor::quantized::{self, Layer, Levels, Network};
use minlen_tensor::{Array, Dtype, delta};

fn put(target: &str, name: &str, bytes: &[u8]) {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(format!("seed-{name}")), bytes).unwrap();
}

/// Numbers that change slowly, little-endian, of a type with a unit of at most eight bytes.
fn numbers(dtype: Dtype, units: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed);
    let value = |i: usize, noise: usize| (i % 37) as f64 * 0.25 + noise as f64 / 512.0;
    let mut out = Vec::new();
    for i in 0..units {
        let x = value(i, rng.below(64));
        match dtype {
            Dtype::F64 => out.extend(x.to_le_bytes()),
            Dtype::F32 => out.extend((x as f32).to_le_bytes()),
            Dtype::Bf16 => out.extend(&(x as f32).to_le_bytes()[2..]),
            _ => out.extend((0..dtype.unit()).map(|at| if at == 0 { (x * 8.0) as u8 } else { 0 })),
        }
    }
    out
}

#[test]
#[ignore = "writes seeds for fuzzing to fuzz/corpus"]
fn write_fuzz_seeds() {
    let env = Env::default();
    for (s, strength) in [Strength::Fast, Strength::Dense, Strength::Max].into_iter().enumerate() {
        for (t, codes) in [[2usize, 4, 7], [1, 3, 8], [15, 19, 0]].into_iter().enumerate() {
            let types = codes.map(|code| Dtype::ALL[code]);
            let bytes = types.map(|dtype| numbers(dtype, 90, 5));
            let base = numbers(types[0], 90, 6);
            let mut arrays: Vec<Array<'_>> = types
                .iter()
                .zip(&bytes)
                .map(|(&dtype, bytes)| Array { dtype, columns: 10, bytes, base: None })
                .collect();
            if strength == Strength::Max {
                arrays[0].base = Some(&base);
            }
            let mut seed: Vec<u8> = (0..3).flat_map(|i| [codes[i] as u8, 9, 90, 0]).collect();
            seed[0] |= u8::from(strength == Strength::Max) << 7;
            group::encode(&arrays, strength, &env, &mut seed).unwrap();
            put("tensor_group", &format!("{s}{t}"), &seed);
        }
    }
    for (i, dtype) in [Dtype::F32, Dtype::Bf16, Dtype::I64].into_iter().enumerate() {
        let [base, bytes] = [1, 2].map(|seed| numbers(dtype, 80, seed));
        let array = Array { dtype, columns: 7, bytes: &bytes, base: Some(&base) };
        let payload = delta::encode(&array, &env).unwrap();
        let all = payload.len() + base.len() * 2;
        let share = (payload.len() * 255).div_ceil(all) as u8;
        let code = Dtype::ALL.iter().position(|d| *d == dtype).unwrap() as u8;
        put("tensor_delta", &i.to_string(), &[&[code, share][..], &payload, &base, &bytes].concat());
    }
    for (e, effort) in [Effort::Fast, Effort::Dense, Effort::Max].into_iter().enumerate() {
        for (code, dtype) in [(1u8, Dtype::F64), (2, Dtype::F32), (9, Dtype::I16)] {
            for shape in [&[13u64, 7][..], &[91]] {
                let bytes = numbers(dtype, 91, 3);
                let [low, high] = (bytes.len() as u16).to_le_bytes();
                let head = [code + 15 * e as u8, low, high, 13, 127];
                let mut seed = head.to_vec();
                field::encode(&bytes, dtype, shape, effort, &env, &mut seed).unwrap();
                put("tensor_field", &format!("{e}{code}{}", shape.len()), &seed);
                if code < 9 {
                    let mut seed = head.to_vec();
                    let bound = Bound::Absolute(0.01);
                    bounded::encode(&bytes, dtype, shape, bound, effort, &env, &mut seed).unwrap();
                    put("tensor_field", &format!("bounded{e}{code}{}", shape.len()), &seed);
                }
            }
        }
    }
    put("decode_quantized", "0", &network());
}

/// A network without what the target puts before and after it.
fn network() -> Vec<u8> {
    let mut first = Layer::new(4, 12, (0..48).map(|i| [0, 0, 1, -2][i % 4]).collect());
    first.biases = vec![3, 0, -1, 9];
    first.bias_step = -40;
    let mut second = Layer::new(2, 4, vec![1, 0, -1, 2, 0, 0, 1, 1]);
    second.levels = Levels::Codebook { positive: vec![0x3f80, 0x4000], negative: vec![0xbf80] };
    let network = Network { label: b"seed".to_vec(), layers: vec![first, second] };
    let bytes = quantized::encode(&network).unwrap();
    bytes[4..bytes.len() - 4].to_vec()
}
