//! Bombs stop at the default limits, before the memory or the disk is used.

use crate::common::hostile::{bomb, data, deep_folders, file, pack, unpadded};
use minlen::archive::{Archive, ExtractOptions, Keys, create};
use minlen::container::{Body, Entry, Extent, Tree};
use minlen::layout::Dtype;
use minlen::{Env, ErrorKind, Limits, MaxError, Options, Result};
use std::io::{Cursor, Read};
use std::time::Instant;

/// The kind of error; what comes in its place would be long to print.
fn refusal<T>(result: Result<T>) -> ErrorKind {
    result.map(|_| ()).unwrap_err().kind()
}

fn open<'a>(bytes: &'a [u8], env: &Env) -> Result<Archive<'a>> {
    Archive::from_reader(Cursor::new(bytes), &Keys::default(), &Options::default(), env)
}

#[test]
fn a_gibibyte_of_zeros_is_refused_by_default_and_allowed_on_request() {
    let bomb = bomb(1 << 30);
    assert!(bomb.len() < 200_000, "{} bytes", bomb.len());
    assert_eq!(refusal(minlen::decompress(&bomb, &Limits::default())), ErrorKind::Limit);
    let env = Env::new(Limits::default().with_ratio(0));
    let mut decoder = minlen::Decoder::new(&bomb[..], &Options::default(), &env).unwrap();
    assert_eq!(std::io::copy(&mut decoder.by_ref(), &mut std::io::sink()).unwrap(), 1 << 30);
}

#[test]
fn a_bomb_within_a_bomb_is_refused_at_each_layer() {
    let outer = minlen::compress(&bomb(512 << 20), &Options::new(3).unwrap()).unwrap();
    let middle = minlen::decompress(&outer, &Limits::default()).unwrap();
    assert_eq!(refusal(minlen::decompress(&middle, &Limits::default())), ErrorKind::Limit);
}

#[test]
fn what_default_options_write_default_options_read() {
    let zeros = vec![0; 100 << 20];
    let mut all = Vec::new();
    for threads in [1, 3] {
        let options = Options::new(1).unwrap().with_threads(threads);
        let small = minlen::compress(&zeros, &options).unwrap();
        assert!(small.len() < 27_000, "{}", small.len());
        assert!(minlen::decompress(&small, &Limits::default()).unwrap() == zeros);
        let mut archive = open(&small, &Env::default()).unwrap();
        assert_eq!(archive.read_content(0..u64::MAX, &mut std::io::sink()).unwrap(), 100 << 20);
        drop(archive);
        all.push(small);
    }
    assert!(all[0] == all[1], "the same bytes for every number of threads");
}

#[test]
fn numbers_within_a_bound_are_read_by_default_however_little_is_left_of_them() {
    let shape = [20 << 20];
    let options = Options::new(3).unwrap().with_block_size(256 << 20).with_shape(Dtype::F32, &shape);
    let options = options.with_max_error(MaxError::Absolute(0.1)).unwrap();
    let zeros = vec![0; 80 << 20];
    let small = minlen::compress(&zeros, &options).unwrap();
    assert!(minlen::decompress(&small, &Limits::default()).unwrap() == zeros);
}

#[test]
fn archives_of_copies_and_holes_are_read_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let content = minlen_core::testing::random_case(8, 20_000);
    for number in 0..300 {
        std::fs::write(root.join(format!("copy{number}")), &content).unwrap();
    }
    std::fs::File::create(root.join("zeros")).unwrap().set_len(1 << 30).unwrap();
    std::fs::write(root.join("data"), vec![0; 80 << 20]).unwrap();
    let options = Options::new(1).unwrap();
    let (bytes, summary) = create(&[root], Vec::new(), &options, &Env::default()).unwrap();
    assert!(summary.warnings.is_empty(), "{:?}", summary.warnings);
    let mut archive = open(&bytes, &Env::default()).unwrap();
    archive.test().unwrap();
    let target = folder.path().join("target");
    archive.extract(&[], &target, &ExtractOptions::default()).unwrap();
    assert_eq!(std::fs::read(target.join("root/copy299")).unwrap(), content);
    // And within a ratio that is asked for, as everything else.
    let strict = Env::new(Limits::default().with_ratio(4000));
    let target = folder.path().join("strict");
    let refused = open(&bytes, &strict).unwrap().extract(&[], &target, &ExtractOptions::default());
    assert_eq!(refusal(refused), ErrorKind::Limit);
}

