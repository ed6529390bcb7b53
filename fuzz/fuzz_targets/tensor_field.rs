#![no_main]
//! Fields and series, exact and within a bound. The first byte says type, effort and form; then come the length, the shape and
//! the bound; the rest is a payload, which must be answered, and a field, which must come back.
use minlen_core::{Env, Limits};
use minlen_tensor::Dtype;
use minlen_tensor::field::bounded::{self, Bound};
use minlen_tensor::field::{self, Effort};

fn value(dtype: Dtype, bytes: &[u8]) -> f64 {
    match bytes.try_into() {
        Ok(eight) if dtype == Dtype::F64 => f64::from_le_bytes(eight),
        _ => bytes.try_into().map_or(0.0, |four| f64::from(f32::from_le_bytes(four))),
    }
}

fn check_bound(dtype: Dtype, bytes: &[u8], back: &[u8], bound: f64) {
    assert_eq!(bytes.len(), back.len());
    for (a, b) in bytes.chunks(dtype.unit()).zip(back.chunks(dtype.unit())) {
        let apart = (value(dtype, a) - value(dtype, b)).abs();
        assert!(a == b || apart <= bound, "{a:?} became {b:?}, over {bound}");
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[kind, low, high, rows, size], rest)) = data.split_first_chunk() else { return };
    let env = Env::new(Limits::default().with_memory(64 << 20).with_output(1 << 20));
    let len = usize::from(u16::from_le_bytes([low, high]));
    let mut out = Vec::new();
    for decode in [field::decode, bounded::decode] {
        out.clear();
        if decode(rest, len, &env, &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    }
    let dtype = Dtype::ALL[usize::from(kind) % 15];
    let effort = [Effort::Fast, Effort::Dense, Effort::Max][usize::from(kind) / 15 % 3];
    // The slowest form takes some microseconds a cell.
    let cells = (rest.len().min(if effort == Effort::Max { 400 } else { 2000 }) / dtype.unit()) as u64;
    let outer = u64::from(rows).clamp(1, cells.max(1));
    let shape = if cells % outer == 0 { vec![outer, cells / outer] } else { vec![cells] };
    let bytes = &rest[..cells as usize * dtype.unit()];
    let mut payload = Vec::new();
    field::encode(bytes, dtype, &shape, effort, &env, &mut payload).expect("a field that fits");
    out.clear();
    field::decode(&payload, bytes.len(), &env, &mut out).expect("what was coded");
    assert!(out == bytes);
    if matches!(dtype, Dtype::F32 | Dtype::F64) {
        let number = f64::from_bits(u64::from(size) << 55 | 1 << 52);
        for bound in [Bound::Absolute(number), Bound::Relative(number)] {
            payload.clear();
            out.clear();
            let report = bounded::encode(bytes, dtype, &shape, bound, effort, &env, &mut payload);
            let report = report.expect("a bound over 0");
            bounded::decode(&payload, bytes.len(), &env, &mut out).expect("what was coded");
            check_bound(dtype, bytes, &out, report.bound);
        }
    }
});
