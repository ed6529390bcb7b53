//! Which stretches of the old content those of the new one go back to.
//!
//! As in bsdiff (Percival, *Naive differences of executable code*, 2003): a stretch goes on as long as most of its bytes are those
//! of the old content, since in programs whose parts have moved it is addresses that differ, a few bytes at a time.

use super::index::{Index, SEED, common, common_end};
use minlen_core::{Env, Result};

/// A stretch that is like one of the old content, most of its bytes at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Like {
    /// Where it begins.
    pub at: usize,
    /// Where the old one begins.
    pub from: usize,
    /// How long both are.
    pub len: usize,
}

impl Like {
    fn end(&self) -> usize {
        self.at + self.len
    }
}

/// From so many equal bytes on, the stretch at hand goes on without a look elsewhere.
const GOES_ON: usize = 16;
/// Another place must have so many more equal bytes: more where its offset takes more bytes to tell.
const GAIN_NEAR: usize = 8;
const GAIN_FAR: usize = 20;
const NEAR: usize = 64;
/// A stretch ends where its score was so much higher before.
const DROP: i64 = 64;
/// Bytes between looks for a request to stop.
const CHECK: usize = 1 << 20;

/// The stretches of `data` that are like those of `old`, in order and without overlaps. Where nothing is found, a `hasty` search looks
/// at fewer and fewer places.
pub(super) fn find(old: &[u8], index: &Index, data: &[u8], hasty: bool, env: &Env) -> Result<Vec<Like>> {
    let mut found: Vec<Like> = Vec::new();
    let (mut at, mut misses, mut checked) = (0, 0usize, 0);
    while at < data.len() {
        if at - checked >= CHECK {
            env.work((at - checked) as u64)?;
            checked = at;
        }
        if let Some(last) = found.last_mut() {
            let run = common(&data[at..], old.get(last.from + (at - last.at)..).unwrap_or_default());
            if run >= GOES_ON || (run > 0 && at == last.end()) {
                at += run;
                last.len = at - last.at;
                misses = 0;
                continue;
            }
        }
        match better(old, index, data, at, found.last()) {
            Some(next) => {
                at = next.end();
                found.push(next);
                misses = 0;
            }
            None => {
                misses += 1;
                at += if hasty { (1 + (misses >> 5)).min(32) } else { (1 + (misses >> 10)).min(8) };
            }
        }
    }
    env.work((data.len() - checked) as u64)?;
    Ok(widen(old, data, found))
}

/// A stretch through `at` that is so much longer than what the last one would give that it is worth going there.
fn better(old: &[u8], index: &Index, data: &[u8], at: usize, last: Option<&Like>) -> Option<Like> {
    let expected = last.map_or(at, |last| last.from + (at - last.at));
    let (from, len) = index.longest(old, &data[at..], expected)?;
    let back = common_end(&data[last.map_or(0, Like::end)..at], &old[..from]);
    let like = Like { at: at - back, from: from - back, len: len + back };
    let gain = if from.abs_diff(expected) < NEAR || at == 0 { GAIN_NEAR } else { GAIN_FAR };
    let goes_on = last.map_or(0, |last| {
        let there = old.get(last.from + (like.at - last.at)..).unwrap_or_default();
        there.iter().zip(&data[like.at..like.end()]).filter(|(a, b)| a == b).count()
    });
    // A short one alone must be worth its words, too.
    (like.len >= goes_on + gain.min(SEED.max(gain))).then_some(like)
}

/// Extends the stretches over what lies between them, as long as that is more like the old content than not.
fn widen(old: &[u8], data: &[u8], found: Vec<Like>) -> Vec<Like> {
    let mut wide: Vec<Like> = Vec::with_capacity(found.len());
    let count = found.len();
    for i in 0..count {
        let like = found[i];
        let next = found.get(i + 1).map_or(data.len(), |next| next.at);
        let floor = wide.last().map_or(0, Like::end);
        let back = best_length(data[floor..like.at].iter().rev().zip(old[..like.from].iter().rev()));
        let ahead = best_length(data[like.end()..next].iter().zip(&old[like.from + like.len..]));
        let like = Like { at: like.at - back, from: like.from - back, len: back + like.len + ahead };
        wide.push(like);
    }
    wide
}

/// How many pairs to take so that the equal ones outweigh the others by most.
fn best_length<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>) -> usize {
    let (mut score, mut best, mut len) = (0i64, 0i64, 0);
    for (i, (a, b)) in pairs.enumerate() {
        score += if a == b { 1 } else { -1 };
        if score > best {
            (best, len) = (score, i + 1);
        }
        if score < best - DROP {
            break;
        }
    }
    len
}
