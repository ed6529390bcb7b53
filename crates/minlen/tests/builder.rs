//! Archives from memory and from readers: the same bytes as from files, and nothing that no reader would take.

use minlen::archive::{Archive, Builder, Entry, Keys, create};
use minlen::container::walk;
use minlen::{Env, ErrorKind, MaxError, Options};
use minlen_core::testing::random_case;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

/// What a safetensors file of some floats looks like.
fn model() -> Vec<u8> {
    let numbers: Vec<u8> = (0..20_000u32).flat_map(|i| (1.0 + (i * i % 977) as f32).to_le_bytes()).collect();
    let header =
        format!(r#"{{"w":{{"dtype":"F32","shape":[100,200],"data_offsets":[0,{}]}}}}"#, numbers.len());
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &numbers].concat()
}

/// A tree of everything: text, noise, the same again far away, a model, nothing, a link.
fn plant(root: &Path) {
    let far: Vec<u8> = random_case(8, 1_000_000).into_iter().cycle().take(700_000).collect();
    fs::create_dir_all(root.join("b/empty")).unwrap();
    fs::write(root.join("a.txt"), "to compress is to predict\n".repeat(3000)).unwrap();
    fs::write(root.join("b/far.bin"), &far).unwrap();
    fs::write(root.join("b/far again.bin"), [b"head", &far[..], b"tail"].concat()).unwrap();
    fs::write(root.join("b/model.safetensors"), model()).unwrap();
    fs::write(root.join("b/nothing"), "").unwrap();
    fs::write(root.join("b/z.json"), r#"{"a":1,"b":[1,2,3]}"#.repeat(900)).unwrap();
    for i in 0..12 {
        fs::write(root.join(format!("c{i}.dat")), random_case(i, 90_000)).unwrap();
    }
    std::os::unix::fs::symlink("a.txt", root.join("newest")).unwrap();
}

/// The same tree by way of a builder, files in memory or from readers.
fn built<'a>(walked: &[walk::Item], contents: &'a [Vec<u8>], readers: bool) -> Builder<'a> {
    let mut builder = Builder::new();
    for (item, bytes) in walked.iter().zip(contents) {
        let entry = match &item.body {
            walk::Found::Dir => Entry::folder(&item.path[..]),
            walk::Found::Symlink(target) => Entry::symlink(&item.path[..], &target[..]),
            _ if readers => Entry::reader(&item.path[..], &bytes[..]),
            _ => Entry::file(&item.path[..], &bytes[..]),
        };
        let (seconds, nanos) = item.mtime.unwrap();
        builder.add(entry.with_mode(item.mode).with_mtime(seconds, nanos)).unwrap();
    }
    builder
}

#[test]
fn an_archive_is_the_same_from_files_from_memory_and_from_readers() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("tree");
    plant(&root);
    let inputs = [root];
    let env = Env::default();
    let walked = walk::walk(&inputs, &walk::Options::default(), &env).unwrap().items;
    let contents: Vec<_> = walked.iter().map(|item| fs::read(&item.source).unwrap_or_default()).collect();
    let (in_memory, from_readers) = (built(&walked, &contents, false), built(&walked, &contents, true));
    for options in [
        Options::new(1).unwrap(),
        Options::new(3).unwrap().with_threads(3),
        Options::new(3).unwrap().with_dedup(false).with_times(false),
        Options::new(4).unwrap().with_block_size(100_000),
    ] {
        let (expected, summary) = create(&inputs, Vec::new(), &options, &env).unwrap();
        for builder in [&in_memory, &from_readers, &in_memory] {
            let (bytes, built) = builder.write(Vec::new(), &options, &env).unwrap();
            assert!(bytes == expected, "level {}", options.level());
            assert_eq!(built, summary);
        }
    }
}