/// Few bytes whose files come to 400 MB.
fn copies_without_end() -> Vec<u8> {
    let content = vec![7; 1 << 20];
    let entries = (0..400).map(|i| file(&format!("f{i}"), &content, vec![data(0, 1 << 20)]));
    unpadded(&Tree { entries: entries.collect() }, &content, 1 << 20)
}

#[test]
fn archives_are_held_to_the_ratio_in_every_way_of_reading() {
    let bytes = copies_without_end();
    assert!(bytes.len() < 3000, "{}", bytes.len());
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    type Way<'a> = &'a dyn Fn(&mut Archive<'_>) -> Result<()>;
    let reads: [(&str, Way<'_>); 4] = [
        ("extract", &|a| a.extract(&[], &target, &ExtractOptions::default()).map(|_| ())),
        ("test", &|a| a.test().map(|_| ())),
        ("all", &|a| a.read_entries(&(0..400).collect::<Vec<_>>(), &mut std::io::sink()).map(|_| ())),
        ("one by one", &|a| {
            (0..400).try_for_each(|i| a.read_entry(i, None, &mut std::io::sink()).map(|_| ()))
        }),
    ];
    for (name, read) in reads {
        let default = Env::default().accounting();
        assert_eq!(refusal(read(&mut open(&bytes, &default).unwrap())), ErrorKind::Limit, "{name}");
        let bounded = Env::new(Limits::none().with_output(300 << 20)).accounting();
        assert_eq!(refusal(read(&mut open(&bytes, &bounded).unwrap())), ErrorKind::Limit, "{name}");
        assert!(!target.exists() || std::fs::read_dir(&target).unwrap().next().is_none());
    }
    let trusting = Env::new(Limits::default().with_ratio(0)).accounting();
    open(&bytes, &trusting).unwrap().test().unwrap();
    // An archive that stays open for days is not worn out by reading: without an account, every call stands alone.
    let mut archive = open(&bytes, &Env::default()).unwrap();
    assert!((0..400).all(|i| archive.read_entry(i, None, &mut std::io::sink()).is_ok()));
}

#[test]
fn memory_is_bounded_by_the_budget_whatever_the_tree_says() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x/".repeat(2000);
    let paths = (0..3000).map(|i| file(&format!("{long}{i}"), &[], Vec::new())).collect();
    let many: Vec<_> = (0..1000).map(|i| data(i * 2, 1)).collect();
    let one = file("f", &[7; 2000][..1000], many);
    let copies = (0..2000).map(|i| Entry { path: format!("f{i}").into_bytes(), ..one.clone() }).collect();
    for (name, entries) in [("deep", deep_folders(100, 2000)), ("long", paths), ("copies", copies)] {
        let bytes = unpadded(&Tree { entries }, &[7; 2000], 100);
        assert!(bytes.len() < 50_000, "{name}: {}", bytes.len());
        let env = Env::new(Limits::default().with_ratio(0).with_memory(8 << 20));
        let refused = open(&bytes, &env).and_then(|mut archive| {
            archive.extract(&[], &folder.path().join(name), &ExtractOptions::default())
        });
        assert_eq!(refusal(refused), ErrorKind::Limit, "{name}");
        assert_eq!(env.budget.used(), 0, "{name}");
    }
}

#[test]
fn folders_that_only_paths_ask_for_count_as_output() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = unpadded(&Tree { entries: deep_folders(100, 300) }, &[], 1);
    let mut archive = open(&bytes, &Env::default()).unwrap();
    let refused = archive.extract(&[], folder.path(), &ExtractOptions::default());
    assert_eq!(refusal(refused), ErrorKind::Limit);
}

