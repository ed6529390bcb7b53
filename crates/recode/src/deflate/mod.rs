//! Deflate streams as plain text and corrections, and exactly back.
//!
//! The stream is taken apart into tokens (RFC 1951); a matcher that works as zlib does predicts each token from the text
//! before it, and only what it gets wrong is coded, with adaptive bits. The same for where blocks end and for their code lengths.
//! A stream written by zlib costs a few bytes beside its text, any other as much as it differs from the most similar
//! setting. Every valid stream can be expressed; the search is bounded, so a few are given up.
//!
//! Ideas: reflate (Shelwien), preflate (Steinke 2018), which publish what they achieve; the design and code are our own.
//! Limits: stored parts and tokens of one stream are in memory at once (about 5 bytes for each byte of text).
//! Format: docs/format/codecs/recode.md.

mod bits;
mod coder;
mod huffman;
mod matcher;
mod pack;
mod parse;
mod settings;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod trees;

pub(crate) use pack::pack;

use bits::BitWriter;
use coder::{Coder, Number, Reader, Writer};
use matcher::Matcher;
use minlen_core::{Error, Result};
use minlen_entropy::binary::{Decoder, Prob16};
use parse::{Block, Form, Stream, Trees};
use settings::Choice;
use tables::{DISTANCES, DISTS, END, LENGTHS, LITERALS, Token};
use trees::{Freqs, TreeModel};

/// A deflate stream as plain text and what rebuilds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub(crate) plain: Vec<u8>,
    pub(crate) corrections: Vec<u8>,
    /// Bytes that the stream took.
    pub(crate) used: usize,
}

/// How long the deflate stream at the start of `data` is, and its plain text; nothing if there is none.
pub(crate) struct Found(Stream);

impl Found {
    /// Takes the stream apart, if it is one with at most `limit` bytes of text. Adds to `spent` how many were seen, in vain or
    /// not.
    pub(crate) fn at(data: &[u8], limit: usize, spent: &mut usize) -> Option<Self> {
        parse::parse(data, limit, spent).map(Self)
    }

    pub(crate) fn used(&self) -> usize {
        self.0.used
    }

    pub(crate) fn plain(&self) -> &[u8] {
        &self.0.plain
    }

    pub(crate) fn into_plain(self) -> Vec<u8> {
        self.0.plain
    }
}

/// Expresses streams and rebuilds them; keeps its tables between streams.
pub(crate) struct Deflate {
    matcher: Matcher,
    last: Choice,
}

impl Deflate {
    /// Bytes of memory besides the text: the matcher and the models.
    pub(crate) const MEMORY: u64 = Matcher::MEMORY + (64 << 10);

    pub(crate) fn new() -> Self {
        Self { matcher: Matcher::new(), last: Choice::default() }
    }

    /// Expresses a stream that stands at the start of `data`; nothing if it would not come back, or takes too long.
    pub(crate) fn expand(&mut self, found: Found, data: &[u8]) -> Option<Expanded> {
        let stream = found.0;
        let choice = Choice::of(&stream, self.last, &mut self.matcher);
        self.last = choice;
        let mut corrections = Vec::new();
        choice.put(&mut corrections);
        let mut walk = Walk::new(Writer::default(), choice, &stream.plain, &mut self.matcher);
        let mut tokens = &stream.tokens[..];
        for block in &stream.blocks {
            let (own, rest) = tokens.split_at_checked(block.tokens)?;
            tokens = rest;
            walk.block(block, own, &mut Vec::new()).ok()?;
        }
        walk.coder.plain(8, stream.pad);
        corrections.extend(walk.coder.0.finish());
        let mut back = Vec::with_capacity(stream.used);
        self.rebuild(&stream.plain, &corrections, stream.used, &mut back).ok()?;
        (back == data[..stream.used]).then_some(Expanded {
            plain: stream.plain,
            corrections,
            used: stream.used,
        })
    }

