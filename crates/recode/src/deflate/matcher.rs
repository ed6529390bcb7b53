//! What a compressor would have done: the search of zlib and its relatives, as a predictor of tokens.
//!
//! The rules are those that zlib's levels follow (RFC 1951 section 4 describes the lazy search; the numbers of each level are
//! zlib's public table). The predictor is told after each token what really came, and goes on from there, so that it stays in
//! step with any compressor that resembles one of its settings.

use super::tables::{MAX_MATCH, MIN_MATCH, Token};
use minlen_core::{Error, Result};

/// zlib keeps this much distance from the end of its window.
const GUARD: usize = 262;
const WINDOW: usize = 1 << 15;
/// A match of three bytes further away than this is not worth its bits to zlib.
const FAR_THREE: usize = 4096;

/// What kind of search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// No matches.
    #[default]
    Never,
    /// The first good match is taken (zlib's levels 1 to 3).
    Greedy,
    /// A match is dropped for a longer one at the next byte (zlib's levels 4 to 9).
    Lazy,
}

/// The settings of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    /// Matches as long as this have the lazy search cut to a quarter.
    pub(super) good: u16,
    /// Lazy: no lazy search from this length on. Greedy: the inside of longer matches is not remembered.
    pub(super) lazy: u16,
    /// A match this long ends the search.
    pub(super) nice: u16,
    /// How many candidates are looked at.
    pub(super) chain: u16,
    /// Bits of the hash, 9 to 16: zlib's memory level + 7.
    pub(super) hash_bits: u8,
    /// Matches of up to 5 bytes are dropped (zlib's strategy for filtered data).
    pub(super) filtered: bool,
    /// Matches of three bytes count at any distance.
    pub(super) three: bool,
    /// Matches reach the whole window and the first byte, as zlib's do not.
    pub(super) far: bool,
}

/// Searches the plain text of one stream after the other; keeps its tables between them.
pub(super) struct Matcher {
    /// Last position of each hash, as position + base; entries up to `base` are from earlier streams.
    head: Vec<u32>,
    prev: Vec<u32>,
    base: u32,
    /// The next position to remember.
    inserted: usize,
    pending: Option<(usize, usize)>,
    settings: Settings,
    shift: u32,
    mask: usize,
    /// Work left: bounds what hostile data may cost.
    fuel: u64,
}

impl Matcher {
    /// Bytes of memory that a matcher takes.
    pub(super) const MEMORY: u64 = ((1 << 16) + WINDOW as u64) * 4;

    pub(super) fn new() -> Self {
        Self {
            head: vec![0; 1 << 16],
            prev: vec![0; WINDOW],
            base: 1,
            inserted: 0,
            pending: None,
            settings: Settings::default(),
            shift: 5,
            mask: 0x7fff,
            fuel: 0,
        }
    }

    /// Begins a stream of `len` bytes of plain text.
    pub(super) fn start(&mut self, settings: Settings, len: usize) {
        let hash_bits = u32::from(settings.hash_bits.clamp(9, 16));
        (self.shift, self.mask) = (hash_bits.div_ceil(3), (1 << hash_bits) - 1);
        // Entries of all streams before are at most the new base, and so are taken for none.
        let old = u64::from(self.base) + self.inserted as u64 + 1;
        if old + len as u64 > u64::from(u32::MAX) {
            self.head.fill(0);
            self.base = 1;
        } else {
            self.base = old as u32;
        }
        self.settings = settings;
        self.inserted = usize::from(!settings.far);
        self.pending = None;
        self.fuel = (len as u64 + 1000).saturating_mul(1000);
    }

    fn hash(&self, data: &[u8], at: usize) -> usize {
        let byte = |i: usize| usize::from(data[at + i]);
        ((byte(0) << (2 * self.shift)) ^ (byte(1) << self.shift) ^ byte(2)) & self.mask
    }

    /// Remembers all positions before `end`.
    #[inline]
    fn insert_until(&mut self, data: &[u8], end: usize) {
        let end = end.min(data.len().saturating_sub(2));
        while self.inserted < end {
            let hash = self.hash(data, self.inserted);
            self.prev[self.inserted % WINDOW] = self.head[hash];
            self.head[hash] = self.base + self.inserted as u32;
            self.inserted += 1;
        }
    }

    fn reach(&self) -> usize {
        if self.settings.far { WINDOW } else { WINDOW - GUARD }
    }

    /// The position behind an entry, if it is one of this stream and within reach of `at`.
    #[inline]
    fn position(&self, entry: u32, at: usize) -> Option<usize> {
        // The first position of a stream has the entry `base`; all older entries are smaller.
        let position = entry.checked_sub(self.base)? as usize;
        (position < at && at - position <= self.reach()).then_some(position)
    }

    /// The longest match at `at` longer than `least`, looking at up to `chain` candidates.
    fn search(
        &mut self,
        data: &[u8],
        at: usize,
        least: usize,
        chain: usize,
    ) -> Result<Option<(usize, usize)>> {
        let room = (data.len() - at).min(MAX_MATCH);
        if room < MIN_MATCH {
            return Ok(None);
        }
        let nice = usize::from(self.settings.nice).min(room);
        let mut entry = self.head[self.hash(data, at)];
        let (mut best, mut found) = (least, None);
        for _ in 0..chain {
            let Some(position) = self.position(entry, at) else { break };
            self.burn(1)?;
            if best < room && data[position + best] == data[at + best] {
                let len = common(&data[position..], &data[at..at + room]);
                self.burn(len as u64 / 8)?;
                if len > best {
                    (best, found) = (len, Some((len, at - position)));
                    if len >= nice {
                        break;
                    }
                }
            }
            entry = self.next(entry, position);
        }
        Ok(found)
    }

