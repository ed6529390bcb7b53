//! Temporary.
#![allow(clippy::all)]
use minlen_core::{Chain, Env, Limits, Registry};
fn now() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}
fn main() {
    let mut args = std::env::args().skip(1);
    let mut registry = Registry::new();
    minlen_bytes::codecs().into_iter().for_each(|codec| registry.register(codec));
    let chain = Chain::parse(&args.next().unwrap(), &registry).unwrap();
    let env = Env::new(Limits::none());
    let dec = std::env::var("DEC").is_ok();
    let mut tot = 0;
    for path in args {
        let data = std::fs::read(&path).unwrap();
        let t = now();
        let coded = chain.encode(&data, &registry, &env).unwrap();
        let e = now() - t;
        let t = now();
        if dec {
            let back =
                Chain::decode(&coded.ids, &coded.inner, &coded.payload, data.len(), &registry, &env).unwrap();
            assert!(back == data);
        }
        let d = now() - t;
        tot += coded.payload.len();
        println!(
            "{:24} {:9} {:9} enc {:5.0} ns dec {:5.0} ns",
            path.rsplit('/').next().unwrap(),
            data.len(),
            coded.payload.len(),
            e * 1e9 / data.len() as f64,
            d * 1e9 / data.len() as f64
        );
    }
    println!("total {tot}");
}
