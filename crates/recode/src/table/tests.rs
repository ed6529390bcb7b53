use super::build::table;
use super::rebuild;
use minlen_core::testing::{Rng, edge_cases, random_case};
use minlen_core::{Env, Kind, Limits};

const KINDS: [Kind; 4] = [Kind::Csv, Kind::Json, Kind::Ndjson, Kind::Log];

/// The data by columns, after a look that it comes back; nothing if it is no table.
fn check(data: &[u8], kind: Kind) -> Option<Vec<u8>> {
    let table = table(data, kind)?;
    let form = (table.templates, table.lines, table.naming);
    let mut out = b"kept".to_vec();
    rebuild(&table.bytes, form, data.len(), &Env::default(), &mut out).unwrap();
    assert_eq!(&out[4..], data);
    Some(table.bytes)
}

fn lines(line: impl Fn(usize) -> String) -> Vec<u8> {
    (0..40).flat_map(|i| (line(i) + "\n").into_bytes()).collect()
}

#[test]
fn values_stand_in_columns() {
    let csv = check(&lines(|i| format!("{i},,x;y,{}\r", i * i)), Kind::Csv).unwrap();
    assert!(csv.starts_with(b"\x01,\x01,\x01,\x01\r\n") && csv.windows(6).any(|w| w == b"7\n8\n9\n"));
    let object = |i| format!("  {{\"name\" : \"no. {i}\", \"at\":[{i}, -1.5e3, null], \"\\\"\": \"\"}}");
    let json = check(&lines(object), Kind::Ndjson).unwrap();
    assert!(json.starts_with(b"  {\"name\" : \x01, \"at\":[\x01, \x01, \x01], \"\\\"\": \x01}\n"));
    assert!(json.windows(20).any(|w| w == b"\"no. 7\"\n\"no. 8\"\n\"no."));
    let log = check(&lines(|i| format!("2026-11-20 10:{i} host[{}]: gone", i * 7)), Kind::Log).unwrap();
    assert!(log.starts_with(b"\x01 \x01:\x01 host[\x01]: gone\n") && log.ends_with(b"\n266\n273\n"));
}

#[test]
fn columns_of_one_name_in_many_templates_are_one() {
    let data = lines(|i| format!("{{{}\"id\":{i}}}", if i % 3 == 0 { "\"a\":1,\"some\":2," } else { "" }));
    let table = check(&data, Kind::Json).unwrap();
    // The name is longer than what two templates have in common, but for these.
    assert!(table.windows(6).any(|w| w == b"2\n4\n5\n"));
    let other = lines(|i| format!("{{\"{}-some longer text\":{i}}}", i % 2));
    assert!(check(&other, Kind::Json).unwrap().windows(6).any(|w| w == b"3\n4\n5\n"));
}

#[test]
fn any_lines_come_back() {
    let odd = b"\"open, \"a\\\n\n,,\r\n\"\\\"\":\"x\" y\n-\n{\"a\" \t: 1}\n\xff,\"\xc3\xa9\":tru\n".repeat(4);
    for kind in KINDS {
        for len in 0..odd.len() {
            check(&odd[..len], kind);
        }
        for data in edge_cases().into_iter().chain((0..60).map(|seed| random_case(seed, 9000))) {
            let text: Vec<u8> = data.iter().map(|&b| if b % 11 == 0 { b'\n' } else { b | 2 }).collect();
            check(&text, kind);
            assert!(!data.contains(&1) || table(&data, kind).is_none());
        }
    }
}

#[test]
fn numbers_of_templates_come_back() {
    for number in [0, 1, 239, 240, 255, 256, 495, 496, 4079, 4080, 4081, 70_000] {
        let mut bytes = Vec::new();
        super::put_number(&mut bytes, number);
        let mut reader = minlen_core::varint::Reader::new(&bytes);
        assert_eq!(super::read_number(&mut reader, 70_001).unwrap(), number);
        assert!(reader.is_empty());
        assert!(super::read_number(&mut minlen_core::varint::Reader::new(&bytes), number).is_err());
    }
}

#[test]
fn hostile_tables_are_refused_or_rebuilt() {
    let data = lines(|i| format!("{i},{},b", i % 3));
    let good = table(&data, Kind::Csv).unwrap();
    let env = Env::new(Limits::default().with_memory(64 << 20));
    let attempt = |bytes: &[u8], templates: usize, lines: usize, len: usize| {
        let mut out = Vec::new();
        if rebuild(bytes, (templates, lines, good.naming), len, &env, &mut out).is_ok() {
            assert_eq!(out.len(), len);
        }
    };
    for cut in 0..good.bytes.len() {
        attempt(&good.bytes[..cut], good.templates, good.lines, data.len());
    }
    let mut rng = Rng(5);
    for _ in 0..3000 {
        let mut bytes = good.bytes.clone();
        let at = rng.below(bytes.len());
        bytes[at] ^= 1 << rng.below(8);
        attempt(&bytes, good.templates, good.lines, data.len());
        attempt(&good.bytes, rng.below(5), rng.below(90), rng.below(2000));
    }
    attempt(&good.bytes, 1 << 29, 1 << 29, 1 << 29);
    attempt(&vec![b'\n'; 1 << 16], 1, 60_000, 1 << 28);
}
