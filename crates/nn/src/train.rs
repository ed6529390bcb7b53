//! Training ahead of time, for networks that are shipped.

use minlen_core::{Env, Event, Result};

use crate::config::Config;
use crate::lstm::ByteLstm;
use crate::matcher::Matcher;

/// Bytes between two looks at the stop flag.
const STRIDE: usize = 1 << 14;

/// Trains a network on `texts`, one after the other, `passes` times; each text starts with an empty past.
/// Hints come from a [`Matcher`]. Single-threaded and exact: the same network on every machine. About ten to twenty
/// microseconds a byte.
///
/// Afterwards give it the schedule that its users shall go on with ([`ByteLstm::reschedule`]) and
/// [`ByteLstm::save`] it.
///
/// ```
/// use minlen_core::Env;
/// use minlen_nn::{Config, train};
/// let config = Config { layers: 1, cells: 16, horizon: 8, out_every: 8, ..Config::default() };
/// let text = b"key: value\n".repeat(40);
/// let net = train(config, &[&text], 2, &Env::default())?;
/// assert_eq!(net.seen(), 2 * text.len() as u64);
/// // The file has a byte for each weight, and a few for each row of them.
/// assert!(net.save().len() < 2 * config.weights());
/// # Ok::<(), minlen_core::Error>(())
/// ```
///
/// # Errors
/// A bad `config`; cancelled.
pub fn train(config: Config, texts: &[&[u8]], passes: usize, env: &Env) -> Result<ByteLstm> {
    let bytes = texts.iter().map(|t| t.len() as u64).sum::<u64>().saturating_mul(passes as u64);
    env.progress.event(Event::Total { bytes });
    let mut net = ByteLstm::new(config)?;
    for text in (0..passes).flat_map(|_| texts) {
        net.restart();
        let mut matcher = Matcher::new();
        let mut end = 0;
        for part in text.chunks(STRIDE) {
            env.check()?;
            for &byte in part {
                end += 1;
                net.update_with(byte, matcher.guess(&text[..end]));
            }
            env.progress.event(Event::Advance { input: part.len() as u64, output: 0 });
        }
    }
    net.restart();
    Ok(net)
}