#[test]
fn reading_every_file_takes_time_by_the_number_of_files() {
    let content = minlen_core::testing::random_case(8, 1 << 16);
    let entries = (0..60_000u64)
        .map(|i| file(&format!("d/{i:06}"), &content[i as usize % 60_000..][..9], vec![data(i % 60_000, 9)]));
    let bytes = pack(&Tree { entries: entries.collect() }, &content, 1 << 12);
    let mut archive = open(&bytes, &Env::default()).unwrap();
    let began = Instant::now();
    let numbers: Vec<usize> = (0..60_000).collect();
    assert_eq!(archive.read_entries(&numbers, &mut std::io::sink()).unwrap(), 540_000);
    for number in numbers {
        let path = format!("d/{number:06}");
        assert_eq!(archive.find(path.as_bytes()).unwrap(), Some(number));
    }
    let target = tempfile::tempdir().unwrap();
    let names: Vec<Vec<u8>> = (0..2000).map(|i| format!("d/{i:06}").into_bytes()).collect();
    assert_eq!(archive.extract(&names, target.path(), &ExtractOptions::default()).unwrap().files, 2000);
    archive.members().unwrap();
    assert!(began.elapsed().as_secs() < 100, "{:?}", began.elapsed());
}

#[test]
fn extents_times_blocks_take_time_by_what_comes_out() {
    // Blocks of one byte, and files each of which lies in all of them, in order and backwards.
    let content = vec![7; 2000];
    let whole = file("f", &content, vec![data(0, 2000)]);
    let mut entries: Vec<Entry> =
        (0..1000).map(|i| Entry { path: format!("f{i}").into_bytes(), ..whole.clone() }).collect();
    entries.push(file("back", &content, (0..2000).rev().map(|i| data(i, 1)).collect()));
    let bytes = pack(&Tree { entries }, &content, 1);
    let began = Instant::now();
    let mut archive = open(&bytes, &Env::default()).unwrap();
    archive.test().unwrap();
    let members = archive.members().unwrap();
    assert!(members.iter().all(|member| member.codecs == ["store"]));
    let target = tempfile::tempdir().unwrap();
    let names: Vec<Vec<u8>> = ["f0", "back"].map(|name| name.as_bytes().to_vec()).to_vec();
    archive.extract(&names, target.path(), &ExtractOptions::default()).unwrap();
    assert!(began.elapsed().as_secs() < 100, "{:?}", began.elapsed());
}

#[test]
fn a_file_that_needs_blocks_again_and_again_is_read_or_refused_in_bounded_time() {
    // Two blocks that do not fit into memory together, and a file of single bytes from one and the other.
    let size = 8 << 20;
    let content = vec![7; 2 * size as usize];
    let extents: Vec<Extent> = (0..100_000).map(|i| data(i % 2 * size + i / 2, 1)).collect();
    let entry = file("f", &[7; 100_000], extents);
    let bytes = unpadded(&Tree { entries: vec![entry] }, &content, size as usize);
    let roomy = Env::new(Limits::default());
    open(&bytes, &roomy).unwrap().test().unwrap();
    let tight = Env::new(Limits::default().with_memory(24 << 20));
    let began = Instant::now();
    assert_eq!(refusal(open(&bytes, &tight).unwrap().test()), ErrorKind::Limit);
    assert!(began.elapsed().as_secs() < 100, "{:?}", began.elapsed());
}

