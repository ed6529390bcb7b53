//! Decoding blocks in parallel, whatever becomes of each.

use super::super::ReadSeek;
use crate::blocks::BlockDecoder;
use crate::options::Options;
use minlen_core::{Env, Error, ErrorKind, Event, Result};
use std::collections::VecDeque;

type Container<'a> = minlen_container::Archive<Box<dyn ReadSeek + 'a>>;

/// Decodes the blocks `wanted` on several threads and calls `each` with the number of every one, in order, and its bytes or what is
/// wrong with it.
///
/// # Errors
/// Cancelled; whatever `each` says.
pub(super) fn each_block(
    container: &mut Container<'_>,
    wanted: impl ExactSizeIterator<Item = usize>,
    options: &Options,
    env: &Env,
    mut each: impl FnMut(usize, std::result::Result<&[u8], Error>) -> Result<()>,
) -> Result<()> {
    let mut pool = BlockDecoder::new(options, env, wanted.len());
    let mut flying = VecDeque::new();
    for index in wanted {
        env.check()?;
        let Some(entry) = container.blocks().get(index).copied() else { continue };
        let held = loop {
            match pool.reserve(entry.raw_len, entry.stored_len) {
                Ok(Some(held)) => break Ok(held),
                Ok(None) => take(&mut pool, &mut flying, env, &mut each)?,
                Err(error) => break Err(error),
            }
        };
        match held.and_then(|held| Ok((container.read_block(index)?, held))) {
            Ok((block, held)) => {
                pool.submit(block, held);
                flying.push_back(index);
            }
            Err(error) => {
                // In order: what is in flight comes before.
                while !pool.is_empty() {
                    take(&mut pool, &mut flying, env, &mut each)?;
                }
                failed(index, error, &mut each)?;
            }
        }
    }
    while !pool.is_empty() {
        take(&mut pool, &mut flying, env, &mut each)?;
    }
    Ok(())
}

fn take(
    pool: &mut BlockDecoder,
    flying: &mut VecDeque<usize>,
    env: &Env,
    each: &mut impl FnMut(usize, std::result::Result<&[u8], Error>) -> Result<()>,
) -> Result<()> {
    let (Some(opened), Some(index)) = (pool.next(), flying.pop_front()) else { return Ok(()) };
    env.check()?;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return failed(index, error, each),
    };
    each(index, Ok(&opened.bytes))?;
    let (input, output) = (opened.stored.saturating_sub(opened.reported), opened.bytes.len() as u64);
    env.progress.event(Event::Advance { input, output });
    Ok(())
}

fn failed(
    index: usize,
    error: Error,
    each: &mut impl FnMut(usize, std::result::Result<&[u8], Error>) -> Result<()>,
) -> Result<()> {
    if error.kind() == ErrorKind::Cancelled { Err(error) } else { each(index, Err(error)) }
}
