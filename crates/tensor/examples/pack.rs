//! Sizes and speeds of the array codecs: `pack [--strength fast|dense|max] [--best N] [--dtype NAME] FILE..`.
//! With a type, only the arrays of that type.
//! Prints bytes of tensors, bytes of payload, their ratio, and MB/s in and out (CPU time of this thread, best of N).

#![allow(clippy::print_stdout)]

use minlen_core::Env;
use minlen_structure::Parsers;
use minlen_tensor::group::{self, Strength};
use minlen_tensor::{Array, Target};

type Failure = Box<dyn std::error::Error>;

/// Seconds of processor time of this thread.
fn now() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn measure(path: &str, strength: Strength, best: usize, only: Option<&str>) -> Result<(), Failure> {
    let bytes = std::fs::read(path)?;
    let source = &bytes.as_slice();
    let layout = match Parsers::arrays().layout(source)? {
        Some(layout) => layout,
        None => Parsers::arrays().guess(source)?.ok_or("no arrays")?,
    };
    let arrays: Vec<Array<'_>> = layout
        .spans
        .iter()
        .filter(|t| only.is_none_or(|name| t.dtype.name() == name))
        .map(|t| {
            let (columns, start) = (t.columns() as usize, t.start as usize);
            Array { dtype: t.dtype, columns, bytes: &bytes[start..start + t.len as usize], base: None }
        })
        .collect();
    let total: usize = arrays.iter().map(|array| array.bytes.len()).sum();
    let env = Env::default();
    let (mut payload, mut into, mut back) = (Vec::new(), f64::MAX, f64::MAX);
    let mut outs: Vec<Vec<u8>> = arrays.iter().map(|array| vec![0; array.bytes.len()]).collect();
    for _ in 0..best {
        payload = Vec::with_capacity(total + 1024);
        let start = now();
        group::encode(&arrays, strength, &env, &mut payload)?;
        into = into.min(now() - start);
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
        let start = now();
        group::decode(&payload, &mut targets, &env)?;
        back = back.min(now() - start);
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
    let (mut strength, mut best, mut only) = (Strength::Fast, 5, None);
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
            "--dtype" => only = args.next(),
            path => {
                if let Err(failure) = measure(path, strength, best, only.as_deref()) {
                    println!("{path}: {failure}");
                }
            }
        }
    }
    Ok(())
}
