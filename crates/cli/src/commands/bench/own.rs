//! Minlen's own levels and codecs as rivals.

use minlen::{Env, Error, Limits, Options, Result};
use minlen_bench::{FnRival, Rival, resolve};

/// The name under which a chain stands in tables.
pub fn chain_name(chain: &str) -> String {
    format!("codec={chain}")
}

/// minlen's own names: `minlen:LEVEL` and `codec=CHAIN`.
pub fn own(name: &str) -> Option<Result<Box<dyn Rival>>> {
    let options = if let Some(level) = name.strip_prefix("minlen:") {
        let level = level.parse().map_err(|_| Error::usage(format!("{name}: expected a level")));
        level.and_then(Options::new)
    } else if let Some(chain) = name.strip_prefix("codec=") {
        Options::default().with_codec(chain)
    } else {
        return None;
    };
    Some(options.map(|options| rival(name, options.with_threads(1))))
}

fn rival(name: &str, options: Options) -> Box<dyn Rival> {
    let reading = options.clone();
    let env = || Env::new(Limits::none());
    let compress = move |input: &[u8]| minlen::compress_with(input, &options, &env());
    let decompress = move |packed: &[u8], _| minlen::decompress_with(packed, &reading, &env());
    FnRival::new(name, compress, decompress).with_version(env!("CARGO_PKG_VERSION")).boxed()
}

/// The rival of this name, for a child that measures memory.
pub fn one(name: &str) -> Result<Box<dyn Rival>> {
    let found = resolve(name, &own)?.rivals.pop();
    found.ok_or_else(|| Error::usage(format!("{name} cannot be had here")))
}
