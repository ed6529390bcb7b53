//! Files written by released versions decode for ever, and the writer still writes the same bytes.
//!
//! `cargo test -p minlen --test all -- --ignored write_golden_files` writes those that are missing: a new feature of the format gets new
//! files, and those that are there stay as they are.

use crate::common::{decode_all, golden_dir, identity_file, sample, tight};
use minlen::archive::{self, Keys};
use minlen::container::tree::file_hash;
use minlen::container::{Amendment, Body, Entry, Extent, Meta, Owner, StreamWriter, Tree, Xattr, seal};
use minlen::{Coded, Env, Options, ids};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// One golden stream for each chain.
const CHAINS: &[(&str, &str)] = &[
    ("store", "store"),
    ("rle", "rle"),
    ("huffman", "huffman"),
    ("arith-0", "arith:order=0"),
    ("arith-2", "arith:order=2"),
    ("lzw", "lzw"),
    ("lzw-z", "lzw:format=z"),
    ("lz77-huffman", "lz77:parse=lazy,coder=huffman"),
    ("lz77-rans", "lz77:parse=optimal,coder=rans"),
    ("bwt", "bwt"),
    ("ppm", "ppm"),
    ("zstd", "zstd"),
    ("lzma", "lzma"),
    ("lzma-x86", "lzma:filter=x86"),
    ("brotli", "brotli"),
    ("chain", "delta:stride=4+rle+huffman"),
];

/// One golden file in the compact form for each of these.
const COMPACT: &[(&str, &str)] =
    &[("compact-store", "store"), ("compact-zstd", "zstd"), ("compact-chain", "delta:stride=4+rle+huffman")];

fn stream(chain: &str) -> Vec<u8> {
    let options = Options::default().with_codec(chain).unwrap().with_compact(false);
    minlen::compress(&sample(), &options).unwrap()
}

fn compact(content: &[u8], chain: &str) -> Vec<u8> {
    minlen::compress(content, &Options::default().with_codec(chain).unwrap()).unwrap()
}

fn tree(dir: &Path) -> Vec<u8> {
    let root = dir.join("golden");
    fs::create_dir_all(root.join("empty")).unwrap();
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("a.txt"), sample()).unwrap();
    fs::write(root.join("sub/same.txt"), sample()).unwrap();
    fs::write(root.join("sub/b.bin"), [7u8; 300]).unwrap();
    std::os::unix::fs::symlink("../a.txt", root.join("sub/link")).unwrap();
    fs::hard_link(root.join("a.txt"), root.join("hard.txt")).unwrap();
    for (path, mode) in [
        ("a.txt", 0o644),
        ("sub/same.txt", 0o600),
        ("sub/b.bin", 0o755),
        ("sub", 0o755),
        ("empty", 0o700),
        ("", 0o755),
    ] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let options = Options::new(3).unwrap().with_times(false);
    archive::create(&[root], Vec::new(), &options, &Env::default()).unwrap().0
}

/// An archive of a file and two names of a folder's, with an owner, attributes and an ACL.
fn described() -> Vec<u8> {
    let content = sample();
    let code = |raw: &[u8]| Ok(Coded { ids: vec![ids::STORE], inner: Vec::new(), payload: raw.to_vec() });
    let mut writer = StreamWriter::archive(Vec::new()).unwrap();
    writer.write_block(&seal(&content, code(&content).unwrap())).unwrap();
    writer.write_tree(&described_tree(), code).unwrap();
    writer.finish(*blake3::hash(&content).as_bytes()).unwrap()
}

