use super::*;
use minlen_core::Limits;
use minlen_core::testing::Rng;
use proptest::prelude::*;

/// What a test picture is like.
#[derive(Clone, Debug)]
struct Kind {
    width: u16,
    height: u16,
    /// Horizontal and vertical sampling of each component.
    sampling: Vec<(u8, u8)>,
    progressive: bool,
    interleaved: bool,
    interval: u16,
    pad: bool,
}

fn kind(sampling: &[(u8, u8)], progressive: bool, interleaved: bool, interval: u16) -> Kind {
    Kind { width: 75, height: 52, sampling: sampling.into(), progressive, interleaved, interval, pad: true }
}

fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend([0xff, marker]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
}

fn scan_header(out: &mut Vec<u8>, parts: &[usize], [from, to, before, after]: [u8; 4]) {
    let mut body = vec![parts.len() as u8];
    parts.iter().for_each(|&c| body.extend([c as u8 + 1, 0]));
    body.extend([from, to, before << 4 | after]);
    segment(out, 0xda, &body);
}

/// The header of a picture, with a code for every symbol.
fn header_of(kind: &Kind) -> Vec<u8> {
    let mut out = vec![u8::from(kind.pad)];
    let steps: Vec<u8> = [0].into_iter().chain((0..64).map(|k| 3 + k / 4)).collect();
    segment(&mut out, 0xdb, &steps);
    let mut body = vec![8];
    body.extend(kind.height.to_be_bytes());
    body.extend(kind.width.to_be_bytes());
    body.push(kind.sampling.len() as u8);
    for (c, &(h, v)) in (1..).zip(&kind.sampling) {
        body.extend([c, h << 4 | v, 0]);
    }
    segment(&mut out, if kind.progressive { 0xc2 } else { 0xc0 }, &body);
    for class in [0, 0x10] {
        let mut table = vec![class];
        table.extend([0, 0, 0, 0, 0, 0, 0, 254, 2, 0, 0, 0, 0, 0, 0, 0]);
        table.extend(0..=255);
        segment(&mut out, 0xc4, &table);
    }
    segment(&mut out, 0xdd, &kind.interval.to_be_bytes());
    let all: Vec<usize> = (0..kind.sampling.len()).collect();
    if kind.progressive {
        scan_header(&mut out, &all, [0, 0, 0, 1]);
        all.iter().for_each(|&c| scan_header(&mut out, &[c], [1, 5, 0, 2]));
        all.iter().for_each(|&c| scan_header(&mut out, &[c], [6, 63, 0, 2]));
        all.iter().for_each(|&c| scan_header(&mut out, &[c], [1, 63, 2, 1]));
        scan_header(&mut out, &all, [0, 0, 1, 0]);
        all.iter().for_each(|&c| scan_header(&mut out, &[c], [1, 63, 1, 0]));
    } else if kind.interleaved {
        scan_header(&mut out, &all, [0, 63, 0, 0]);
    } else {
        all.iter().for_each(|&c| scan_header(&mut out, &[c], [0, 63, 0, 0]));
    }
    out.extend([0xff, 0xd9]);
    out
}

/// Coefficients that such a picture can have: many at low frequencies, some blocks with none.
fn planes_of(kind: &Kind, frame: &Frame, seed: u64) -> Planes {
    let mut rng = Rng(seed);
    let mut planes = blank(frame);
    for (plane, c) in planes.iter_mut().zip(&frame.components) {
        let mut dc = 0;
        for (at, block) in plane.iter_mut().enumerate() {
            let own = at % c.wide < c.own_wide && at / c.wide < c.own_high;
            dc = (dc + rng.below(31) as i16 - 15).clamp(-1000, 1000);
            if own || kind.progressive || kind.interleaved {
                block[0] = dc;
            }
            let many = if own || (kind.interleaved && !kind.progressive) { rng.below(4) * 8 } else { 0 };
            for _ in 0..many {
                let k = rng.below(8) * rng.below(9);
                let size = if rng.below(20) == 0 { 300 } else { 1 + 12 / (k + 1) };
                block[usize::from(markers::ZIGZAG[k.max(1)])] = rng.below(2 * size + 1) as i16 - size as i16;
            }
        }
    }
    planes
}

fn picture(kind: &Kind, seed: u64) -> Vec<u8> {
    let header = header_of(kind);
    let parts = take_apart(&header).unwrap();
    let (frame, _) = frame(parts.kept).unwrap();
    let planes = planes_of(kind, &frame, seed);
    let mut out = Vec::new();
    // The length is not known before: the error at the end is about nothing else.
    let _ = put_together(parts, &frame, &planes, (&mut out, 1 << 24), &Env::default());
    out
}

fn check(jpeg: &[u8]) -> Coded {
    let env = Env::default();
    let coded = encode(jpeg, &env).expect("a picture that is known here");
    let mut back = b"kept".to_vec();
    decode(&coded.header, &coded.body, jpeg.len(), &env, &mut back).unwrap();
    assert!(back[4..] == *jpeg);
    assert!(decode(&coded.header, &coded.body, jpeg.len() + 1, &env, &mut Vec::new()).is_err());
    coded
}

