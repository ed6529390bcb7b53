//! Sizes and speeds of the field codecs: `field [--fast] FILE [DTYPE SHAPE]`, with SHAPE as `240x37x49`; npy files know theirs.
use minlen_core::Env;
use minlen_tensor::Dtype;
use minlen_tensor::field::bounded::{self, Bound};
use minlen_tensor::field::{self, Effort};
use std::time::Instant;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, args): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let efforts =
        if flags.is_empty() { vec![Effort::Fast, Effort::Dense, Effort::Max] } else { vec![Effort::Fast] };
    let bytes = std::fs::read(args.first().ok_or("usage: field FILE [DTYPE SHAPE]")?)?;
    let (dtype, shape, data) = describe(&args, &bytes)?;
    let env = Env::default();
    for &effort in &efforts {
        let (mut payload, mut back) = (Vec::new(), Vec::new());
        let rounds = if effort == Effort::Fast { 60 } else { 1 };
        let (mut into, mut out) = (f64::MAX, f64::MAX);
        for _ in 0..rounds {
            payload.clear();
            back.clear();
            let start = Instant::now();
            field::encode(data, dtype, &shape, effort, &env, &mut payload)?;
            into = into.min(start.elapsed().as_secs_f64());
            let start = Instant::now();
            field::decode(&payload, data.len(), &env, &mut back)?;
            out = out.min(start.elapsed().as_secs_f64());
        }
        assert!(back == data, "not the same bytes");
        let (n, speed) = (data.len() as f64, |t: f64| data.len() as f64 / 1e6 / t);
        println!(
            "{effort:?}: form {} {} bytes, ratio {:.3}, {:.1} / {:.1} MB/s",
            payload.first().unwrap_or(&0),
            payload.len(),
            n / payload.len() as f64,
            speed(into),
            speed(out)
        );
    }
    for (effort, share) in
        efforts.iter().filter(|&&e| e != Effort::Dense).flat_map(|e| [1e-2, 1e-3, 1e-4].map(|s| (*e, s)))
    {
        let (mut payload, mut back) = (Vec::new(), Vec::new());
        let start = Instant::now();
        let report =
            bounded::encode(data, dtype, &shape, Bound::Relative(share), effort, &env, &mut payload)?;
        let into = start.elapsed().as_secs_f64();
        let start = Instant::now();
        bounded::decode(&payload, data.len(), &env, &mut back)?;
        println!(
            "{effort:?} within {share:e}: {} bytes, ratio {:.2}, bound {:.6e}, worst {:.6e}, {:.1} / {:.1} MB/s",
            payload.len(),
            data.len() as f64 / payload.len() as f64,
            report.bound,
            report.worst,
            data.len() as f64 / 1e6 / into,
            data.len() as f64 / 1e6 / start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

type Described<'a> = (Dtype, Vec<u64>, &'a [u8]);

fn describe<'a>(args: &[String], bytes: &'a [u8]) -> Result<Described<'a>, Box<dyn std::error::Error>> {
    if let [_, dtype, shape] = args {
        let dtype = Dtype::ALL.into_iter().find(|d| d.name() == dtype).ok_or("unknown type")?;
        let shape = shape.split('x').map(str::parse).collect::<Result<_, _>>()?;
        return Ok((dtype, shape, bytes));
    }
    if !bytes.starts_with(b"\x93NUMPY") {
        return Ok((Dtype::F64, vec![bytes.len() as u64 / 8], bytes));
    }
    let header =
        String::from_utf8_lossy(&bytes[10..10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]))])
            .into_owned();
    let dtype = if header.contains("<f8") { Dtype::F64 } else { Dtype::F32 };
    let inside = header.split('(').nth(1).and_then(|s| s.split(')').next()).ok_or("no shape")?;
    let shape = inside
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok((dtype, shape, &bytes[10 + header.len()..]))
}