    /// Appends the stream of `len` bytes that `corrections` make of `plain` to `out`.
    ///
    /// # Errors
    /// Corrupt or truncated for corrections that do not belong to the text; limit where the search takes too long.
    pub(crate) fn rebuild(
        &mut self,
        plain: &[u8],
        corrections: &[u8],
        len: usize,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let (choice, coded) = Choice::get(corrections)?;
        let end = out.len() + len;
        let mut writer = BitWriter::new(std::mem::take(out));
        let mut walk = Walk::new(Reader(Decoder::new(coded)), choice, plain, &mut self.matcher);
        let nothing = Block { form: Form::Fixed, tokens: 0, last: false };
        let mut tokens = Vec::new();
        loop {
            tokens.clear();
            let block = walk.block(&nothing, &[], &mut tokens)?;
            write(&block, &tokens, &plain[..walk.at], &mut writer);
            walk.coder.check()?;
            if writer.out.len() > end {
                return Err(Error::corrupt("deflate: the stream is longer than stated"));
            }
            if block.last {
                break;
            }
        }
        let pad = walk.coder.plain(8, 0);
        let missing = writer.missing();
        writer.put(pad & ((1 << missing) - 1), missing);
        *out = writer.out;
        if out.len() != end || walk.at != plain.len() {
            return Err(Error::corrupt("deflate: the stream is not as long as stated"));
        }
        Ok(())
    }
}

/// One pass over a stream, coding or decoding.
struct Walk<'a, C: Coder> {
    coder: C,
    choice: Choice,
    plain: &'a [u8],
    matcher: &'a mut Matcher,
    at: usize,
    tokens: tokens::TokenModel,
    trees: TreeModel,
    form: Vec<Prob16>,
    full: Prob16,
    last: [Prob16; 2],
    count: Number,
    before: usize,
}

impl<'a, C: Coder> Walk<'a, C> {
    fn new(coder: C, choice: Choice, plain: &'a [u8], matcher: &'a mut Matcher) -> Self {
        matcher.start(choice.settings(), plain.len());
        Self {
            coder,
            choice,
            plain,
            matcher,
            at: 0,
            tokens: tokens::TokenModel::new(),
            trees: TreeModel::new(),
            form: vec![Prob16::default(); 12],
            full: Prob16::new(60_000),
            last: [Prob16::new(1000), Prob16::new(64_000)],
            count: Number::default(),
            before: 2,
        }
    }

    /// Codes a block and its tokens, or decodes them into the block that is returned and `out`.
    fn block(&mut self, actual: &Block, tokens: &[Token], out: &mut Vec<Token>) -> Result<Block> {
        let form = match actual.form {
            Form::Stored { .. } => 0,
            Form::Fixed => 1,
            Form::Dynamic(_) => 2,
        };
        let form = self.coder.tree(&mut self.form[self.before * 4..][..4], 2, form);
        if form > 2 {
            return Err(Error::corrupt("deflate: unknown kind of block"));
        }
        self.before = form as usize;
        let (form, count) = if form == 0 {
            (self.stored(actual)?, 0)
        } else {
            let freqs = self.coded(tokens, out)?;
            let form =
                if form == 1 { Form::Fixed } else { Form::Dynamic(Box::new(self.dynamic(actual, &freqs)?)) };
            (form, out.len())
        };
        let at_end = usize::from(self.at == self.plain.len());
        let last = self.coder.bit(&mut self.last[at_end], actual.last);
        Ok(Block { form, tokens: count, last })
    }

    fn dynamic(&mut self, actual: &Block, freqs: &Freqs) -> Result<Trees> {
        let none =
            Trees { lengths: Vec::new(), literals: 0, ops: Vec::new(), op_lengths: [0; 19], op_count: 0 };
        let actual = if let Form::Dynamic(trees) = &actual.form { trees } else { &none };
        self.trees.code(&mut self.coder, freqs, actual)
    }

    fn stored(&mut self, actual: &Block) -> Result<Form> {
        let (pad, len) = if let Form::Stored { pad, len } = actual.form { (pad, len) } else { (0, 0) };
        let (pad, len) = (self.coder.plain(7, pad), self.coder.number(&mut self.count, len as u32) as usize);
        if len > 0xffff || len > self.plain.len() - self.at {
            return Err(Error::corrupt("deflate: a stored block beyond the end of the text"));
        }
        self.at += len;
        self.matcher.skip();
        Ok(Form::Stored { pad, len })
    }

