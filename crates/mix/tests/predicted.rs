//! Records with the predictor of a codec file.

use minlen_core::layout::{Dtype, Span};
use minlen_core::testing::{Rng, check_codec};
use minlen_core::{Codec, Env, ErrorKind, Kind, Learned, Need, Part, Resources, Stats};
use minlen_mix::records::{Layout, RecordModel};
use minlen_nn::causal::Causal;
use std::sync::Arc;

/// Learned by `crates/train/src/causal/tests.rs` from discs like these.
pub const FILE: &[u8] = include_bytes!("../../../testdata/golden/networks/predictor.mlc");

/// What this version makes of 40 discs at depth 1.
const GOLDEN: &[u8] = include_bytes!("../../../testdata/golden/networks/predicted.pixels");

/// Discs of two shades, 20 by 20, on black.
pub fn discs(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng(seed);
    let mut all = vec![0u8; count * 400];
    for disc in all.chunks_mut(400) {
        let (x, y) = (6 + random.below(8) as i32, 6 + random.below(8) as i32);
        for (i, value) in disc.iter_mut().enumerate() {
            let (dx, dy) = (i as i32 % 20 - x, i as i32 / 20 - y);
            *value = [0, 90, 253][usize::from(dx * dx + dy * dy < 20) + usize::from(dx * dx + dy * dy < 12)];
        }
    }
    all
}

pub fn at_hand(file: &[u8]) -> Resources {
    Resources::default().with_learned(Learned::new(file.to_vec(), *blake3::hash(file).as_bytes()))
}

/// The same with shades that vary.
pub fn shaded(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng(seed);
    let mut all = discs(count, seed);
    all.iter_mut().filter(|value| **value > 0).for_each(|value| *value -= random.below(4) as u8);
    all
}

fn pixels() -> Arc<dyn Codec> {
    let [pixels, _] = minlen_mix::samples::codecs();
    pixels
}

fn coded(data: &[u8], depth: i64, model: i64) -> Vec<u8> {
    let pixels = pixels();
    let params = pixels.params().with("width", 20).with("frame", 20).with("flags", 16);
    let params = params.with("depth", depth).with("model", model);
    let mut out = Vec::new();
    pixels.encode(data, &params, &Env::default().with_resources(at_hand(FILE)), &mut out).unwrap();
    out
}

fn decoded(payload: &[u8], len: usize, resources: Resources) -> minlen_core::Result<Vec<u8>> {
    let mut out = Vec::new();
    pixels().decode(payload, len, &Env::default().with_resources(resources), &mut out).map(|()| out)
}

#[test]
fn records_come_back_and_are_smaller_with_the_predictor() {
    for (depth, cut) in [(0, 0), (1, 0), (2, 399), (3, 5)] {
        let data = discs(60, 11);
        let data = &data[..data.len() - cut];
        let (with, without) = (coded(data, depth, 1), coded(data, depth, 0));
        assert!(with.len() * 10 < without.len() * 9, "{} and {}", with.len(), without.len());
        assert!(decoded(&with, data.len(), at_hand(FILE)).unwrap() == data);
    }
    // Others than it was made for cost more, and come back too.
    let noise: Vec<u8> = (0..4000u32).map(|i| (i * i / 7 + i * 31) as u8).collect();
    assert!(decoded(&coded(&noise, 1, 1), noise.len(), at_hand(FILE)).unwrap() == noise);
    assert!(decoded(&coded(&[], 1, 1), 0, at_hand(FILE)).unwrap().is_empty());
}

#[test]
fn what_was_written_is_read_for_ever_and_written_again() {
    let data = shaded(40, 3);
    assert!(decoded(GOLDEN, data.len(), at_hand(FILE)).unwrap() == data);
    assert!(coded(&data, 1, 1) == GOLDEN, "a new version of the model, or a mistake?");
}

#[test]
#[ignore = "writes the golden payload: only while its format was never released"]
fn write_golden_payload() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/golden/networks/predicted.pixels");
    std::fs::write(path, coded(&shaded(40, 3), 1, 1)).unwrap();
}