#[test]
fn what_was_built_is_read_again() {
    let mut builder = Builder::new();
    builder.add(Entry::file("b", b"bytes")).unwrap();
    builder.add(Entry::file("a/empty", Vec::new()).with_mode(0o600).with_mtime(-5, 999_999_999)).unwrap();
    builder.add(Entry::reader(b"a/\xff", std::io::repeat(7).take(100_000))).unwrap();
    let lines = (0..100).map(|n| Entry::file(format!("many/{n}"), format!("{n}").into_bytes()));
    builder.add_all(lines).unwrap();
    let (bytes, summary) = builder.write(Vec::new(), &Options::default(), &Env::default()).unwrap();
    assert_eq!((summary.files, summary.raw_bytes), (103, 5 + 100_000 + 190));
    let (keys, options) = (Keys::default(), Options::default());
    let mut archive = Archive::from_reader(Cursor::new(&bytes), &keys, &options, &Env::default()).unwrap();
    archive.test().unwrap();
    let members = archive.members().unwrap();
    assert_eq!((&members[0].path[..], members[0].mode, members[0].mtime), (&b"b"[..], 0o644, None));
    assert_eq!((members[1].mode, members[1].mtime), (0o600, Some((-5, 999_999_999))));
    assert_eq!((&members[2].path[..], members[2].len), (&b"a/\xff"[..], 100_000));
    let mut out = Vec::new();
    archive.read_member(b"many/42", None, &mut out).unwrap();
    assert_eq!(out, b"42");
    let nothing = Builder::new().write(Vec::new(), &options, &Env::default()).unwrap().0;
    assert!(Archive::from_reader(Cursor::new(nothing), &keys, &options, &Env::default()).unwrap().is_tree());
}

#[test]
fn no_path_or_attribute_goes_in_that_would_not_come_out() {
    let long = "x".repeat(1025);
    let deep = "d/".repeat(20_000) + "f";
    let mut builder = Builder::new();
    for path in ["", "/", "/etc/passwd", "a/../b", "..", "./a", "a//b", "a/", "a\0b", &long, &deep] {
        let refused = |entry| builder_refuses(&mut builder, entry);
        assert!(
            [Entry::file(path, b"x"), Entry::folder(path), Entry::symlink(path, "t")]
                .map(refused)
                .iter()
                .all(|kind| matches!(kind, ErrorKind::Usage | ErrorKind::Limit))
        );
    }
    for entry in [
        Entry::file("a", b"").with_mode(0o10_000),
        Entry::folder("a").with_mtime(0, 1_000_000_000),
        Entry::symlink("a", ""),
        Entry::symlink("a", "x\0y"),
    ] {
        assert_eq!(builder_refuses(&mut builder, entry), ErrorKind::Usage);
    }
    // None of that has left anything behind.
    let (_, summary) = builder.write(Vec::new(), &Options::default(), &Env::default()).unwrap();
    assert_eq!((summary.files, summary.dirs, summary.links), (0, 0, 0));
}

fn builder_refuses(builder: &mut Builder<'_>, entry: Entry<'static>) -> ErrorKind {
    builder.add(entry).map(|_| ()).unwrap_err().kind()
}

#[test]
fn two_entries_of_one_name_and_files_as_folders_are_refused() {
    let options = Options::new(1).unwrap();
    for pair in [
        [Entry::file("a", b"1"), Entry::file("a", b"2")],
        [Entry::folder("a"), Entry::symlink("a", "b")],
        [Entry::file("a", b"1"), Entry::file("a/b", b"2")],
        [Entry::file("a/b", b"1"), Entry::symlink("a", "elsewhere")],
    ] {
        let mut builder = Builder::new();
        builder.add_all(pair).unwrap();
        let error = builder.write(Vec::new(), &options, &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
    let mut builder = Builder::new();
    builder.add(Entry::file("a", b"1")).unwrap();
    let inexact = options.clone().with_max_error(MaxError::Absolute(1.0)).unwrap();
    let error = builder.write(Vec::new(), &inexact, &Env::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let stopped = Env::default();
    stopped.cancel.cancel();
    let error = builder.write(Vec::new(), &options, &stopped).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("out of paper"))
    }
}

#[test]
fn a_reader_that_fails_is_named_and_nothing_of_it_is_stored() {
    let mut builder = Builder::new();
    let broken = std::io::repeat(1).take(200_000).chain(Broken);
    let error = builder.add(Entry::reader("tape", broken)).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("tape"), "{error}");
    builder.add(Entry::reader("disk", std::io::repeat(2).take(200_000))).unwrap();
    let (bytes, summary) = builder.write(Vec::new(), &Options::default(), &Env::default()).unwrap();
    assert_eq!((summary.files, summary.raw_bytes), (1, 200_000));
    let (keys, options) = (Keys::default(), Options::default());
    let mut archive = Archive::from_reader(Cursor::new(bytes), &keys, &options, &Env::default()).unwrap();
    let mut out = Vec::new();
    archive.read_member(b"disk", None, &mut out).unwrap();
    assert!(out == vec![2; 200_000]);
}
