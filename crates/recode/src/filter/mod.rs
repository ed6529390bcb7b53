//! Branch filters: jumps and calls in machine code name their target by distance; with the target itself in its place, all
//! calls of one function look alike.
//!
//! Each is a codec whose output is as long as its input, to be put in front of another: `x86+bwt`, `arm64+lzma`. Any bytes
//! come back, whether they are code or not.
//!
//! Ideas: the branch converters of 7-Zip and xz (Pavlov); the rules here are our own. Format: docs/format/codecs/x86.md and
//! arm64.md.
//!
//! | Filter | For | Not for |
//! |---|---|---|
//! | `x86` | programs for x86 and x86-64 (ELF, PE, Mach-O), before `lzma` or `bwt` | `cm`, which does it itself |
//! | `arm64` | programs for 64-bit ARM | x86, text, anything else |
//!
//! ```
//! use minlen_core::{Env, ids};
//! let filters = minlen_recode::filter::codecs();
//! let x86 = filters.iter().find(|codec| codec.spec().id == ids::X86).expect("a filter");
//! // Two calls of one function from places that are 10 bytes apart: their distances differ by 10.
//! let mut code = vec![0x90; 40];
//! code[0..5].copy_from_slice(&[0xe8, 0x20, 0, 0, 0]);
//! code[10..15].copy_from_slice(&[0xe8, 0x16, 0, 0, 0]);
//! let (mut filtered, mut back) = (Vec::new(), Vec::new());
//! x86.encode(&code, &x86.params(), &Env::default(), &mut filtered)?;
//! assert_eq!((filtered.len(), &filtered[1..5]), (40, &filtered[11..15]));
//! x86.decode(&filtered, 40, &Env::default(), &mut back)?;
//! assert_eq!(back, code);
//! # Ok::<(), minlen_core::Error>(())
//! ```

mod arm64;
#[cfg(test)]
mod tests;
mod x86;

use minlen_core::{Codec, CodecId, CodecSpec, Env, Error, Memory, Params, Result, ids};
use std::sync::Arc;

/// The filters, to be registered.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn Codec>> {
    vec![Arc::new(Filter(&X86, x86::run)), Arc::new(Filter(&ARM64, arm64::run))]
}

/// Makes the targets in code of 64-bit ARM absolute, or relative again.
pub(crate) fn turn_arm64(data: &mut [u8], absolute: bool) {
    arm64::run(data, absolute);
}

/// A filter of bytes in place; the flag is true when encoding.
struct Filter(&'static CodecSpec, fn(&mut [u8], bool));

const fn spec(id: CodecId, name: &'static str, summary: &'static str, source: &'static str) -> CodecSpec {
    CodecSpec {
        id,
        name,
        summary,
        source,
        limits: "makes nothing smaller by itself",
        params: &[],
        max_input: 1 << 30,
    }
}

static X86: CodecSpec = spec(
    ids::X86,
    "x86",
    "targets of x86 calls and jumps made absolute; a filter for chains",
    "own; idea of 7-Zip's BCJ",
);

static ARM64: CodecSpec = spec(
    ids::ARM64,
    "arm64",
    "targets of 64-bit ARM calls and page addresses made absolute; a filter for chains",
    "own; idea of xz's ARM64 filter",
);

impl Codec for Filter {
    fn spec(&self) -> &'static CodecSpec {
        self.0
    }

    fn encode(&self, input: &[u8], _params: &Params, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend_from_slice(input);
        (self.1)(&mut out[start..], true);
        env.work(input.len() as u64)
    }

    fn decode(&self, payload: &[u8], output_len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
        if payload.len() != output_len {
            return Err(Error::corrupt("a filtered part has another length"));
        }
        let start = out.len();
        out.extend_from_slice(payload);
        (self.1)(&mut out[start..], false);
        env.work(output_len as u64)
    }

    fn memory(&self, _params: &Params, _len: usize) -> Memory {
        Memory::default()
    }
}
