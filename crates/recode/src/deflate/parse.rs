//! A deflate stream taken apart into blocks, code lengths and tokens, and its plain text.

use super::bits::BitReader;
use super::tables::{CODE_ORDER, DISTANCES, DISTS, END, LENGTHS, LITERALS, Token, fixed};
use std::sync::OnceLock;

/// How a dynamic block spells its code lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trees {
    /// Code lengths of literals and lengths, 257 to 286 of them, then of distances, 1 to 30.
    pub(super) lengths: Vec<u8>,
    /// How many of them are for literals and lengths.
    pub(super) literals: usize,
    /// Run-length symbols (0 to 18) and their extra bits' value.
    pub(super) ops: Vec<(u8, u8)>,
    /// Code lengths of those symbols, by symbol.
    pub(super) op_lengths: [u8; 19],
    /// How many of them are written, 4 to 19.
    pub(super) op_count: usize,
}

/// What kind of block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Plain bytes: the padding bits before them, and how many.
    Stored {
        pad: u32,
        len: usize,
    },
    Fixed,
    Dynamic(Box<Trees>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) form: Form,
    /// How many tokens; none in a stored block.
    pub(super) tokens: usize,
    pub(super) last: bool,
}

/// A whole deflate stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    pub(super) plain: Vec<u8>,
    pub(super) tokens: Vec<Token>,
    pub(super) blocks: Vec<Block>,
    /// The padding bits at the end.
    pub(super) pad: u32,
    /// Bytes that the stream takes.
    pub(super) used: usize,
}

/// Takes the stream at the start of `data` apart; nothing if it is none, is incomplete, or has more than `limit` bytes of
/// plain text. Adds to `spent` how far that got, in bytes of text.
pub(super) fn parse(data: &[u8], limit: usize, spent: &mut usize) -> Option<Stream> {
    let mut stream = Stream::default();
    let whole = take_apart(data, limit, &mut stream);
    *spent = spent.saturating_add(stream.plain.len());
    whole.map(|()| stream)
}

fn take_apart(data: &[u8], limit: usize, stream: &mut Stream) -> Option<()> {
    let mut bits = BitReader::new(data);
    loop {
        let last = bits.take(1)? == 1;
        let before = stream.tokens.len();
        let form = match bits.take(2)? {
            0 => stored(&mut bits, &mut stream.plain, limit)?,
            1 => {
                let (literals, distances) = fixed_decoders()?;
                tokens(&mut bits, literals, distances, stream, limit)?;
                Form::Fixed
            }
            2 => {
                let trees = trees(&mut bits)?;
                let (literals, distances) = trees.lengths.split_at(trees.literals);
                tokens(&mut bits, &Decoder::new(literals)?, &Decoder::new(distances)?, stream, limit)?;
                Form::Dynamic(Box::new(trees))
            }
            _ => return None,
        };
        stream.blocks.push(Block { form, tokens: stream.tokens.len() - before, last });
        if last {
            stream.pad = bits.align()?.0;
            stream.used = bits.position();
            return Some(());
        }
    }
}

/// The decoders of fixed codes, made once: a search for streams meets many blocks that only look like one.
fn fixed_decoders() -> Option<&'static (Decoder, Decoder)> {
    static FIXED: OnceLock<Option<(Decoder, Decoder)>> = OnceLock::new();
    FIXED
        .get_or_init(|| {
            let (literals, distances) = fixed();
            Some((Decoder::new(&literals)?, Decoder::new(&distances)?))
        })
        .as_ref()
}

fn stored(bits: &mut BitReader<'_>, plain: &mut Vec<u8>, limit: usize) -> Option<Form> {
    let (pad, _) = bits.align()?;
    let header = bits.bytes(4)?;
    let len = u16::from_le_bytes([header[0], header[1]]);
    if u16::from_le_bytes([header[2], header[3]]) != !len || plain.len() + usize::from(len) > limit {
        return None;
    }
    plain.extend_from_slice(bits.bytes(usize::from(len))?);
    Some(Form::Stored { pad, len: usize::from(len) })
}

fn trees(bits: &mut BitReader<'_>) -> Option<Trees> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let op_count = bits.take(4)? as usize + 4;
    if literals > LITERALS || distances > DISTANCES {
        return None;
    }
    let mut op_lengths = [0u8; 19];
    for &symbol in &CODE_ORDER[..op_count] {
        op_lengths[symbol] = bits.take(3)? as u8;
    }
    if !complete(&op_lengths) {
        return None;
    }
    let decoder = Decoder::new(&op_lengths)?;
    let (mut lengths, mut ops) = (Vec::with_capacity(literals + distances), Vec::new());
    while lengths.len() < literals + distances {
        let symbol = decoder.next(bits)? as u8;
        let (extra, base, value) = match symbol {
            16 => (2, 3, *lengths.last()?),
            17 => (3, 3, 0),
            18 => (7, 11, 0),
            _ => (0, 1, symbol),
        };
        let extra = bits.take(extra)?;
        ops.push((symbol, extra as u8));
        lengths.extend(std::iter::repeat_n(value, base + extra as usize));
    }
    let fits = lengths.len() == literals + distances && lengths[END] > 0 && complete(&lengths[..literals]);
    fits.then_some(Trees { lengths, literals, ops, op_lengths, op_count })
}

