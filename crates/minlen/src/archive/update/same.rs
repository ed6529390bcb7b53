//! Whether files have the content of entries: by all of their BLAKE3, never by the short hash that a directory has.

use super::ByLen;
use crate::archive::hash::FileHash;
use crate::archive::read::Archive;
use minlen_container::Body;
use minlen_container::tree::is_hash;
use minlen_container::walk::{self, Found, Item, State};
use minlen_core::{Env, Error, ErrorKind, Result};
use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Seek, SeekFrom};

/// Bytes read at once.
const PIECE: usize = 256 << 10;

/// A file that may be equal to an entry.
struct Suspect {
    item: usize,
    entry: usize,
    hash: [u8; 32],
}

/// Finds for each of the files `wanted` an entry of the same content: the one that is named with it, if any, before all others of its
/// length. Gives the entry of each that has one.
///
/// # Errors
/// Corrupt where the content of an entry is damaged; limit; cancelled; with `strict` also where reading it needs what is not at hand.
pub(super) fn find(
    archive: &mut Archive<'_>,
    items: &[Item],
    wanted: &[(usize, Option<usize>)],
    others: &ByLen,
    strict: bool,
    env: &Env,
) -> Result<HashMap<usize, usize>> {
    let tree = archive.entries();
    let mut suspects = Vec::new();
    let mut room = vec![0; PIECE];
    for &(item, own) in wanted {
        env.check()?;
        let Found::File { len, .. } = items[item].body else { continue };
        let others = others.get(&len).map_or(&[][..], Vec::as_slice);
        if own.is_none() && others.is_empty() {
            continue;
        }
        // What cannot be read is told when it is to be stored.
        let Ok(Some(hash)) = hash(&items[item], &mut room, env) else { continue };
        let may_be = |&entry: &usize| matches!(&tree.entries[entry].body, Body::File { len: l, hash: known, .. } if *l == len && is_hash(known, len, &hash));
        if let Some(entry) = own.into_iter().chain(others.iter().copied()).find(may_be) {
            suspects.push(Suspect { item, entry, hash: *hash.as_bytes() });
        }
    }
    let numbers: BTreeSet<usize> = suspects.iter().map(|suspect| suspect.entry).collect();
    let hashes = match archive.hashes_of(&numbers) {
        Ok(hashes) => hashes,
        Err(error) if strict || !may_do_without(&error) => return Err(error),
        Err(_) => HashMap::new(),
    };
    let is_equal = |suspect: &Suspect| hashes.get(&suspect.entry) == Some(&suspect.hash);
    Ok(suspects
        .iter()
        .filter(|suspect| is_equal(suspect))
        .map(|suspect| (suspect.item, suspect.entry))
        .collect())
}

/// True for what keeps contents from being compared and is nothing against storing them once more: a base that is not at hand, or limits.
fn may_do_without(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Usage | ErrorKind::Unsupported | ErrorKind::Limit)
}

/// The hash of a file as it was found; nothing if it has been changed since.
fn hash(item: &Item, room: &mut [u8], env: &Env) -> Result<Option<blake3::Hash>> {
    let Found::File { len, data } = &item.body else { return Ok(None) };
    let mut file = walk::open(item)?;
    let mut hash = FileHash::default();
    for &(start, n) in data {
        hash.zeros_until(start);
        file.seek(SeekFrom::Start(start))?;
        let mut part = (&mut file).take(n);
        loop {
            env.check()?;
            match part.read(room) {
                Ok(0) => break,
                Ok(n) => hash.update(&room[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
    hash.zeros_until(*len);
    let still = item.state.is_still(&State::of(&file.metadata()?));
    Ok((still && hash.at() == *len).then(|| hash.whole()))
}
