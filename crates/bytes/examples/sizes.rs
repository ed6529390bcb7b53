//! Runs chains over files: `sizes CHAIN[,CHAIN...] FILE...` prints size, times and whether each file came back.
//! With several chains separated by spaces in the first argument, the smallest of each file counts.

use minlen_core::{Chain, Env, Registry};
use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(chains), files) = (args.next(), args.collect::<Vec<_>>()) else {
        eprintln!("usage: sizes 'CHAIN [CHAIN...]' FILE...");
        std::process::exit(3);
    };
    let mut registry = Registry::new();
    minlen_bytes::codecs().into_iter().for_each(|codec| registry.register(codec));
    let mut total = Row::default();
    for file in &files {
        let data = std::fs::read(file).unwrap_or_default();
        let rows = chains.split_whitespace().map(|chain| measure(chain, &data, &registry));
        let best = rows.reduce(Row::better).unwrap_or_default();
        best.print(file);
        total = total.plus(&best);
    }
    total.print("total");
}

#[derive(Default)]
struct Row {
    raw: usize,
    size: usize,
    encode: Duration,
    decode: Duration,
    good: bool,
    chain: String,
}

fn measure(chain: &str, data: &[u8], registry: &Registry) -> Row {
    let env = Env::default();
    let run = || -> minlen_core::Result<Row> {
        let parsed = Chain::parse(chain, registry)?;
        let start = Instant::now();
        let coded = parsed.encode(data, registry, &env)?;
        let encode = start.elapsed();
        let start = Instant::now();
        let back = Chain::decode(&coded.ids, &coded.inner, &coded.payload, data.len(), registry, &env);
        let (size, good) = (coded.payload.len(), back.is_ok_and(|back| back == data));
        Ok(Row { raw: data.len(), size, encode, decode: start.elapsed(), good, chain: chain.to_string() })
    };
    run().unwrap_or_else(|error| {
        eprintln!("{chain}: {error}");
        Row { size: usize::MAX / 1024, ..Row::default() }
    })
}

impl Row {
    /// The smaller of two, at the cost of encoding both.
    fn better(self, other: Self) -> Self {
        let encode = self.encode + other.encode;
        let best = if other.size < self.size { other } else { self };
        Self { encode, ..best }
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            raw: self.raw + other.raw,
            size: self.size + other.size,
            encode: self.encode + other.encode,
            decode: self.decode + other.decode,
            good: other.good && (self.good || self.raw == 0),
            chain: String::new(),
        }
    }

    #[allow(clippy::print_stdout)]
    fn print(&self, name: &str) {
        let rate = |time: Duration| self.raw as f64 / time.as_secs_f64().max(1e-9) / 1e6;
        println!(
            "{:>10} {:>10} {:>8.2} MB/s {:>8.2} MB/s {} {} {}",
            self.raw,
            self.size,
            rate(self.encode),
            rate(self.decode),
            if self.good { "ok" } else { "DIFFERS" },
            name,
            self.chain
        );
    }
}
