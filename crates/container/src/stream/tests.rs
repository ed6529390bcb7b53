use super::*;
use crate::testutil::{archive, block, code, entry, file, registry, stream};
use crate::{Archive, Body, Tree, open_block, open_tree};
use minlen_core::testing::{edge_cases, random_case};
use minlen_core::{Coded, Env, Error, ErrorKind, Limits, Result, ids};
use proptest::prelude::*;
use std::io::Cursor;

/// Everything that a file decodes to: content and tree.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub(crate) struct Decoded {
    pub(crate) content: Vec<u8>,
    trees: Vec<Tree>,
    learned: Vec<Vec<u8>>,
}

pub(crate) fn read_all(bytes: &[u8], env: &Env) -> Result<Decoded> {
    let (registry, mut reader) = (registry(), StreamReader::new(bytes, env));
    let (mut out, mut hasher) = (Decoded::default(), blake3::Hasher::new());
    while let Some(item) = reader.next()? {
        match item {
            Item::StreamStart { .. } => hasher = blake3::Hasher::new(),
            Item::Block(block) => {
                let raw = open_block(&block, &registry, env)?;
                hasher.update(&raw);
                out.content.extend(raw);
            }
            Item::Learned(part) => out.learned.push(part),
            Item::Tree(block) => {
                out.trees.push(Tree::decode(&open_tree(&block, &registry, env)?, &env.limits)?);
            }
            Item::End { content_hash, .. } => {
                assert!(content_hash.is_none_or(|hash| *hasher.finalize().as_bytes() == hash));
            }
        }
    }
    Ok(out)
}

pub(crate) fn read_seeking(bytes: &[u8], env: &Env) -> Result<Decoded> {
    let registry = registry();
    let mut archive = Archive::open(Cursor::new(bytes), &registry, env)?;
    let mut out = Decoded::default();
    out.trees.extend(archive.tree().cloned());
    let (learned, damaged) = archive.read_learned()?;
    out.learned = learned;
    if damaged {
        return Err(Error::corrupt("a learned part"));
    }
    for i in 0..archive.blocks().len() {
        out.content.extend(open_block(&archive.read_block(i)?, &registry, env)?);
    }
    assert_eq!(out.content.len() as u64, archive.content_len());
    Ok(out)
}

