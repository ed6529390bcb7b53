use super::*;
use crate::testutil::{entry, file};
use minlen_core::testing::Rng;
use minlen_core::{ErrorKind, Limits};
use proptest::prelude::*;
use std::sync::Arc;

fn round_trip(tree: &Tree) -> Vec<u8> {
    let bytes = tree.encode();
    assert_eq!(&Tree::decode(&bytes, &Limits::default()).unwrap(), tree);
    bytes
}

fn refused(tree: &Tree) -> ErrorKind {
    let checked = tree.check(&Limits::default()).unwrap_err().kind();
    assert_eq!(Tree::decode(&tree.encode(), &Limits::default()).unwrap_err().kind(), checked);
    checked
}

/// A tree of plausible and odd entries.
fn random_tree(seed: u64, max: usize) -> Tree {
    let mut rng = Rng(seed);
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = [0u64, 1 << 20, 1 << 40];
    for i in 0..rng.below(max + 1) {
        let path = format!("d{}/{}é{i}", rng.below(4), "x".repeat(rng.below(9))).into_bytes();
        let hash = [rng.next_u64() as u8; 16];
        let hash = |len: u64| crate::cases::shortened(hash, len);
        let (cursor, len) = (rng.below(3), rng.next_u64() >> (30 + rng.below(30)));
        let body = match rng.below(8) {
            0 => Body::Dir,
            1 => Body::Symlink(vec![b'y'; 1 + rng.below(20)]),
            2 | 3 => {
                let earlier = rng.below(entries.len());
                match entries.get(earlier).map(|e| e.body.clone()) {
                    Some(body @ Body::File { .. }) if rng.below(2) == 0 => body,
                    Some(Body::File { .. }) => Body::Hardlink(earlier as u32),
                    _ => Body::Dir,
                }
            }
            4 => {
                let extents = vec![
                    Extent::Hole { len: 1 + len },
                    Extent::Data { offset: rng.next_u64() >> 20, len: 7 },
                    Extent::Data { offset: at[cursor], len: 1 },
                    Extent::Hole { len: 1 },
                ];
                Body::File { len: len + 10, hash: hash(len + 10), extents }
            }
            _ if len == 0 => Body::File { len, hash: file_hash(b""), extents: vec![] },
            _ => {
                let offset = at[cursor];
                at[cursor] += len;
                Body::File { len, hash: hash(len), extents: vec![Extent::Data { offset, len }] }
            }
        };
        let mtime = match rng.below(5) {
            0 => None,
            1 => entries.last().and_then(|entry| entry.mtime),
            2 => Some((rng.below(9) as i64, 0)),
            _ => Some((rng.next_u64() as i64 >> rng.below(60), rng.below(1_000_000_000) as u32)),
        };
        let mode = if rng.below(3) == 0 { rng.below(0o10000) as u32 } else { 0o644 };
        let meta = (!seed.is_multiple_of(3) && rng.below(2) > 0).then(|| Arc::new(random_meta(&mut rng)));
        entries.push(Entry { path, mode, mtime, body, meta });
    }
    Tree { entries }
}

/// Few enough that entries share them.
fn random_meta(rng: &mut Rng) -> Meta {
    let owner = (rng.below(4) > 0).then(|| Owner {
        uid: rng.below(2) as u32 * 1000,
        gid: rng.below(2) as u32 * 70_000,
        user: b"user\xff"[..rng.below(6)].to_vec(),
        group: vec![],
    });
    let names = [&b"system.posix_acl_access"[..], b"user.a", b"user.b"];
    let some = names.iter().take(if owner.is_none() { 1 } else { rng.below(4) });
    let xattrs = some.map(|name| Xattr { name: name.to_vec(), value: vec![0; rng.below(3)] }).collect();
    Meta { owner, xattrs }
}

#[test]
fn consecutive_whole_files_cost_little_beyond_names_and_hashes() {
    let content = vec![0u8; 100_000];
    let mut tree = Tree::default();
    let mut kinds = [0usize, 40_000, 80_000];
    for i in 0..300 {
        // Three kinds of file, each in a row of its own in the content.
        let offset = &mut kinds[i % 3];
        let mut entry = file(&format!("folder/file{i:04}"), &content, *offset, 100 + i % 5);
        *offset += 100 + i % 5;
        if let Body::File { hash, .. } = &mut entry.body {
            hash[0] = i as u8;
            hash[1] = (i / 256) as u8;
        }
        tree.entries.push(entry);
    }
    let bytes = round_trip(&tree);
    // 4 of hash; kind, mode, length (two), shape and start a byte each; 10 of name and a byte around it before.
    assert!(bytes.len() < 300 * (4 + 6 + 10) + 50, "{}", bytes.len());
}

