//! Files of priors, whole and damaged, and priors of the user's own.

use minlen_core::{Advice, Env, Error, ErrorKind, Learned, Resources};
use minlen_mix::cm::{self, Type};
use minlen_mix::prior::{self, Prior};
use proptest::prelude::*;

fn order(i: usize) -> String {
    format!("{{\"order\":{i},\"customer\":\"c{}\",\"state\":\"shipped\",\"sum\":{}}}\n", i % 9, i * 37 % 1000)
}

fn orders(n: usize) -> Vec<u8> {
    (0..n).map(order).collect::<String>().into_bytes()
}

fn file(name: &str, window: Vec<u8>) -> Vec<u8> {
    Prior { name: name.to_owned(), kind: Type::Text, window }.to_bytes().unwrap()
}

fn encode(data: &[u8], model: i64, number: i64, env: &Env) -> Result<Vec<u8>, Error> {
    let codec = cm::codec();
    let mut out = Vec::new();
    let params = codec.params().with("model", model).with("type", 1).with("prior", number);
    codec.encode(data, &params, env, &mut out).map(|()| out)
}

fn decode(payload: &[u8], len: usize, env: &Env) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    cm::codec().decode(payload, len, env, &mut out).map(|()| out)
}

fn kind(result: Result<Vec<u8>, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn a_file_gives_its_prior_back() {
    for kind in [Type::Text, Type::Binary, Type::X86] {
        for (name, window) in [("", vec![]), ("orders", orders(20)), ("größer", vec![0; 100_000])] {
            let prior = Prior { name: name.to_owned(), kind, window };
            let bytes = prior.to_bytes().unwrap();
            assert_eq!(bytes, prior.to_bytes().unwrap());
            assert_eq!(&bytes[..4], b"MLP1");
            assert!(Prior::from_bytes(&bytes).unwrap() == prior);
        }
    }
    let long = Prior { name: "é".repeat(200), kind: Type::Text, window: vec![1] };
    assert_eq!(Prior::from_bytes(&long.to_bytes().unwrap()).unwrap().window, [1]);
    assert!(Prior::new("little", Type::Text, vec![b'x'; 63]).is_err());
}

#[test]
fn the_name_of_a_file_is_the_start_of_its_hash() {
    let bytes = file("a", orders(5));
    assert_eq!(prior::id(&bytes), blake3::hash(&bytes).as_bytes()[..8]);
}

#[test]
fn every_shipped_prior_can_be_read() {
    for number in 1..=13 {
        let prior = prior::shipped(number).unwrap();
        assert!(prior.window.len() > 64 << 10 && !prior.name.is_empty(), "{number}");
    }
    assert!(prior::shipped(0).is_none() && prior::shipped(254).is_none() && prior::shipped(255).is_none());
}

#[test]
fn a_damaged_file_is_no_prior() {
    let good = file("orders", orders(40));
    for cut in 0..good.len() {
        assert!(Prior::from_bytes(&good[..cut]).is_err(), "cut at {cut}");
    }
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // Few flips inside the frame can only be told by the name, which is a hash of the file.
        assert!(Prior::from_bytes(&bytes).is_err() || bit >= 64, "bit {bit}");
        assert_ne!(prior::id(&bytes), prior::id(&good));
    }
    let real = u32::from_le_bytes(good[4..8].try_into().unwrap());
    for len in [0, 1, real - 1, real + 1, 64 << 20, (64 << 20) + 1, 1 << 31, u32::MAX] {
        let bytes = [&good[..4], &len.to_le_bytes(), &good[8..]].concat();
        let error = Prior::from_bytes(&bytes).unwrap_err();
        let expected = if len > 64 << 20 { ErrorKind::Limit } else { ErrorKind::Corrupt };
        assert_eq!(error.kind(), expected, "{len}");
    }
    assert!(Prior::from_bytes(&[&good[..], b"more"].concat()).is_err());
}

/// A file with this content.
fn forged(plain: &[u8]) -> Vec<u8> {
    let packed = zstd::bulk::compress(plain, 1).unwrap();
    [&b"MLP1"[..], &(plain.len() as u32).to_le_bytes(), &packed].concat()
}

