//! Tokens, coded as where they differ from what the matcher predicts.

use super::coder::{Coder, Number};
use super::matcher::Matcher;
use super::tables::{MAX_MATCH, MIN_MATCH, Token};
use minlen_core::{Error, Result};
use minlen_entropy::binary::Prob16;

/// Candidates further back than this are named by distance instead of by rank.
const MOST_RANK: u32 = 1 << 14;

/// What is learnt about tokens.
pub(super) struct TokenModel {
    hit: Vec<Prob16>,
    literal: Vec<Prob16>,
    same_len: Vec<Prob16>,
    len: Vec<Prob16>,
    ranked: [Prob16; 2],
    rank: [Number; 2],
    dist: Vec<Prob16>,
    /// The last few tokens: hit or not, and literal or not.
    history: usize,
}

impl TokenModel {
    pub(super) fn new() -> Self {
        let probs = |n: usize| vec![Prob16::default(); n];
        Self {
            hit: vec![Prob16::new(64_000); 64 * 16],
            literal: probs(64 * 16),
            same_len: probs(16),
            len: probs(16 * 256),
            ranked: [Prob16::default(); 2],
            rank: [Number::default(), Number::default()],
            dist: probs(32),
            history: 0,
        }
    }

    /// Codes `actual`, or decodes it, at `at` of `plain`; the matcher is told what it was.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        matcher: &mut Matcher,
        plain: &[u8],
        at: usize,
        actual: Token,
    ) -> Result<Token> {
        let predicted = matcher.predict(plain, at)?;
        let shape = shape(predicted.len());
        let context = (self.history & 63) * 16 + shape;
        let hit = coder.bit(&mut self.hit[context], predicted == actual);
        let token =
            if hit { predicted } else { self.miss(coder, matcher, plain, at, (predicted, actual), context)? };
        if token.span() > plain.len() - at || (!token.is_literal() && token.dist() > at) {
            return Err(Error::corrupt("deflate: a token that its text does not have"));
        }
        matcher.commit(plain, at, token, hit);
        self.history = self.history << 2 | usize::from(!hit) << 1 | usize::from(token.is_literal());
        Ok(token)
    }

    fn miss<C: Coder>(
        &mut self,
        coder: &mut C,
        matcher: &mut Matcher,
        plain: &[u8],
        at: usize,
        (predicted, actual): (Token, Token),
        context: usize,
    ) -> Result<Token> {
        coder.check()?;
        let mut len = 0;
        if !predicted.is_literal() {
            if coder.bit(&mut self.literal[context], actual.is_literal()) {
                return Ok(Token::literal(plain[at]));
            }
            let shape = shape(predicted.len());
            if coder.bit(&mut self.same_len[shape], actual.len() == predicted.len()) {
                len = predicted.len();
            }
        }
        let same = usize::from(len > 0);
        if len == 0 {
            let tree = &mut self.len[shape(predicted.len()) * 256..][..256];
            len = coder.tree(tree, 8, (actual.len().max(MIN_MATCH) - MIN_MATCH) as u32) as usize + MIN_MATCH;
        }
        if len > plain.len() - at {
            return Err(Error::corrupt("deflate: a match beyond the end of the text"));
        }
        let dist = self.dist(coder, matcher, plain, at, (len, actual.dist()), same)?;
        Ok(Token::matching(len, dist))
    }

    fn dist<C: Coder>(
        &mut self,
        coder: &mut C,
        matcher: &mut Matcher,
        plain: &[u8],
        at: usize,
        (len, dist): (usize, usize),
        same: usize,
    ) -> Result<usize> {
        let rank = if C::DECODES { None } else { matcher.rank(plain, at, len, dist, MOST_RANK)? };
        if coder.bit(&mut self.ranked[same], rank.is_some()) {
            let rank = coder.number(&mut self.rank[same], rank.unwrap_or(0));
            return if C::DECODES {
                let found = matcher.ranked(plain, at, len, rank)?;
                found.ok_or_else(|| Error::corrupt("deflate: a match that its text does not have"))
            } else {
                Ok(dist)
            };
        }
        let top = coder.tree(&mut self.dist, 5, (dist as u32 - 1) >> 10);
        let low = coder.plain(10, (dist as u32 - 1) & 1023);
        let dist = (top << 10 | low) as usize + 1;
        // What the matcher does not know must still be a match, or the text would not come out.
        let fits = dist <= at && (0..len).all(|i| plain[at + i] == plain[at + i - dist]);
        if fits { Ok(dist) } else { Err(Error::corrupt("deflate: a match that its text does not have")) }
    }
}

/// Lengths in 16 groups; 0 for a literal.
fn shape(len: usize) -> usize {
    match len {
        0 => 0,
        3..=8 => len - 2,
        9..=10 => 7,
        11..=14 => 8,
        15..=22 => 9,
        23..=38 => 10,
        39..=70 => 11,
        71..=134 => 12,
        135..MAX_MATCH => 13,
        _ => 14,
    }
}
