//! From a damaged archive every intact member can be had, bit for bit, and nothing wrong appears under a member's own name.

use crate::common::{golden_dir, keys, sample, tight};
use minlen::archive::salvage::{Salvage, State, Survey};
use minlen::archive::{Archive, ExtractOptions, Keys, create};
use minlen::{Env, ErrorKind, Options, Result};
use minlen_core::testing::Rng;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

/// An archive of several blocks, and what is in it.
struct Case {
    bytes: Vec<u8>,
    files: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The bytes of the archive that each file needs, its own blocks.
    needs: BTreeMap<Vec<u8>, Vec<Range<u64>>>,
    /// The directory.
    tree: Range<u64>,
}

fn noise(seed: u64, n: usize) -> Vec<u8> {
    let mut rng = Rng(seed);
    (0..n).map(|_| rng.next_u64() as u8).collect()
}

fn case() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("t");
    std::fs::create_dir_all(root.join("sub")).unwrap();
    let text = "to compress is to predict, and to predict is to know. ".repeat(100);
    let files = [
        ("t/a.bin", noise(1, 9_000)),
        ("t/b.txt", text.clone().into_bytes()),
        ("t/c.txt", text.to_uppercase().into_bytes()),
        ("t/empty", Vec::new()),
        ("t/sub/d.bin", noise(2, 20_000)),
        ("t/sub/e.bin", noise(3, 700)),
    ];
    for (name, content) in &files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::os::unix::fs::symlink("a.bin", root.join("link")).unwrap();
    std::fs::hard_link(root.join("a.bin"), root.join("sub/same")).unwrap();
    let options = Options::new(1).unwrap().with_block_size(4096).with_threads(1);
    let (bytes, _) = create(&[root], Vec::new(), &options, &Env::default()).unwrap();
    let mut files: BTreeMap<Vec<u8>, Vec<u8>> =
        files.into_iter().map(|(name, content)| (name.as_bytes().to_vec(), content)).collect();
    files.insert(b"t/sub/same".to_vec(), files[&b"t/a.bin"[..]].clone());
    let registry = minlen::registry();
    let container =
        minlen::container::Archive::open(Cursor::new(&bytes), &registry, &Env::default()).unwrap();
    let mut needs = BTreeMap::new();
    let entries = &container.tree().unwrap().entries;
    for entry in entries {
        let source = match entry.body {
            minlen::container::Body::Hardlink(to) => &entries[to as usize],
            _ => entry,
        };
        let ranges = source.extents().iter().flat_map(|extent| match *extent {
            minlen::container::Extent::Data { offset, len } => {
                container.blocks()[container.blocks_for(offset..offset + len)].to_vec()
            }
            minlen::container::Extent::Hole { .. } => Vec::new(),
        });
        let ranges = ranges.map(|b| b.file_offset..b.file_offset + b.header_len + b.stored_len).collect();
        needs.insert(entry.path.clone(), ranges);
    }
    assert!(container.blocks().len() > 8);
    let last = container.blocks().last().unwrap();
    let tree = last.file_offset + last.header_len + last.stored_len..bytes.len() as u64;
    Case { bytes, files, needs, tree }
}

fn survey(bytes: &[u8]) -> Result<(Salvage<'_>, Survey)> {
    survey_within(bytes, &tight())
}

fn survey_within<'a>(bytes: &'a [u8], env: &Env) -> Result<(Salvage<'a>, Survey)> {
    let mut salvage = Salvage::from_reader(Cursor::new(bytes), &keys(), &Options::default(), env)?;
    let survey = salvage.survey(None)?;
    Ok((salvage, survey))
}

/// What was written under `target`, by path.
fn written(target: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, out: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            } else if path.is_dir() {
                walk(&path, root, out);
            } else {
                let name = path.strip_prefix(root).unwrap().as_os_str().as_encoded_bytes().to_vec();
                out.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(target, target, &mut out);
    out
}