/// A small archive with everything that a stream can have.
pub(crate) fn sample() -> Vec<u8> {
    let content = b"one two three four five six seven";
    let link = entry(b"d/link", Body::Symlink(b"../x".to_vec()));
    let entries = vec![entry(b"d", Body::Dir), file("d/a", content, 0, 8), file("b", content, 8, 25), link];
    let mut writer = StreamWriter::archive(Vec::new()).unwrap();
    writer.write_learned(b"learned before").unwrap();
    writer.write_learned(b"").unwrap();
    writer.skippable(0x80, b"first").unwrap();
    content.chunks(12).for_each(|chunk| writer.write_block(&block(chunk)).unwrap());
    writer.skippable(0xbf, b"").unwrap();
    writer.write_tree(&Tree { entries }, code).unwrap();
    writer.finish(*blake3::hash(content).as_bytes()).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn overhead_of_one_block_is_small() {
    let measure = |n: usize| {
        let raw = vec![1; n];
        let coded = Coded { ids: vec![ids::STORE], inner: vec![], payload: raw.clone() };
        let mut writer = StreamWriter::new(Vec::new()).unwrap();
        writer.write_block(&crate::seal(&raw, coded)).unwrap();
        writer.finish([0; 32]).unwrap().len() - n
    };
    assert_eq!([100, 10_000, 1 << 20, 100 << 20].map(measure), [80, 83, 87, 91]);
    assert_eq!(stream(&[], 1).len(), 16 + 45);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn edge_cases_come_back_both_ways() {
    let env = Env::default();
    for content in edge_cases() {
        for size in [1000, 1 << 20] {
            let bytes = stream(&content, size);
            assert_eq!(read_all(&bytes, &env).unwrap().content, content);
            assert_eq!(read_seeking(&bytes, &env).unwrap().content, content);
        }
    }
}

#[test]
fn concatenation_gives_the_contents_in_a_row() {
    let env = Env::default();
    let bytes = [stream(b"one", 2), stream(b"", 2), stream(b"two", 9)].concat();
    assert_eq!(read_all(&bytes, &env).unwrap().content, b"onetwo");
    assert_eq!(read_seeking(&bytes, &env).unwrap().content, b"onetwo");
    let mixed = [stream(b"one", 2), sample()].concat();
    assert_eq!(read_all(&mixed, &env).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(read_seeking(&mixed, &env).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn what_is_wrong_is_named_by_its_class() {
    let env = Env::default();
    let good = sample();
    let kinds = |bytes: &[u8]| {
        (read_all(bytes, &env).unwrap_err().kind(), read_seeking(bytes, &env).unwrap_err().kind())
    };
    let both = |kind| (kind, kind);
    assert_eq!(kinds(b""), both(ErrorKind::Truncated));
    assert_eq!(kinds(b"some text file"), both(ErrorKind::Corrupt));
    assert_eq!(kinds(&[&good[..], b"x"].concat()), both(ErrorKind::Corrupt));
    assert_eq!(kinds(&[&good[..], &[0; 40], b"x"].concat()), both(ErrorKind::Corrupt));
    let text: Vec<u8> = String::from_utf8_lossy(&good[4..]).replace("\r\n", "\n").into_bytes();
    assert_eq!(kinds(&[&good[..4], &text].concat()), both(ErrorKind::Corrupt));
    let mut newer = good.clone();
    newer[8] = 2;
    let check = crate::check32(&newer[..12]).to_le_bytes();
    newer[12..16].copy_from_slice(&check);
    assert_eq!(kinds(&newer), both(ErrorKind::Unsupported));
    for cut in 0..good.len() {
        assert_eq!(kinds(&good[..cut]), both(ErrorKind::Truncated), "cut at {cut}");
    }
}

#[derive(Default)]
struct Warnings(std::sync::Mutex<Vec<String>>);

impl minlen_core::Progress for Warnings {
    fn event(&self, event: minlen_core::Event) {
        if let minlen_core::Event::Warning { message } = event {
            self.0.lock().unwrap().push(message);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn zeros_behind_the_end_are_told_and_passed_over() {
    let compact =
        || match StreamWriter::new(Vec::new()).unwrap().finish_compact(Some(&block(b"tiny"))).unwrap() {
            Ok(bytes) => bytes,
            Err(_) => panic!("not compact"),
        };
    for good in [sample(), stream(b"one", 2), compact(), [stream(b"one", 2), compact()].concat()] {
        let want = read_all(&good, &Env::default()).unwrap();
        for zeros in [1, 3, 512, 70_000] {
            let padded = [&good[..], &vec![0; zeros]].concat();
            let warnings = std::sync::Arc::new(Warnings::default());
            let env = Env::default().with_progress(std::sync::Arc::clone(&warnings) as _);
            assert_eq!(read_all(&padded, &env).unwrap(), want);
            let place =
                format!("{zeros} zero bytes behind the end are no part of it (at byte {})", good.len());
            assert!(warnings.0.lock().unwrap()[0].contains(&place), "{:?}", warnings.0);
            let archive = Archive::open(Cursor::new(&padded), &registry(), &env).unwrap();
            assert_eq!(archive.padding(), zeros as u64);
            assert!(archive.padding_warning().unwrap().contains(&place));
            assert_eq!(read_seeking(&padded, &env).unwrap().content, want.content);
        }
        assert_eq!(Archive::open(Cursor::new(&good), &registry(), &Env::default()).unwrap().padding(), 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_bit_flip_is_an_error_or_harmless() {
    let env = Env::new(Limits::default().with_memory(64 << 20));
    for good in
        [stream(b"tiny", 9), stream(b"two blocks", 5), sample(), [stream(b"a", 1), stream(b"b", 1)].concat()]
    {
        let (want, seek) = (read_all(&good, &env).unwrap(), read_seeking(&good, &env).unwrap());
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(read_all(&bad, &env).is_err(), "bit {bit} of {}", good.len());
            // Random access does not look at what it does not need.
            if let Ok(got) = read_seeking(&bad, &env) {
                assert_eq!(got, seek, "bit {bit}");
            }
            let _ = Archive::open_by_scanning(Cursor::new(bad), &registry(), &env);
        }
        assert!(want.content == seek.content);
    }
}

#[test]
fn sections_that_are_not_known() {
    let env = Env::default();
    let good = stream(b"content", 9);
    for (kind, fine) in [(0x80, true), (0xa7, true), (0x06, false), (0x7f, false), (0xc0, false)] {
        let mut fields = vec![3];
        fields.extend(crate::hash64(b"abc").to_le_bytes());
        let section = [crate::section::Section::bytes(kind, &fields).unwrap(), b"abc".to_vec()].concat();
        let bytes = [&good[..16], &section, &good[16..]].concat();
        match read_all(&bytes, &env).map_err(|e| e.kind()) {
            // The END says how long the stream is, and does not fit any more.
            Err(ErrorKind::Corrupt) => assert!(fine),
            other => assert_eq!(other.unwrap_err(), ErrorKind::Unsupported),
        }
    }
    let mut writer = StreamWriter::new(Vec::new()).unwrap();
    let mut late = StreamWriter::new(Vec::new()).unwrap();
    late.write_block(&block(b"content")).unwrap();
    assert!(late.write_learned(b"too late").is_err());
    assert!(writer.skippable(0x7f, b"").is_err() && writer.skippable(0x90, b"mine").is_ok());
    let bytes = writer.finish(*blake3::hash(b"").as_bytes()).unwrap();
    assert_eq!(read_all(&bytes, &env).unwrap().content, b"");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn bombs_stop_before_they_are_decoded() {
    let bytes = bomb(&vec![0; 100 << 20], 50 << 20);
    assert!(bytes.len() < 300);
    for limits in [Limits::default(), Limits::none().with_output(1 << 20)] {
        let env = Env::new(limits);
        let mut reader = StreamReader::new(&bytes[..], &env);
        let stopped = loop {
            match reader.next() {
                Ok(Some(_)) => {}
                other => break other.map_err(|e| e.kind()),
            }
        };
        assert_eq!(stopped.unwrap_err(), ErrorKind::Limit);
        let archive = Archive::open(Cursor::new(&bytes), &registry(), &env).unwrap();
        assert_eq!(archive.check_output().unwrap_err().kind(), ErrorKind::Limit);
    }
    let small = Env::new(Limits::default().with_memory(1 << 20));
    assert_eq!(read_all(&bytes, &small).unwrap_err().kind(), ErrorKind::Limit);
}

/// A stream of blocks of `size` that is not kept within the default limits.
fn bomb(content: &[u8], size: usize) -> Vec<u8> {
    let mut writer = StreamWriter::new(Vec::new()).unwrap().unpadded();
    content.chunks(size).for_each(|chunk| writer.write_block(&block(chunk)).unwrap());
    writer.finish(*blake3::hash(content).as_bytes()).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn what_is_written_is_read_under_the_default_limits_however_small_it_is() {
    let env = Env::default();
    for (len, size) in
        [(64 << 20, 16 << 20), ((64 << 20) + 1, 16 << 20), (100 << 20, 100 << 20), (200 << 20, 9 << 20)]
    {
        let content = vec![0; len];
        let bytes = stream(&content, size);
        // Padding is for bombs only, and not more than it takes.
        let least = if len <= 64 << 20 { 0..400 } else { len / 4096..len / 4000 };
        assert!(least.contains(&bytes.len()), "{len}: {}", bytes.len());
        assert!(read_all(&bytes, &env).unwrap().content == content);
        Archive::open(Cursor::new(&bytes), &registry(), &env).unwrap().check_output().unwrap();
        let (scanned, damage) = Archive::open_by_scanning(Cursor::new(&bytes), &registry(), &env).unwrap();
        assert!(damage.is_empty() && scanned.content_len() == len as u64);
        let strict = Env::new(Limits::default().with_ratio(4000));
        assert_eq!(read_all(&bytes, &strict).is_err(), len > 64 << 20);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn streams_in_a_row_are_read_under_the_default_limits() {
    let content = vec![0; 40 << 20];
    let mut bytes = Vec::new();
    for number in 0..4u64 {
        let writer = StreamWriter::new(Vec::new()).unwrap();
        let mut writer = writer.following(number * content.len() as u64, bytes.len() as u64);
        writer.write_block(&block(&content)).unwrap();
        bytes.extend(writer.finish(*blake3::hash(&content).as_bytes()).unwrap());
    }
    assert_eq!(read_all(&bytes, &Env::default()).unwrap().content.len(), 160 << 20);
    let tiny = StreamWriter::new(Vec::new()).unwrap().following(1 << 30, 1000);
    assert!(tiny.finish_compact(Some(&block(b"little"))).unwrap().is_err(), "no room for padding");
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn copies_and_holes_of_an_archive_are_read_under_the_default_limits() {
    let content = vec![7; 100_000];
    let mut entries: Vec<_> = (0..2000).map(|i| file(&format!("f{i}"), &content, 0, content.len())).collect();
    let extents = vec![crate::Extent::Hole { len: 1 << 40 }];
    entries.push(entry(b"hole", Body::File { len: 1 << 40, hash: [0; 16], extents }));
    let tree = Tree { entries };
    let bytes = archive(&tree, &content, 50_000);
    let opened = Archive::open(Cursor::new(&bytes), &registry(), &Env::default()).unwrap();
    opened.check_output().unwrap();
    assert!((tree.output_len() / 4096..tree.output_len() / 4000).contains(&(bytes.len() as u64)));
    assert_eq!(read_all(&bytes, &Env::default()).unwrap().trees, [tree]);
}

#[test]
fn writer_refuses_what_no_reader_takes() {
    let mut writer = StreamWriter::new(Vec::new()).unwrap();
    assert!(writer.write_block(&block(b"")).is_err());
    assert!(writer.write_tree(&Tree::default(), code).is_err());
    let mut wrong = block(b"x");
    wrong.payload.push(0);
    assert!(writer.write_block(&wrong).is_err());
    let mut writer = StreamWriter::archive(Vec::new()).unwrap();
    assert!(writer.write_tree(&Tree { entries: vec![entry(b"..", Body::Dir)] }, code).is_err());
    assert!(writer.write_tree(&Tree { entries: vec![file("f", b"x", 0, 1)] }, code).is_err());
    assert!(writer.finish([0; 32]).is_err());
}

#[test]
fn golden_stream() {
    let mut writer = StreamWriter::new(Vec::new()).unwrap();
    let coded = Coded { ids: vec![ids::STORE], inner: vec![], payload: b"minlen".to_vec() };
    writer.write_block(&crate::seal(b"minlen", coded)).unwrap();
    let bytes = writer.finish(*blake3::hash(b"minlen").as_bytes()).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, GOLDEN);
}

const GOLDEN: &str = "8d4d4c4e0d0a1a0a01000000c5ade650010c06000600eaa2378e42a3fbc8523e82a66d696e6c656e05230628004\
                      6cbbf0301c8486e89f2e10866413a931c277fe63601e7105ef36bd2ac45d2d45fa57534294d4c45";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 64 }))]

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn any_content_in_any_blocks(seed: u64, size in 1usize..5000, cut in 0usize..4000) {
        let env = Env::default();
        let content = random_case(seed, 20_000);
        let bytes = [stream(&content, size), stream(&content[..cut.min(content.len())], 999)].concat();
        let want = [&content[..], &content[..cut.min(content.len())]].concat();
        prop_assert_eq!(&read_all(&bytes, &env).unwrap().content, &want);
        prop_assert_eq!(&read_seeking(&bytes, &env).unwrap().content, &want);
        let (scanned, damage) = Archive::open_by_scanning(Cursor::new(&bytes), &registry(), &env).unwrap();
        let opened = Archive::open(Cursor::new(&bytes), &registry(), &env).unwrap();
        prop_assert_eq!(scanned.blocks(), opened.blocks());
        prop_assert_eq!(scanned.streams(), opened.streams());
        prop_assert!(damage.is_empty());
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..200) {
        let env = Env::new(Limits::default().with_memory(64 << 20));
        let _ = read_all(&bytes, &env);
        let mut good = archive(&Tree { entries: vec![file("f", b"content", 0, 7)] }, b"content", 3);
        let at = at.min(good.len());
        let end = (at + bytes.len()).min(good.len());
        good[at..end].copy_from_slice(&bytes[..end - at]);
        let _ = (read_all(&good, &env), read_seeking(&good, &env));
        let _ = Archive::open_by_scanning(Cursor::new(good), &registry(), &env);
    }
}
