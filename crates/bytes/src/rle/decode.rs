//! Follows the control bytes.

use super::spec::{CHECK_EVERY, LONG, LONG_RUN, RUN, SHORTEST};
use minlen_core::{Env, Error, Result, varint};

/// Appends the `len` bytes of `payload`.
pub(super) fn decode(payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let mut reader = varint::Reader::new(payload);
    let (mut left, mut told) = (len, len);
    while left > 0 {
        if told - left >= CHECK_EVERY {
            env.work((told - left) as u64)?;
            told = left;
        }
        let control = reader.u8()?;
        let n = if control < RUN { usize::from(control) + 1 } else { 0 };
        if n > 0 {
            let literals = reader.bytes(n)?;
            left = left.checked_sub(n).ok_or_else(too_much)?;
            out.extend_from_slice(literals);
        } else {
            let byte = reader.u8()?;
            let run = run_len(control, &mut reader)?;
            left = left.checked_sub(run).ok_or_else(too_much)?;
            out.resize(out.len() + run, byte);
        }
    }
    env.work(told as u64)?;
    if reader.is_empty() { Ok(()) } else { Err(too_much()) }
}

fn run_len(control: u8, reader: &mut varint::Reader<'_>) -> Result<usize> {
    if control < LONG_RUN {
        return Ok(usize::from(control - RUN) + SHORTEST);
    }
    let more = usize::try_from(reader.varint()?).map_err(|_| too_much())?;
    more.checked_add(LONG).ok_or_else(too_much)
}

fn too_much() -> Error {
    Error::corrupt("rle: more bytes than the part has")
}
