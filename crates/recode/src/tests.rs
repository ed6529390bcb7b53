use crate::deflate::tests::deflated;
use crate::jpeg::tests::tiny;
use crate::tar::tests::entry;
use crate::{Effort, Judge, checksum, express, find, rebuild};
use minlen_core::testing::{Rng, edge_cases, random_case};
use minlen_core::{Detection, Env, Kind, Limits};

fn classify(part: &[u8]) -> Detection {
    let text = part.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    let kind = if text { Kind::Text } else { Kind::Records };
    Detection { kind, confidence: 60, detail: String::new() }
}

/// Distinct words, so that parts with the same words have much in common.
fn price(data: &[u8]) -> usize {
    let mut words: Vec<&[u8]> = data.split(|&b| b == b' ').collect();
    words.sort_unstable();
    words.dedup();
    words.concat().len()
}

const JUDGE: Judge<'static> = Judge { classify: &classify, price: &price, trial: &trial };

/// Neighbours that differ cost.
fn trial(data: &[u8], _: Kind) -> usize {
    let lines: Vec<&[u8]> = data.split(|&b| b == b'\n').collect();
    lines.windows(2).map(|pair| if pair[0] == pair[1] { 1 } else { pair[1].len() }).sum()
}

/// Expresses, rebuilds, and gives the bytes of all streams and the report.
fn check(data: &[u8]) -> (usize, String) {
    let env = Env::default();
    let expression = express(data, JUDGE, Effort::High, &env).unwrap();
    let streams: Vec<&[u8]> = expression.streams.iter().map(|s| &s.data[..]).collect();
    let mut out = b"kept".to_vec();
    rebuild(&expression.recipe, &streams, data.len(), &env, &mut out).unwrap();
    assert_eq!(out[4..], *data);
    assert!(rebuild(&expression.recipe, &streams, data.len() + 1, &env, &mut Vec::new()).is_err());
    (streams.iter().map(|s| s.len()).sum(), expression.report.to_string())
}

fn text(len: usize) -> Vec<u8> {
    let mut rng = Rng(9);
    let words = ["predict", "what", "comes", "and", "code", "the", "rest", "in", "few", "bits.\n"];
    let mut out = String::new();
    while out.len() < len {
        out.push_str(words[rng.below(10)]);
        out.push(' ');
    }
    out.truncate(len);
    out.into_bytes()
}

fn zlib(plain: &[u8], level: u32) -> Vec<u8> {
    let adler = checksum::adler32(plain).to_be_bytes();
    [&[0x78, 0x9c], &deflated(plain, level, &[])[..], &adler].concat()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 8, 1, 2, 3, 4, 0, 3, b'n', b'a', 0];
    let tail = [checksum::crc32(&[plain]).to_le_bytes(), (plain.len() as u32).to_le_bytes()].concat();
    [&head, &deflated(plain, 6, &[])[..], &tail].concat()
}

fn zip_entry(name: &str, plain: &[u8]) -> Vec<u8> {
    let mut head = vec![b'P', b'K', 3, 4, 20, 0, 0, 0, 8, 0, 1, 2, 3, 4];
    let coded = deflated(plain, 9, &[]);
    head.extend(checksum::crc32(&[plain]).to_le_bytes());
    head.extend((coded.len() as u32).to_le_bytes());
    head.extend((plain.len() as u32).to_le_bytes());
    head.extend((name.len() as u16).to_le_bytes());
    head.extend([0, 0]);
    [&head, name.as_bytes(), &coded].concat()
}

fn png(piece: usize) -> Vec<u8> {
    let (width, height) = (60u32, 40u32);
    let rows: Vec<u8> = (0..height)
        .flat_map(|y| (0..=width * 3).map(move |x| if x == 0 { 1 } else { (x * y / 7) as u8 }))
        .collect();
    let chunk = |name: &[u8], body: &[u8]| {
        let crc = checksum::crc32(&[name, body]).to_be_bytes();
        [&(body.len() as u32).to_be_bytes(), name, body, &crc].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut out = [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header)].concat();
    zlib(&rows, 9).chunks(piece).for_each(|part| out.extend(chunk(b"IDAT", part)));
    out.extend(chunk(b"IEND", b""));
    out
}

#[test]
fn anything_comes_back() {
    for data in edge_cases().into_iter().chain((0..60).map(|seed| random_case(seed, 20_000))) {
        check(&data);
    }
}