/// Salvages `bad`, of which the bytes in `touched` are not what they were, and checks everything that comes out.
fn check(case: &Case, bad: &[u8], touched: &Range<u64>, write: bool, what: &str) {
    let meets = |range: &Range<u64>| range.start < touched.end && touched.start < range.end;
    let names_are_there = !meets(&case.tree);
    let (mut salvage, survey) = match survey(bad) {
        Ok(found) => found,
        Err(error) => {
            assert!(!names_are_there && error.kind() == ErrorKind::Corrupt, "{what}: {error}");
            return;
        }
    };
    assert!(!survey.is_whole(), "{what}");
    for (path, content) in &case.files {
        let intact = !case.needs[path].iter().any(meets);
        let found = survey.members.iter().find(|member| member.path == *path);
        if names_are_there && intact {
            assert_eq!(found.unwrap().state, State::Whole, "{what}: {}", String::from_utf8_lossy(path));
        }
        let Some(found) = found else { continue };
        let lost: u64 = found.lost.iter().map(|range| range.end - range.start).sum();
        assert!(lost <= content.len() as u64, "{what}");
    }
    if !write {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let renamed = salvage.extract(&survey, folder.path(), &ExtractOptions::default()).unwrap();
    for (path, got) in written(folder.path()) {
        let other = renamed.iter().find(|w| w.path == path);
        let Some(other) = other else {
            assert!(case.files[&path] == got, "{what}: wrong bytes in {}", String::from_utf8_lossy(&path));
            continue;
        };
        let Some(member) = &other.member else { continue };
        let member = survey.members.iter().find(|m| m.path == *member).unwrap();
        assert_eq!(member.state, State::Partly);
        let mut want = case.files[&member.path].clone();
        let source = survey.members.iter().find(|m| m.path == b"t/a.bin");
        let lost = if member.path == b"t/sub/same" { &source.unwrap().lost } else { &member.lost };
        for range in lost {
            want[range.start as usize..range.end as usize].fill(0);
        }
        assert!(want == got, "{what}: {}", String::from_utf8_lossy(&path));
    }
}

#[test]
fn every_cut_leaves_what_was_stored_before_it() {
    let case = case();
    for len in (0..case.bytes.len()).step_by(61) {
        let touched = len as u64..u64::MAX;
        check(&case, &case.bytes[..len], &touched, len % 7 == 0, &format!("cut to {len}"));
    }
}

#[test]
fn every_flip_costs_no_more_than_the_blocks_that_it_is_in() {
    let case = case();
    for at in (0..case.bytes.len()).step_by(53) {
        let mut bad = case.bytes.clone();
        bad[at] ^= 1 << (at % 8);
        // What stands in front of the first block is not needed.
        let touched = at as u64..at as u64 + 1;
        check(&case, &bad, &touched, at % 9 == 0, &format!("flip at {at}"));
    }
}

#[test]
fn zeroed_and_overwritten_stretches_cost_no_more_than_what_they_touch() {
    let case = case();
    let mut rng = Rng(7);
    for i in 0..60 {
        let at = rng.below(case.bytes.len());
        let end = (at + 1 + rng.below(6_000)).min(case.bytes.len());
        let mut bad = case.bytes.clone();
        match i % 3 {
            0 => bad[at..end].fill(0),
            1 => bad[at..end].iter_mut().for_each(|b| *b = rng.next_u64() as u8 | 1),
            _ => drop(bad.splice(at..end, noise(i, 37)).collect::<Vec<_>>()),
        }
        if bad[..] != case.bytes {
            check(&case, &bad, &(at as u64..end as u64), i % 5 == 0, &format!("{i}: {at}..{end}"));
        }
    }
}

#[test]
fn bytes_in_front_and_behind_cost_nothing() {
    let case = case();
    for bad in [
        [b"a line of text\n", &case.bytes[..]].concat(),
        [&[0; 512], &case.bytes[..]].concat(),
        [&case.bytes[..], b"garbage"].concat(),
        [&case.bytes[..], &[0; 5000]].concat(),
    ] {
        let (mut salvage, survey) = survey(&bad).unwrap();
        assert!(survey.members.iter().all(|m| m.state == State::Whole) && survey.names_whole);
        assert_eq!(survey.is_whole(), survey.padding > 0);
        let folder = tempfile::tempdir().unwrap();
        salvage.extract(&survey, folder.path(), &ExtractOptions::default()).unwrap();
        assert_eq!(written(folder.path()), case.files);
    }
}

#[test]
fn a_lost_directory_leaves_pieces() {
    let case = case();
    let bad = &case.bytes[..case.tree.start as usize + 3];
    let (mut salvage, survey) = survey(bad).unwrap();
    assert!(survey.members.is_empty() && !survey.names_whole && survey.nameless.len() == 1);
    let folder = tempfile::tempdir().unwrap();
    salvage.extract(&survey, folder.path(), &ExtractOptions::default()).unwrap();
    let pieces = written(folder.path());
    let (name, content) = pieces.iter().next().unwrap();
    assert_eq!(name, b"salvaged-0");
    let all: usize = case.files.iter().filter(|(p, _)| **p != b"t/sub/same"[..]).map(|(_, c)| c.len()).sum();
    assert_eq!((content.len(), pieces.len()), (all, 1));
}

#[test]
fn a_new_archive_holds_every_member_that_is_whole() {
    let case = case();
    for at in (0..case.tree.start as usize).step_by(911) {
        let mut bad = case.bytes.clone();
        bad[at] ^= 4;
        let (mut salvage, survey) = survey(&bad).unwrap();
        let new = salvage.rebuild(&survey, Vec::new()).unwrap();
        let mut archive =
            Archive::from_reader(Cursor::new(new), &Keys::default(), &Options::default(), &tight()).unwrap();
        archive.test().unwrap();
        let members = archive.members().unwrap();
        for member in survey.members.iter().filter(|m| m.state == State::Whole) {
            assert!(members.iter().any(|m| m.path == member.path));
            if let Some(content) = case.files.get(&member.path) {
                let mut got = Vec::new();
                archive.read_member(&member.path, None, &mut got).unwrap();
                assert!(got == *content);
            }
        }
        assert_eq!(members.len(), survey.members.iter().filter(|m| m.state == State::Whole).count());
    }
}

#[test]
fn what_is_left_of_a_single_stream_is_before_between_and_after_damage() {
    let content = noise(9, 50_000);
    let options = Options::new(1).unwrap().with_block_size(4096).with_compact(false);
    let good = minlen::compress(&content, &options).unwrap();
    let mut rng = Rng(3);
    for i in 0..40 {
        let mut bad = good.clone();
        let at = rng.below(bad.len());
        match i % 3 {
            0 => bad[at] ^= 1,
            1 => bad.truncate(at),
            _ => drop(bad.drain(at..(at + 700).min(good.len())).collect::<Vec<_>>()),
        }
        let Ok((mut salvage, survey)) = survey(&bad) else {
            assert!(at < 100, "{at}");
            continue;
        };
        let mut out = Vec::new();
        salvage.write_content(&survey, &mut out).unwrap();
        let mut want = content[..out.len()].to_vec();
        for range in &survey.lost {
            want[range.start as usize..range.end as usize].fill(0);
        }
        assert!(out == want, "{i}: {at}");
        let gone = content.len() as u64 - out.len() as u64
            + survey.lost.iter().map(|r| r.end - r.start).sum::<u64>();
        let cut = if i % 3 == 1 { (good.len() - at) as u64 } else { 0 };
        assert!(gone <= 3 * 4096 + cut, "{i}: {at}: {gone}");
    }
}

/// An archive of files of 4 MiB that do not compress, and the sections of copies of its directory.
fn large(files: u64, threads: usize) -> (Vec<u8>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("big");
    std::fs::create_dir(&root).unwrap();
    for i in 0..files {
        std::fs::write(root.join(format!("{i:02}.bin")), noise(i, 4 << 20)).unwrap();
    }
    std::os::unix::fs::symlink("00.bin", root.join("link")).unwrap();
    let options = Options::new(1).unwrap().with_threads(threads).with_times(false);
    let (bytes, _) = create(&[root], Vec::new(), &options, &Env::default()).unwrap();
    let copies = bytes.windows(2).enumerate().filter(|(at, pair)| {
        let check = bytes.get(at + 2 + usize::from(pair[1])..at + 6 + usize::from(pair[1]));
        let head = bytes.get(*at..at + 2 + usize::from(pair[1]));
        pair[0] == minlen::container::kind::DIRECTORY
            && (9..=18).contains(&pair[1])
            && head.zip(check).is_some_and(|(h, c)| minlen::container::check32(h).to_le_bytes() == c)
    });
    let copies = copies.count();
    (bytes, copies)
}

#[test]
fn a_large_archive_knows_its_names_without_its_directory() {
    let (bytes, copies) = large(5, 1);
    assert_eq!(copies, 1);
    assert!(large(5, 3).0 == bytes, "the same bytes for every number of threads");
    // Cut off, and with a flip in every byte of the directory.
    let at = bytes.len() - 200;
    let mut flipped = bytes.clone();
    flipped[at..].iter_mut().for_each(|byte| *byte ^= 0x55);
    for bad in [&bytes[..at], &flipped] {
        let (_, survey) = survey(bad).unwrap();
        let files = survey.members.iter().filter(|m| m.len > 0 && m.state == State::Whole).count();
        assert_eq!((files, survey.members.len()), (5, 7), "folder, files, link");
    }
    let (bytes, copies) = large(18, 2);
    assert_eq!(copies, 2);
    let cut = &bytes[..bytes.len() - 3_000_000];
    let (_, survey) = survey_within(cut, &Env::default()).unwrap();
    let names = survey.members.iter().filter(|m| m.state == State::Whole).count();
    assert!(names >= 15 && !survey.names_whole && survey.nameless.len() == 1, "{names}");
    assert!(large(1, 1).1 == 0, "small archives are as they were");
}

/// Changes `bytes` in one of several ways.
fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.below(bytes.len().max(1));
    let end = (at + rng.below(40)).min(bytes.len());
    match rng.below(7) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
        1 => bytes.truncate(at),
        2 => bytes[at.min(end)..end].fill(0),
        3 => drop(bytes.drain(at.min(end)..end)),
        4 => drop(bytes.splice(at..at, noise(at as u64, 20)).collect::<Vec<_>>()),
        5 => bytes.extend(vec![0; rng.below(600)]),
        _ => bytes.extend_from_within(at.min(end)..end),
    }
}

