//! A file at the beginning of a block is taken out without decoding the rest of the block.

use minlen::archive::{Archive, Builder, Entry, ExtractOptions, Keys};
use minlen::{Env, ErrorKind, Options};
use std::io::Cursor;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn content(name: &str) -> Vec<u8> {
    (0..900).flat_map(|i| format!("{name} says {} for the {i}th time\n", i * i % 97).into_bytes()).collect()
}

/// An archive of one block, coded bit by bit, damaged towards the end of it or not.
fn archive(damaged: bool) -> Vec<u8> {
    let mut builder = Builder::new();
    builder.add_all(NAMES.map(|name| Entry::file(name, content(name)))).unwrap();
    let options = Options::new(6).unwrap().with_codec("cm:model=fast").unwrap();
    let (mut bytes, _) = builder.write(Vec::new(), &options, &Env::default()).unwrap();
    let mut open =
        Archive::from_reader(Cursor::new(&bytes), &Keys::default(), &options, &Env::default()).unwrap();
    let blocks = open.blocks().unwrap();
    assert_eq!(blocks.len(), 1);
    let late = blocks[0].stored_len as usize * 9 / 10;
    drop(open);
    if damaged {
        bytes[late] ^= 1;
    }
    bytes
}

fn open(bytes: &[u8]) -> Archive<'_> {
    Archive::from_reader(Cursor::new(bytes), &Keys::default(), &Options::default(), &Env::default()).unwrap()
}

fn read(archive: &mut Archive<'_>, name: &str) -> minlen::Result<Vec<u8>> {
    let mut out = Vec::new();
    archive.read_member(name.as_bytes(), None, &mut out).map(|_| out)
}

#[test]
fn damage_behind_a_file_does_not_reach_it() {
    let bytes = archive(true);
    assert_eq!(read(&mut open(&bytes), "a").unwrap(), content("a"));
    // What is damaged itself is refused, and so is what comes without a hash of its own to check it by.
    assert_eq!(read(&mut open(&bytes), "c").unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(open(&bytes).test().unwrap_err().kind(), ErrorKind::Corrupt);
    let range = open(&bytes).read_member(b"a", Some(0..10), &mut Vec::new());
    assert_eq!(range.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn extracting_one_file_stops_behind_it() {
    let bytes = archive(true);
    let dir = tempfile::tempdir().unwrap();
    let extract = |name: &str, to: &str| {
        let target = dir.path().join(to);
        open(&bytes).extract(&[name.as_bytes().to_vec()], &target, &ExtractOptions::default()).map(|_| target)
    };
    let target = extract("a", "one").unwrap();
    assert_eq!(std::fs::read(target.join("a")).unwrap(), content("a"));
    assert_eq!(extract("c", "two").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn files_of_one_block_come_in_any_order() {
    let bytes = archive(false);
    for order in [["a", "b", "c"], ["c", "a", "b"], ["b", "b", "a"]] {
        let mut archive = open(&bytes);
        for name in order {
            assert_eq!(read(&mut archive, name).unwrap(), content(name), "{name} of {order:?}");
        }
    }
}
