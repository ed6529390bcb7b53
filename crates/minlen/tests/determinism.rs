//! The same bytes for every number of threads, and from every way of writing.

use minlen::{Env, Options, archive};
use std::fs;
use std::io::Write;

fn mixed(len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut seed = 0;
    while out.len() < len {
        out.extend(minlen_core::testing::random_case(seed, 300_000));
        seed += 1;
    }
    out.truncate(len);
    out
}

#[test]
fn a_stream_is_the_same_for_every_thread_count_and_write_size() {
    let all = mixed(3_000_000);
    for level in [1, 3, 4, 5, 6, 7, 8] {
        // The strong levels are slow: a few blocks of them are enough.
        let (data, block) = if level < 6 { (&all[..], 512 << 10) } else { (&all[..150_000], 40_000) };
        let options = Options::new(level).unwrap().with_block_size(block);
        let one = minlen::compress(data, &options.clone().with_threads(1)).unwrap();
        for threads in [2, 5] {
            let mut encoder =
                minlen::Encoder::new(Vec::new(), &options.clone().with_threads(threads), &Env::default())
                    .unwrap();
            for piece in data.chunks(70_001 * threads) {
                encoder.write_all(piece).unwrap();
            }
            assert!(encoder.finish().unwrap() == one, "level {level}, {threads} threads");
        }
        let back =
            minlen::decompress_with(&one, &Options::default().with_threads(3), &Env::default()).unwrap();
        assert!(back == data);
    }
}

#[test]
fn a_time_budget_gives_the_same_bytes_for_every_thread_count() {
    let data = mixed(600_000);
    let options = Options::new(5).unwrap().with_block_size(100_000);
    let options = options.with_time_budget(std::time::Duration::from_millis(200));
    let one = minlen::compress(&data, &options.clone().with_threads(1)).unwrap();
    assert!(one == minlen::compress(&data, &options.with_threads(3)).unwrap());
    assert!(minlen::decompress(&one, &minlen::Limits::default()).unwrap() == data);
}

#[test]
fn an_archive_is_the_same_for_every_thread_count() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("tree");
    fs::create_dir(&root).unwrap();
    for i in 0..40u64 {
        fs::write(root.join(format!("{i}.dat")), minlen_core::testing::random_case(i, 120_000)).unwrap();
    }
    let make = |threads| {
        let options = Options::new(3).unwrap().with_threads(threads);
        archive::create(std::slice::from_ref(&root), Vec::new(), &options, &Env::default()).unwrap().0
    };
    let one = make(1);
    assert!(one == make(2) && one == make(4));
}