#[test]
fn containers_are_seen_through() {
    let plain = text(20_000);
    for (data, name) in [
        (gzip(&plain), "gzip: 1"),
        (zlib(&plain, 6), "zlib: 1"),
        (
            [zip_entry("a", &plain), zip_entry("b", b"short"), zip_entry("c", &plain[..9000])].concat(),
            "zip: 2",
        ),
        (
            [b"%PDF-1.4 stream\r\n", &zlib(&plain, 9)[..], b"\nendstream", &zlib(&text(500), 6)].concat(),
            "zlib: 2",
        ),
        (png(1000), "png: 1"),
        (png(8192), "png: 1"),
    ] {
        let (streams, report) = check(&data);
        assert!(streams >= 7000 && report.starts_with(name), "{report}");
        assert!(find(&data, 200) >= 200);
    }
    assert_eq!(find(&text(50_000), 100), 0);
}

#[test]
fn layers_are_seen_through() {
    let many = tiny().repeat(40);
    let tar =
        [entry("a.txt", &text(9000)), entry("b.gz", &gzip(&text(3000))), entry("c.jpg", &many)].concat();
    let (_, report) = check(&zip_entry("t.tgz", &gzip(&tar)));
    assert!(report.contains("zip: 1") && report.contains("gzip: 2"), "{report}");
}

#[test]
fn members_that_are_not_compressed_are_typed() {
    let mut entry = zip_entry("a.txt", b"");
    let plain = text(3000);
    entry.truncate(entry.len() - deflated(b"", 9, &[]).len());
    entry[8] = 0;
    entry[14..18].copy_from_slice(&checksum::crc32(&[&plain]).to_le_bytes());
    for at in [18, 22] {
        entry[at..at + 4].copy_from_slice(&3000u32.to_le_bytes());
    }
    let (_, report) = check(&[entry.clone(), plain.clone(), zip_entry("b", &plain)].concat());
    assert!(report.starts_with("stored in zip: 1 of 3000") && report.contains("zip: 1 of"), "{report}");
    let mut wrong = [entry, plain].concat();
    wrong[40] ^= 1;
    assert_eq!(check(&wrong).1, "");
}

#[test]
fn archives_are_sorted_by_kind() {
    let numbers: Vec<u8> = (0..30_000u32).flat_map(|i| (i * i).to_be_bytes()).collect();
    let words = text(20_000);
    let tar = |words: &[u8], numbers: &[u8]| {
        let parts = [
            entry("a.txt", words),
            entry("n.bin", numbers),
            entry("empty", b""),
            entry("b.txt", &text(9000)[..]),
            entry("m.bin", &numbers[8..]),
            vec![0; 1024],
        ];
        parts.concat()
    };
    let (_, report) = check(&tar(&words, &numbers));
    assert!(report.starts_with("tar: members of 2 text 29000, 2 records 239992 bytes"), "{report}");
    let (_, report) = check(&tar(&words, &numbers)[..200_000]);
    assert!(report.contains("cut off"), "{report}");
    // Where all is alike, nothing is to be sorted, and little to be gained.
    let (_, report) = check(&[entry("a", &words), entry("b", &words)].concat());
    assert!(report.contains("tar"), "{report}");
}

#[test]
fn lines_are_turned_into_columns_where_that_is_better() {
    let mut judge = JUDGE;
    let what = |part: &[u8]| Detection { kind: Kind::Csv, ..classify(part) };
    judge.classify = &what;
    let env = Env::default();
    let data: Vec<u8> = (0..2000).flat_map(|i| format!("{i},{},same\n", i * i).into_bytes()).collect();
    for (data, expected) in
        [(&data, "columns of csv: 1 of"), (&text(30_000), "columns of csv: 1 of 30000 bytes kept")]
    {
        let expression = express(data, judge, Effort::High, &env).unwrap();
        assert!(expression.report.to_string().starts_with(expected), "{}", expression.report);
    }
}

