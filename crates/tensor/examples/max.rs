//! `max FILE [BASE] [DTYPE]`: ratio and speed of the mixing codec on the arrays of a safetensors file, or on a whole file taken as
//! `DTYPE:COLUMNS:START:END,...`; a third argument (`f16`) takes only the arrays of that type.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use minlen_core::Env;
use minlen_tensor::{Array, Dtype, Target, delta, max};

type Span = (String, Dtype, usize, std::ops::Range<usize>);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let file = std::fs::read(&args[0]).unwrap();
    let second = args.get(1).map(String::as_str).unwrap_or_default();
    let spec = second.split(',').filter_map(parse).collect::<Vec<_>>();
    let spans = if spec.is_empty() { spans(&file) } else { spec };
    let base = if second.ends_with("tensors") { std::fs::read(second).unwrap() } else { Vec::new() };
    let bases = if base.is_empty() { Vec::new() } else { self::spans(&base) };
    let arrays: Vec<Array<'_>> = spans
        .iter()
        .map(|(name, dtype, columns, span)| {
            let bytes = &file[span.start..span.end.min(file.len())];
            let base = bases
                .iter()
                .find(|b| b.0 == *name)
                .map(|b| &base[b.3.clone()])
                .filter(|b| b.len() == bytes.len());
            Array { dtype: *dtype, columns: *columns, bytes, base }
        })
        .filter(|a| base.is_empty() || a.base.is_some())
        .filter(|a| args.get(2).is_none_or(|only| a.dtype.name() == only || only == "static"))
        .collect();
    let env = Env::default();
    if args.get(2).is_some_and(|mode| mode == "static") {
        let all = arrays
            .iter()
            .filter(|a| max::prefers_delta(a))
            .map(|a| (a.bytes.len(), delta::encode(a, &env).unwrap().len()));
        let (raw, coded) = all.fold((0, 0), |(a, b), (x, y)| (a + x, b + y));
        println!("static differences: {raw} {coded} {:.4}", raw as f64 / coded as f64);
        return;
    }
    let total: usize = arrays.iter().map(|a| a.bytes.len()).sum();
    let start = cpu_seconds();
    let payload = max::encode(&arrays, &env).unwrap();
    let encode = cpu_seconds() - start;
    let start = cpu_seconds();
    let mut outs: Vec<Vec<u8>> = arrays.iter().map(|a| vec![0; a.bytes.len()]).collect();
    let mut targets: Vec<Target<'_>> = arrays
        .iter()
        .zip(&mut outs)
        .map(|(a, out)| Target {
            dtype: a.dtype,
            columns: a.columns,
            len: out.len(),
            base: a.base,
            wanted: 0..out.len(),
            out,
        })
        .collect();
    max::decode(&payload, &mut targets, &env).unwrap();
    let decode = cpu_seconds() - start;
    assert!(arrays.iter().zip(&outs).all(|(a, out)| a.bytes == out), "round trip");
    let speed = |seconds: f64| total as f64 / seconds / 1e6;
    let name = args[0].rsplit('/').next().unwrap();
    println!(
        "{name:44} {total:9} {:9} {:.4} {:.2} {:.2} MB/s",
        payload.len(),
        total as f64 / payload.len() as f64,
        speed(encode),
        speed(decode)
    );
}

/// What this process has used of a processor (Linux).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

/// `DTYPE:COLUMNS:START:END`.
fn parse(spec: &str) -> Option<Span> {
    let mut parts = spec.split(':');
    let dtype = parts.next()?;
    let dtype = Dtype::ALL.into_iter().find(|d| d.name() == dtype)?;
    let mut number = || parts.next()?.parse().ok();
    let (columns, start, end) = (number()?, number().unwrap_or(0), number().unwrap_or(usize::MAX));
    Some((String::new(), dtype, columns, start..end))
}

/// The arrays of a safetensors file: just enough JSON for its own header.
fn spans(file: &[u8]) -> Vec<Span> {
    let len = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&file[8..8 + len]).unwrap();
    let mut spans = Vec::new();
    for part in header.split("\"dtype\"").skip(1).zip(header.split("\"dtype\"")) {
        let (text, before) = part;
        let name = before.rsplit('"').nth(1).unwrap_or_default().to_owned();
        let dtype = text.split('"').nth(1).unwrap_or_default().to_lowercase();
        let list = |key: &str| -> Vec<usize> {
            let inner =
                text.split(key).nth(1).and_then(|t| t.split('[').nth(1)).and_then(|t| t.split(']').next());
            inner.unwrap_or_default().split(',').filter_map(|n| n.trim().parse().ok()).collect()
        };
        let (shape, at) = (list("\"shape\""), list("\"data_offsets\""));
        let Some(dtype) = Dtype::ALL.into_iter().find(|d| d.name() == dtype) else { continue };
        let columns =
            if shape.len() > 1 { shape[1..].iter().product() } else { shape.first().copied().unwrap_or(1) };
        spans.push((name, dtype, columns, 8 + len + at[0]..8 + len + at[1]));
    }
    spans.sort_by_key(|s| s.3.start);
    spans
}
