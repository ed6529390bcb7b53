#![no_main]
//! An array as the difference from a base: two bytes say type and how much of the rest is the payload, then follow the base and
//! the array, which must come back, and the payload, which must be answered.
use minlen_core::{Env, Limits};
use minlen_tensor::{Array, Dtype, delta};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[code, share], rest)) = data.split_first_chunk() else { return };
    let types: Vec<Dtype> = Dtype::ALL.into_iter().filter(|dtype| delta::applies(*dtype)).collect();
    let dtype = types[usize::from(code) % types.len()];
    let (payload, numbers) = rest.split_at(rest.len() * usize::from(share) / 255);
    let len = numbers.len() / 2 / dtype.unit() * dtype.unit();
    let (base, bytes) = (&numbers[..len], &numbers[len..2 * len]);
    let env = Env::new(Limits::default().with_memory(64 << 20));
    let mut out = vec![0; len];
    let _ = delta::decode(payload, dtype, Some(base), &mut out, &env);
    let array = Array { dtype, columns: 7, bytes, base: Some(base) };
    let payload = delta::encode(&array, &env).expect("a base that fits");
    delta::decode(&payload, dtype, Some(base), &mut out, &env).expect("what was coded");
    assert!(out == bytes);
});
