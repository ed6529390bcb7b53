//! Known entropies and repeats, archives, and the shape of the output.

use super::{AnalyzeOptions, Report, analyze, analyze_with};
use minlen_core::testing::{Rng, edge_cases, random_case};
use minlen_core::{Env, Limits, Registry, Result};

fn run(data: &[u8]) -> Report {
    analyze(data, &Registry::new(), &Env::default()).unwrap()
}

#[test]
fn entropies_of_known_sources() {
    let mut rng = Rng(1);
    let bits: Vec<u8> = (0..200_000).map(|_| b"ab"[rng.below(2)]).collect();
    for order in run(&bits).orders {
        assert!((order.bits - 1.0).abs() < 0.01, "{order:?}");
    }
    // Each byte follows from the two before it.
    let mut chain = vec![0u8, 1];
    let table: Vec<u8> = (0..65_536).map(|_| rng.next_u64() as u8 & 15).collect();
    for i in 2..100_000 {
        let next = table[usize::from(chain[i - 2]) << 8 | usize::from(chain[i - 1])];
        chain.push(next ^ (u8::from(i % 97 == 0)));
    }
    let orders = run(&chain).orders;
    assert!(orders[1].bits > 0.5 && orders[2].bits < 0.1, "{orders:?}");
    assert!(orders[3].bits <= orders[2].bits + 0.01 && orders[2].contexts <= 256);
}

#[test]
fn noise_shows_the_bias() {
    let mut rng = Rng(2);
    let noise: Vec<u8> = (0..100_000).map(|_| rng.next_u64() as u8).collect();
    let orders = run(&noise).orders;
    assert!(orders[0].bits > 7.99 && orders[0].bias < 0.01);
    assert!(orders[1].reliable() && !orders[3].reliable());
    assert!(orders[3].bits < 0.1 && orders[3].bias > 0.0 && orders[3].contexts > 99_000, "{orders:?}");
}

#[test]
fn repeats_against_a_plain_search() {
    for seed in 0..24 {
        let data = random_case(seed, 400);
        if data.is_empty() {
            continue;
        }
        let seen = run(&data).repeats.unwrap();
        let mut longest = 0;
        for j in 0..data.len() {
            for i in 0..j {
                let length = data[i..].iter().zip(&data[j..]).take_while(|(a, b)| a == b).count();
                longest = longest.max(length);
            }
        }
        assert_eq!(seen.longest, longest as u64, "seed {seed}");
        let (a, b, n) = (seen.first as usize, seen.second as usize, longest);
        assert!(n == 0 || a < b && data[a..a + n] == data[b..b + n], "seed {seed}");
    }
    let mut rng = Rng(3);
    let noise: Vec<u8> = (0..10_000).map(|_| rng.next_u64() as u8).collect();
    let twice = run(&[noise.clone(), noise].concat()).repeats.unwrap();
    assert_eq!((twice.longest, twice.first, twice.second), (10_000, 0, 10_000));
    assert!((twice.covered - 0.5).abs() < 0.001);
}

#[test]
fn large_data_is_sampled_and_said_so() {
    let data = b"all work and no play ".repeat(20_000);
    let options = AnalyzeOptions {
        entropy_sample: 50_000,
        repeat_sample: 50_000,
        codec_sample: 50_000,
        ..AnalyzeOptions::default()
    };
    let report = analyze_with(&data, &Registry::new(), &Env::default(), &options).unwrap();
    assert_eq!(report.notes.iter().filter(|n| n.contains("slices")).count(), 3, "{:?}", report.notes);
    assert!(report.codec_sample <= 50_000 && report.repeats.unwrap().sample <= 50_000);
}

#[test]
fn a_small_budget_shrinks_the_sample() {
    let env = Env::new(Limits::default().with_memory(8 << 20));
    let data: Vec<u8> = (0..1 << 20).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let options = AnalyzeOptions { entropy_sample: 100_000, ..AnalyzeOptions::default() };
    let report = analyze_with(&data, &Registry::new(), &env, &options).unwrap();
    assert!(report.repeats.unwrap().sample < 1 << 20);
    assert_eq!(env.budget.used(), 0);
}

#[test]
fn levels_come_from_the_closure() {
    let trial = |level: u8, sample: &[u8]| -> Result<u64> { Ok(sample.len() as u64 / u64::from(level)) };
    let options = AnalyzeOptions { trial: Some(&trial), ..AnalyzeOptions::default() };
    let report = analyze_with(&[7; 1000], &Registry::new(), &Env::default(), &options).unwrap();
    assert_eq!(report.levels.iter().map(|l| l.size).collect::<Vec<_>>(), [1000, 500, 333, 250, 200]);
    assert!(report.levels[1].saved_per_second.is_some() && report.worth.len() == 4);
    assert!(report.to_table().contains("Levels"));
}

#[test]
fn codecs_are_measured_smallest_first() {
    let data = b"the rain in Spain stays mainly in the plain. ".repeat(300);
    let registry = crate::registry();
    let report = analyze(&data, &registry, &Env::default()).unwrap();
    assert!(report.codecs.windows(2).all(|w| w[0].size <= w[1].size));
    assert!(report.codecs.len() < 2 || report.codecs[0].bits < 1.0);
}

#[test]
fn members_of_a_tar_are_listed() {
    let member = |name: &str, content: &[u8]| {
        let mut block = vec![0u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = b'0';
        block[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = block.iter().map(|&b| u32::from(b)).sum::<u32>() + 8 * 32;
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block.extend(content);
        block.resize(block.len().next_multiple_of(512), 0);
        block
    };
    let tar = [member("a/b.json", b"{\"a\": [1, 2, 3]}"), member("c.bin", &[0; 600]), vec![0; 1024]].concat();
    let report = run(&tar);
    assert_eq!(report.member_count, 2);
    assert_eq!((report.members[0].name.as_str(), report.members[0].size), ("a/b.json", 16));
    assert_eq!(report.members[0].what, "json: object");
    assert!(report.to_table().contains("c.bin"));
}

#[test]
fn any_data_gives_narrow_tables_and_valid_json() {
    for data in edge_cases().into_iter().chain((0..16).map(|seed| random_case(seed, 50_000))) {
        let report = run(&data);
        assert!(report.to_table().lines().all(|l| l.chars().count() <= 100), "{}", report.to_table());
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["size"], data.len() as u64);
    }
}

proptest::proptest! {
    #[test]
    fn damaged_archives_never_panic(mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 600..2000)) {
        bytes[..4].copy_from_slice(b"PK\x03\x04");
        let end = bytes.len() - 22;
        bytes[end..end + 4].copy_from_slice(b"PK\x05\x06");
        bytes[4] = 20;
        bytes[8..10].copy_from_slice(&[8, 0]);
        bytes[26..28].copy_from_slice(&[5, 0]);
        let _ = run(&bytes);
    }
}
