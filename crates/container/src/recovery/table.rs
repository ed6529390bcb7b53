//! The table of shard hashes: pages that are checked one by one, stored twice.

use super::geometry::{Geometry, HASH, PAGE};
use super::store::read_some;
use crate::primitives::hash64;
use minlen_core::Result;
use std::io::{Read, Seek};

/// The bytes of the table.
pub(super) fn bytes(hashes: &[u64]) -> Vec<u8> {
    let mut out = Vec::with_capacity((hashes.len() + 1) * HASH as usize);
    for (number, page) in hashes.chunks(PAGE as usize).enumerate() {
        let start = out.len();
        out.extend(page.iter().flat_map(|h| h.to_le_bytes()));
        let check = page_check(&out[start..], number as u64);
        out.extend(check.to_le_bytes());
    }
    out
}

fn page_check(page: &[u8], number: u64) -> u64 {
    hash64(&[page, &number.to_le_bytes()].concat())
}

/// Reads the table in the section at `section_at`, each page from whichever copy is right; `None` for the hashes of
/// a page that is wrong in both.
pub(super) fn read<R: Read + Seek>(
    r: &mut R,
    section_at: u64,
    geometry: &Geometry,
) -> Result<Vec<Option<u64>>> {
    let mut out = Vec::with_capacity(geometry.hashes() as usize);
    let mut at = 0;
    for number in 0..geometry.hashes().div_ceil(PAGE) {
        let count = PAGE.min(geometry.hashes() - number * PAGE);
        let mut page = vec![0; ((count + 1) * HASH) as usize];
        let mut found = false;
        for second in [false, true] {
            let start = section_at.saturating_add(geometry.table_at(second)).saturating_add(at);
            let whole = read_some(r, start, &mut page)? == page.len();
            let (hashes, check) = page.split_at(page.len() - HASH as usize);
            found = whole && page_check(hashes, number).to_le_bytes() == check;
            if found {
                break;
            }
        }
        let hashes = page.chunks_exact(HASH as usize).take(count as usize);
        out.extend(hashes.map(|h| found.then(|| h.try_into().map_or(0, u64::from_le_bytes))));
        at += page.len() as u64;
    }
    Ok(out)
}
