//! Archives in a row are one: what comes later wins.

use super::{tree, words};
use crate::testutil::{archive, registry};
use crate::{Archive, Tree};
use minlen_core::testing::cases;
use minlen_core::{Env, ErrorKind, Limits};
use std::io::Cursor;

const CONTENT: &[u8; 10] = b"0123456789";

fn joined(trees: &str) -> Vec<u8> {
    trees.split("//").flat_map(|words| archive(&tree(words), CONTENT, 7)).collect()
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
