use super::*;
use crate::testutil::{block, registry, stream};
use crate::{Archive, Item, StreamReader, StreamWriter, open_block};
use minlen_core::testing::{edge_cases, random_case};
use minlen_core::{Env, ErrorKind, Limits};
use std::io::Cursor;

fn compact(raw: &[u8]) -> Vec<u8> {
    let block = (!raw.is_empty()).then(|| block(raw));
    bytes(block.as_ref()).unwrap().unwrap()
}

fn read(bytes: &[u8], env: &Env) -> Result<Vec<u8>> {
    let (registry, mut reader, mut out) = (registry(), StreamReader::new(bytes, env), Vec::new());
    while let Some(item) = reader.next()? {
        match item {
            Item::Block(block) => out.extend(open_block(&block, &registry, env)?),
            Item::End { content_len, content_hash: None } => assert!(content_len <= out.len() as u64),
            _ => {}
        }
    }
    Ok(out)
}

fn seek(bytes: &[u8], env: &Env) -> Result<Vec<u8>> {
    let (registry, mut out) = (registry(), Vec::new());
    let mut archive = Archive::open(Cursor::new(bytes), &registry, env)?;
    assert!(archive.tree().is_none() && archive.content_hash().is_none());
    for i in 0..archive.blocks().len() {
        assert_eq!(archive.block_header(i)?.raw_len, archive.blocks()[i].raw_len);
        out.extend(open_block(&archive.read_block(i)?, &registry, env)?);
    }
    Ok(out)
}

fn both(bytes: &[u8], env: &Env) -> Result<Vec<u8>> {
    let (streamed, sought) = (read(bytes, env), seek(bytes, env));
    if let (Ok(streamed), Ok(sought)) = (&streamed, &sought) {
        assert_eq!(streamed, sought);
    }
    sought.and(streamed)
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn small_content_comes_back_with_a_dozen_bytes_around_it() {
    let env = Env::default();
    let cases = edge_cases().into_iter().chain((0..40).map(|seed| random_case(seed, 9000)));
    for raw in cases.filter(|raw| raw.len() as u64 <= MAX_CONTENT) {
        let packed = compact(&raw);
        assert_eq!(both(&packed, &env).unwrap(), raw);
        if (1..4096).contains(&raw.len()) {
            assert!(packed.len() <= block(&raw).payload.len() + 20);
        }
    }
    assert_eq!(compact(b"").len(), 10);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn larger_content_and_what_coding_made_longer_takes_the_full_form() {
    assert!(bytes(Some(&block(&vec![7; MAX_CONTENT as usize + 1]))).unwrap().is_none());
    let mut longer = block(b"ab");
    longer.header.stored_len = 3;
    assert!(bytes(Some(&longer)).unwrap().is_none());
    let mut writer = StreamWriter::new(Vec::new()).unwrap();
    writer.write_block(&block(b"first")).unwrap();
    let mut writer = writer.finish_compact(Some(&block(b"second"))).unwrap().unwrap_err();
    writer.write_block(&block(b"second")).unwrap();
    let whole = writer.finish(*blake3::hash(b"firstsecond").as_bytes()).unwrap();
    assert_eq!(read(&whole, &Env::default()).unwrap(), b"firstsecond");
}

#[test]
fn compact_and_full_streams_stand_in_a_row() {
    let (a, b, c) = (compact(b"one, "), stream(b"two, ", 3), compact(b"three"));
    for parts in [[&a, &b, &c], [&b, &a, &c], [&a, &c, &b], [&b, &c, &b]] {
        let file = parts.map(Vec::as_slice).concat();
        let contents: Vec<u8> = parts.iter().flat_map(|p| read(p, &Env::default()).unwrap()).collect();
        assert_eq!(both(&file, &Env::default()).unwrap(), contents);
        let (mut scanned, damage) =
            Archive::open_by_scanning(Cursor::new(&file), &registry(), &Env::default()).unwrap();
        assert!(damage.is_empty(), "{damage:?}");
        let blocks = 0..scanned.blocks().len();
        let found = blocks.map(|i| scanned.read_block(i).unwrap().header.raw_len).sum::<u64>();
        assert_eq!(found, contents.len() as u64);
    }
    let twice = [compact(b""), compact(b"x"), compact(b"")].concat();
    assert_eq!(both(&twice, &Env::default()).unwrap(), b"x");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn damage_is_noticed() {
    let env = Env::new(Limits::default().with_memory(64 << 20));
    for raw in [&b"predict, then code; predict, then code"[..], &[b'x'; 5000], b""] {
        let packed = compact(raw);
        for len in 0..packed.len() {
            assert!(
                matches!(both(&packed[..len], &env), Err(e) if e.kind() != ErrorKind::Io),
                "cut to {len}"
            );
        }
        for bit in 0..packed.len() * 8 {
            let mut bad = packed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bad, &env).is_err(), "bit {bit} was not noticed");
            assert!(both(&bad, &env).is_err());
        }
        for tail in [&b"x"[..], &[0x8d], b"\x8dml\x01"] {
            assert!(both(&[&packed, tail].concat(), &env).is_err());
        }
    }
    assert_eq!(env.budget.used(), 0);
    let newer = read(b"\x8dml\x02\x00\x00\x00\x00\x00\x00", &env).unwrap_err();
    assert_eq!(newer.kind(), ErrorKind::Unsupported);
}
