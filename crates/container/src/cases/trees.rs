//! Directories of archives: what may be in them, how they are written, and in which order their paths are.

use super::{tree, words};
use crate::tree::{Order, show_path};
use crate::{Body, Entry, Tree};
use minlen_core::testing::cases::{self, Case};
use minlen_core::{Budget, Env, ErrorKind, Limits, varint};

/// Checked as it is, and after a trip through its bytes.
fn expect_checked(case: &Case<'_>, tree: &Tree) {
    let limits = Limits::default();
    let checked = tree.check(&limits);
    let decoded = Tree::decode(&tree.encode(), &limits);
    match &decoded {
        Ok(back) => assert_eq!(back, tree, "line {}", case.line),
        Err(_) => assert!(checked.is_err(), "line {}", case.line),
    }
    assert_eq!(checked.is_ok(), decoded.is_ok(), "line {}", case.line);
    case.expect(checked.map(|()| "yes"));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn paths_that_lead_nowhere_else() {
    for case in cases::read(crate::cases::table!("paths"), 2) {
        let entry = Entry { path: case.hex(0), mode: 0o755, mtime: None, body: Body::Dir, meta: None };
        expect_checked(&case, &Tree { entries: vec![entry] });
    }
}

#[test]
fn trees_that_keep_the_rules() {
    for case in cases::read(crate::cases::table!("trees"), 2) {
        expect_checked(&case, &tree(case.fields[0]));
    }
}

/// The names of columns in the table, in their order.
const COLUMNS: &str = "knmt32lhaoTrMDL10x";
/// Those of form 1.
const COLUMNS_1: &str = "kpsnmtulhaoxLTr";

fn serialised(form: &[u8], order: &str, count: u64, columns: &str) -> Vec<u8> {
    let column = |name: char| {
        let given =
            columns.split_whitespace().find_map(|column| column.strip_prefix(name)?.strip_prefix('='));
        given.map(cases::hex).unwrap_or_default()
    };
    let columns: Vec<Vec<u8>> = order.chars().map(column).collect();
    let mut out = form.to_vec();
    varint::put(&mut out, count);
    columns.iter().for_each(|column| varint::put(&mut out, column.len() as u64));
    out.extend(columns.concat());
    out
}

#[test]
fn columns_of_form_1_are_read_as_one_tree_or_refused() {
    for case in cases::read(crate::cases::table!("columns_1"), 3) {
        let bytes = serialised(&[], COLUMNS_1, case.number(0), case.fields[1]);
        case.expect(Tree::decode(&bytes, &Limits::default()).map(|tree| words(&tree)));
    }
}

#[test]
fn columns_are_read_as_one_tree_or_refused() {
    for case in cases::read(crate::cases::table!("columns"), 3) {
        let bytes = serialised(&[0, 2], COLUMNS, case.number(0), case.fields[1]);
        let read = Tree::decode(&bytes, &Limits::default());
        if let Ok(tree) = &read {
            assert_eq!(tree.encode(), bytes, "line {}: no other bytes say the same", case.line);
            assert!(
                Tree::decode(&[&bytes[..], &[0]].concat(), &Limits::default()).is_err(),
                "line {}",
                case.line
            );
            for cut in (0..bytes.len()).step_by(super::STEP) {
                assert!(Tree::decode(&bytes[..cut], &Limits::default()).is_err(), "line {}", case.line);
            }
        }
        case.expect(read.map(|tree| words(&tree)));
    }
}

#[test]
fn the_64_most_recent_places_are_remembered() {
    // Files that begin where nothing has ended, and one that goes on from the end of the first of them.
    let with = |others: u64| {
        let mut words = vec!["file first 5@1".to_owned()];
        words.extend((0..others).map(|i| format!("file f{i} {}@1", 1000 * (i + 1))));
        words.push("file last 6@1".to_owned());
        tree(&words.join(";"))
    };
    for (others, remembered) in [(0, true), (1, true), (63, true), (64, false), (70, false)] {
        let tree = with(others);
        let bytes = tree.encode();
        let mut reader = varint::Reader::new(&bytes[2..]);
        let lens: Vec<u64> = (0..=COLUMNS.len()).map(|_| reader.varint().unwrap()).collect();
        let offsets = lens[1 + COLUMNS.find('o').unwrap()];
        let stored = |offset: u64| varint::len(offset) as u64;
        let others_take: u64 = (0..others).map(|i| stored(1000 * (i + 1))).sum();
        assert_eq!(offsets, 1 + others_take + if remembered { 0 } else { 1 }, "{others}");
        assert_eq!(Tree::decode(&bytes, &Limits::default()).unwrap(), tree);
    }
}

#[test]
fn parts_of_directories_are_blocks_with_a_header_of_their_own() {
    for case in cases::read(crate::cases::table!("directory_parts"), 2) {
        let parsed = crate::directory::parse(&case.hex(0), 70);
        case.expect(parsed.map(|block| {
            assert_eq!((block.offset, block.header.hash), (70, 0x5a5a_5a5a_5a5a_5a5a));
            let ids: Vec<String> = block.header.ids.iter().map(|id| id.0.to_string()).collect();
            format!("{}, {}: {}", block.header.raw_len, block.payload.len(), ids.join(","))
        }));
    }
    // What is written is read again, and nothing that nobody could read is written.
    let part = |words: &str| crate::DirectoryPart::new(&tree(words), crate::testutil::code);
    for (words, reach) in [("dir a", 0), ("file a 3@4; file b 0@2", 7), ("file a ~9,1@1", 2)] {
        let made = part(words).unwrap();
        let block = crate::directory::parse(&made.payload, 5).unwrap();
        let raw = crate::open_tree(&block, &crate::testutil::registry(), &Env::default()).unwrap();
        assert_eq!(Tree::decode(&raw, &Limits::default()).unwrap(), tree(words));
        assert_eq!((made.reach, made.stored_len()), (reach, made.payload.len() as u64 + 24), "{words}");
    }
    assert_eq!(part("dir ../a").unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn attributes_come_back_and_add_up() {
    let tree = tree(
        "dir a mode=700 time=5.9; dir b mode=700 time=4.0; file c 0@4 mode=4755 time=-7.1; link d x mode=777; \
         dir e; file f ~2048,8@3; hard g 2; file h 0@4",
    );
    let back = Tree::decode(&tree.encode(), &Limits::default()).unwrap();
    assert_eq!(back, tree);
    assert_eq!((back.entries[1].mode, back.entries[1].mtime), (0o700, Some((4, 0))));
    assert_eq!((back.entries[2].mode, back.entries[2].mtime), (0o4755, Some((-7, 1))));
    // A hole counts a 1024th as output; hard links count nothing.
    assert_eq!((tree.output_len(), tree.apparent_len()), (4 + 2 + 3 + 4, 4 + 2051 + 4));
    assert_eq!((tree.find(b"f"), tree.find(b"x")), (Some(5), None));
    assert!(tree.check_content(11).is_ok());
    let error = tree.check_content(10).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Corrupt, "f reaches beyond the content"));
}

#[test]
fn limits_on_entries_are_kept() {
    let tree = tree("dir a; dir b; dir c");
    let mut limits = Limits::default();
    for (entries, fine) in [(2, false), (3, true), (u64::MAX, true)] {
        limits.entries = entries;
        assert_eq!(tree.check(&limits).is_ok(), fine, "{entries}");
        assert_eq!(Tree::decode(&tree.encode(), &limits).is_ok(), fine, "{entries}");
    }
    limits.entries = 2;
    assert_eq!(tree.check(&limits).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(Tree::decode(&tree.encode(), &limits).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn paths_are_found_in_order() {
    let budget = Budget::new(1 << 16);
    for case in cases::read(crate::cases::table!("orders"), 4) {
        let sorted: Vec<&str> = case.fields[0].split(' ').collect();
        let dirs = |paths: &[&str]| {
            tree(&paths.iter().map(|path| format!("dir {path}")).collect::<Vec<_>>().join(";"))
        };
        // As they are, backwards, and with the first of them last.
        let mut turned = sorted.clone();
        turned.rotate_left(1);
        for paths in [sorted.clone(), sorted.iter().rev().copied().collect(), turned] {
            let tree = dirs(&paths);
            let order = Order::new(&tree, &budget).unwrap();
            let path = |place: usize| show_path(&tree.entries[order.number(place)].path);
            assert_eq!((0..paths.len()).map(path).collect::<Vec<_>>(), sorted, "line {}", case.line);
            let wanted = case.fields[1].as_bytes();
            let found = order.find(&tree, wanted);
            let place =
                found.map(|number| (0..paths.len()).find(|&place| order.number(place) == number).unwrap());
            assert_eq!(
                place.map_or("-".to_owned(), |place| place.to_string()),
                case.fields[2],
                "line {}",
                case.line
            );
            case.expect(Ok(order.below(&tree, wanted).map(path).collect::<Vec<_>>().join(" ")));
        }
        assert_eq!(budget.used(), 0);
    }
}

#[test]
fn paths_are_shown() {
    for case in cases::read(crate::cases::table!("shown"), 2) {
        case.expect(Ok(show_path(&case.hex(0))));
    }
}
