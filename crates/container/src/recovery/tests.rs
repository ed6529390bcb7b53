use super::geometry::Geometry;
use super::repair::{inside, with_sidecar};
use super::*;
use crate::stream::tests::{read_all, read_seeking, sample};
use crate::testutil::stream;
use minlen_core::testing::{Rng, random_case};
use minlen_core::{Advice, ErrorKind};
use proptest::prelude::*;
use std::io::Cursor;

fn data(seed: u64, n: usize) -> Vec<u8> {
    let mut rng = Rng(seed);
    (0..n).map(|_| rng.next_u64() as u8).collect()
}

fn protected(data: &[u8], percent: u32) -> Vec<u8> {
    let mut file = Cursor::new(data.to_vec());
    let added = append(&mut file, percent, &Env::default()).unwrap();
    assert_eq!(file.get_ref().len() as u64, data.len() as u64 + added);
    file.into_inner()
}

fn mend(bad: &[u8]) -> Result<(Vec<u8>, Report)> {
    let mut out = Cursor::new(Vec::new());
    let report = inside(&mut Cursor::new(bad.to_vec()), &mut out, &Env::default())?;
    Ok((out.into_inner(), report))
}

/// Destroys shard `i` of the data.
fn destroy(file: &mut [u8], geometry: &Geometry, i: u64) {
    let start = (i * geometry.shard) as usize;
    let len = geometry.shard_len(i) as usize;
    file[start..start + len].iter_mut().for_each(|b| *b = !*b);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn any_r_of_a_group_come_back_and_one_more_does_not() {
    for (n, percent) in [(1, 1), (300, 5), (40_000, 5), (100_000, 20), (5_000_000, 2)] {
        let original = data(n, n as usize);
        let good = protected(&original, percent);
        let geometry = Geometry::choose(n, percent).unwrap();
        assert_eq!(mend(&good).unwrap(), (good.clone(), Report { protected: n, ..Report::default() }));
        let mut rng = Rng(n);
        for _ in 0..3 {
            let mut bad = good.clone();
            let mut gone = Vec::new();
            for g in 0..geometry.groups {
                let mut members: Vec<u64> =
                    (0..geometry.group_len(g)).map(|k| g + k * geometry.groups).collect();
                for _ in 0..geometry.recovery.min(geometry.group_len(g)) {
                    gone.push(members.swap_remove(rng.below(members.len())));
                }
            }
            gone.iter().for_each(|&i| destroy(&mut bad, &geometry, i));
            let (fixed, report) = mend(&bad).unwrap();
            assert!(fixed == good && !report.recovery_damaged);
            assert_eq!(
                report.repaired.iter().map(|r| r.end - r.start).sum::<u64>(),
                gone.iter().map(|&i| geometry.shard_len(i)).sum()
            );
            if geometry.group_len(0) > geometry.recovery {
                let one_more = (0..geometry.data_shards())
                    .step_by(geometry.groups as usize)
                    .find(|i| !gone.contains(i))
                    .unwrap();
                destroy(&mut bad, &geometry, one_more);
                let error = mend(&bad).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Corrupt);
                let mut lost: Vec<u64> = gone.iter().copied().filter(|i| i % geometry.groups == 0).collect();
                lost.push(one_more);
                let first = lost.iter().min().unwrap() * geometry.shard;
                assert!(error.to_string().contains(&format!(" {first}..")), "{error}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn damaged_recovery_data_is_tolerated() {
    let good = protected(&data(1, 60_000), 10);
    let geometry = Geometry::choose(60_000, 10).unwrap();
    let section = 60_000;
    // Any burst of 400 bytes in the section: the geometry and the tables are there several times.
    for at in (section..good.len()).step_by(97) {
        let mut bad = good.clone();
        let end = (at + 400).min(bad.len());
        bad[at..end].fill(0xaa);
        destroy(&mut bad, &geometry, 3);
        let (fixed, report) = mend(&bad).unwrap();
        assert!(fixed == good && report.recovery_damaged && report.repaired.len() == 1, "{at}");
    }
    // Cut off within the section.
    for at in [section + 60, section + 3000, good.len() - 1] {
        let (fixed, report) = mend(&good[..at]).unwrap();
        assert!(fixed == good && report.recovery_damaged);
    }
    // Both tables gone: nothing tells which shard is wrong, but an undamaged range is known as such.
    let mut bad = good.clone();
    for second in [false, true] {
        let at = section + geometry.table_at(second) as usize;
        bad[at..at + geometry.table_len() as usize].fill(0);
    }
    assert!(mend(&bad).unwrap().0 == good);
    destroy(&mut bad, &geometry, 3);
    assert_eq!(mend(&bad).unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(mend(&good[..section]).unwrap_err().to_string().contains("no recovery data"));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn protected_streams_read_as_before_and_join() {
    let env = Env::default();
    let (one, two) = (stream(&data(1, 3000), 1000), stream(b"second", 9));
    let joined = [protected(&one, 5), two.clone(), protected(&two, 50)].concat();
    let want = [&data(1, 3000)[..], b"second", b"second"].concat();
    let read = |bytes: &[u8]| (read_all(bytes, &env).unwrap(), read_seeking(bytes, &env).unwrap());
    assert_eq!(read(&joined), read(&[one.clone(), two.clone(), two.clone()].concat()));
    let mut bad = joined.clone();
    bad[1000] ^= 1;
    let last = joined.len() - protected(&two, 50).len();
    bad[last + 20] ^= 1;
    let (fixed, report) = mend(&bad).unwrap();
    assert!(fixed == joined && report.repaired.len() == 2 && !want.is_empty());
    // A protected file within a protected file.
    let outer = protected(&stream(&joined, 100_000), 5);
    let mut bad = outer.clone();
    bad[500] ^= 1;
    assert!(mend(&bad).unwrap().0 == outer);
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn every_flip_of_a_protected_archive_is_mended() {
    let good = protected(&sample(), 10);
    let env = Env::default();
    let want = read_seeking(&good, &env).unwrap();
    for bit in (0..good.len() * 8).step_by(7) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(mend(&bad).unwrap().0 == good, "bit {bit}");
        assert!(read_seeking(&bad, &env).map_or(true, |got| got == want));
        let _ = read_all(&bad, &env);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn a_sidecar_mends_any_file() {
    let original = data(9, 50_000);
    let env = Env::default();
    let mut side = Cursor::new(Vec::new());
    let len = sidecar(&mut Cursor::new(&original), &mut side, 10, &env).unwrap();
    assert_eq!(side.get_ref().len() as u64, len);
    let mend = |bad: &[u8], side: &[u8]| {
        let mut out = Cursor::new(Vec::new());
        with_sidecar(&mut Cursor::new(bad), &mut Cursor::new(side), &mut out, &env)
            .map(|r| (out.into_inner(), r))
    };
    let mut bad = original.clone();
    bad[30_000..31_000].fill(0);
    let (fixed, report) = mend(&bad, side.get_ref()).unwrap();
    assert!(fixed == original && !report.recovery_damaged && report.repaired.len() == 1);
    bad.truncate(49_000);
    let mut side = side.into_inner();
    side[..100].fill(0);
    let (fixed, report) = mend(&bad, &side).unwrap();
    assert!(fixed == original && report.recovery_damaged);
    assert!(mend(&original, &original).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn repair_writes_a_new_file_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("a.mln"), folder.path().join("b.mln"));
    let good = protected(&stream(&data(2, 20_000), 5_000), 5);
    let mut bad = good.clone();
    bad[77] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    let env = Env::default();
    repair(&path, None, &out, false, &env).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), good);
    assert_eq!(repair(&path, None, &out, false, &env).unwrap_err().kind(), ErrorKind::Exists);
    repair(&path, None, &path, true, &env).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), good);
    bad[..15_000].fill(0);
    std::fs::write(&path, &bad).unwrap();
    assert!(repair(&path, None, &folder.path().join("c"), false, &env).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// A header of recovery data that was never made.
fn forged(protected: u64, shard: u64, groups: u64, recovery: u64, hash: [u8; 16], copy: u8) -> Vec<u8> {
    Geometry { protected, shard, groups, recovery, hash }.header(copy).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn a_forged_header_makes_no_large_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("a.mln"), folder.path().join("out"));
    let content = stream(b"x", 1);
    let hash = crate::tree::file_hash(&content);
    let len = content.len() as u64;
    for (shard, recovery) in [(1 << 20, 512), (1 << 20, 1 << 15), (64, 1 << 15), (1 << 14, 1)] {
        std::fs::write(&path, [content.clone(), forged(len, shard, 1, recovery, hash, 0)].concat()).unwrap();
        let error = repair(&path, None, &out, false, &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(!out.exists() && !has_data(&path, &Env::default()).unwrap());
    }
    // The same beside the file: what is missing at the end cannot be more than there is recovery data.
    std::fs::write(&path, &content).unwrap();
    let side = folder.path().join("side");
    for protected in [1 << 34, 1 << 50, len + 100_000] {
        let header = forged(protected, 1 << 20, protected.div_ceil(1 << 35), 1, hash, 0);
        std::fs::write(&side, [&SIDECAR_MAGIC[..], &header].concat()).unwrap();
        let error = repair(&path, Some(&side), &out, false, &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(!out.exists());
    }
    // Very many of them take no more memory than is allowed.
    let many = forged(1, 64, 1, 1, hash, 0).repeat(20_000);
    std::fs::write(&path, many).unwrap();
    let small = Env::new(minlen_core::Limits::default().with_memory(1 << 20));
    assert_eq!(has_data(&path, &small).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn what_cannot_be_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("a.mln"), folder.path().join("out"));
    let good = protected(&stream(&data(2, 20_000), 5_000), 5);
    let fails = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = repair(&path, None, &out, false, &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(!out.exists() && error.advice() == Some(Advice::Salvage), "{error}");
    };
    fails(&[b"junk in front", &good[..]].concat());
    fails(&[&good[..], b"junk behind"].concat());
    // Recovery data of something else than a stream.
    fails(&protected(b"any other file", 50));
    // Another file's recovery data.
    let mut side = Cursor::new(Vec::new());
    sidecar(&mut Cursor::new(stream(b"another file", 5)), &mut side, 50, &Env::default()).unwrap();
    std::fs::write(folder.path().join("side"), side.into_inner()).unwrap();
    std::fs::write(&path, &good).unwrap();
    let wrong = repair(&path, Some(&folder.path().join("side")), &out, false, &Env::default());
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(!out.exists());
    // Zeros behind are left out, and bytes without recovery data are told.
    std::fs::write(&path, [&good[..], &[0; 700]].concat()).unwrap();
    let report = repair(&path, None, &out, false, &Env::default()).unwrap();
    assert_eq!((report.padding, report.unprotected), (700, 0));
    assert_eq!(std::fs::read(&out).unwrap(), good);
    std::fs::write(&path, [&good[..], &stream(b"more", 9)].concat()).unwrap();
    let report = repair(&path, None, &out, true, &Env::default()).unwrap();
    assert_eq!(report.unprotected, stream(b"more", 9).len() as u64);
}

#[test]
#[cfg_attr(miri, ignore = "real files need system calls that Miri lacks")]
fn a_private_file_stays_private_when_mended() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("a.mln"), folder.path().join("out"));
    std::fs::write(&path, protected(&stream(b"secret", 3), 50)).unwrap();
    for mode in [0o600, 0o640] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        repair(&path, None, &out, true, &Env::default()).unwrap();
        assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, mode);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn golden_recovery_data() {
    let good = protected(&data(3, 10_000), 5);
    assert_eq!((good.len(), crate::hash64(&good)), (11_408, 8_112_433_594_144_316_430));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn impossible_wishes_are_refused() {
    let env = Env::default();
    for (n, percent) in [(0, 5), (100, 0), (100, 101)] {
        assert_eq!(append(&mut Cursor::new(vec![0; n]), percent, &env).unwrap_err().kind(), ErrorKind::Usage);
    }
    let small = Env::new(minlen_core::Limits::default().with_memory(1000));
    assert_eq!(append(&mut Cursor::new(vec![0; 10_000]), 5, &small).unwrap_err().kind(), ErrorKind::Limit);
    for n in [1, 255, 1 << 20, 1 << 33, 1 << 40, 1 << 50] {
        let geometry = Geometry::choose(n, 100).unwrap();
        assert!(geometry.group_memory() <= 512 << 20, "{geometry:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 64 }))]

    #[test]
    #[cfg_attr(miri, ignore = "too slow under Miri")]
    fn any_damage_gives_the_original_or_an_error(seed: u64, percent in 1u32..60, holes in 1usize..6) {
        let good = protected(&[&random_case(seed, 30_000)[..], b"x"].concat(), percent);
        let (mut bad, mut rng) = (good.clone(), Rng(seed));
        for _ in 0..holes {
            let at = rng.below(bad.len());
            let end = (at + rng.below(2000)).min(bad.len());
            bad[at..end].iter_mut().for_each(|b| *b = rng.next_u64() as u8);
        }
        bad.truncate(bad.len() - rng.below(bad.len() / 10 + 1));
        if let Ok((fixed, _)) = mend(&bad) {
            prop_assert!(fixed == good);
        }
    }
}

#[test]
fn recovery_data_is_described_by_its_header() {
    let describe = |bytes: &[u8]| protection(&mut Cursor::new(bytes), &Env::default()).unwrap();
    let original = data(3, 40_000);
    let good = protected(&original, 10);
    let found = describe(&good).unwrap();
    assert_eq!((found.protected, found.stored), (40_000, (good.len() - original.len()) as u64));
    assert!(found.most() >= 4000 && found.most() < 8000, "{found:?}");
    assert_eq!(describe(&[&good[..], &[0; 5000]].concat()), Some(found));
    assert_eq!(describe(&original), None);
    assert_eq!(describe(&good[..good.len() - 1]), None);
    let mut beside = Cursor::new(Vec::new());
    sidecar(&mut Cursor::new(&original), &mut beside, 10, &Env::default()).unwrap();
    assert_eq!(describe(beside.get_ref()), Some(found));
}
