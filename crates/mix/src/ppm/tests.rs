use super::codec;
use super::model::Model;
use super::spec::Header;
use crate::model_type::Type;
use crate::prior::{OWN_NUMBER, Prior};
use minlen_core::testing::{Rng, check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{Codec, Env, ErrorKind, Learned, Limits, Need, Resources};
use minlen_entropy::binary::Encoder;
use proptest::prelude::*;
use std::sync::Arc;

fn ppm() -> Arc<dyn Codec> {
    codec()
}

/// Lines that repeat each other in pieces of all lengths.
fn source(seed: u64, lines: usize) -> Vec<u8> {
    let mut rng = Rng(seed);
    let names = ["count", "next_byte", "self.table", "offset", "len", "Result<Vec<u8>>", "0x1f", "node"];
    let mut line = |_| {
        let name = |rng: &mut Rng| names[rng.below(names.len())];
        let (a, b, c) = (name(&mut rng), name(&mut rng), name(&mut rng));
        match rng.below(4) {
            0 => format!("    let {a} = {b}.get({c}).copied().unwrap_or_default();\n"),
            1 => format!("    if {a} > {b} {{\n        return Err(Error::corrupt(\"{c}\"));\n    }}\n"),
            2 => format!("    {a} += {};\n", rng.below(100)),
            _ => format!("    /// The {a} of {b}.\n"),
        }
    };
    (0..lines).map(&mut line).collect::<String>().into_bytes()
}

#[test]
fn round_trips_edge_cases_and_random_data() {
    for input in edge_cases() {
        check_codec(&*ppm(), &ppm().params(), &input);
    }
    for seed in 0..120 {
        let params =
            ppm().params().with("order", 10 + (seed % 23) as i64).with("slots", 10 + (seed % 15) as i64);
        check_codec(&*ppm(), &params, &random_case(seed, 9000));
    }
}

/// Any change here is a change of the format.
#[test]
fn known_answers() {
    let encode = |input: &[u8]| check_codec(&*ppm(), &ppm().params(), input);
    assert_eq!(encode(b"banana"), [16, 10, 216, 8, 242, 41]);
    let fingerprint = |payload: &[u8]| {
        payload
            .iter()
            .fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    };
    let cases: Vec<(usize, u64)> = (0..8)
        .map(|seed| random_case(seed, 60_000))
        .chain([source(9, 3000)])
        .map(|input| encode(&input))
        .map(|payload| (payload.len(), fingerprint(&payload)))
        .collect();
    let expected = [
        (44048, 0xb6dd1d91d8548e76),
        (21454, 0x826f9501f90037fb),
        (284, 0xeca7eb8ebd72bb46),
        (927, 0x4ede5afa6e60511b),
        (3222, 0xd4ae7b06542efd7b),
        (3333, 0x30743ce212dc6a2a),
        (536, 0x7ab0af10086378e3),
        (14531, 0xde62d4ac12f42e17),
        (5417, 0xa016eae69a6592eb),
    ];
    assert_eq!(cases, expected);
}

#[test]
fn few_slots_do_for_much_text() {
    let input = source(1, 20_000);
    assert!(input.len() > 600_000);
    let sizes =
        [10, 12, 22].map(|slots| check_codec(&*ppm(), &ppm().params().with("slots", slots), &input).len());
    assert!(sizes[0] < input.len() / 5 && sizes[2] <= sizes[0], "{sizes:?}");
}

#[test]
fn long_repeats_cost_next_to_nothing() {
    let noise = random_case(800, 200_000);
    let once = check_codec(&*ppm(), &ppm().params(), &noise).len();
    let twice = check_codec(&*ppm(), &ppm().params(), &noise.repeat(2)).len();
    assert!(noise.len() > 50_000 && twice < once + noise.len() / 200, "{once} and {twice}");
}

#[test]
fn survives_hostile_payloads() {
    for seed in 0..8 {
        let input = random_case(seed, 1500);
        let payload = check_codec(&*ppm(), &ppm().params(), &input);
        check_hostile(&*ppm(), &payload, input.len(), 40);
    }
    let input = source(2, 40);
    check_hostile(&*ppm(), &check_codec(&*ppm(), &ppm().params(), &input), input.len(), 200);
}

#[test]
fn survives_noise() {
    let mut rng = Rng(77);
    for _ in 0..400 {
        let mut noise: Vec<u8> = (0..rng.below(80)).map(|_| rng.next_u64() as u8).collect();
        // Half of the time behind a header that is right.
        if rng.below(2) == 0 && noise.len() > 2 {
            noise[..2].copy_from_slice(&[24, 10]);
        }
        let (len, mut out) = (rng.below(3000), Vec::new());
        if ppm().decode(&noise, len, &Env::default(), &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    }
}

/// Memory follows from the length of the output, whatever the payload says, and is asked for before it is taken.
#[test]
fn payloads_cannot_ask_for_memory() {
    let decode = |payload: &[u8], len, limits| {
        ppm().decode(payload, len, &Env::new(limits), &mut Vec::new()).map_err(|error| error.kind())
    };
    assert_eq!(decode(&[24, 24, 0], 1000, Limits::default()), Err(ErrorKind::Corrupt));
    assert_eq!(
        decode(&[24, 22, 0], 1 << 22, Limits::default().with_memory(100 << 20)),
        Err(ErrorKind::Limit)
    );
    assert_eq!(decode(&[9, 10, 0], 1000, Limits::default()), Err(ErrorKind::Corrupt));
    assert_eq!(decode(&[33, 10, 0], 1000, Limits::default()), Err(ErrorKind::Corrupt));
    // A prior of number 0, none behind the bit that says so, and one that was never shipped.
    assert_eq!(decode(&[24 | 64, 10, 0, 0], 1000, Limits::default()), Err(ErrorKind::Corrupt));
    assert_eq!(decode(&[24 | 64, 10], 1000, Limits::default()), Err(ErrorKind::Truncated));
    assert_eq!(decode(&[24 | 64, 10, 255, 1, 2], 1000, Limits::default()), Err(ErrorKind::Truncated));
    assert_eq!(decode(&[24 | 64, 10, 200, 0], 1000, Limits::default()), Err(ErrorKind::Unsupported));
    assert_eq!(decode(&[24], 1000, Limits::default()), Err(ErrorKind::Truncated));
    assert_eq!(decode(&[24, 10], 0, Limits::default()), Err(ErrorKind::Corrupt));
    assert_eq!(decode(&[24, 10, 0], 1 << 29, Limits::default()), Err(ErrorKind::Corrupt));
}

#[test]
fn bytes_after_the_end_are_refused() {
    let input = source(3, 30);
    let mut payload = check_codec(&*ppm(), &ppm().params(), &input);
    payload.extend([1; 8]);
    assert!(ppm().decode(&payload, input.len(), &Env::default(), &mut Vec::new()).is_err());
}

/// An environment with a prior of the user's that has this window, and the name of that.
fn with_prior(window: Vec<u8>) -> (Env, [u8; 8]) {
    let file = Prior { name: "mine".into(), kind: Type::Text, window }.to_bytes().unwrap();
    let id = crate::prior::id(&file);
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&id);
    (Env::default().with_resources(Resources::default().with_learned(Learned::new(file, hash))), id)
}

#[test]
fn a_prior_makes_it_smaller_and_is_needed() {
    let input = source(5, 200);
    let alone = check_codec(&*ppm(), &ppm().params(), &input);
    let (env, id) = with_prior(source(4, 2000));
    let params = ppm().params().with("prior", OWN_NUMBER.into());
    let mut payload = b"kept".to_vec();
    ppm().encode(&input, &params, &env, &mut payload).unwrap();
    let payload = &payload[4..];
    assert!(payload.len() * 10 < alone.len() * 7, "{} with a prior, {} alone", payload.len(), alone.len());
    assert_eq!(ppm().needs(payload, input.len(), &env).unwrap(), [Need::Prior(id)]);
    let mut out = b"kept".to_vec();
    ppm().decode(payload, input.len(), &env, &mut out).unwrap();
    assert!(out[..4] == *b"kept" && out[4..] == input);
    let without = ppm().decode(payload, input.len(), &Env::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(without.kind(), ErrorKind::Unsupported);
    let refused = ppm().encode(&input, &params, &Env::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Usage);
}

#[test]
fn windows_of_any_length_come_back() {
    for seed in 0..60 {
        // Beyond what short parts see, too, and what is learned from as data.
        let window = random_case(seed + 1, 4000).repeat(1 + 20 * (seed as usize % 7));
        let input = random_case(seed, if seed % 10 == 0 { 90_000 } else { 2000 });
        let (env, _) = with_prior(window);
        let params = ppm().params().with("prior", OWN_NUMBER.into());
        let (mut payload, mut out) = (Vec::new(), Vec::new());
        ppm().encode(&input, &params, &env, &mut payload).unwrap();
        ppm().decode(&payload, input.len(), &env, &mut out).unwrap();
        assert!(out == input, "seed {seed}");
    }
}

#[cfg(feature = "priors")]
#[test]
fn shipped_priors_help_their_languages() {
    let rust = b"impl Iterator for Lines {\n    type Item = String;\n\n    fn next(&mut self) -> Option<Self::Item> {\n";
    let licence = b"Licensed under the Apache License, Version 2.0 (the \"License\"); you may not use this file except in compliance";
    let size = |prior: u8, project: i64, input: &[u8]| {
        check_codec(&*ppm(), &ppm().params().with("prior", prior.into()).with("project", project), input)
            .len()
    };
    assert!(size(crate::shipped::RUST, 0, rust) * 2 < size(0, 0, rust));
    assert!(size(0, 1, licence) * 3 < size(0, 0, licence));
    assert!(size(crate::shipped::RUST, 1, licence) * 3 < size(0, 0, licence));
}

#[test]
fn a_model_that_is_kept_changes_no_byte() {
    let codec = ppm();
    let (env, _) = with_prior(source(4, 900));
    let params = codec.params().with("prior", OWN_NUMBER.into());
    let encode = |codec: &dyn Codec, input: &[u8]| {
        let mut out = Vec::new();
        codec.encode(input, &params, &env, &mut out).unwrap();
        out
    };
    for seed in 0..6 {
        // The same codec finds its model again; a new one has none.
        let input = source(seed, 5);
        assert_eq!(encode(&*codec, &input), encode(&*ppm(), &input), "seed {seed}");
    }
}

#[test]
fn a_clone_goes_on_like_the_model_that_learned() {
    let (text, more) = (source(6, 900), source(7, 300));
    let env = Env::default();
    let header = Header::of(&ppm().params(), text.len() + more.len(), &Resources::default()).unwrap();
    let learned = || {
        let mut model = Model::new(&header, text.len() + more.len());
        model.train(&text, &env).unwrap();
        model
    };
    let code = |model: &mut Model| {
        let mut coder = Encoder::new();
        super::spec::run(model, &mut coder, &more, more.len(), &env).unwrap();
        coder.finish()
    };
    let first = learned();
    let (mut one, mut two) = (first.clone(), first);
    let expected = code(&mut learned());
    assert_eq!(code(&mut one), expected);
    assert_eq!(code(&mut two), expected);
    assert_eq!(one.text(), [&text[..], &more[..]].concat());
}

#[test]
fn stops_on_request() {
    let stop = minlen_core::Cancel::default();
    let env = Env::default().with_cancel(stop.clone());
    stop.cancel();
    let mut out = b"kept".to_vec();
    let told = ppm().encode(&source(8, 100), &ppm().params(), &env, &mut out).map_err(|error| error.kind());
    assert_eq!((told, &out[..4]), (Err(ErrorKind::Cancelled), &b"kept"[..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_bytes_come_back(input in prop::collection::vec(any::<u8>(), 0..3000), order in 10i64..=32, slots in 10i64..=24) {
        check_codec(&*ppm(), &ppm().params().with("order", order).with("slots", slots), &input);
    }

    #[test]
    fn few_letters_come_back(input in prop::collection::vec(0u8..3, 0..9000)) {
        check_codec(&*ppm(), &ppm().params(), &input);
    }
}

#[test]
#[ignore = "long tier: cargo test -- --ignored"]
fn ten_thousand_random_cases_round_trip() {
    for seed in 0..10_000 {
        check_codec(&*ppm(), &ppm().params(), &random_case(seed, 30_000));
    }
}
