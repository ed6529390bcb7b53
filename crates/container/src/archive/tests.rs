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

/// Content that does not compress, so that a `.mln` file of it holds its sections as they are.
fn noise(seed: u64, n: usize) -> Vec<u8> {
    let mut rng = minlen_core::testing::Rng(seed);
    (0..n).map(|_| rng.next_u64() as u8 | 1).collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_file_stored_in_a_lost_block_is_not_taken_for_the_outer_one() {
    let inner_tree = Tree { entries: vec![file("evil", &noise(1, 900), 0, 900)] };
    let inner = archive(&inner_tree, &noise(1, 900), 100);
    let (before, after) = (noise(2, 500), noise(3, 500));
    for inner in [inner, stream(&noise(4, 700), 90)] {
        let content = [&before[..], &inner, &after].concat();
        let (a, b) = (before.len(), before.len() + inner.len());
        let tree = Tree {
            entries: vec![
                file("a", &content, 0, a),
                file("in", &content, a, b - a),
                file("z", &content, b, 500),
            ],
        };
        for size in [300, 500, 2000] {
            let good = archive(&tree, &content, size);
            let whole = open(&good).blocks().to_vec();
            for lost in &whole {
                let mut bad = good.clone();
                bad[lost.file_offset as usize + 3] ^= 0xff;
                // With the end, and cut off within it: then there is no table of blocks.
                let (scanned, _) = scan(&bad);
                assert_eq!(scanned.tree(), Some(&tree), "block at {} of {size}", lost.file_offset);
                let known = scanned.blocks().iter().filter(|b| whole.contains(b)).count();
                assert!(known >= whole.len() - 1 && scanned.blocks().len() <= whole.len(), "{known}");
                let (scanned, _) = scan(&bad[..bad.len() - 10]);
                let wrong = scanned.blocks().iter().filter(|b| !whole.contains(b)).count();
                assert!(scanned.tree().is_some() && wrong <= inner.len() / 90, "{wrong}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn bytes_put_in_or_cut_out_cost_only_the_block_where_they_are() {
    let content = noise(5, 1000);
    let tree = Tree { entries: (0..10).map(|i| file(&format!("f{i}"), &content, i * 100, 100)).collect() };
    let good = archive(&tree, &content, 100);
    let blocks = open(&good).blocks().to_vec();
    for (i, block) in blocks.iter().enumerate() {
        let inside = (block.file_offset + block.header_len) as usize + 40;
        let shifted = [&good[..inside], b"new bytes", &good[inside..]].concat();
        let shorter = [&good[..inside], &good[inside + 13..]].concat();
        let front = [b"something in front", &good[..]].concat();
        for (bad, lost) in [(shifted, Some(i)), (shorter, Some(i)), (front, None)] {
            let (mut scanned, damage) = scan(&bad);
            assert!(!damage.is_empty() && scanned.tree() == Some(&tree), "{i}");
            let env = Env::default();
            let mut right = 0;
            for number in 0..scanned.blocks().len() {
                let start = scanned.blocks()[number].raw_start as usize;
                let read = scanned.read_block(number).and_then(|b| open_block(&b, &registry(), &env));
                if let Ok(bytes) = read {
                    assert_eq!(bytes, content[start..start + 100]);
                    right += 1;
                }
            }
            assert_eq!(right, blocks.len() - usize::from(lost.is_some()), "{i}");
        }
    }
}

#[test]
fn copies_of_the_directory_stand_in_for_a_lost_tree() {
    let content = noise(6, 1000);
    let all: Vec<Entry> = (0..10).map(|i| file(&format!("f{i}"), &content, i * 100, 100)).collect();
    let tree = Tree { entries: all.clone() };
    let mut writer = crate::StreamWriter::archive(Vec::new()).unwrap();
    for (i, chunk) in content.chunks(100).enumerate() {
        writer.write_block(&crate::testutil::block(chunk)).unwrap();
        if i % 3 == 2 || i == 9 {
            let part = Tree { entries: all[i / 3 * 3..=i].to_vec() };
            let part = crate::DirectoryPart::new(&part, crate::testutil::code).unwrap();
            assert!(part.reach == (i as u64 + 1) * 100);
            writer.write_directory(&part).unwrap();
        }
    }
    writer.write_tree(&tree, crate::testutil::code).unwrap();
    let good = writer.finish(*blake3::hash(&content).as_bytes()).unwrap();
    // Old readers pass over them.
    assert_eq!(open(&good).tree(), Some(&tree));
    assert!(crate::stream::tests::read_all(&good, &Env::default()).is_ok());
    // Any damage to the tree: every name is there all the same.
    let at = good.len() - 250;
    for bad in [&good[..at], &[&good[..at], &[7; 200], &good[at + 200..]].concat()] {
        let (scanned, _) = scan(bad);
        assert_eq!(scanned.tree(), Some(&tree));
    }
    // Cut off: what was stored before the last copy has names.
    let half = open(&good).blocks()[7].file_offset as usize;
    let (scanned, _) = scan(&good[..half]);
    assert_eq!(scanned.tree().unwrap().entries, all[..6]);
    assert!(!scanned.tree_is_whole() && scanned.is_archive());
    let early = crate::StreamWriter::archive(Vec::new()).unwrap();
    let part = crate::DirectoryPart::new(&tree, crate::testutil::code).unwrap();
    assert!({ early }.write_directory(&part).is_err());
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
