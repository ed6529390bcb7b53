//! Where a block of several kinds of data is cut.
//!
//! A cut lets each side have the codec that suits it, and costs whatever the sides had in common. What they have in common is
//! measured with the fast codecs: a cut that makes those noticeably worse is not made.

use super::{Planner, Request, whole};
use crate::detect;
use minlen_core::layout::{Origin, Span, SpanKind};
use minlen_core::{Class, Env, Part, Stats};
use std::ops::Range;

/// Blocks below this size are never cut.
const SMALLEST: usize = 128 << 10;

/// The level whose offers measure what a cut costs.
const PROBE_LEVEL: u8 = 3;

/// Cuts may cost this many thousandths by that measure: the right codec for each side gains more.
const LOSS_PERMILLE: usize = 10;

impl Planner {
    /// The parts of a block: all that detection finds, or only what stands apart as compressed already, or the whole.
    pub(super) fn split(&self, data: &[u8], request: &Request, env: &Env) -> Vec<Range<usize>> {
        // Dense data is dense throughout: looking for parts in it would cost time and find nothing.
        let dense = request.known.as_ref().is_some_and(|d| d.kind.class() == Class::Dense);
        if dense || data.len() < SMALLEST {
            return whole(data);
        }
        if self.needs_whole(data, request, env) {
            return whole(data);
        }
        let parts = detect::segments(data);
        if parts.len() < 2 {
            return whole(data);
        }
        // At the fast levels the measure would cost as much as the work.
        if request.level <= PROBE_LEVEL {
            return self.dense_apart(data, parts);
        }
        let uncut = self.probe(data, env);
        let bearable = |parts: &[Range<usize>]| {
            let cut: usize = parts.iter().map(|part| self.probe(&data[part.clone()], env)).sum();
            cut * 1000 <= uncut * (1000 + LOSS_PERMILLE)
        };
        if bearable(&parts) {
            return parts;
        }
        let parts = self.dense_apart(data, parts);
        if parts.len() > 1 && bearable(&parts) { parts } else { whole(data) }
    }

    /// True if a codec that a cut could harm has something to offer. Such a codec sorts the data by kind itself.
    fn needs_whole(&self, data: &[u8], request: &Request, env: &Env) -> bool {
        // What a file declares is known for the whole only.
        let declared = |span: &Span| span.kind == SpanKind::Array && span.origin != Origin::Guessed;
        if env.layout.iter().any(declared) {
            return true;
        }
        let stats = Stats::default();
        let kind = request.known.as_ref().map_or(minlen_core::Kind::Binary, |d| d.kind);
        let part = Part::new(data, kind, &stats)
            .with_decode_ns(request.decode_ns)
            .with_layout(&env.layout)
            .with_resources(&env.resources);
        let mut codecs = self.registry.iter().filter(|codec| codec.whole().is_some());
        codecs.any(|codec| !codec.propose(&part, request.level).is_empty())
    }

    /// Joins neighbours, so that only borders of compressed data are left.
    fn dense_apart(&self, data: &[u8], parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
        let mut joined: Vec<(bool, Range<usize>)> = Vec::new();
        for part in parts {
            let bytes = &data[part.clone()];
            let dense = self.detect(bytes, bytes.len() as u64).kind.class() == Class::Dense;
            match joined.last_mut() {
                Some((kind, last)) if *kind == dense => last.end = part.end,
                _ => joined.push((dense, part)),
            }
        }
        joined.into_iter().map(|(_, part)| part).collect()
    }

    /// The size that the fast codecs give, whatever the data is.
    pub(crate) fn probe(&self, data: &[u8], env: &Env) -> usize {
        let stats = Stats::default();
        let part = Part::new(data, minlen_core::Kind::Binary, &stats);
        let offers = self.registry.iter().flat_map(|codec| codec.propose(&part, PROBE_LEVEL));
        let sizes = offers.filter_map(|offer| offer.chain.encode(data, &self.registry, env).ok());
        sizes.map(|coded| coded.payload.len()).min().unwrap_or(data.len()).min(data.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::random_case;

    fn request(level: u8) -> Request {
        Request { level, chain: None, memory: None, known: None, decode_ns: u32::MAX }
    }

    #[test]
    fn noise_within_text_is_set_apart_and_text_stays_whole() {
        let planner = Planner::new(crate::registry());
        let text = b"Whatever it predicts well it codes in few bits; the rest it pays for. ".repeat(6000);
        let noise: Vec<u8> = (0..30).flat_map(|i| random_case(8 * i, 60_000)).take(400_000).collect();
        for level in [1, 5] {
            let env = Env::default();
            assert_eq!(planner.split(&text, &request(level), &env).len(), 1);
            let parts = planner.split(&[&text[..], &noise[..], &text[..]].concat(), &request(level), &env);
            assert!(parts.len() > 1 && parts.first().is_some_and(|p| p.start == 0), "{parts:?}");
            assert!(parts.windows(2).all(|w| w[0].end == w[1].start));
        }
    }
}