const GREY: &[(u8, u8)] = &[(1, 1)];
const COLOUR: &[(u8, u8)] = &[(2, 2), (1, 1), (1, 1)];

#[test]
fn known_kinds_come_back() {
    for sampling in [GREY, COLOUR, &[(1, 1), (1, 1), (1, 1)], &[(2, 1), (1, 2), (1, 1), (2, 2)], &[(2, 2)]] {
        for interval in [0, 1, 7] {
            for (progressive, interleaved) in [(false, true), (false, false), (true, false)] {
                let kind = kind(sampling, progressive, interleaved, interval);
                let jpeg = picture(&kind, 7);
                let coded = check(&jpeg);
                assert!(
                    coded.body.len() < jpeg.len() / 2,
                    "{kind:?}: {} of {}",
                    coded.body.len(),
                    jpeg.len()
                );
            }
        }
    }
}

#[test]
fn a_scan_may_be_odd() {
    for pad in [false, true] {
        let jpeg = picture(&Kind { pad, ..kind(GREY, false, true, 0) }, 3);
        check(&jpeg);
        let end = jpeg.len() - 2;
        check(&[&jpeg[..end], &[1, 0, 0xff, 0, 7], &jpeg[end..]].concat());
        check(&[&jpeg[..end], &[0xff, 0xff, 0xff], &jpeg[end..]].concat());
    }
}

#[test]
fn runs_may_stop_early() {
    let kind = kind(GREY, true, false, 0);
    let mut header = header_of(&kind);
    header[0] |= HAS_EXTRAS;
    let mut with = vec![header[0]];
    put(&mut with, header.len() as u64 - 1);
    with.extend(&header[1..]);
    // One of the blocks of every scan but those for the DC.
    for scan in 0..6 {
        with.extend(if matches!(scan, 0 | 4) { &[0, 0][..] } else { &[1, 40, 0] });
    }
    let parts = take_apart(&with).unwrap();
    let (frame, _) = frame(parts.kept).unwrap();
    let planes = blank(&frame);
    let mut jpeg = Vec::new();
    let _ = put_together(parts, &frame, &planes, (&mut jpeg, 1 << 20), &Env::default());
    assert_eq!(check(&jpeg).header, with);
}

#[test]
fn what_is_coded_never_changes() {
    let sums: Vec<u32> = [kind(COLOUR, false, true, 5), kind(COLOUR, true, false, 0)]
        .iter()
        .map(|kind| check(&picture(kind, 1)))
        .map(|coded| crate::checksum::crc32(&[&coded.header, &coded.body]))
        .collect();
    assert_eq!(sums, [363_006_099, 3_787_626_164]);
}

#[test]
fn nonsense_is_refused() {
    let env = Env::new(Limits::default().with_memory(64 << 20));
    for kind in [kind(COLOUR, false, true, 3), kind(COLOUR, true, false, 0)] {
        let jpeg = picture(&Kind { width: 24, height: 20, ..kind }, 5);
        let coded = check(&jpeg);
        let broken = |header: &[u8], body: &[u8]| {
            let mut out = Vec::new();
            let _ = decode(header, body, jpeg.len(), &env, &mut out);
            assert!(out.len() < 2 * jpeg.len() + 10_000);
        };
        for at in 0..coded.header.len() {
            broken(&coded.header[..at], &coded.body);
            // The lists of symbols are long and all alike.
            for bit in 0..if at < 700 && at > 120 { 1 } else { 8 } {
                let mut bad = coded.header.clone();
                bad[at] ^= 1 << bit;
                broken(&bad, &coded.body);
                if at < jpeg.len() {
                    let mut bad = jpeg.clone();
                    bad[at] ^= 1 << bit;
                    encode(&bad, &env);
                }
            }
        }
        for at in (0..coded.body.len()).step_by(5) {
            broken(&coded.header, &coded.body[..at]);
            let mut bad = coded.body.clone();
            bad[at] ^= 1 << (at & 7);
            broken(&coded.header, &bad);
        }
    }
}

#[test]
fn a_picture_cannot_be_larger_than_its_file() {
    let header = header_of(&Kind { width: 65_000, height: 65_000, ..kind(COLOUR, false, true, 0) });
    let error = decode(&header, &[0; 100], 10_000, &Env::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), minlen_core::ErrorKind::Corrupt);
    let error = decode(&header, &[0; 100], 1 << 29, &Env::default(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), minlen_core::ErrorKind::Limit);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_picture_comes_back(
        (width, height) in (1u16..60, 1u16..60),
        sampling in prop::collection::vec((1u8..=4, 1u8..=4), 1..=4),
        (progressive, interleaved, pad) in any::<(bool, bool, bool)>(),
        interval in 0u16..9,
        seed in any::<u64>(),
    ) {
        check(&picture(&Kind { width, height, sampling, progressive, interleaved, interval, pad }, seed));
    }
}