#[test]
fn code_of_arm_comes_back() {
    let mut rng = Rng(2);
    let code: Vec<u8> = (0..20_000u32)
        .flat_map(|i| {
            let target = 5000 * rng.below(3) as u32;
            let call = 0x9400_0000 | target.wrapping_sub(i) & 0x03ff_ffff;
            if i % 4 == 0 { call.to_le_bytes() } else { [i as u8 | 2, 0, 0, 0xaa] }
        })
        .collect();
    let words = |data: &[u8], _: Kind| {
        let mut words: Vec<&[u8]> = data.chunks(4).collect();
        words.sort_unstable();
        words.dedup();
        words.len()
    };
    let what = |_: &[u8]| Detection { kind: Kind::Elf, confidence: 99, detail: "ARM64 program".into() };
    let judge = Judge { classify: &what, price: &price, trial: &words };
    let env = Env::default();
    let good = express(&code, judge, Effort::Low, &env).unwrap();
    assert!(good.report.to_string().starts_with("arm64: 1 of 80000"), "{}", good.report);
}

#[test]
fn text_of_bytes_is_read() {
    let payload = gzip(&text(30_000));
    for (width, ending) in [(0, 0u8), (76, 0), (64, 1), (100, 2)] {
        let lines = crate::recipe::Lines { width, ending };
        for cut in 0..3 {
            let mut data = b"Content-Type: application/gzip\n\nhead,".to_vec();
            let (start, bytes) = (data.len(), &payload[..payload.len() - cut]);
            crate::text::put_base64(bytes, lines, ((3 - bytes.len() % 3) % 3) as u8, &mut data);
            data.extend(b"\n-- and so on");
            let (_, report) = check(&data);
            assert!(report.contains("base64: 1"), "{width} {cut} {report}");
            data.truncate(start);
            crate::text::put_hex(bytes, lines, cut == 1, &mut data);
            data.extend(b" ; end");
            let (_, report) = check(&data);
            assert!(report.contains("hex: 1"), "{width} {cut} {report}");
        }
    }
    let genes: Vec<u8> = random_case(0, 9000).iter().map(|b| b"ACGT"[usize::from(b & 3)]).collect();
    assert_eq!(check(&genes).1, "");
}

#[test]
fn hostile_recipes_and_streams_are_refused_or_rebuilt() {
    let env = Env::new(Limits::default().with_memory(256 << 20));
    let numbers: Vec<u8> = (0..5000u32).flat_map(|i| (i * i).to_be_bytes()).collect();
    let parts =
        [("a", gzip(&text(3000))), ("b", png(500)), ("c", tiny()), ("d", text(20_000)), ("e", numbers)];
    let tar: Vec<u8> = parts.iter().flat_map(|(name, content)| entry(name, content)).collect();
    let good = express(&tar, JUDGE, Effort::High, &env).unwrap();
    let report = good.report.to_string();
    assert!(
        ["tar: members", "png: 1", "gzip: 1", "jpeg: 1"].iter().all(|part| report.contains(part)),
        "{report}"
    );
    let attempt = |recipe: &[u8], streams: &[Vec<u8>]| {
        let streams: Vec<&[u8]> = streams.iter().map(|s| &s[..]).collect();
        let mut out = Vec::new();
        if rebuild(recipe, &streams, tar.len(), &env, &mut out).is_ok() {
            assert_eq!(out.len(), tar.len());
        }
    };
    let streams: Vec<Vec<u8>> = good.streams.iter().map(|s| s.data.clone()).collect();
    for cut in 0..good.recipe.len() {
        attempt(&good.recipe[..cut], &streams);
    }
    let mut rng = Rng(8);
    for _ in 0..1500 {
        let mut recipe = good.recipe.clone();
        recipe[rng.below(good.recipe.len())] ^= 1 << rng.below(8);
        attempt(&recipe, &streams);
        let mut bad = streams.clone();
        let stream = &mut bad[rng.below(streams.len())];
        if !stream.is_empty() {
            let at = rng.below(stream.len());
            stream[at] ^= 1 << rng.below(8);
            attempt(&good.recipe, &bad);
        }
    }
}

#[test]
fn false_beginnings_cost_no_more_than_a_few_passes() {
    let start = std::time::Instant::now();
    let headers = [0x78u8, 0x01, 0, 2, 0, 0xfd, 0xff].repeat(40_000);
    let pictures = [&tiny()[..tiny().len() - 20], &[0; 9]].concat().repeat(3000);
    for data in [vec![b'x'; 8 << 20], vec![0; 4 << 20], headers, pictures, b"ABCDefgh0123".repeat(100_000)] {
        let _ = find(&data, usize::MAX);
    }
    assert!(start.elapsed().as_secs() < 20);
}