#[test]
fn the_codec_file_is_named_and_missed() {
    let data = discs(20, 5);
    let payload = coded(&data, 0, 1);
    let name: [u8; 8] = std::array::from_fn(|i| blake3::hash(FILE).as_bytes()[i]);
    assert_eq!(pixels().needs(&payload, data.len(), &Env::default()).unwrap(), [Need::Model(name)]);
    assert_eq!(pixels().needs(&coded(&data, 0, 0), data.len(), &Env::default()).unwrap(), []);
    let error = decoded(&payload, data.len(), Resources::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    // A file of that name that is none.
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&name);
    let false_one = Resources::default().with_learned(Learned::new(FILE[..900].to_vec(), hash));
    assert_eq!(decoded(&payload, data.len(), false_one).unwrap_err().kind(), ErrorKind::Unsupported);
    // Who asks for a predictor and has none for such records is told.
    let params = pixels().params().with("width", 10).with("frame", 10).with("flags", 16).with("model", 1);
    let env = Env::default().with_resources(at_hand(FILE));
    assert_eq!(pixels().encode(&data, &params, &env, &mut Vec::new()).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn damaged_payloads_are_errors_or_other_values() {
    let data = shaded(3, 5);
    let payload = coded(&data, 0, 1);
    for cut in (0..payload.len()).step_by(3) {
        if let Ok(values) = decoded(&payload[..cut], data.len(), at_hand(FILE)) {
            assert!(values.len() == data.len() && cut > 20, "cut at {cut}");
        }
    }
    for at in 0..payload.len() {
        let mut other = payload.clone();
        other[at] ^= 1 << (at % 8);
        if let Ok(values) = decoded(&other, data.len(), at_hand(FILE)) {
            assert_eq!(values.len(), data.len());
        }
    }
    assert!(decoded(&payload, data.len() + 1, at_hand(FILE)).is_err());
    assert!(decoded(&payload, data.len() - 1, at_hand(FILE)).is_err());
    // Records that lie otherwise than the predictor's: width, rows, common value.
    for at in [4, 6, 8] {
        let mut other = payload.clone();
        other[at] += 1;
        let error = decoded(&other, data.len(), at_hand(FILE)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{at}: {error}");
    }
}

#[test]
fn a_predictor_of_other_records_is_refused() {
    let causal = Arc::new(Causal::of_file(FILE, &Env::default()).unwrap());
    let good = Layout { width: 20, rows: 20, common: Some(0), ..Layout::default() };
    let with = |layout| RecordModel::new(layout, 0, 400).unwrap().with_predictor(Arc::clone(&causal));
    assert!(with(good).is_ok());
    for bad in [
        Layout { width: 10, ..good },
        Layout { rows: 0, ..good },
        Layout { common: None, ..good },
        Layout { common: Some(1), ..good },
        Layout { channels: 2, ..good },
        Layout { planes: 2, ..good },
    ] {
        assert_eq!(with(bad).unwrap_err().kind(), ErrorKind::Usage);
    }
}

/// What `cm` puts forward for an array.
fn offers(data: &[u8], shape: Vec<u64>, level: u8, resources: Option<&Resources>) -> Vec<String> {
    let cm = minlen_mix::codecs().into_iter().find(|codec| codec.spec().name == "cm").unwrap();
    let (stats, spans) = (Stats::default(), [Span::array("", Dtype::U8, shape, 0, data.len() as u64)]);
    let mut part = Part::new(data, Kind::Tensors, &stats).with_layout(&spans);
    part.resources = resources;
    cm.propose(&part, level).iter().map(|offer| offer.chain.to_string()).collect()
}

#[test]
fn it_is_offered_where_it_helps() {
    let (data, hand) = (discs(60, 21), at_hand(FILE));
    let helps = |offers: &[String]| offers.len() == 1 && offers[0].contains("model=1");
    for shape in [vec![60, 20, 20], vec![60, 400], vec![60, 20, 20, 1]] {
        let found = offers(&data, shape, 7, Some(&hand));
        assert!(helps(&found), "{found:?}");
    }
    assert!(!helps(&offers(&data, vec![60, 20, 20], 7, None)));
    assert!(!helps(&offers(&data, vec![60, 20, 20], 5, Some(&hand))));
    assert!(!helps(&offers(&data, vec![120, 200], 7, Some(&hand))));
    // Discs on white are nothing that it knows.
    let white: Vec<u8> = shaded(60, 4).iter().map(|value| !value).collect();
    assert!(!helps(&offers(&white, vec![60, 20, 20], 7, Some(&hand))));
}

#[test]
fn the_codec_keeps_what_all_codecs_keep() {
    // Without a codec file: its parameter changes nothing for those who have none.
    let data = discs(4, 2);
    let params = pixels().params().with("width", 20).with("frame", 20).with("flags", 16);
    check_codec(&*pixels(), &params, &data);
}
