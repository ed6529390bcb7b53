//! Making recovery data.

use super::geometry::Geometry;
use super::store::Store;
use super::{LETTERS, table};
use crate::primitives::{hash64, to_usize};
use crate::tree::short_hash;
use minlen_core::{Env, Error, Result};
use reed_solomon_simd::ReedSolomonEncoder;

/// Writes a whole section for the data of `store`; gives its length.
pub(super) fn write(store: &mut impl Store, mut geometry: Geometry, env: &Env) -> Result<u64> {
    let _held = env.budget.reserve(geometry.group_memory() + geometry.hashes() * 16)?;
    let mut hashes = vec![0; to_usize(geometry.hashes())?];
    geometry.hash = hash_data(store, &geometry, &mut hashes, env)?;
    for g in 0..geometry.groups {
        env.check()?;
        group(store, &geometry, g, &mut hashes)?;
    }
    let table = table::bytes(&hashes);
    store.write(geometry.table_at(false), &table)?;
    store.write(geometry.table_at(true), &table)?;
    for copy in 0..4 {
        let header = geometry.header(copy)?;
        store.write(geometry.header_at(copy), &header)?;
        if copy == 3 {
            let trailer = [&[header.len() as u8][..], &LETTERS].concat();
            store.write(geometry.header_at(copy) + header.len() as u64, &trailer)?;
        }
    }
    Ok(geometry.section_len())
}

/// Hashes every data shard, and all of them together.
fn hash_data(store: &mut impl Store, geometry: &Geometry, hashes: &mut [u64], env: &Env) -> Result<[u8; 16]> {
    let mut whole = blake3::Hasher::new();
    let mut shard = vec![0; to_usize(geometry.shard)?];
    for (i, hash) in (0..geometry.data_shards()).zip(hashes) {
        env.check()?;
        let len = read_shard(store, geometry, i, &mut shard)?;
        whole.update(&shard[..len]);
        *hash = hash64(&shard);
    }
    Ok(short_hash(&whole.finalize()))
}

/// Reads data shard `i`, filled up with zeros; gives the length of the real data.
fn read_shard(store: &mut impl Store, geometry: &Geometry, i: u64, shard: &mut [u8]) -> Result<usize> {
    let len = geometry.shard_len(i) as usize;
    store.read(i * geometry.shard, &mut shard[..len])?;
    shard[len..].fill(0);
    Ok(len)
}

fn group(store: &mut impl Store, geometry: &Geometry, g: u64, hashes: &mut [u64]) -> Result<()> {
    let (count, recovery) = (geometry.group_len(g), geometry.recovery);
    let mut encoder = ReedSolomonEncoder::new(count as usize, recovery as usize, geometry.shard as usize)
        .map_err(failed)?;
    let mut shard = vec![0; to_usize(geometry.shard)?];
    for k in 0..count {
        read_shard(store, geometry, g + k * geometry.groups, &mut shard)?;
        encoder.add_original_shard(&shard).map_err(failed)?;
    }
    let made = encoder.encode().map_err(failed)?;
    for (j, shard) in (0..recovery).zip(made.recovery_iter()) {
        store.write(geometry.recovery_at(j, g), shard)?;
        hashes[(geometry.data_shards() + j * geometry.groups + g) as usize] = hash64(shard);
    }
    Ok(())
}

pub(super) fn failed(error: reed_solomon_simd::Error) -> Error {
    Error::corrupt(format!("Reed-Solomon: {error}"))
}