#[test]
fn impossible_paths_are_refused() {
    for path in ["", "/", "/a", "a/", "a//b", ".", "./a", "a/.", "..", "../a", "a/../b", "a/..", "a\0b"] {
        let tree = Tree { entries: vec![entry(path.as_bytes(), Body::Dir)] };
        assert_eq!(refused(&tree), ErrorKind::Corrupt, "{path:?}");
    }
    let long = |n: usize| Tree { entries: vec![entry(&vec![b'x'; n], Body::Dir)] };
    round_trip(&long(crate::limits::MAX_COMPONENT));
    assert_eq!(refused(&long(crate::limits::MAX_COMPONENT + 1)), ErrorKind::Corrupt);
    let deep = |n: usize| Tree { entries: vec![entry(&b"x/".repeat(n)[..2 * n - 1], Body::Dir)] };
    round_trip(&deep(4096));
    assert_eq!(refused(&deep(4097)), ErrorKind::Limit);
    for name in [&b"..."[..], b"a..b", b" ", b"\xff\n\\", b"a/.b/c..", b"C:\\x"] {
        round_trip(&Tree { entries: vec![entry(name, Body::Dir)] });
    }
}

#[test]
fn impossible_relations_are_refused() {
    let f = || file("f", b"1234", 0, 4);
    let link = |to| entry(b"l", Body::Hardlink(to));
    let below = |body| vec![entry(b"d", body), entry(b"d/x/y", Body::Dir)];
    for entries in [
        vec![f(), f()],
        vec![link(0)],
        vec![link(1), f()],
        vec![entry(b"d", Body::Dir), link(0)],
        below(Body::Symlink(b"/tmp".to_vec())),
        below(f().body),
        vec![entry(b"d/x/y", Body::Dir), entry(b"d", Body::Symlink(b".".to_vec()))],
        vec![entry(b"l", Body::Symlink(vec![]))],
        vec![entry(b"l", Body::Symlink(b"a\0".to_vec()))],
        vec![Entry { mode: 0o10000, ..f() }],
        vec![Entry { mtime: Some((0, 1_000_000_000)), ..f() }],
    ] {
        assert!(Tree { entries: entries.clone() }.check(&Limits::default()).is_err(), "{entries:?}");
        assert!(Tree::decode(&Tree { entries }.encode(), &Limits::default()).is_err());
    }
    round_trip(&Tree { entries: below(Body::Dir) });
}