fn described_tree() -> Tree {
    let content = sample();
    let xattr = |name: &str, value: &[u8]| Xattr { name: name.into(), value: value.to_vec() };
    let owner = Owner { uid: 1000, gid: 100, user: b"anna".to_vec(), group: b"users".to_vec() };
    let xattrs = vec![xattr("system.posix_acl_access", b"\x02\0\0\0"), xattr("user.note", b"\xff\0")];
    let meta = |owner: Option<&Owner>, xattrs: &[Xattr]| {
        Some(Arc::new(Meta { owner: owner.cloned(), xattrs: xattrs.to_vec() }))
    };
    let file = Body::File {
        len: content.len() as u64,
        hash: file_hash(&content),
        extents: vec![Extent::Data { offset: 0, len: content.len() as u64 }],
    };
    let entry = |path: &str, mode, body, meta| Entry {
        path: path.into(),
        mode,
        mtime: Some((1_700_000_000, 123_456_789)),
        body,
        meta,
    };
    Tree {
        entries: vec![
            entry("d", 0o2755, Body::Dir, meta(Some(&owner), &[])),
            entry("d/f", 0o4755, file, meta(Some(&owner), &xattrs)),
            entry("d/g", 0o4755, Body::Hardlink(1), meta(Some(&owner), &xattrs)),
            entry("d/l", 0o777, Body::Symlink(b"f".to_vec()), None),
            entry("e", 0o755, Body::Dir, meta(None, &xattrs[1..])),
        ],
    }
}

/// The same archive and a stream that amends it: another mode, a path that goes, content of both.
fn amended() -> Vec<u8> {
    let (old, content) = (described(), b"and what it learns from that".to_vec());
    let before = sample().len() as u64;
    let code = |raw: &[u8]| Ok(Coded { ids: vec![ids::STORE], inner: Vec::new(), payload: raw.to_vec() });
    let mut entries = described_tree().entries;
    entries.truncate(3);
    (entries[1].mode, entries[2].mode) = (0o600, 0o600);
    let extents = vec![Extent::Data { offset: 7, len: 20 }, Extent::Data { offset: before, len: 28 }];
    let bytes = [&sample()[7..27], &content].concat();
    let body = Body::File { len: 48, hash: file_hash(&bytes), extents };
    entries.push(Entry { path: b"d/new".to_vec(), body, ..entries[1].clone() });
    let amendment = Amendment { before, removed: vec![b"d/l".to_vec(), b"e".to_vec(), b"none".to_vec()] };
    let mut writer = StreamWriter::amending(old, amendment).unwrap();
    writer.write_block(&seal(&content, code(&content).unwrap())).unwrap();
    writer.write_tree(&Tree { entries }, code).unwrap();
    writer.finish(*blake3::hash(&content).as_bytes()).unwrap()
}

#[test]
fn amendments_of_golden_files_are_read() {
    let bytes = std::io::Cursor::new(fs::read(golden_dir().join("archive-amended.mln")).unwrap());
    let mut archive =
        archive::Archive::from_reader(bytes, &Keys::default(), &Options::default(), &Env::default()).unwrap();
    archive.test().unwrap();
    let entries = archive.entries();
    let paths: Vec<_> = entries.entries.iter().map(|entry| (&entry.path[..], entry.mode)).collect();
    assert_eq!(paths, [(&b"d"[..], 0o2755), (b"d/f", 0o600), (b"d/g", 0o600), (b"d/new", 0o600)]);
    assert_eq!(entries.entries[2].body, Body::Hardlink(1));
}

#[test]
fn owners_and_attributes_of_golden_files_are_read() {
    let bytes = std::io::Cursor::new(fs::read(golden_dir().join("archive-metadata.mln")).unwrap());
    let archive =
        archive::Archive::from_reader(bytes, &Keys::default(), &Options::default(), &Env::default()).unwrap();
    assert_eq!(*archive.entries(), described_tree());
}

fn written() -> Vec<(String, Vec<u8>)> {
    let dir = tempfile::tempdir().unwrap();
    let mut files: Vec<_> =
        CHAINS.iter().map(|(name, chain)| (format!("{name}.mln"), stream(chain))).collect();
    files.push(("archive-2.mln".into(), tree(dir.path())));
    files.push(("archive-metadata.mln".into(), described()));
    files.push(("archive-amended.mln".into(), amended()));
    files.push(("concatenated.mln".into(), [stream("zstd"), stream("lzw")].concat()));
    files.push(("empty.mln".into(), minlen::compress(b"", &Options::default().with_compact(false)).unwrap()));
    files.extend(COMPACT.iter().map(|(name, chain)| (format!("{name}.mln"), compact(&sample(), chain))));
    let long: Vec<u8> = sample().into_iter().cycle().take(6000).collect();
    files.push(("compact-long.mln".into(), compact(&long, "zstd")));
    files.push(("compact-empty.mln".into(), compact(b"", "zstd")));
    files.push((
        "concatenated-compact.mln".into(),
        [compact(&sample(), "zstd"), stream("lzw"), compact(&sample(), "rle")].concat(),
    ));
    files
}

