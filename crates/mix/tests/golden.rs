//! The models give the same bytes for ever: hashes of what small inputs become, on every instruction set.
//!
//! A hash that changes breaks every file written before: it needs a new version in the payload's header, beside which the old
//! models stay. **Until the first release** the models may still change; then this writes the new hashes:
//!
//! `cargo test -p minlen-mix --test all -- --ignored --nocapture print_the_hashes | grep '^golden ' > crates/mix/tests/golden.txt`

use crate::predicted::{FILE as PREDICTOR, at_hand, shaded};
use minlen_core::testing::Rng;
use minlen_core::{Codec, Env};
use std::collections::BTreeMap;

/// One line a case: `golden CODEC PARAMETERS INPUT BYTES HASH`.
const GOLDEN: &str = include_str!("golden.txt");

fn text(n: usize) -> Vec<u8> {
    let words = ["the ", "model ", "of ", "data ", "and ", "\n", "{\"key\": [1, 20]}, ", "weighs "];
    let mut rng = Rng(1);
    let mut out = Vec::new();
    while out.len() < n {
        out.extend(words[rng.below(words.len())].bytes());
    }
    out.truncate(n);
    out
}

/// Records of a counter, a slow wave, a flag and noise.
fn records(n: usize) -> Vec<u8> {
    let mut rng = Rng(2);
    let record = |i: u32| {
        let mut out = i.to_le_bytes().to_vec();
        out.extend((i * i / 50 % 3000).to_be_bytes());
        out.extend([u8::from(i.is_multiple_of(7)), 0, rng.next_u64() as u8, 0x40]);
        out
    };
    (0..n as u32 / 12).flat_map(record).collect()
}

/// Moves, calls of a few functions, jumps.
fn code(n: usize) -> Vec<u8> {
    let mut rng = Rng(3);
    let mut out = Vec::new();
    while out.len() < n {
        match rng.below(4) {
            0 => out.extend([0x48, 0x8b, 0x45, 0xf0 + rng.below(16) as u8]),
            1 => out.extend([0x0f, 0x84, rng.below(90) as u8, 0, 0, 0]),
            2 => out.extend([0x55, 0x48, 0x89, 0xe5]),
            _ => {
                out.push(0xe8);
                let to = (rng.below(5) * 4096) as i32 - 9000;
                out.extend((to - out.len() as i32 - 4).to_le_bytes());
            }
        }
    }
    out.truncate(n);
    out
}

/// Waves with noise, as 16-bit samples, low byte first.
fn samples(n: usize) -> Vec<u8> {
    let mut rng = Rng(4);
    let (mut at, mut speed) = (0i32, 900i32);
    let mut next = |_| {
        at += speed;
        speed -= at / 40;
        (at.clamp(-30_000, 30_000) + rng.below(40) as i32) as i16
    };
    (0..n / 2).map(&mut next).flat_map(i16::to_le_bytes).collect()
}

fn input(name: &str) -> Vec<u8> {
    match name {
        "text" => text(3000),
        "records" => records(3000),
        "code" => code(3000),
        "discs" => shaded(30, 8),
        _ => samples(3072),
    }
}

/// Codec, parameters and input of every case.
fn cases() -> Vec<(&'static str, String, &'static str)> {
    let mut all = Vec::new();
    for model in ["fast", "normal", "deep", "full", "max"] {
        for (kind, input) in [("text", "text"), ("binary", "records"), ("x86", "code")] {
            all.push(("cm", format!("model={model},type={kind}"), input));
        }
    }
    // A prior of each type.
    for (model, prior, input) in
        [("fast", 6, "text"), ("fast", 13, "records"), ("fast", 12, "code"), ("normal", 7, "text")]
    {
        all.push(("cm", format!("model={model},prior={prior}"), input));
    }
    for depth in 0..3 {
        for layout in
            ["width=16,channels=3", "width=32,bits=16,flags=3", "width=256,bits=1", "width=31,flags=8"]
        {
            all.push(("pixels", format!("depth={depth},{layout}"), "samples"));
        }
        all.push(("pixels", format!("depth={depth},width=48,flags=4"), "code"));
        for format in ["channels=2,bits=16", "channels=1,bits=8,flags=0", "channels=1,bits=24,start=44"] {
            all.push(("sound", format!("depth={depth},{format}"), "samples"));
        }
    }
    for depth in 0..4 {
        for layout in
            ["width=12", "width=8,frame=10", "width=4,channels=3,frame=6", "width=8,frame=4,planes=2"]
        {
            all.push(("pixels", format!("depth={depth},flags=16,{layout}"), "records"));
        }
    }
    all.push(("pixels", "depth=2,flags=16,width=20,frame=20,model=1".into(), "discs"));
    all
}

/// The line of a case, the payload coded on the instruction set of this process.
fn line(codec: &dyn Codec, params: &str, name: &str) -> String {
    let data = input(name);
    let mut set = codec.params();
    for (key, value) in params.split(',').filter_map(|pair| pair.split_once('=')) {
        set = set.with_text(key, value).unwrap();
    }
    let mut payload = Vec::new();
    let env = Env::default().with_resources(at_hand(PREDICTOR));
    codec.encode(&data, &set, &env, &mut payload).unwrap();
    let hash = blake3::hash(&payload).to_hex();
    format!("golden {} {params} {name} {} {}", codec.spec().name, payload.len(), &hash[..16])
}

fn lines() -> Vec<String> {
    let codecs: BTreeMap<_, _> = minlen_mix::codecs().into_iter().map(|c| (c.spec().name, c)).collect();
    cases().iter().map(|(codec, params, input)| line(&*codecs[codec], params, input)).collect()
}

/// Prints what belongs into `golden.txt`.
#[test]
#[ignore = "only to write new hashes"]
fn print_the_hashes() {
    println!();
    lines().iter().for_each(|line| println!("{line}"));
}

/// Run by [`the_bytes_are_those_of_this_version_on_every_instruction_set`] in processes of its own.
#[test]
fn child_prints_its_hashes() {
    if std::env::var("MINLEN_MIX_CHILD").is_ok() {
        print_the_hashes();
    }
}

#[test]
fn the_bytes_are_those_of_this_version_on_every_instruction_set() {
    let expected: Vec<&str> = GOLDEN.lines().collect();
    assert_eq!(expected.len(), cases().len(), "golden.txt has another number of cases");
    for isa in ["scalar", "avx2", "avx512"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "golden::child_prints_its_hashes", "--nocapture"])
            .env("MINLEN_MIX_CHILD", "1")
            .env("MINLEN_ISA", isa)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found: Vec<&str> = text.lines().filter(|line| line.starts_with("golden ")).collect();
        assert_eq!(found.len(), expected.len(), "{isa}: {}", String::from_utf8_lossy(&output.stderr));
        let wrong: Vec<_> = expected.iter().zip(&found).filter(|(a, b)| a != b).collect();
        assert!(wrong.is_empty(), "{isa}: {} of {} differ: {wrong:#?}", wrong.len(), found.len());
    }
}