#[test]
fn impossible_extents_are_refused() {
    let with = |len, extents| Tree { entries: vec![entry(b"f", Body::File { len, hash: [0; 16], extents })] };
    let data = |offset, len| Extent::Data { offset, len };
    for tree in [
        with(5, vec![data(0, 4)]),
        with(3, vec![data(0, 4), Extent::Hole { len: u64::MAX }]),
        with(4, vec![data(u64::MAX - 2, 4)]),
        with(4, vec![data(0, 4), Extent::Hole { len: 0 }]),
        with(4, vec![]),
    ] {
        assert!(Tree::decode(&tree.encode(), &Limits::default()).is_err(), "{tree:?}");
        assert!(tree.check(&Limits::default()).is_err(), "{tree:?}");
    }
    let big = u64::MAX >> 1;
    let one = with(big, vec![data(0, big)]).entries[0].clone();
    let three = ["a", "b", "c"].map(|p| Entry { path: p.into(), ..one.clone() });
    assert!(Tree { entries: three.to_vec() }.check(&Limits::default()).is_err());
    let tree = with(4, vec![data(3, 4)]);
    assert!(tree.check_content(6).is_err() && tree.check_content(7).is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn bombs_are_stopped() {
    // Long paths out of a few bytes each, copies of a file of many extents, and attributes that many entries share.
    let long = vec![b'x'; 1000];
    let mut paths = Tree::default();
    for i in 0..10_000u32 {
        let folder = [&long[..], b"/", i.to_string().as_bytes()].concat();
        paths.entries.push(entry(&folder, Body::Dir));
    }
    let many: Vec<Extent> = (0..1000).map(|i| Extent::Data { offset: i * 2, len: 1 }).collect();
    let body = Body::File { len: 1000, hash: file_hash(b"1"), extents: many };
    let copies =
        Tree { entries: (0..1000).map(|i| entry(format!("f{i}").as_bytes(), body.clone())).collect() };
    for tree in [paths, copies] {
        let bytes = round_trip(&tree);
        assert!(bytes.len() < 200_000, "{}", bytes.len());
        let small = Limits::default().with_memory(4 << 20);
        assert_eq!(Tree::decode(&bytes, &small).unwrap_err().kind(), ErrorKind::Limit);
    }
    let mut few = Limits::default();
    few.entries = 1;
    let two = Tree { entries: vec![entry(b"a", Body::Dir), entry(b"b", Body::Dir)] };
    assert_eq!(Tree::decode(&two.encode(), &few).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_truncation_is_refused_and_no_flip_panics() {
    let bytes = random_tree(7, 20).encode();
    for cut in 0..bytes.len() {
        assert!(Tree::decode(&bytes[..cut], &Limits::default()).is_err());
    }
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        // What is accepted is canonical: it encodes to the same bytes again.
        if let Ok(tree) = Tree::decode(&bad, &Limits::default()) {
            let _ = tree.encode();
        }
    }
}

#[test]
fn golden_tree() {
    let mut f = file("d/f", b"1234", 0, 4);
    f.mtime = Some((1_700_000_000, 5));
    let entries = vec![
        entry(b"d", Body::Dir),
        f,
        entry(b"d/g", Body::Hardlink(1)),
        entry(b"l", Body::Symlink(b"d".to_vec())),
    ];
    let tree = Tree { entries };
    let hex: String = round_trip(&tree).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, GOLDEN);
    // The first form, which keeps more of the hash.
    let mut first = Tree::decode(&minlen_core::testing::cases::hex(GOLDEN_1), &Limits::default()).unwrap();
    if let Body::File { len, hash, .. } = &mut first.entries[1].body {
        assert!(is_hash(hash, *len, &blake3::hash(b"1234")) && known_hash(hash, *len).len() == 16);
        *hash = file_hash(b"1234");
    }
    assert_eq!(first, tree);
}

#[test]
fn forms_that_come_later_are_named() {
    let error = Tree::decode(&[0, 4, 1, 2], &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, "a directory of form 4"));
}

#[test]
fn owners_and_attributes_come_back_and_impossible_ones_are_refused() {
    let owner = |uid, user: &[u8]| Owner { uid, gid: 5, user: user.to_vec(), group: b"staff".to_vec() };
    let xattr = |name: &[u8], len| Xattr { name: name.to_vec(), value: vec![7; len] };
    let tree = |meta: Meta| {
        let meta = Some(Arc::new(meta));
        let one = Entry { meta: meta.clone(), ..entry(b"a", Body::Dir) };
        Tree { entries: vec![entry(b"0", Body::Dir), one, Entry { meta, ..entry(b"b", Body::Dir) }] }
    };
    let fine = |owner, xattrs: &[Xattr]| {
        let tree = tree(Meta { owner, xattrs: xattrs.to_vec() });
        round_trip(&tree);
        tree
    };
    fine(Some(owner(0, b"root")), &[]);
    fine(Some(owner(u32::MAX - 1, b"")), &[xattr(b"user.a", 0), xattr(b"user.b", 1 << 16)]);
    let shared = fine(None, &[xattr(b"user.a", 1000)]);
    // Once in memory and in the file, and as output wherever it is set.
    assert!(shared.encode().len() < 1200 && shared.memory() < 2500, "{}", shared.memory());
    assert_eq!(shared.output_len(), 2 * 1006);
    for (owner, xattrs) in [
        (None, vec![]),
        (Some(owner(u32::MAX, b"x")), vec![]),
        (Some(owner(1, b"a\0")), vec![]),
        (Some(owner(1, &[b'x'; 256])), vec![]),
        (None, vec![xattr(b"", 1)]),
        (None, vec![xattr(b"user.\0", 1)]),
        (None, vec![xattr(b"user.b", 1), xattr(b"user.a", 1)]),
        (None, vec![xattr(b"user.a", 1), xattr(b"user.a", 1)]),
        (None, vec![xattr(b"user.a", (1 << 16) + 1)]),
        (None, vec![xattr(&[b'x'; 256], 1)]),
    ] {
        assert_eq!(refused(&tree(Meta { owner, xattrs })), ErrorKind::Corrupt);
    }
}

#[test]
fn attributes_are_charged_before_they_are_there() {
    let xattrs = vec![Xattr { name: b"user.a".to_vec(), value: vec![0; 60_000] }];
    let meta = Some(Arc::new(Meta { owner: None, xattrs }));
    let bytes = Tree { entries: vec![Entry { meta, ..entry(b"a", Body::Dir) }] }.encode();
    let small = Limits::default().with_memory(30_000);
    assert_eq!(Tree::decode(&bytes, &small).unwrap_err().kind(), ErrorKind::Limit);
}

const GOLDEN: &str = "000204040c0405010101010100020100000101010400150302006400006600016700026c000000491280c49fd50c\
                      000000000164000104000acde13a55";
const GOLDEN_1: &str = "04040404050405010101010010010101000503020001020001020101642f66676c0000491280c49fd50c05040001cd\
                      e13a55f41e387480391c47238acfe9016401";

#[test]
fn paths_are_shown_without_surprises() {
    assert_eq!(show_path(b"a\xff\n\\\x1b[0m/\xc3\xa9"), "a\\xff\\n\\\\\\u{1b}[0m/é");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 200 }))]

    #[test]
    fn any_tree_comes_back(seed: u64) {
        let tree = random_tree(seed, 60);
        prop_assert_eq!(&Tree::decode(&tree.encode(), &Limits::none()).unwrap(), &tree);
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..400) {
        let _ = Tree::decode(&bytes, &Limits::default());
        let mut good = random_tree(at as u64, 12).encode();
        let at = at.min(good.len());
        let end = (at + bytes.len() / 10).min(good.len());
        good[at..end].copy_from_slice(&bytes[..end - at]);
        let _ = Tree::decode(&good, &Limits::default());
    }
}
