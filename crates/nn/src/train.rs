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
