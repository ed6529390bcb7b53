#![no_main]
//! Arrays of a block: a few bytes name types, rows and lengths. The rest is a payload, which is decoded, and the arrays
//! themselves, which must come back, alone as well.
use minlen_core::{Env, Limits};
use minlen_tensor::group::{self, Strength};
use minlen_tensor::{Array, Dtype, Target};

type Shape = (Dtype, usize, usize);

fn decode(payload: &[u8], shapes: &[Shape], wanted: impl Fn(usize) -> bool) -> Option<Vec<Vec<u8>>> {
    let env = Env::new(Limits::default().with_memory(256 << 20));
    let lens = shapes.iter().enumerate().map(|(i, shape)| if wanted(i) { shape.2 } else { 0 });
    let mut outs: Vec<Vec<u8>> = lens.map(|len| vec![0; len]).collect();
    let mut targets: Vec<Target<'_>> = shapes
        .iter()
        .zip(&mut outs)
        .map(|(&(dtype, columns, len), out)| Target { dtype, columns, len, base: None, wanted: 0..out.len(), out })
        .collect();
    let done = group::decode(payload, &mut targets, &env).is_ok();
    drop(targets);
    done.then_some(outs)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_at_checked(12) else { return };
    let shapes: Vec<Shape> = head
        .chunks_exact(4)
        .map(|c| {
            let dtype = Dtype::ALL[usize::from(c[0]) % Dtype::ALL.len()];
            (dtype, 1 + usize::from(c[1]), usize::from(u16::from_le_bytes([c[2], c[3]])) * dtype.unit())
        })
        .collect();
    let _ = decode(rest, &shapes, |_| true);
    let mut at = 0;
    let mut arrays = Vec::new();
    let mut fitting = Vec::new();
    for &(dtype, columns, len) in &shapes {
        let len = len.min(rest.len() - at) / dtype.unit() * dtype.unit();
        arrays.push(Array { dtype, columns, bytes: &rest[at..at + len], base: None });
        fitting.push((dtype, columns, len));
        at += len;
    }
    for strength in [Strength::Fast, Strength::Dense] {
        let mut payload = Vec::new();
        group::encode(&arrays, strength, &Env::default(), &mut payload).expect("arrays of whole units");
        for only in [None, Some(0), Some(1), Some(2)] {
            let wanted = |i: usize| only.is_none_or(|only| only == i);
            let outs = decode(&payload, &fitting, wanted).expect("what was coded");
            for (i, (array, out)) in arrays.iter().zip(&outs).enumerate() {
                assert!(!wanted(i) || array.bytes == out);
            }
        }
    }
});
