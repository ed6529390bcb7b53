//! The LZW encoder.

use super::codes::CodeWriter;
use super::dictionary::{self, Dictionary};
use super::spec::{CHECK_GAP, CLEAR, Layout, MIN_BITS, Widths};
use minlen_core::{Env, Result};

/// Appends the codes of `input`.
pub fn encode(input: &[u8], layout: Layout, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let _held = env.budget.reserve(dictionary::memory(layout.bits))?;
    let mut encoder = Encoder::new(layout, out);
    let mut ratio = Ratio::default();
    let mut string = None;
    let mut rest = input;
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(rest.len().min(CHECK_GAP));
        env.work(piece.len() as u64)?;
        rest = later;
        string = encoder.piece(piece, string);
        ratio.count(piece.len(), encoder.take_bits());
        // A clear at the very end would be a code that the decoder has no reason to read.
        if encoder.widths.is_full() && !rest.is_empty() && ratio.falls() {
            string.take().inspect(|&code| encoder.put(code));
            encoder.clear();
        }
    }
    if let Some(code) = string {
        encoder.put(code);
    }
    encoder.codes.finish();
    Ok(())
}

struct Encoder<'a> {
    codes: CodeWriter<'a>,
    widths: Widths,
    dictionary: Dictionary,
    layout: Layout,
    /// Bits written since somebody asked.
    bits: u64,
}

impl<'a> Encoder<'a> {
    fn new(layout: Layout, out: &'a mut Vec<u8>) -> Self {
        Self {
            codes: CodeWriter::new(out),
            widths: Widths::new(layout),
            dictionary: Dictionary::new(layout.bits),
            layout,
            bits: 0,
        }
    }

    /// Codes a piece; `string` is the code of the string that is still growing.
    fn piece(&mut self, piece: &[u8], mut string: Option<u32>) -> Option<u32> {
        for &byte in piece {
            let Some(prefix) = string else {
                string = Some(u32::from(byte));
                continue;
            };
            string = Some(match self.dictionary.find(prefix, byte) {
                Ok(code) => code,
                Err(slot) => {
                    self.put(prefix);
                    self.grow(slot, prefix, byte);
                    u32::from(byte)
                }
            });
        }
        string
    }

    /// Puts `prefix` and `byte` into the dictionary, if it has room.
    fn grow(&mut self, slot: usize, prefix: u32, byte: u8) {
        // With codes of 9 bits at most, `gzip -d` and old versions of `uncompress` widen to 10 once the dictionary
        // is full, which `compress` itself never does. Never letting it fill up keeps every decoder happy.
        if self.layout.grouped && self.layout.bits == MIN_BITS && self.widths.free() + 1 >= 1 << MIN_BITS {
            self.clear();
        } else if !self.widths.is_full() {
            self.dictionary.insert(slot, prefix, byte, self.widths.free());
        }
    }

    fn put(&mut self, code: u32) {
        let before = self.widths.width();
        if self.widths.grows() && self.layout.grouped {
            self.codes.pad_group(before);
        }
        self.codes.put(code, self.widths.width());
        self.bits += u64::from(self.widths.width());
        self.widths.step();
    }

    /// Tells the decoder to forget all strings, and does so too.
    fn clear(&mut self) {
        self.put(CLEAR);
        if self.layout.grouped {
            self.codes.pad_group(self.widths.width());
        }
        self.widths.reset();
        self.dictionary.clear();
    }

    fn take_bits(&mut self) -> u64 {
        std::mem::take(&mut self.bits)
    }
}

/// Watches the ratio of the whole output so far, as `compress` does: one that follows the last few thousand bytes
/// clears far too often (4 % larger over the corpus).
#[derive(Default)]
struct Ratio {
    input: u64,
    bits: u64,
    best: u64,
}

impl Ratio {
    /// Counts a gap.
    fn count(&mut self, input: usize, bits: u64) {
        self.input += input as u64;
        self.bits += bits;
    }

    /// Whether the ratio is below the best since the last time that this was true.
    fn falls(&mut self) -> bool {
        let now = (self.input << 10) / self.bits.max(1);
        let falls = now < self.best;
        self.best = if falls { 0 } else { now };
        falls
    }
}
