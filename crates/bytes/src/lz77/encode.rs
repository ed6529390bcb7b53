//! The encoder: parses the input in stretches of 256 KiB, cuts each into blocks and writes them.

use super::block::BlockWriter;
use super::chain::{self, Chains};
use super::lazy::Lazy;
use super::optimal::{self, NICE, Optimal};
use super::spec::{GREEDY, MAX_BLOCK, OPTIMAL, Repeats, SPEC, Sequence, Settings};
use super::split::split;
use super::tree::{self, Trees};
use minlen_core::{Env, Error, Result};

/// Buffers of one block beside what the parser needs.
const BLOCK_MEMORY: u64 = 6 << 20;

/// Working memory in bytes for an input of `len` bytes.
pub fn memory(settings: Settings, len: usize) -> u64 {
    BLOCK_MEMORY
        + if settings.parse == OPTIMAL {
            tree::memory(settings.window, len) + optimal::memory(len)
        } else {
            chain::memory(settings.window, len)
        }
}

/// Appends the payload.
pub fn encode(input: &[u8], settings: Settings, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    if input.len() as u64 > SPEC.max_input {
        return Err(Error::limit(format!("lz77 takes at most {} bytes at once", SPEC.max_input)));
    }
    let _held = env.budget.reserve(memory(settings, input.len()))?;
    let mut parser = Parser::new(settings, input.len());
    let mut writer = BlockWriter::new(settings.coder);
    let mut repeats = Repeats::default();
    out.push(settings.coder as u8);
    for start in (0..input.len()).step_by(MAX_BLOCK) {
        let end = input.len().min(start + MAX_BLOCK);
        let mut sequences = Vec::new();
        parser.parse(input, start, end, &mut repeats, &mut sequences);
        let (mut block, mut rest) = (&input[start..end], sequences.as_slice());
        for (count, bytes) in split(block, rest) {
            writer.write(&block[..bytes], &rest[..count], out)?;
            (block, rest) = (&block[bytes..], &rest[count..]);
        }
        env.work((end - start) as u64)?;
    }
    Ok(())
}

enum Parser {
    Lazy(Lazy),
    Optimal(Box<Optimal>),
}

impl Parser {
    fn new(settings: Settings, len: usize) -> Self {
        let Settings { parse, window, depth, .. } = settings;
        if parse == OPTIMAL {
            Self::Optimal(Box::new(Optimal::new(Trees::new(window, len, depth, NICE))))
        } else {
            Self::Lazy(Lazy::new(Chains::new(window, len), depth, parse != GREEDY))
        }
    }

    fn parse(
        &mut self,
        data: &[u8],
        start: usize,
        end: usize,
        repeats: &mut Repeats,
        out: &mut Vec<Sequence>,
    ) {
        match self {
            Self::Lazy(parser) => parser.parse(data, start, end, repeats, out),
            Self::Optimal(parser) => parser.parse(data, start, end, repeats, out),
        }
    }
}
