use super::*;
use crate::stream::tests::sample;
use crate::testutil::{archive, entry, file, registry, stream};
use crate::{Body, Entry, open_block};
use minlen_core::Env;
use std::io::Cursor;

fn open(bytes: &[u8]) -> Archive<Cursor<&[u8]>> {
    Archive::open(Cursor::new(bytes), &registry(), &Env::default()).unwrap()
}

fn scan(bytes: &[u8]) -> (Archive<Cursor<&[u8]>>, Vec<Damage>) {
    Archive::open_by_scanning(Cursor::new(bytes), &registry(), &Env::default()).unwrap()
}

fn content(archive: &mut Archive<Cursor<&[u8]>>) -> Vec<Vec<u8>> {
    let env = Env::default();
    (0..archive.blocks().len())
        .map(|i| open_block(&archive.read_block(i).unwrap(), &registry(), &env).unwrap_or_default())
        .collect()
}

#[test]
fn blocks_are_found_by_content() {
    let bytes = [stream(&[1; 25], 10), stream(&[2; 5], 10)].concat();
    let mut archive = open(&bytes);
    assert_eq!((archive.content_len(), archive.streams().len(), archive.content_hash()), (30, 2, None));
    let ranges = [(0..1, 0..1), (9..11, 0..2), (10..20, 1..2), (24..26, 2..4), (0..30, 0..4), (29..30, 3..4)];
    for (range, blocks) in ranges {
        assert_eq!(archive.blocks_for(range.clone()), blocks, "{range:?}");
        assert!(archive.is_complete(range));
    }
    assert!(archive.blocks_for(30..31).is_empty() && !archive.is_complete(29..31));
    assert_eq!(archive.read_block(3).unwrap().raw_start, 25);
    assert!(archive.read_block(4).is_err());
}

#[test]
fn a_lost_index_is_rebuilt() {
    let good = sample();
    let mut whole = open(&good);
    // The end is gone, and the index with it.
    let end = good.len() - 4 - usize::from(good[good.len() - 4]);
    let (mut scanned, damage) = scan(&good[..end]);
    assert_eq!(damage, [Damage { file: end as u64..end as u64, content: 33..33 }]);
    assert_eq!(scanned.blocks(), whole.blocks());
    assert_eq!(scanned.tree(), whole.tree());
    assert_eq!(content(&mut scanned), content(&mut whole));
    assert!(scanned.content_hash().is_none());
}

#[test]
fn a_lost_block_leaves_the_others_in_their_places() {
    let good = sample();
    let mut whole = open(&good);
    let lost = whole.blocks()[1];
    let mut bad = good.clone();
    bad[lost.file_offset as usize + 3] ^= 0xff;
    // The index still knows where the block is, and reading it fails.
    assert!(open(&bad).read_block(1).is_err());
    bad.truncate(good.len() - 60);
    let (mut scanned, damage) = scan(&bad);
    assert_eq!(scanned.blocks(), [whole.blocks()[0], whole.blocks()[2]]);
    assert_eq!(damage[0].content, lost.raw_start..lost.raw_end());
    assert_eq!(damage[0].file, lost.file_offset..whole.blocks()[2].file_offset);
    assert!(!scanned.is_complete(0..33) && scanned.is_complete(0..12) && scanned.is_complete(24..33));
    assert_eq!(content(&mut scanned)[1], content(&mut whole)[2]);
    assert!(scanned.is_archive() && scanned.tree() == whole.tree());
}

#[test]
fn lost_stream_headers_do_not_hide_the_blocks() {
    let mut bytes = [stream(b"first stream", 5), stream(b"second", 4)].concat();
    let second = stream(b"first stream", 5).len();
    bytes[0] ^= 1;
    bytes[second + 9] ^= 1;
    let (mut scanned, damage) = scan(&bytes);
    assert_eq!(content(&mut scanned).concat(), b"first streamsecond");
    assert_eq!(damage.len(), 2);
    let none = Archive::open_by_scanning(Cursor::new(vec![1u8; 1000]), &registry(), &Env::default());
    assert!(none.is_err());
}

fn link(path: &str, to: u32) -> Entry {
    entry(path.as_bytes(), Body::Hardlink(to))
}

#[test]
fn later_archives_win_entry_by_entry() {
    let one = Tree {
        entries: vec![
            entry(b"d", Body::Dir),
            file("d/a", b"11112222", 0, 4),
            file("d/b", b"11112222", 4, 4),
            link("d/same", 1),
            link("d/same2", 1),
            file("x", b"11112222", 0, 2),
            file("f", b"11112222", 0, 2),
        ],
    };
    let two = Tree {
        entries: vec![
            file("d/a", b"3333", 0, 4),
            file("x/y", b"3333", 2, 2),
            entry(b"f", Body::Symlink(b"x".to_vec())),
        ],
    };
    let bytes = [archive(&one, b"11112222", 3), archive(&two, b"3333", 4)].concat();
    let archive = open(&bytes);
    let tree = archive.tree().unwrap();
    tree.check(&minlen_core::Limits::default()).unwrap();
    let paths: Vec<_> = tree.entries.iter().map(|e| String::from_utf8(e.path.clone()).unwrap()).collect();
    assert_eq!(paths, ["d", "d/b", "d/same", "d/same2", "d/a", "x/y", "f"]);
    assert_eq!(tree.entries[2].body, one.entries[1].body);
    assert_eq!(tree.entries[3].body, Body::Hardlink(2));
    assert_eq!(tree.entries[4].extents(), [crate::Extent::Data { offset: 8, len: 4 }]);
}