fn tokens(
    bits: &mut BitReader<'_>,
    literals: &Decoder,
    distances: &Decoder,
    stream: &mut Stream,
    limit: usize,
) -> Option<()> {
    loop {
        let symbol = literals.next(bits)? as usize;
        if symbol < END {
            stream.plain.push(symbol as u8);
            stream.tokens.push(Token::literal(symbol as u8));
            if stream.plain.len() > limit {
                return None;
            }
            continue;
        }
        if symbol == END {
            return Some(());
        }
        let &(base, extra) = LENGTHS.get(symbol - 257)?;
        let extra = bits.take(u32::from(extra))?;
        // 258 has a symbol of its own; spelt as the last value of the one before, it could not be told apart later.
        if symbol == 284 && extra == 31 {
            return None;
        }
        let len = usize::from(base) + extra as usize;
        let &(base, extra) = DISTS.get(distances.next(bits)? as usize)?;
        let dist = usize::from(base) + bits.take(u32::from(extra))? as usize;
        if dist > stream.plain.len() || stream.plain.len() + len > limit {
            return None;
        }
        copy(&mut stream.plain, len, dist);
        stream.tokens.push(Token::matching(len, dist));
    }
}

fn copy(plain: &mut Vec<u8>, len: usize, dist: usize) {
    let start = plain.len() - dist;
    if dist >= len {
        plain.extend_from_within(start..start + len);
    } else {
        for i in 0..len {
            plain.push(plain[start + i]);
        }
    }
}

/// True if every sequence of bits begins with a code word, or there is one word only: what compressors write. It rules out nearly
/// everything that is no deflate stream.
fn complete(lengths: &[u8]) -> bool {
    let sum: u32 = lengths.iter().filter(|&&l| l > 0).map(|&l| 1 << (15 - l)).sum();
    sum == 1 << 15 || lengths.iter().filter(|l| **l > 0).count() == 1
}

const FAST_BITS: u32 = 10;

/// Decodes canonical codes: a table for short words, counting for long ones.
struct Decoder {
    /// Symbol << 4 | length; 0 where the word is longer, or there is none.
    fast: Vec<u16>,
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Decoder {
    /// Nothing if the lengths ask for more words than there are.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0u16; 16];
        for &len in lengths {
            counts[usize::from(len)] += 1;
        }
        counts[0] = 0;
        let mut room = 1i32;
        for &count in &counts[1..] {
            room = (room << 1) - i32::from(count);
            if room < 0 {
                return None;
            }
        }
        let mut offsets = [0usize; 17];
        for bits in 1..16 {
            offsets[bits + 1] = offsets[bits] + usize::from(counts[bits]);
        }
        let mut symbols = vec![0u16; offsets[16]];
        for (symbol, &len) in lengths.iter().enumerate().filter(|(_, len)| **len > 0) {
            let slot = &mut offsets[usize::from(len)];
            symbols[*slot] = symbol as u16;
            *slot += 1;
        }
        let mut fast = vec![0u16; 1 << FAST_BITS];
        let mut codes = vec![(0u16, 0u8); lengths.len()];
        super::tables::codes(lengths, &mut codes);
        for (symbol, &(code, len)) in codes.iter().enumerate() {
            if len > 0 && u32::from(len) <= FAST_BITS {
                for slot in fast[usize::from(code)..].iter_mut().step_by(1 << len) {
                    *slot = (symbol as u16) << 4 | u16::from(len);
                }
            }
        }
        Some(Self { fast, counts, symbols })
    }

    #[inline]
    fn next(&self, bits: &mut BitReader<'_>) -> Option<u32> {
        bits.fill();
        let entry = self.fast[(bits.peek() & ((1 << FAST_BITS) - 1)) as usize];
        if entry != 0 {
            bits.drop(u32::from(entry & 15))?;
            return Some(u32::from(entry >> 4));
        }
        self.long(bits)
    }

    #[cold]
    fn long(&self, bits: &mut BitReader<'_>) -> Option<u32> {
        let word = bits.peek();
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for len in 1..16u32 {
            code |= word >> (len - 1) & 1;
            let count = u32::from(self.counts[len as usize]);
            if code < first + count {
                bits.drop(len)?;
                return self.symbols.get((index + code - first) as usize).map(|&s| u32::from(s));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}
