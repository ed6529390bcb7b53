//! Sizes and speeds of one codec over files: `measure CODEC[:key=value,...] FILE...`. Verifies every round trip.

use minlen_core::{Chain, Env, Limits, Registry};
use std::io::Write as _;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut registry = Registry::new();
    minlen_bytes::codecs().into_iter().for_each(|codec| registry.register(codec));
    let chain = Chain::parse(&args.next().ok_or("usage: measure CODEC FILE...")?, &registry)?;
    let env = Env::new(Limits::none());
    let (mut total_in, mut total_out, mut encode_s, mut decode_s) = (0, 0, 0.0, 0.0);
    let mut stdout = std::io::stdout();
    for path in args {
        let data = std::fs::read(&path)?;
        let start = Instant::now();
        let coded = chain.encode(&data, &registry, &env)?;
        let encode = start.elapsed().as_secs_f64();
        let mut decode = f64::MAX;
        for _ in 0..3 {
            let start = Instant::now();
            let back = Chain::decode(&coded.ids, &coded.inner, &coded.payload, data.len(), &registry, &env)?;
            decode = decode.min(start.elapsed().as_secs_f64());
            if back != data {
                return Err(format!("{path} does not come back").into());
            }
        }
        let rate = |seconds: f64| data.len() as f64 / 1e6 / seconds;
        let name = path.rsplit('/').next().unwrap_or(&path);
        let size = coded.payload.len();
        writeln!(
            stdout,
            "{name:26} {:9} {size:9} {:7.1} {:7.1} MB/s",
            data.len(),
            rate(encode),
            rate(decode)
        )?;
        total_in += data.len();
        total_out += size;
        encode_s += encode;
        decode_s += decode;
    }
    let rate = |seconds: f64| total_in as f64 / 1e6 / seconds;
    writeln!(
        stdout,
        "{:26} {total_in:9} {total_out:9} {:7.1} {:7.1} MB/s",
        "total",
        rate(encode_s),
        rate(decode_s)
    )?;
    Ok(())
}
