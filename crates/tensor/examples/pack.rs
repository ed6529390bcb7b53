//! Sizes and speeds of the array codecs: `pack [--strength fast|dense|max] [--best N] FILE..`, for safetensors.
//! Prints bytes of tensors, bytes of payload, their ratio, and MB/s in and out (CPU time of this thread, best of N).

use minlen_core::Env;
use minlen_tensor::group::{self, Strength};
use minlen_tensor::{Array, Dtype, Target};
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

fn dtype(name: &str) -> Option<Dtype> {
    Some(match name {
        "F64" => Dtype::F64,
        "F32" => Dtype::F32,
        "F16" => Dtype::F16,
        "BF16" => Dtype::Bf16,
        "I8" => Dtype::I8,
        "U8" => Dtype::U8,
        "I64" => Dtype::I64,
        "I32" => Dtype::I32,
        _ => return None,
    })
}

/// Type, columns and span of every tensor of a safetensors file.
fn tensors(bytes: &[u8]) -> Result<Vec<(Dtype, usize, usize, usize)>, Failure> {
    let len = u64::from_le_bytes(*bytes.first_chunk().ok_or("no header")?) as usize;
    let header = std::str::from_utf8(bytes.get(8..8 + len).ok_or("header too long")?)?;
    let mut found = Vec::new();
    for part in header.split("\"dtype\":\"").skip(1) {
        let kind = dtype(part.split('"').next().unwrap_or("")).ok_or("unknown type")?;
        let list = |name: &str| -> Vec<usize> {
            let inner = part.split(name).nth(1).and_then(|s| s.split(']').next()).unwrap_or("");
            inner.split(',').filter_map(|n| n.trim().parse().ok()).collect()
        };
        let (shape, span) = (list("\"shape\":["), list("\"data_offsets\":["));
        let columns = match shape.as_slice() {
            [] => 1,
            [one] => *one,
            [_, rest @ ..] => rest.iter().product(),
        };
        found.push((kind, columns.max(1), 8 + len + span[0], 8 + len + span[1]));
    }
    found.sort_by_key(|t| t.2);
    Ok(found)
}

fn measure(path: &str, strength: Strength, best: usize) -> Result<(), Failure> {
    let bytes = std::fs::read(path)?;
    let spans = tensors(&bytes)?;
    let arrays: Vec<Array<'_>> = spans
        .iter()
        .map(|&(dtype, columns, start, end)| Array { dtype, columns, bytes: &bytes[start..end], base: None })
        .collect();
    let total: usize = arrays.iter().map(|array| array.bytes.len()).sum();
    let env = Env::default();
    let (mut payload, mut into, mut back) = (Vec::new(), f64::MAX, f64::MAX);
    let mut outs: Vec<Vec<u8>> = arrays.iter().map(|array| vec![0; array.bytes.len()]).collect();
    for _ in 0..best {
        payload = Vec::with_capacity(total + 1024);
        let start = Instant::now();
        group::encode(&arrays, strength, &env, &mut payload)?;
        into = into.min(start.elapsed().as_secs_f64());
        let mut targets: Vec<Target<'_>> = arrays
            .iter()
            .zip(&mut outs)
            .map(|(array, out)| Target {
                dtype: array.dtype,
                columns: array.columns,
                len: array.bytes.len(),
                base: None,
                wanted: 0..array.bytes.len(),
                out,
            })
            .collect();
        let start = Instant::now();
        group::decode(&payload, &mut targets, &env)?;
        back = back.min(start.elapsed().as_secs_f64());
    }
    if arrays.iter().zip(&outs).any(|(array, out)| array.bytes != out) {
        return Err("not the same bytes".into());
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let (mb, ratio) = (total as f64 / 1e6, total as f64 / payload.len() as f64);
    println!("{name:44} {total:>9} {:>9} {ratio:7.4} {:8.1} {:8.1}", payload.len(), mb / into, mb / back);
    Ok(())
}

fn main() -> Result<(), Failure> {
    let (mut strength, mut best) = (Strength::Fast, 5);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--strength" => {
                strength = match args.next().as_deref() {
                    Some("dense") => Strength::Dense,
                    Some("max") => Strength::Max,
                    _ => Strength::Fast,
                }
            }
            "--best" => best = args.next().ok_or("how many?")?.parse()?,
            path => measure(path, strength, best)?,
        }
    }
    Ok(())
}