#[test]
fn forged_content_is_refused() {
    for plain in [&b""[..], &[0], &[3, 0, 1], &[255, 0], &[0, 5, b'n', b'a'], &[1, 255]] {
        assert_eq!(Prior::from_bytes(&forged(plain)).unwrap_err().kind(), ErrorKind::Corrupt, "{plain:?}");
    }
    // Names are for people: what is no UTF-8 is replaced.
    assert_eq!(Prior::from_bytes(&forged(&[0, 2, 0xff, b'a', 9])).unwrap().name, "\u{fffd}a");
}

/// The surroundings with these priors at hand.
fn with(files: &[&[u8]]) -> Env {
    let learned = |file: &&[u8]| Learned::new(file.to_vec(), *blake3::hash(file).as_bytes());
    Env::default()
        .with_resources(files.iter().map(learned).fold(Resources::default(), Resources::with_learned))
}

#[test]
fn own_priors_code_and_are_missed_where_they_are_not() {
    let data = orders(3000)[orders(2990).len()..].to_vec();
    let plain = Env::default();
    assert_eq!(kind(encode(&data, 0, 255, &plain)), ErrorKind::Usage);
    let (first, second) = (file("first", orders(600)), file("second", orders(1200)));
    let own = with(&[b"another learned part", &first]);
    assert_eq!(prior::latest(&own.resources).unwrap().0, prior::id(&first));
    let mut payloads = Vec::new();
    for model in 0..3 {
        let payload = encode(&data, model, 255, &own).unwrap();
        assert_eq!(payload[1], 255);
        assert_eq!(payload[2..10], prior::id(&first));
        assert!(payload.len() * 3 < encode(&data, model, 0, &plain).unwrap().len() * 2 + 30, "model {model}");
        payloads.push(payload);
    }
    // The last one codes, each decodes its own, and another call knows neither.
    let both = with(&[&first, &second]);
    assert_eq!(encode(&data, 0, 255, &both).unwrap()[2..10], prior::id(&second));
    for payload in &payloads {
        assert_eq!(decode(payload, data.len(), &both).unwrap(), data);
        assert_eq!(kind(decode(payload, data.len(), &plain)), ErrorKind::Unsupported);
    }
    damaged_headers(&payloads[0], data.len(), &both);
}

fn damaged_headers(good: &[u8], len: usize, env: &Env) {
    let with = |at: usize, value: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = value;
        decode(&bytes, len, env)
    };
    let missing = with(5, good[5] ^ 1);
    assert_eq!(missing.as_ref().unwrap_err().advice(), Some(Advice::Prior));
    assert_eq!(kind(missing), ErrorKind::Unsupported);
    assert_eq!(kind(with(1, 200)), ErrorKind::Unsupported);
    assert_eq!(kind(with(0, good[0] ^ 0x80)), ErrorKind::Unsupported);
    assert_eq!(kind(with(0, good[0] | 1)), ErrorKind::Corrupt);
    assert_eq!(kind(with(0, good[0] | 3)), ErrorKind::Corrupt);
    for cut in 0..10 {
        assert_eq!(kind(decode(&good[..cut], len, env)), ErrorKind::Truncated, "{cut}");
    }
    assert_eq!(kind(encode(b"abc", 0, 200, env)), ErrorKind::Usage);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
        if magic && bytes.len() > 8 {
            bytes[..4].copy_from_slice(b"MLP1");
            bytes[6..8].copy_from_slice(&[0, 0]);
        }
        let _ = Prior::from_bytes(&bytes);
    }
}

#[test]
fn a_codec_that_keeps_its_models_writes_what_a_new_one_writes() {
    let (kept, env) = (cm::codec(), Env::default());
    let all = orders(900);
    for (number, kind) in [(6, 1), (10, 1), (6, 1), (13, 2)] {
        for len in [40, 41, 1000, 9000, 40, 30_000] {
            let data = &all[len / 3..][..len];
            let params = kept.params().with("model", 0).with("type", kind).with("prior", number);
            let mut again = Vec::new();
            kept.encode(data, &params, &env, &mut again).unwrap();
            let (mut once, new) = (Vec::new(), cm::codec());
            new.encode(data, &params, &env, &mut once).unwrap();
            assert_eq!(again, once, "{len} bytes, prior {number}");
            let mut back = Vec::new();
            kept.decode(&again, len, &env, &mut back).unwrap();
            assert_eq!(back, data);
        }
    }
}
