//! The directory of a stream, from its TREE or from the copies of parts of it.

use super::super::StreamInfo;
use super::super::merge::Part;
use super::super::open::{Within, read_copy, read_tree};
use super::assemble::Stream;
use minlen_core::{Env, Error, ErrorKind, Registry, Reservation, Result};
use std::io::{Read, Seek};

/// Adds what is left of the directory of `stream` to `trees`; false if it may not be all of it.
pub(super) fn of<R: Read + Seek>(
    r: &mut R,
    stream: &Stream,
    info: Option<&StreamInfo>,
    registry: &Registry,
    env: &Env,
    trees: &mut Vec<Part>,
    held: &mut Vec<Reservation>,
) -> Result<bool> {
    let raw_start = info.map_or(0, |info| info.raw_start);
    // Without its end the stream may be longer than the blocks found: the tree is believed then.
    let known = info.filter(|info| info.content_hash.is_some()).map(|info| info.content_len);
    let len = known.unwrap_or(u64::MAX).min(u64::MAX - raw_start);
    let within = Within { raw_start, len, amends: None };
    let mut add = |read: Result<(Part, Reservation)>, trees: &mut Vec<Part>| match read {
        Ok((tree, memory)) => {
            trees.push(tree);
            held.push(memory);
            let entries: u64 = trees.iter().map(Part::count).sum();
            if entries > env.limits.entries {
                return Err(Error::limit(format!("over {} entries", env.limits.entries)));
            }
            Ok(true)
        }
        Err(e) if e.kind() == ErrorKind::Cancelled => Err(e),
        Err(_) => Ok(false),
    };
    if let Some(at) = stream.tree_at
        && add(read_tree(r, at, within, registry, env), trees)?
    {
        return Ok(true);
    }
    for &at in &stream.copies {
        add(read_copy(r, at, within, registry, env), trees)?;
    }
    Ok(!stream.archive)
}
