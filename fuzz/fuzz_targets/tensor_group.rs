#![no_main]
//! Arrays of a block: a few bytes name types, whether there is a base, rows and lengths. The rest is a payload, which is decoded,
//! and the arrays themselves, which must come back, alone as well.
use minlen_core::{Env, Limits};
use minlen_tensor::group::{self, Strength};
use minlen_tensor::{Array, Dtype, Target};

type Shape = (Dtype, usize, usize);

/// A base for each array that has one: bytes of the input, over and over.
fn bases(rest: &[u8], head: &[u8], shapes: &[Shape]) -> Vec<Option<Vec<u8>>> {
    let cycled = |len, skip| rest.iter().chain([&0]).copied().cycle().skip(skip).take(len).collect();
    let all = shapes.iter().zip(head.chunks_exact(4)).enumerate();
    all.map(|(i, (shape, c))| (c[0] & 0x80 != 0).then(|| cycled(shape.2, 7 * i))).collect()
}

fn decode(
    payload: &[u8],
    shapes: &[Shape],
    bases: &[Option<Vec<u8>>],
    wanted: impl Fn(usize) -> bool,
) -> Option<Vec<Vec<u8>>> {
    let env = Env::new(Limits::default().with_memory(256 << 20));
    let lens = shapes.iter().enumerate().map(|(i, shape)| if wanted(i) { shape.2 } else { 0 });
    let mut outs: Vec<Vec<u8>> = lens.map(|len| vec![0; len]).collect();
    let mut targets: Vec<Target<'_>> = shapes
        .iter()
        .zip(bases)
        .zip(&mut outs)
        .map(|((&(dtype, columns, len), base), out)| Target {
            dtype,
            columns,
            len,
            base: base.as_deref(),
            wanted: 0..out.len(),
            out,
        })
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
            let dtype = Dtype::ALL[usize::from(c[0] & 31) % Dtype::ALL.len()];
            (dtype, 1 + usize::from(c[1]), usize::from(u16::from_le_bytes([c[2], c[3]])) * dtype.unit())
        })
        .collect();
    let _ = decode(rest, &shapes, &bases(rest, head, &shapes), |_| true);
    let mut at = 0;
    let mut parts = Vec::new();
    let mut fitting = Vec::new();
    for &(dtype, columns, len) in &shapes {
        let len = len.min(rest.len() - at) / dtype.unit() * dtype.unit();
        parts.push(&rest[at..at + len]);
        fitting.push((dtype, columns, len));
        at += len;
    }
    let bases = bases(rest, head, &fitting);
    let with_base = fitting.iter().zip(&parts).zip(&bases);
    let arrays: Vec<Array<'_>> = with_base
        .map(|((&(dtype, columns, _), bytes), base)| Array { dtype, columns, bytes, base: base.as_deref() })
        .collect();
    // One strength an input: mixing takes milliseconds to begin with.
    let strength = [Strength::Fast, Strength::Dense, Strength::Max][usize::from(head[4] >> 5) % 3];
    let mut payload = Vec::new();
    group::encode(&arrays, strength, &Env::default(), &mut payload).expect("arrays of whole units");
    for only in [None, Some(usize::from(head[8] >> 5) % 3)] {
        let wanted = |i: usize| only.is_none_or(|only| only == i);
        let outs = decode(&payload, &fitting, &bases, wanted).expect("what was coded");
        for (i, (array, out)) in arrays.iter().zip(&outs).enumerate() {
            assert!(!wanted(i) || array.bytes == out);
        }
    }
});
