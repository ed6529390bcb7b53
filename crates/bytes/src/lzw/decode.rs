//! The LZW decoder. A string is a place in the output and a length: every string but the newest ends in bytes that
//! are decoded already, and the newest (Welch's KwKwK case) lacks only its last byte, which equals its first.

use super::codes::CodeReader;
use super::spec::{CLEAR, Layout, Widths};
use minlen_core::{Env, Error, Result};

/// How many codes lie between two looks at the stop flag.
const CHECK_CODES: u32 = 1 << 14;

#[derive(Clone, Copy, Default)]
struct Text {
    at: usize,
    len: usize,
}

/// Bytes of working memory for codes of up to `bits` bits.
pub fn memory(bits: u32) -> u64 {
    (size_of::<Text>() as u64) << bits
}

/// Appends exactly `len` decoded bytes; every byte of `body` must be needed.
pub fn exact(body: &[u8], layout: Layout, len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let end = out.len() + len;
    let mut decoder = Decoder::new(body, layout, out.len(), env)?;
    while out.len() < end {
        if !decoder.step(env, out, |needed| {
            if needed > end {
                Err(Error::corrupt("lzw: a string reaches past the end of the output"))
            } else {
                Ok(())
            }
        })? {
            return Err(Error::truncated("lzw: the codes end before the output is complete"));
        }
    }
    env.work((end - decoder.told) as u64)?;
    if decoder.codes.bytes_used() != body.len() as u64 {
        return Err(Error::corrupt("lzw: bytes are left over after the last code"));
    }
    Ok(())
}

/// Appends what all of `body` decodes to. `room` is asked with each new length before `out` grows to it.
pub fn to_end(
    body: &[u8],
    layout: Layout,
    env: &Env,
    out: &mut Vec<u8>,
    mut room: impl FnMut(usize) -> Result<()>,
) -> Result<()> {
    let mut decoder = Decoder::new(body, layout, out.len(), env)?;
    while decoder.step(env, out, &mut room)? {}
    Ok(())
}

struct Decoder<'a> {
    codes: CodeReader<'a>,
    widths: Widths,
    layout: Layout,
    texts: Vec<Text>,
    previous: Text,
    until_check: u32,
    /// How long the output was when progress was last reported.
    told: usize,
    _held: minlen_core::Reservation,
}

impl<'a> Decoder<'a> {
    fn new(body: &'a [u8], layout: Layout, told: usize, env: &Env) -> Result<Self> {
        let held = env.budget.reserve(memory(layout.bits))?;
        Ok(Self {
            codes: CodeReader::new(body),
            widths: Widths::new(layout),
            layout,
            texts: vec![Text::default(); 1 << layout.bits],
            previous: Text::default(),
            until_check: CHECK_CODES,
            told,
            _held: held,
        })
    }

    /// Decodes one code; false at the end of the codes.
    #[inline]
    fn step(
        &mut self,
        env: &Env,
        out: &mut Vec<u8>,
        mut room: impl FnMut(usize) -> Result<()>,
    ) -> Result<bool> {
        self.until_check -= 1;
        if self.until_check == 0 {
            env.work((out.len() - self.told) as u64)?;
            self.told = out.len();
            self.until_check = CHECK_CODES;
        }
        let Some(code) = self.next_code() else { return Ok(false) };
        if code == CLEAR && self.layout.block_mode {
            self.skip_group();
            self.widths.reset();
            return Ok(true);
        }
        self.learn();
        let at = out.len();
        let len = self.append(code, out, &mut room)?;
        self.previous = Text { at, len };
        Ok(true)
    }

    #[inline]
    fn next_code(&mut self) -> Option<u32> {
        let before = self.widths.width();
        if self.widths.grows() && self.layout.grouped {
            self.codes.skip_group(before);
        }
        self.codes.get(self.widths.width())
    }

    fn skip_group(&mut self) {
        if self.layout.grouped {
            self.codes.skip_group(self.widths.width());
        }
    }

    /// Enters the previous string and the byte that is about to follow it.
    #[inline]
    fn learn(&mut self) {
        if self.widths.any() && !self.widths.is_full() {
            let Text { at, len } = self.previous;
            self.texts[self.widths.free() as usize] = Text { at, len: len + 1 };
        }
        self.widths.step();
    }

    /// Appends the string of `code` and gives its length.
    #[inline]
    fn append(
        &self,
        code: u32,
        out: &mut Vec<u8>,
        mut room: impl FnMut(usize) -> Result<()>,
    ) -> Result<usize> {
        if let Ok(byte) = u8::try_from(code) {
            room(out.len() + 1)?;
            out.push(byte);
            return Ok(1);
        }
        if code >= self.widths.free() {
            return Err(Error::corrupt(format!("lzw: code {code} stands for nothing yet")));
        }
        let Text { at, len } = self.texts[code as usize];
        room(out.len().saturating_add(len))?;
        let known = len.min(out.len() - at);
        out.extend_from_within(at..at + known);
        if known < len {
            out.push(out[at]);
        }
        Ok(len)
    }
}