    /// The entry before this one, which must be older: what an overwritten slot holds is not.
    #[inline]
    fn next(&self, entry: u32, position: usize) -> u32 {
        let previous = self.prev[position % WINDOW];
        if previous < entry { previous } else { 0 }
    }

    fn burn(&mut self, work: u64) -> Result<()> {
        self.fuel =
            self.fuel.checked_sub(work).ok_or_else(|| Error::limit("deflate: the search takes too long"))?;
        Ok(())
    }

    /// The token that the settings give at `at`.
    pub(super) fn predict(&mut self, data: &[u8], at: usize) -> Result<Token> {
        let literal = Token::literal(data[at]);
        let settings = self.settings;
        if settings.mode == Mode::Never {
            return Ok(literal);
        }
        self.insert_until(data, at);
        let chain = usize::from(settings.chain);
        let pending = self.pending.take();
        let current = match pending {
            Some(found) => Some(found),
            None => self.acceptable(data, at, MIN_MATCH - 1, chain)?,
        };
        let Some((len, dist)) = current else { return Ok(literal) };
        if settings.mode == Mode::Lazy && len < usize::from(settings.lazy) {
            self.insert_until(data, at + 1);
            let chain = if len >= usize::from(settings.good) { chain >> 2 } else { chain };
            if at + 1 < data.len()
                && let Some(next) = self.acceptable(data, at + 1, len, chain)?
            {
                self.pending = Some(next);
                return Ok(literal);
            }
        }
        Ok(Token::matching(len, dist))
    }

    fn acceptable(
        &mut self,
        data: &[u8],
        at: usize,
        least: usize,
        chain: usize,
    ) -> Result<Option<(usize, usize)>> {
        let found = self.search(data, at, least, chain)?;
        let lazy = self.settings.mode == Mode::Lazy;
        Ok(found.filter(|&(len, dist)| {
            !(lazy
                && (self.settings.filtered && len <= 5
                    || len == MIN_MATCH && dist > FAR_THREE && !self.settings.three))
        }))
    }

    /// Says which token came at `at`, and whether it was the predicted one.
    pub(super) fn commit(&mut self, data: &[u8], at: usize, token: Token, hit: bool) {
        if !hit {
            self.pending = None;
        }
        // The greedy search forgets what is inside long matches.
        if self.settings.mode == Mode::Greedy && token.len() > usize::from(self.settings.lazy) {
            self.insert_until(data, at + 1);
            self.inserted = at + token.len();
        }
    }

    /// Forgets what was seen ahead: a stored block comes next.
    pub(super) fn skip(&mut self) {
        self.pending = None;
    }

    /// How many candidates nearer than `dist` match `len` bytes at `at`, if the one at `dist` is found before `most`.
    pub(super) fn rank(
        &mut self,
        data: &[u8],
        at: usize,
        len: usize,
        dist: usize,
        most: u32,
    ) -> Result<Option<u32>> {
        let mut rank = 0;
        self.candidates(data, at, len, |found| {
            if found == dist {
                return Some(Some(rank));
            }
            rank += 1;
            (rank >= most).then_some(None)
        })
        .map(Option::flatten)
    }

    /// The distance of candidate number `rank` among those that match `len` bytes at `at`.
    pub(super) fn ranked(
        &mut self,
        data: &[u8],
        at: usize,
        len: usize,
        mut rank: u32,
    ) -> Result<Option<usize>> {
        self.candidates(data, at, len, |dist| {
            if rank == 0 {
                return Some(dist);
            }
            rank -= 1;
            None
        })
    }

    /// Calls `take` with the distance of each candidate that matches `len` bytes at `at`, nearest first, until it answers.
    fn candidates<T>(
        &mut self,
        data: &[u8],
        at: usize,
        len: usize,
        mut take: impl FnMut(usize) -> Option<T>,
    ) -> Result<Option<T>> {
        self.insert_until(data, at);
        if at + len.max(MIN_MATCH) > data.len() {
            return Ok(None);
        }
        let wanted = &data[at..at + len];
        let mut entry = self.head[self.hash(data, at)];
        for _ in 0..WINDOW {
            let Some(position) = self.position(entry, at) else { return Ok(None) };
            self.burn(2)?;
            if data[position..position + len] == *wanted
                && let Some(answer) = take(at - position)
            {
                return Ok(Some(answer));
            }
            entry = self.next(entry, position);
        }
        Ok(None)
    }
}

/// How many bytes at the start of both are equal, up to the length of `b`.
#[inline]
fn common(a: &[u8], b: &[u8]) -> usize {
    let (wide_a, wide_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let mut len = 0;
    for (x, y) in wide_a.iter().zip(wide_b) {
        let differ = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differ != 0 {
            return len + (differ.trailing_zeros() / 8) as usize;
        }
        len += 8;
    }
    len + a[len..].iter().zip(&b[len..]).take_while(|(x, y)| x == y).count()
}