    /// The tokens of a block. How many is coded only where it is neither a full buffer nor all that is left.
    fn coded(&mut self, tokens: &[Token], out: &mut Vec<Token>) -> Result<Freqs> {
        let full = self.choice.full_block();
        let span = tokens.iter().map(|t| t.span()).sum::<usize>();
        let usual = tokens.len() == full || tokens.len() < full && self.at + span == self.plain.len();
        let mut count = full;
        if !self.coder.bit(&mut self.full, usual) {
            count = self.coder.number(&mut self.count, tokens.len() as u32) as usize;
        }
        let mut freqs = Freqs([0; LITERALS], [0; DISTANCES]);
        let mut given = tokens.iter();
        for done in 0..count {
            if self.at == self.plain.len() {
                break;
            }
            if done % 1024 == 0 {
                self.coder.check()?;
            }
            let actual = given.next().copied().unwrap_or(Token::literal(0));
            let token = self.tokens.code(&mut self.coder, self.matcher, self.plain, self.at, actual)?;
            freqs.0[token.symbol()] += 1;
            if !token.is_literal() {
                freqs.1[token.dist_symbol()] += 1;
            }
            self.at += token.span();
            out.push(token);
        }
        freqs.0[END] += 1;
        Ok(freqs)
    }
}

/// Writes a block as RFC 1951 says; `text` is the plain text up to its end.
fn write(block: &Block, tokens: &[Token], text: &[u8], out: &mut BitWriter) {
    out.put(u32::from(block.last), 1);
    let mut literals = [(0u16, 0u8); 288];
    let mut distances = [(0u16, 0u8); DISTANCES];
    match &block.form {
        Form::Stored { pad, len } => {
            out.put(0, 2);
            let missing = out.missing();
            out.put(pad & ((1 << missing) - 1), missing);
            out.put(*len as u32, 16);
            out.put(!*len as u32 & 0xffff, 16);
            out.out.extend_from_slice(&text[text.len() - len..]);
            return;
        }
        Form::Fixed => {
            out.put(1, 2);
            let (first, second) = tables::fixed();
            tables::codes(&first, &mut literals);
            tables::codes(&second, &mut distances);
        }
        Form::Dynamic(trees) => {
            out.put(2, 2);
            header(trees, out);
            tables::codes(&trees.lengths[..trees.literals], &mut literals);
            tables::codes(&trees.lengths[trees.literals..], &mut distances);
        }
    }
    let put = |out: &mut BitWriter, (code, len): (u16, u8)| out.put(u32::from(code), u32::from(len));
    for token in tokens {
        let symbol = token.symbol();
        put(out, literals[symbol]);
        if !token.is_literal() {
            let (base, extra) = LENGTHS[symbol - 257];
            out.put(token.len() as u32 - u32::from(base), u32::from(extra));
            let symbol = token.dist_symbol();
            put(out, distances[symbol]);
            let (base, extra) = DISTS[symbol];
            out.put(token.dist() as u32 - u32::from(base), u32::from(extra));
        }
    }
    put(out, literals[END]);
}

fn header(trees: &Trees, out: &mut BitWriter) {
    out.put(trees.literals as u32 - 257, 5);
    out.put((trees.lengths.len() - trees.literals) as u32 - 1, 5);
    out.put(trees.op_count as u32 - 4, 4);
    for &symbol in &tables::CODE_ORDER[..trees.op_count] {
        out.put(u32::from(trees.op_lengths[symbol]), 3);
    }
    let mut codes = [(0u16, 0u8); 19];
    tables::codes(&trees.op_lengths, &mut codes);
    for &(op, extra) in &trees.ops {
        let (code, len) = codes[usize::from(op)];
        out.put(u32::from(code), u32::from(len));
        let bits = match op {
            16 => 2,
            17 => 3,
            18 => 7,
            _ => 0,
        };
        out.put(u32::from(extra), bits);
    }
}
