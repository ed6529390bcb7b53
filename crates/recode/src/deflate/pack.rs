//! Deflate streams of our own: those that zlib would write.

use super::bits::BitWriter;
use super::huffman::{lengths, spell};
use super::matcher::Matcher;
use super::parse::{Block, Form, Trees};
use super::settings::Choice;
use super::tables::{CODE_ORDER, DISTANCES, END, LITERALS, Token};
use super::trees::Freqs;
use super::write;
use minlen_core::{Env, Result};

/// Tokens between two looks at the stop flag.
const LOOK: usize = 1 << 12;

/// The deflate stream (RFC 1951) that zlib's `level` (1 to 9) and memory level 8 make of `plain`, all of its blocks with codes of their
/// own.
///
/// # Errors
/// Limit where the search takes too long; cancelled.
pub(crate) fn pack(plain: &[u8], level: u8, env: &Env) -> Result<Vec<u8>> {
    let choice = Choice { preset: level, ..Choice::default() };
    let mut matcher = Matcher::new();
    matcher.start(choice.settings(), plain.len());
    let mut writer = BitWriter::new(Vec::with_capacity(plain.len() / 2));
    let (mut at, mut tokens) = (0, Vec::with_capacity(choice.full_block()));
    loop {
        tokens.clear();
        let freqs = block(plain, &mut at, &mut matcher, choice.full_block(), &mut tokens, env)?;
        let last = at == plain.len();
        let block = Block { form: Form::Dynamic(Box::new(trees(&freqs))), tokens: tokens.len(), last };
        write(&block, &tokens, &plain[..at], &mut writer);
        if last {
            break;
        }
    }
    let missing = writer.missing();
    writer.put(0, missing);
    Ok(writer.out)
}

/// The tokens of the next block, `most` of them at most, as the matcher finds them.
fn block(
    plain: &[u8],
    at: &mut usize,
    matcher: &mut Matcher,
    most: usize,
    tokens: &mut Vec<Token>,
    env: &Env,
) -> Result<Freqs> {
    let mut freqs = Freqs([0; LITERALS], [0; DISTANCES]);
    let begin = *at;
    while *at < plain.len() && tokens.len() < most {
        if tokens.len().is_multiple_of(LOOK) {
            env.check()?;
        }
        let token = matcher.predict(plain, *at)?;
        matcher.commit(plain, *at, token, true);
        freqs.0[token.symbol()] += 1;
        if !token.is_literal() {
            freqs.1[token.dist_symbol()] += 1;
        }
        *at += token.span();
        tokens.push(token);
    }
    freqs.0[END] += 1;
    env.work((*at - begin) as u64)?;
    Ok(freqs)
}

/// The codes that zlib makes for these frequencies.
fn trees(freqs: &Freqs) -> Trees {
    let mut all = lengths(&freqs.0, 15);
    all.resize(all.len().max(END + 1), 0);
    let literals = all.len();
    all.extend(lengths(&freqs.1, 15));
    let ops = spell(&all, literals);
    let mut counts = [0u32; 19];
    ops.iter().for_each(|&(op, _)| counts[usize::from(op)] += 1);
    let mut op_lengths = [0u8; 19];
    op_lengths.iter_mut().zip(lengths(&counts, 7)).for_each(|(slot, len)| *slot = len);
    let op_count = CODE_ORDER.iter().rposition(|&s| op_lengths[s] > 0).map_or(0, |p| p + 1).max(4);
    Trees { lengths: all, literals, ops, op_lengths, op_count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::DeflateDecoder::new(packed).read_to_end(&mut plain).unwrap();
        plain
    }

    #[test]
    fn what_is_packed_comes_back() {
        let text = b"the same again and again, and a little else; ".repeat(700);
        let noise: Vec<u8> = (0..70_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for plain in [&b""[..], b"a", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaa", &text, &noise] {
            for level in [1, 4, 6, 9] {
                assert_eq!(unpacked(&pack(plain, level, &Env::default()).unwrap()), plain, "level {level}");
            }
        }
    }

    /// As large as what another program of the same method makes.
    #[test]
    fn is_as_small_as_zlib() {
        let text: Vec<u8> =
            (0..9000).flat_map(|i| format!("{i} of {} ", i * i % 1013).into_bytes()).collect();
        let mut other = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        other.write_all(&text).unwrap();
        let (own, other) = (pack(&text, 6, &Env::default()).unwrap().len(), other.finish().unwrap().len());
        assert!(own <= other + other / 50, "{own} bytes, {other} of zlib");
    }
}
