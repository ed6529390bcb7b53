//! Checksums, and reading with a position (docs/format/primitives.md).

use crate::limits;
use minlen_core::{Env, Error, Result};
use std::io::{self, Read};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// XXH3-64 with seed 0.
#[must_use]
pub fn hash64(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The low 32 bits of XXH3-64.
#[must_use]
pub fn check32(bytes: &[u8]) -> u32 {
    hash64(bytes) as u32
}

/// A length that must fit the memory of this machine.
pub(crate) fn to_usize(len: u64) -> Result<usize> {
    usize::try_from(len).map_err(|_| Error::limit(format!("{len} bytes do not fit this machine's memory")))
}

/// What is allocated of a payload before its first byte has come.
const FIRST_STEP: usize = 4 << 20;

/// A reader that knows how many bytes it gave.
#[derive(Debug)]
pub(crate) struct Input<R> {
    pub(crate) inner: R,
    pub(crate) pos: u64,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(inner: R, pos: u64) -> Self {
        Self { inner, pos }
    }

    /// Fills `buf`; truncated if the data ends before.
    pub(crate) fn exact(&mut self, buf: &mut [u8], what: &str) -> Result<()> {
        self.inner.read_exact(buf).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof if !Error::is_in(&e) => {
                Error::truncated(format!("the data ends within {what}")).at(self.pos)
            }
            _ => Error::from(e),
        })?;
        self.pos += buf.len() as u64;
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut buf = [0; N];
        self.exact(&mut buf, what)?;
        Ok(buf)
    }

    /// The next byte, or `None` at a clean end.
    pub(crate) fn byte_or_end(&mut self) -> Result<Option<u8>> {
        let mut buf = [0];
        loop {
            match self.inner.read(&mut buf) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.pos += 1;
                    return Ok(Some(buf[0]));
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// `len` bytes, allocated as they arrive and not before the budget allows them.
    pub(crate) fn payload(&mut self, len: u64, env: &Env) -> Result<Vec<u8>> {
        // Not more than arrives: a length that lies costs one step.
        let first = usize::try_from(len).unwrap_or(FIRST_STEP).min(FIRST_STEP);
        self.payload_into(Vec::with_capacity(first), len, env)
    }

    /// The same in the memory of `room`, where an index agrees with the length: allocated at once.
    pub(crate) fn payload_of_index(&mut self, mut room: Vec<u8>, len: u64, env: &Env) -> Result<Vec<u8>> {
        room.clear();
        if len <= limits::MAX_STORED {
            let _held = env.budget.reserve(len)?;
            room.reserve_exact(to_usize(len)?);
        }
        self.payload_into(room, len, env)
    }

    fn payload_into(&mut self, mut out: Vec<u8>, len: u64, env: &Env) -> Result<Vec<u8>> {
        if len > limits::MAX_STORED {
            return Err(Error::limit(format!("a payload of {len} bytes")).at(self.pos));
        }
        let _held = env.budget.reserve(len)?;
        self.inner.by_ref().take(len).read_to_end(&mut out)?;
        self.pos += out.len() as u64;
        if (out.len() as u64) < len {
            return Err(Error::truncated("the data ends within a payload").at(self.pos));
        }
        Ok(out)
    }

    /// Passes over `len` bytes and gives their XXH3-64.
    pub(crate) fn skip(&mut self, len: u64) -> Result<u64> {
        let mut buf = vec![0; 1 << 16];
        let mut hasher = Xxh3Default::new();
        let mut left = len;
        while left > 0 {
            let n = left.min(buf.len() as u64) as usize;
            self.exact(&mut buf[..n], "a payload")?;
            hasher.update(&buf[..n]);
            left -= n as u64;
        }
        Ok(hasher.digest())
    }
}
