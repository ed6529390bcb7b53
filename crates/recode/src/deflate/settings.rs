//! Which compressor was it? The settings to predict with, tried on the first tokens of a stream.

use super::coder::Meter;
use super::matcher::{Matcher, Mode, Settings};
use super::parse::Stream;
use super::tables::Token;
use super::tokens::TokenModel;
use minlen_core::{Error, Result};

/// Search kind, good, lazy, nice and chain. Numbers 1 to 9 are zlib's levels; the others resemble what else is about. Their
/// places are part of the format.
const PRESETS: [(Mode, u16, u16, u16, u16); 16] = [
    (Mode::Never, 0, 0, 0, 0),
    (Mode::Greedy, 4, 4, 8, 4),
    (Mode::Greedy, 4, 5, 16, 8),
    (Mode::Greedy, 4, 6, 32, 32),
    (Mode::Lazy, 4, 4, 16, 16),
    (Mode::Lazy, 8, 16, 32, 32),
    (Mode::Lazy, 8, 16, 128, 128),
    (Mode::Lazy, 8, 32, 128, 256),
    (Mode::Lazy, 32, 128, 258, 1024),
    (Mode::Lazy, 32, 258, 258, 4096),
    (Mode::Greedy, 258, 258, 258, 16),
    (Mode::Greedy, 258, 258, 258, 512),
    (Mode::Lazy, 258, 258, 258, 16),
    (Mode::Lazy, 258, 258, 65, 35),
    (Mode::Lazy, 258, 128, 258, 128),
    (Mode::Lazy, 258, 258, 258, 1024),
];

/// Tokens that the choice is made by.
const SAMPLE: usize = 20_000;
/// Up to this many of [`Meter`]'s units a token, settings are taken without trying others.
const GOOD_ENOUGH: u64 = 1;

/// The settings of a stream as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) preset: u8,
    pub(super) filtered: bool,
    pub(super) far: bool,
    pub(super) three: bool,
    /// Bits of the hash: see [`Settings::hash_bits`].
    pub(super) hash_bits: u8,
    /// A full block has one token less than two to this power: zlib's memory level + 6.
    pub(super) block_bits: u8,
}

impl Default for Choice {
    fn default() -> Self {
        Self { preset: 6, filtered: false, far: false, three: false, hash_bits: 15, block_bits: 14 }
    }
}

impl Choice {
    pub(super) fn settings(self) -> Settings {
        let (mode, good, lazy, nice, chain) = PRESETS[usize::from(self.preset & 15)];
        let Self { hash_bits, filtered, far, three, .. } = self;
        Settings { mode, good, lazy, nice, chain, hash_bits, filtered, far, three }
    }

    /// Tokens in a full block of zlib at this memory level.
    pub(super) fn full_block(self) -> usize {
        (1 << self.block_bits) - 1
    }

    /// One byte: the preset, then filtered, far, whether a byte with the bits of the hash and block follows, and three.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        let other = (self.hash_bits, self.block_bits) != (15, 14);
        out.push(
            self.preset
                | u8::from(self.filtered) << 4
                | u8::from(self.far) << 5
                | u8::from(other) << 6
                | u8::from(self.three) << 7,
        );
        if other {
            out.push((self.hash_bits - 1) << 4 | self.block_bits);
        }
    }

    pub(super) fn get(data: &[u8]) -> Result<(Self, &[u8])> {
        let wrong = || Error::corrupt("deflate: unknown settings");
        let (&first, mut rest) = data.split_first().ok_or_else(wrong)?;
        let (mut hash_bits, mut block_bits) = (15, 14);
        if first & 64 != 0 {
            let (&bits, after) = rest.split_first().ok_or_else(wrong)?;
            (hash_bits, block_bits, rest) = ((bits >> 4) + 1, bits & 15, after);
        }
        if !(9..=16).contains(&hash_bits) || block_bits == 0 {
            return Err(wrong());
        }
        let (filtered, far, three) = (first & 16 != 0, first & 32 != 0, first & 128 != 0);
        Ok((Self { preset: first & 15, filtered, far, three, hash_bits, block_bits }, rest))
    }

    /// The settings that predict the tokens of `stream` best; `last` is tried first.
    pub(super) fn of(stream: &Stream, last: Self, matcher: &mut Matcher) -> Self {
        let tokens = &stream.tokens[..stream.tokens.len().min(SAMPLE)];
        let traits = Traits::of(tokens);
        if traits.shortest == usize::MAX {
            return Self { preset: 0, ..Self::default() };
        }
        let longest = stream.blocks.iter().map(|b| b.tokens).max().unwrap_or(0);
        // A block is cut when its buffer, of a power of two, is full but for one.
        let full = stream.blocks.len() > 1 && (longest + 1).is_power_of_two();
        let block_bits = if full { (longest + 1).ilog2().clamp(8, 15) as u8 } else { 14 };
        let (far, three) = (traits.far, traits.three);
        let filtered = traits.shortest > 5 && traits.matches > 20;
        let make = |preset| {
            let filtered = filtered && preset > 3 && preset < 10;
            Self { preset, filtered, far, three, hash_bits: block_bits + 1, block_bits }
        };
        let (mut best, mut least) = (make(last.preset.max(1)), u64::MAX);
        let first = best.preset;
        for preset in std::iter::once(first).chain((1..16).rev().filter(|&p| p != first)) {
            let cost = cost(&stream.plain, tokens, make(preset), matcher, least);
            if cost < least {
                (best, least) = (make(preset), cost);
            }
            if least <= tokens.len() as u64 * GOOD_ENOUGH {
                break;
            }
        }
        // gzip has zlib's hash with a larger block.
        let other = Self { hash_bits: 15, ..best };
        if other != best && cost(&stream.plain, tokens, other, matcher, least) < least { other } else { best }
    }
}

struct Traits {
    shortest: usize,
    matches: usize,
    far: bool,
    three: bool,
}

impl Traits {
    fn of(tokens: &[Token]) -> Self {
        let mut traits = Self { shortest: usize::MAX, matches: 0, far: false, three: false };
        let mut at = 0;
        for token in tokens {
            if !token.is_literal() {
                traits.shortest = traits.shortest.min(token.len());
                traits.matches += 1;
                traits.three |= token.len() == 3 && token.dist() > 4096;
                traits.far |= token.dist() == at || token.dist() > (1 << 15) - 262;
            }
            at += token.span();
        }
        traits
    }
}

/// What coding the tokens would cost; stops when it is more than `bound`.
fn cost(plain: &[u8], tokens: &[Token], choice: Choice, matcher: &mut Matcher, bound: u64) -> u64 {
    let span = tokens.iter().map(|t| t.span()).sum::<usize>();
    // A little beyond the sample, as the search sees what comes.
    let plain = &plain[..plain.len().min(span + 300)];
    matcher.start(choice.settings(), plain.len());
    let (mut model, mut meter, mut at) = (TokenModel::new(), Meter::default(), 0);
    for &token in tokens {
        if meter.0 > bound || model.code(&mut meter, matcher, plain, at, token).is_err() {
            return u64::MAX;
        }
        at += token.span();
    }
    meter.0
}
