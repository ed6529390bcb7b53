//! Archives in a row are one: what comes later wins.

use super::{tree, words};
use crate::testutil::{amending, archive, registry};
use crate::{Amendment, Archive, Tree};
use minlen_core::testing::cases::{self, number};
use minlen_core::{Env, ErrorKind, Limits};
use std::io::Cursor;

const CONTENT: &[u8; 10] = b"0123456789";

/// Archives in a row. `amend BYTES` and `rm PATH` make one of them amend those before it.
fn joined(trees: &str) -> Vec<u8> {
    trees.split("//").flat_map(one).collect()
}

fn one(words: &str) -> Vec<u8> {
    let (mut amendment, mut amends) = (Amendment::default(), false);
    let mut entries = Vec::new();
    for entry in words.split(';').map(str::trim) {
        match entry.split_once(' ') {
            Some(("rm", path)) => amendment.removed.push(path.as_bytes().to_vec()),
            Some(("amend", before)) => amendment.before = number(before),
            _ => {
                entries.push(entry);
                continue;
            }
        }
        amends = true;
    }
    let tree = tree(&entries.join(";"));
    if amends { amending(amendment, &tree, CONTENT, 7) } else { archive(&tree, CONTENT, 7) }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn later_archives_win() {
    let env = Env::default();
    for case in cases::read(crate::cases::table!("merged"), 2) {
        let file = joined(case.fields[0]);
        let archive = Archive::open(Cursor::new(&file), &registry(), &env).unwrap();
        let united = archive.tree().unwrap();
        united.check(&Limits::default()).unwrap();
        united.check_content(archive.content_len()).unwrap();
        case.expect(Ok(words(united)));
        // The same where the blocks are looked for one by one.
        let (scanned, damage) = Archive::open_by_scanning(Cursor::new(&file), &registry(), &env).unwrap();
        assert!(damage.is_empty() && scanned.tree() == Some(united), "line {}", case.line);
        drop((archive, scanned));
        assert_eq!(env.budget.used(), 0, "line {}", case.line);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn uniting_is_charged() {
    let file = joined("file a 0@4; hard b 0; hard c 0 // file a 1@2");
    let open = |memory| {
        let env = Env::new(Limits::default().with_memory(memory));
        Archive::open(Cursor::new(&file), &registry(), &env).map(|archive| archive.tree().map(words))
    };
    let needed = (0..1 << 20).step_by(512).find(|&memory| open(memory).is_ok()).unwrap();
    assert!(needed > 5 * size_of::<crate::Entry>() as u64, "{needed}");
    assert_eq!(open(needed - 512).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(open(0).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn amending_what_is_not_there_is_refused() {
    let open = |file: &[u8]| {
        let opened = Archive::open(Cursor::new(file), &registry(), &Env::default());
        opened.map(|archive| archive.tree().map(words).unwrap_or_default())
    };
    let (first, second) = (one("file a 0@4"), one("amend 10; file b 2@4"));
    assert_eq!(open(&[&first[..], &second].concat()).unwrap(), "file a 0@4; file b 2@4");
    // The second alone, or behind less than it says, has content that is not there.
    let empty = archive(&Tree::default(), b"", 1);
    for file in [second.clone(), [&empty[..], &second].concat()] {
        let error = open(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains("not before it"), "{error}");
    }
    // What comes before both of them does not matter.
    let moved = [&one("file c 1@1")[..], &first, &second].concat();
    assert_eq!(open(&moved).unwrap(), "file c 1@1; file a 10@4; file b 12@4");
    // A scan takes what it can: only what has content of before is lost with that.
    let second = one("amend 10; file a 2@4; file b 12@4; hard c 0; hard d 1; rm x");
    let scanned = Archive::open_by_scanning(Cursor::new(&second), &registry(), &Env::default()).unwrap().0;
    assert_eq!(scanned.tree().map(words).unwrap(), "file b 2@4; hard d 0");
}

#[test]
fn the_header_and_the_tree_agree_on_amending() {
    let form_2 = tree("dir a").encode();
    let form_3 = Amendment::default().encode(&tree("dir a"));
    assert!(Tree::decode(&form_2, &Limits::default()).is_ok());
    assert_eq!(Tree::decode(&form_3, &Limits::default()).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(Amendment::decode(&form_2, &Limits::default()).unwrap_err().kind(), ErrorKind::Corrupt);
    // A flag of the header that its tree does not bear out.
    let mut file = one("rm a");
    file[10] ^= 4;
    let check = crate::check32(&file[..12]).to_le_bytes();
    file[12..16].copy_from_slice(&check);
    let opened = Archive::open(Cursor::new(&file), &registry(), &Env::default());
    assert_eq!(opened.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn amendments_are_read_back_or_refused() {
    let paths = |text: &str| text.split_whitespace().map(|path| path.as_bytes().to_vec()).collect::<Vec<_>>();
    let tree = tree("file a 7@3; file b 100@5; hard c 0");
    let amendment = Amendment { before: 100, removed: paths("a/b a.b d e/f/g") };
    let bytes = amendment.encode(&tree);
    assert_eq!(Amendment::decode(&bytes, &Limits::default()).unwrap(), (amendment.clone(), tree.clone()));
    for cut in 0..bytes.len() {
        assert!(Amendment::decode(&bytes[..cut], &Limits::default()).is_err(), "{cut}");
    }
    for bit in 0..8 * bytes.len() {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        // Another tree, or none; but never one that breaks a rule.
        if let Ok((amendment, tree)) = Amendment::decode(&bad, &Limits::default()) {
            amendment.check(&Limits::default()).unwrap();
            tree.check(&Limits::default()).unwrap();
        }
    }
    for wrong in ["b a", "a a", "a a/b", "a/b a", "/a", "a//b", "../a", "a/."] {
        let amendment = Amendment { before: 0, removed: paths(wrong) };
        let error = Amendment::decode(&amendment.encode(&tree), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{wrong}");
    }
    let mut few = Limits::default();
    few.entries = 3;
    assert_eq!(Amendment::decode(&bytes, &few).unwrap_err().kind(), ErrorKind::Limit);
    let little = Limits::default().with_memory(100);
    assert_eq!(Amendment::decode(&bytes, &little).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn archives_and_bare_content_do_not_mix() {
    let bare = crate::testutil::stream(CONTENT, 4);
    let archived = archive(&Tree::default(), CONTENT, 4);
    for file in [[&bare[..], &archived].concat(), [&archived[..], &bare].concat()] {
        let opened = Archive::open(Cursor::new(&file), &registry(), &Env::default());
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::Corrupt);
        let checked = crate::check_structure(&mut Cursor::new(&file), &Env::default());
        assert_eq!(checked.unwrap_err().kind(), ErrorKind::Corrupt);
    }
    for file in [[&bare[..], &bare].concat(), [&archived[..], &archived].concat()] {
        assert!(crate::check_structure(&mut Cursor::new(&file), &Env::default()).is_ok());
    }
}