#[test]
fn damaged_golden_files_never_panic_and_never_give_other_content() {
    let mut files: Vec<_> = std::fs::read_dir(golden_dir()).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "mln" || e == "age"));
    files.sort();
    for path in files {
        let good = std::fs::read(&path).unwrap();
        let mut rng = Rng(good.len() as u64);
        for i in 0..150 {
            let mut bad = good.clone();
            (0..=i % 4).for_each(|_| mutate(&mut bad, &mut rng));
            let env = tight();
            let opened = Salvage::from_reader(Cursor::new(bad), &keys(), &Options::default(), &env);
            let Ok(mut salvage) = opened else { continue };
            let Ok(survey) = salvage.survey(None) else { continue };
            if salvage.is_tree() {
                continue;
            }
            let mut out = Vec::new();
            salvage.write_content(&survey, &mut out).unwrap();
            let plain = path.file_name().unwrap().to_string_lossy().contains("compact-");
            if survey.is_whole() && !plain {
                let times = out.len() / sample().len();
                assert!(out == sample().repeat(times), "{}: {i}", path.display());
            }
            drop((survey, salvage));
            assert_eq!(env.budget.used(), 0, "{}: memory was not given back", path.display());
        }
    }
}

#[test]
fn salvage_obeys_the_limits() {
    let case = case();
    let env = Env::new(minlen::Limits::default().with_output(1000));
    let open =
        |env: &Env| Salvage::from_reader(Cursor::new(case.bytes.clone()), &keys(), &Options::default(), env);
    assert_eq!(open(&env).unwrap().survey(None).unwrap_err().kind(), ErrorKind::Limit);
    // A bomb: what is left is out of proportion.
    let zeros =
        minlen::compress(&vec![0; 80 << 20], &Options::new(1).unwrap().with_codec("rle+rle+rle").unwrap());
    let mut bomb = zeros.unwrap();
    if bomb.len() < 20_000 {
        bomb.truncate(bomb.len() - 3);
        let found = survey(&bomb);
        assert_eq!(found.err().unwrap().kind(), ErrorKind::Limit);
    }
}
