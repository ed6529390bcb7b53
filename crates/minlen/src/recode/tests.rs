use crate::{Options, compress_with, decompress, registry};
use minlen_core::testing::{Rng, check_codec, check_hostile, edge_cases, random_case};
use minlen_core::{Codec, Env, ErrorKind, Event, Limits, Progress, Registry};
use std::sync::{Arc, Mutex};

fn recode(registry: &Registry) -> &dyn Codec {
    registry.by_name("recode").unwrap()
}

/// A zlib stream of `plain`: stored and fixed blocks only, so that no compressor is needed to make it.
fn zlib(plain: &[u8]) -> Vec<u8> {
    let (mut out, mut held, mut count) = (vec![0x78, 0x01], 0u32, 0u32);
    let mut put = |out: &mut Vec<u8>, bits: u32, n: u32| {
        held |= bits << count;
        count += n;
        while count >= 8 {
            out.push(held as u8);
            (held, count) = (held >> 8, count - 8);
        }
    };
    put(&mut out, 3, 3);
    for &byte in plain {
        let code = u32::from(byte);
        let (code, len) = if code < 144 { (0x30 + code, 8) } else { (0x190 + code - 144, 9) };
        put(&mut out, code.reverse_bits() >> (32 - len), len);
    }
    put(&mut out, 0, 7);
    put(&mut out, 0, 7);
    let (a, b) = plain.iter().fold((1u32, 0u32), |(a, b), &x| {
        let a = (a + u32::from(x)) % 65_521;
        (a, (b + a) % 65_521)
    });
    // The padding that `put` leaves over is at most seven bits; the last call filled its byte.
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn document() -> Vec<u8> {
    let mut rng = Rng(4);
    let mut out = b"%PDF-1.4\n".to_vec();
    for i in 0..12 {
        let words: Vec<&[u8]> =
            vec![b"predict ", b"what ", b"comes ", b"next, ", b"then ", b"code\n", b"it. "];
        let text: Vec<u8> = (0..600).flat_map(|_| words[rng.below(7)]).copied().collect();
        out.extend(format!("{i} 0 obj\nstream\n").bytes());
        out.extend(zlib(&text));
        out.extend(b"\nendstream\n");
    }
    out
}

#[test]
fn any_data_comes_back_and_hostile_payloads_are_refused() {
    let registry = registry();
    let codec = recode(&registry);
    let params = codec.params().with("level", 3);
    for case in edge_cases().into_iter().chain((0..24).map(|seed| random_case(seed, 3000))) {
        let payload = check_codec(codec, &params, &case);
        check_hostile(codec, &payload, case.len(), 30);
    }
    let payload = check_codec(codec, &params, &document());
    check_hostile(codec, &payload, document().len(), 300);
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Progress for Lines {
    fn event(&self, event: Event) {
        if let Event::Explain { line } = event {
            self.0.lock().unwrap().push(line);
        }
    }
}

#[test]
fn a_document_is_seen_through_and_explained() {
    let data = document();
    let explained = Arc::new(Lines::default());
    let env = Env::new(Limits::none()).with_progress(Arc::clone(&explained) as Arc<dyn Progress>);
    let small = compress_with(&data, &Options::new(5).unwrap(), &env).unwrap();
    assert_eq!(decompress(&small, &Limits::default()).unwrap(), data);
    let plain = compress_with(&data, &Options::new(3).unwrap(), &env).unwrap();
    assert!(small.len() * 2 < plain.len(), "{} against {}", small.len(), plain.len());
    let lines = explained.0.lock().unwrap();
    assert!(lines.iter().any(|l| l.contains("recode: zlib: 12 of")), "{lines:?}");
}

#[test]
fn streams_that_could_not_fit_are_refused() {
    let registry = registry();
    let decode = |payload: &[u8]| {
        recode(&registry).decode(payload, 100, &Env::default(), &mut Vec::new()).unwrap_err().kind()
    };
    // One stream of a tebibyte in one part: of codec 8, and stored.
    assert_eq!(decode(&[1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 8 << 2]), ErrorKind::Corrupt);
    assert_eq!(decode(&[1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0]), ErrorKind::Truncated);
    // Bits for streams that are not there.
    assert_eq!(decode(&[1, 3]), ErrorKind::Corrupt);
}

/// Base64 of `data` in lines of so many characters.
fn base64(data: &[u8], width: usize) -> String {
    let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let mut out = String::new();
    for group in data.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - group.len()));
        out.extend((0..=group.len()).map(|i| digits[(bits >> (18 - 6 * i) & 63) as usize]));
        out.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    let lines: Vec<&str> =
        out.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

#[test]
fn base64_and_hex_within_json_and_mail_are_read() {
    let mut rng = Rng(6);
    let words = ["the", "model", "predicts", "what", "follows", "and", "a", "coder", "stores", "the", "rest"];
    let mut prose = |len: usize| -> Vec<u8> {
        let text: Vec<&str> = (0..len / 5).map(|_| words[rng.below(11)]).collect();
        text.join(" ").into_bytes()
    };
    let mail = (0..6).map(|i| {
        let head = format!(
            "--=_part\r\nContent-Type: text/plain; name=\"{i}.txt\"\r\nContent-Transfer-Encoding: base64\r\n"
        );
        format!("{head}\r\n{}\r\n", base64(&prose(3000), 76))
    });
    let mail: String = mail.collect();
    let record = |i: usize| {
        format!("{{\"id\":{i},\"state\":\"done\",\"body\":\"{}\"}}\n", base64(&prose(1500), 1 << 20))
    };
    let json: String = (0..20).map(record).collect();
    let hex = |byte: u8| format!("{byte:02x}");
    let blob: String = prose(9000).into_iter().map(hex).collect();
    let env = Env::default();
    for data in [mail, json, format!("{{\"blob\": \"{blob}\"}}")] {
        let options = Options::new(6).unwrap();
        let size = |options: &Options| {
            let small = compress_with(data.as_bytes(), options, &env).unwrap();
            assert_eq!(decompress(&small, &Limits::default()).unwrap(), data.as_bytes());
            small.len()
        };
        let (seen, unseen) = (size(&options), size(&options.clone().with_codec("cm:model=fast").unwrap()));
        assert!(seen < unseen, "{seen} against {unseen}");
    }
}
