//! Sizes and speeds of one codec over files: `measure CODEC[:key=value,...] FILE...`. Verifies every round trip.
//! Where Linux tells it, time is the one that this thread had the processor, so that a busy machine matters little.

use minlen_core::{Chain, Env, Limits, Registry};
use std::io::Write as _;
use std::time::Instant;

/// Seconds since some moment.
fn now(start: Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanos.map_or_else(|| start.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let mut args = std::env::args().skip(1);
    let mut registry = Registry::new();
    minlen_bytes::codecs().into_iter().for_each(|codec| registry.register(codec));
    let chain = Chain::parse(&args.next().ok_or("usage: measure CODEC FILE...")?, &registry)?;
    let env = Env::new(Limits::none());
    let (mut total_in, mut total_out, mut encode_s, mut decode_s) = (0, 0, 0.0, 0.0);
    let mut stdout = std::io::stdout();
    for path in args {
        let data = std::fs::read(&path)?;
        let start = now(begin);
        let coded = chain.encode(&data, &registry, &env)?;
        let encode = now(begin) - start;
        // Many times, as the clock ticks slowly.
        let start = now(begin);
        let rounds = 1 + 20_000_000 / data.len().max(1);
        for _ in 0..rounds {
            let back = Chain::decode(&coded.ids, &coded.inner, &coded.payload, data.len(), &registry, &env)?;
            if back != data {
                return Err(format!("{path} does not come back").into());
            }
        }
        let decode = (now(begin) - start) / rounds as f64;
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