/// Files for measuring what the command takes in memory and time, written into the folder that `MINLEN_HOSTILE` names.
#[test]
#[ignore = "writes files for measurements"]
fn write_hostile_files() {
    let Some(folder) = std::env::var_os("MINLEN_HOSTILE").map(std::path::PathBuf::from) else { return };
    let write = |name: &str, entries: Vec<Entry>, content: &[u8], size: usize| {
        std::fs::write(folder.join(name), unpadded(&Tree { entries }, content, size)).unwrap();
    };
    write("deep.mln", deep_folders(1000, 4000), &[], 1);
    let long = [&*"x".repeat(1000); 32].join("/");
    write("long.mln", (0..20_000).map(|i| file(&format!("{long}/{i}"), &[], Vec::new())).collect(), &[], 1);
    let many: Vec<_> = (0..10_000).map(|i| data(i * 2, 1)).collect();
    let one = file("f", &[7; 10_000], many);
    let named = |i: usize| Entry { path: format!("f{i:05}").into_bytes(), ..one.clone() };
    write("copies.mln", (0..2000).map(named).collect(), &[7; 20_000], 20_000);
    let whole = file("f", &[7; 2000], vec![data(0, 2000)]);
    let named = |i: usize| Entry { path: format!("f{i:05}").into_bytes(), ..whole.clone() };
    write("blocks.mln", (0..30_000).map(named).collect(), &[7; 2000], 1);
    let backwards = (0..20_000).rev().map(|i| data(i, 1)).collect();
    write("back.mln", vec![file("f", &[7; 20_000], backwards)], &[7; 20_000], 1);
}

#[test]
fn one_name_of_a_file_is_extracted_without_the_other() {
    let body = Body::Hardlink(0);
    let second = Entry { path: b"b".to_vec(), mode: 0o644, mtime: None, body, meta: None };
    let bytes = pack(&Tree { entries: vec![file("a", b"content", vec![data(0, 7)]), second] }, b"content", 7);
    let target = tempfile::tempdir().unwrap();
    std::fs::write(target.path().join("a"), "newer work").unwrap();
    let options = ExtractOptions::default().with_overwrite(true);
    let mut archive = open(&bytes, &Env::default()).unwrap();
    archive.extract(&[b"b".to_vec()], target.path(), &options).unwrap();
    assert_eq!(std::fs::read(target.path().join("a")).unwrap(), b"newer work");
    assert_eq!(std::fs::read(target.path().join("b")).unwrap(), b"content");
}

#[test]
fn output_and_memory_limits_are_kept() {
    let data = minlen_core::testing::random_case(3, 4_000_000);
    let packed = minlen::compress(&data, &Options::new(1).unwrap()).unwrap();
    let small = Limits::default().with_output(data.len() as u64 - 1);
    assert_eq!(minlen::decompress(&packed, &small).unwrap_err().kind(), ErrorKind::Limit);
    let little = Limits::default().with_memory(1 << 20);
    assert_eq!(minlen::decompress(&packed, &little).unwrap_err().kind(), ErrorKind::Limit);
    assert!(minlen::decompress(&packed, &Limits::default()).unwrap() == data);
}

#[test]
fn many_threads_share_a_budget_that_is_too_small_for_all_of_them_at_once() {
    let data: Vec<u8> =
        (0..40).flat_map(|seed| minlen_core::testing::random_case(8 * seed + 3, 200_000)).collect();
    let options = Options::default().with_codec("bwt").unwrap().with_block_size(1 << 20).with_threads(6);
    let packed = minlen::compress(&data, &options).unwrap();
    // One block needs some 25 MB of tables besides its content: six at once do not fit, one does.
    let env = Env::new(Limits::default().with_memory(60 << 20));
    assert!(minlen::decompress_with(&packed, &options, &env).unwrap() == data);
    assert_eq!(env.budget.used(), 0);
    let env = Env::new(Limits::default().with_memory(4 << 20));
    assert_eq!(minlen::decompress_with(&packed, &options, &env).unwrap_err().kind(), ErrorKind::Limit);
}
