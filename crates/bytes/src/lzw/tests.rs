use super::*;
use minlen_core::testing::{check_codec, check_hostile, edge_cases, random_case};
use proptest::prelude::*;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn params(bits: i64, format: i64) -> Params {
    Lzw.params().with("bits", bits).with("format", format)
}

/// Words, then noise, then runs: the ratio falls and the dictionary is cleared.
fn changing() -> Vec<u8> {
    [random_case(3, 400_000), random_case(8, 400_000), random_case(2, 400_000), random_case(11, 400_000)]
        .concat()
}

#[test]
fn edge_cases_come_back_in_both_formats_at_every_width() {
    for (i, case) in edge_cases().iter().enumerate() {
        for bits in 9..=16 {
            for format in 0..2 {
                if case.len() < 9000 || (bits as usize + i).is_multiple_of(4) {
                    check_codec(&Lzw, &params(bits, format), case);
                }
            }
        }
    }
}

#[test]
fn random_cases_come_back() {
    for seed in 0..400 {
        let case = random_case(seed, 20_000);
        check_codec(&Lzw, &params(9 + (seed % 8) as i64, (seed / 8 % 2) as i64), &case);
    }
    for (bits, format) in [(9, 0), (12, 1), (16, 0), (16, 1)] {
        check_codec(&Lzw, &params(bits, format), &changing());
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_come_back() {
    for seed in 0..10_000 {
        let case = random_case(seed, 60_000);
        check_codec(&Lzw, &params(9 + (seed % 8) as i64, (seed / 8 % 2) as i64), &case);
    }
}

#[test]
fn hostile_bytes_are_errors() {
    for (bits, format) in [(9, 0), (9, 1), (12, 1), (16, 0), (16, 1)] {
        for case in [b"abcabcabcaaaaaaaaa".repeat(40), random_case(3, 30_000), vec![9; 70_000]] {
            let payload = check_codec(&Lzw, &params(bits, format), &case);
            check_hostile(&Lzw, &payload, case.len(), 400);
        }
    }
}

#[test]
fn known_bytes_of_compress_with_kwkwk() {
    let mut file = Vec::new();
    z::encode(b"aaaaaaa", 16, &Env::default(), &mut file).unwrap();
    // Written by compress 4.2.4: the codes 97, 257, 258 (both KwKwK) and 97.
    assert_eq!(file, [0x1f, 0x9d, 0x90, 0x61, 0x02, 0x0a, 0x0c, 0x03]);
    let mut out = Vec::new();
    z::decode(&file, &Env::default(), &mut out).unwrap();
    assert_eq!(out, b"aaaaaaa");
    let mut empty = Vec::new();
    z::encode(b"", 16, &Env::default(), &mut empty).unwrap();
    assert_eq!(empty, [0x1f, 0x9d, 0x90]);
}

#[test]
fn known_bytes_without_block_mode() {
    // As gzip and `compress -d` read it: code 256 is the first string.
    let mut out = Vec::new();
    z::decode(&[0x1f, 0x9d, 0x10, 0x61, 0x00, 0x06, 0x0c, 0x03], &Env::default(), &mut out).unwrap();
    assert_eq!(out, b"aaaaaaa");
}

#[test]
fn own_payload_begins_with_the_width() {
    let payload = check_codec(&Lzw, &params(12, 0), b"aaaaaaa");
    assert_eq!(payload, [12, 0x61, 0x02, 0x0a, 0x0c, 0x03]);
}

#[test]
fn refuses_bad_headers_and_leftovers() {
    let env = Env::default();
    for file in
        [&[0x1f][..], &[0x1f, 0x9e, 0x90], &[0x1f, 0x9d, 0x88], &[0x1f, 0x9d, 0x91], &[0x1f, 0x9d, 0xb0]]
    {
        assert!(z::decode(file, &env, &mut Vec::new()).is_err());
    }
    assert!(Lzw.decode(&[8], 0, &env, &mut Vec::new()).is_err());
    assert!(Lzw.decode(&[16, 0x61, 0, 0], 1, &env, &mut Vec::new()).is_err());
    assert!(Lzw.decode(&[16, 0x61], 1, &env, &mut Vec::new()).unwrap_err().is_truncated());
}

#[test]
fn z_bombs_meet_the_limits() {
    let mut file = Vec::new();
    z::encode(&vec![0; 1 << 20], 16, &Env::default(), &mut file).unwrap();
    let small = Env::new(minlen_core::Limits::default().with_output(100_000));
    assert_eq!(z::decode(&file, &small, &mut Vec::new()).unwrap_err().kind(), minlen_core::ErrorKind::Limit);
    let tight = Env::new(minlen_core::Limits::default().with_memory(1_100_000));
    assert_eq!(z::decode(&file, &tight, &mut Vec::new()).unwrap_err().kind(), minlen_core::ErrorKind::Limit);
}

/// Runs a program on `input`; none (with a note) where it is not installed.
fn run(program: &str, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let spawned = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let mut stdin = child.stdin.take()?;
    let data = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&data));
    let output = child.wait_with_output().unwrap();
    drop(feeder.join());
    Some(output.stdout)
}

#[test]
fn other_programs_read_our_z_files() {
    let mut cases = vec![changing(), random_case(3, 3000), random_case(0, 5000), vec![0; 100_000]];
    cases.extend((0..16).map(|seed| random_case(seed, 90_000)));
    for (i, case) in cases.iter().enumerate() {
        let bits = 9 + (i as u32) % 8;
        for bits in [bits, 16] {
            let mut file = Vec::new();
            z::encode(case, bits, &Env::default(), &mut file).unwrap();
            for (program, args) in [("compress", &["-d", "-c"][..]), ("gzip", &["-d", "-c"])] {
                if let Some(out) = run(program, args, &file) {
                    assert!(out == *case, "{program} on case {i} of {} bytes, {bits} bits", case.len());
                }
            }
        }
    }
}

#[test]
fn reads_the_files_of_compress() {
    let mut cases = vec![changing(), b"x".to_vec(), vec![5; 90_000]];
    cases.extend((0..16).map(|seed| random_case(seed, 90_000)));
    for (i, case) in cases.iter().filter(|c| !c.is_empty()).enumerate() {
        // Not -b9 and not -C: what compress 4.2.4 writes then, neither it nor gzip can read.
        for bits in ["-b10", "-b12", "-b16"] {
            let Some(file) = run("compress", &["-c", "-f", bits], case) else { return };
            let mut out = Vec::new();
            z::decode(&file, &Env::default(), &mut out).unwrap();
            assert!(out == *case, "case {i} of {} bytes, {bits}", case.len());
            out.clear();
            Lzw.decode(&file, case.len(), &Env::default(), &mut out).unwrap();
            assert!(out == *case, "as a payload: case {i}, {bits}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_come_back(case in proptest::collection::vec(0u8..4, 0..3000), bits in 9i64..=16, format in 0i64..2) {
        check_codec(&Lzw, &params(bits, format), &case);
    }
}