#[test]
fn the_writer_writes_the_golden_bytes() {
    for (name, bytes) in written() {
        let golden = fs::read(golden_dir().join(&name)).unwrap_or_default();
        assert!(
            golden == bytes,
            "{name}: the writer's output has changed: a new format version, or a mistake?"
        );
    }
}

#[test]
fn golden_files_decode() {
    for (name, bytes) in written() {
        let golden = fs::read(golden_dir().join(&name)).unwrap();
        let content = decode_all(&golden, &tight()).unwrap();
        assert_eq!(content, decode_all(&bytes, &tight()).unwrap(), "{name}");
        match name.as_str() {
            "archive-2.mln" | "archive-metadata.mln" | "archive-amended.mln" => {
                assert!(content.windows(sample().len()).any(|w| w == sample()));
            }
            "concatenated.mln" => assert_eq!(content, [sample(), sample()].concat()),
            "empty.mln" | "compact-empty.mln" => assert!(content.is_empty()),
            "compact-long.mln" => assert_eq!((content.len(), &content[..100]), (6000, &sample()[..100])),
            "concatenated-compact.mln" => assert_eq!(content, sample().repeat(3)),
            _ => assert_eq!(content, sample(), "{name}"),
        }
    }
}

/// Of the first form, which is written no more.
#[test]
fn archives_of_the_first_form_are_read() {
    let open = |name: &str| {
        let bytes = std::io::Cursor::new(fs::read(golden_dir().join(name)).unwrap());
        archive::Archive::from_reader(bytes, &Keys::default(), &Options::default(), &Env::default()).unwrap()
    };
    let (mut first, mut second) = (open("archive.mln"), open("archive-2.mln"));
    assert_eq!(first.test().unwrap().files, 3);
    let (old, new) = (first.members().unwrap(), second.members().unwrap());
    assert_eq!(old.len(), new.len());
    for (old, new) in old.iter().zip(&new) {
        let (known, kept) = (old.hash.clone().unwrap_or_default(), new.hash.clone().unwrap_or_default());
        assert!(known.starts_with(&kept) && (known.len(), kept.len()) != (4, 4), "{}", old.display_path());
        assert_eq!(
            (&old.path, &old.kind, old.mode, old.mtime, old.len),
            (&new.path, &new.kind, new.mode, new.mtime, new.len)
        );
        if old.is_file() {
            let mut contents = [Vec::new(), Vec::new()];
            first.read_member(&old.path, None, &mut contents[0]).unwrap();
            second.read_member(&new.path, None, &mut contents[1]).unwrap();
            assert_eq!(contents[0], contents[1]);
        }
    }
}

#[test]
fn golden_encrypted_and_protected_files_decode() {
    for name in ["encrypted.mln.age", "recovery.mln"] {
        let golden = fs::read(golden_dir().join(name)).unwrap();
        assert_eq!(decode_all(&golden, &tight()).unwrap(), sample(), "{name}");
    }
}

#[test]
#[ignore = "writes what is missing in testdata/golden"]
fn write_golden_files() {
    fs::create_dir_all(golden_dir()).unwrap();
    for (name, bytes) in written() {
        if !golden_dir().join(&name).exists() {
            fs::write(golden_dir().join(name), bytes).unwrap();
        }
    }
    let protected = golden_dir().join("recovery.mln");
    if protected.exists() {
        return;
    }
    fs::write(&protected, stream("zstd")).unwrap();
    let mut file = fs::OpenOptions::new().read(true).write(true).open(&protected).unwrap();
    minlen::container::recovery::append(&mut file, 20, &Env::default()).unwrap();
    if !identity_file().exists() {
        let key = std::process::Command::new("age-keygen").output().unwrap();
        fs::write(identity_file(), key.stdout).unwrap();
    }
    let status = std::process::Command::new("sh")
        .arg("-c")
        .arg("age -r $(grep -o 'age1.*' test-identity.txt) -o encrypted.mln.age zstd.mln")
        .current_dir(golden_dir())
        .status();
    assert!(status.unwrap().success());
}
