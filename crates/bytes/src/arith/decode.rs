//! The same model, fed by the decoder.

use super::spec::{CHUNK, MAX_ORDER};
use minlen_core::{Env, Error, Result};
use minlen_entropy::{binary::Decoder, models::ByteModel};

/// Appends the `len` bytes of `payload`.
pub(super) fn decode(payload: &[u8], len: usize, env: &Env, out: &mut Vec<u8>) -> Result<()> {
    let Some((&order, stream)) = payload.split_first() else {
        return if len == 0 { Ok(()) } else { Err(Error::truncated("arith: no bytes at all")) };
    };
    let order = u32::from(order);
    if order > MAX_ORDER || len == 0 {
        return Err(Error::corrupt(format!("arith: order {order} for {len} bytes")));
    }
    let _held = env.budget.reserve(ByteModel::memory(order, len))?;
    let (mut model, mut decoder) = (ByteModel::new(order), Decoder::new(stream));
    let mut left = len;
    while left > 0 {
        let n = left.min(CHUNK);
        model.decode_into(&mut decoder, n, out)?;
        left -= n;
        env.work(n as u64)?;
    }
    if decoder.consumed() != stream.len() {
        return Err(Error::corrupt("arith: more bytes than the part has"));
    }
    Ok(())
}
