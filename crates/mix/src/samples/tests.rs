//! Round trips and hostile payloads.

use super::codecs;
use minlen_core::testing::{check_codec, check_hostile};
use minlen_core::{Codec, Params};
use std::sync::Arc;

fn cases() -> Vec<(Arc<dyn Codec>, Params, Vec<u8>)> {
    let [pixels, sound] = codecs();
    let gradient: Vec<u8> =
        (0..64 * 48 * 3u32).map(|i| (i / 3 % 64 + i / 192 * 2 + i % 3 * 9) as u8).collect();
    let wave: Vec<u8> = (0..4000i32).flat_map(|i| ((i * i / 7 % 9000 - 4500) as i16).to_le_bytes()).collect();
    let p = pixels.params();
    let s = sound.params();
    let mut all = Vec::new();
    for depth in 0..3 {
        let (p, s) = (p.clone().with("depth", depth), s.clone().with("depth", depth));
        let rgb = p.clone().with("width", 64).with("channels", 3);
        all.push((Arc::clone(&pixels), rgb.clone(), gradient.clone()));
        all.push((Arc::clone(&pixels), rgb.with("start", 10).with("len", 5000), gradient.clone()));
        all.push((
            Arc::clone(&pixels),
            p.clone().with("width", 64).with("bits", 1),
            gradient[..3000].to_vec(),
        ));
        all.push((
            Arc::clone(&pixels),
            p.clone().with("width", 32).with("bits", 16).with("flags", 1),
            wave.clone(),
        ));
        let records = p.clone().with("width", 16).with("flags", 16).with("frame", 12).with("planes", 3);
        all.push((Arc::clone(&pixels), records.with("depth", depth + 1).with("start", 7), gradient.clone()));
        all.push((Arc::clone(&sound), s.clone().with("channels", 2), wave.clone()));
        all.push((Arc::clone(&sound), s.with("channels", 1).with("start", 44), wave.clone()));
    }
    all
}

#[test]
fn round_trips() {
    for (codec, params, data) in cases() {
        let payload = check_codec(&*codec, &params, &data);
        assert!(payload.len() < data.len(), "{params:?}");
        for short in [0, 1, 7, 99] {
            check_codec(&*codec, &params, &data[..short]);
        }
    }
}

#[test]
fn flags_without_a_meaning_are_refused() {
    for (codec, params, flags) in
        [(0, "width", 8), (1, "channels", 5)].map(|(i, key, at)| (codecs()[i].clone(), key, at))
    {
        let good = check_codec(&*codec, &codec.params().with(params, 4), &[9; 40]);
        for bit in 4..7 {
            let mut bad = good.clone();
            bad[flags] |= 1 << bit;
            assert!(codec.decode(&bad, 40, &minlen_core::Env::default(), &mut Vec::new()).is_err());
        }
    }
}

#[test]
fn survives_truncation_flips_and_wrong_lengths() {
    for (codec, params, data) in cases().into_iter().take(8) {
        let data = &data[..300];
        check_hostile(&*codec, &check_codec(&*codec, &params, data), data.len(), 6);
    }
}

/// Half of the values are nothing, as around drawings.
fn drawing() -> Vec<u8> {
    (0..3000u32).map(|i| if i % 20 < 12 { 0 } else { (i / 20 % 9 * 28 + i % 3) as u8 }).collect()
}

#[test]
fn records_with_a_common_value_round_trip_and_survive_damage() {
    let [pixels, _] = codecs();
    for (depth, data) in
        (0..4).zip([drawing(), drawing().iter().map(|v| !v).collect(), vec![9; 400], vec![255; 3]])
    {
        let params =
            pixels.params().with("width", 20).with("frame", 5).with("flags", 16).with("depth", depth);
        let payload = check_codec(&*pixels, &params, &data);
        assert!(payload.len() < data.len() / 4 + 40, "depth {depth}: {}", payload.len());
        let short = &data[..data.len().min(300)];
        check_hostile(&*pixels, &check_codec(&*pixels, &params, short), short.len(), 6);
    }
}

#[test]
fn hostile_sizes_of_records_are_refused() {
    let [pixels, sound] = codecs();
    let params = pixels.params().with("width", 4).with("frame", 5).with("flags", 16).with("depth", 0);
    let good = check_codec(&*pixels, &params, &[7; 40]);
    // Kind, start, length, width, channels, rows, planes, common, low, high.
    assert_eq!(good[..10], [0x20, 0, 40, 4, 1, 5, 1, 8, 0, 0]);
    let decode = |bytes: &[u8]| pixels.decode(bytes, 40, &minlen_core::Env::default(), &mut Vec::new());
    assert!(decode(&good).is_ok());
    // No number is ten bytes long, and none of these sizes is less than what is allowed.
    let huge: &[u8] = &[255, 255, 255, 255, 15];
    for (at, value) in [
        (0, &[0x24][..]),
        (0, &[0x30]),
        (3, &[0]),
        (3, huge),
        (4, &[0]),
        (4, &[128, 2]),
        (5, huge),
        (6, &[0]),
        (6, huge),
        (7, &[130, 2]),
    ] {
        let bad = [&good[..at], value, &good[at + 1..]].concat();
        assert!(decode(&bad).is_err(), "{at} {value:?}");
    }
    // Planes of rows without end, and records of sound.
    let endless = [&good[..5], &[0, 2], &good[7..]].concat();
    assert!(decode(&endless).is_err());
    assert!(sound.decode(&good, 40, &minlen_core::Env::default(), &mut Vec::new()).is_err());
    for (key, value) in [("width", 0), ("flags", 17), ("frame", 1 << 20)] {
        let bad = params.clone().with("width", 1 << 10).with(key, value);
        assert!(
            pixels.encode(&[1; 40], &bad, &minlen_core::Env::default(), &mut Vec::new()).is_err(),
            "{key}"
        );
    }
}

#[test]
fn arrays_of_bytes_are_offered_as_records_and_as_pictures() {
    use minlen_core::layout::{Dtype, Span};
    use minlen_core::{Kind, Part, Stats};
    let cm = crate::codecs().into_iter().find(|codec| codec.spec().name == "cm");
    let chain = |data: &[u8], shape: Vec<u64>, level| {
        let (stats, spans) = (Stats::default(), [Span::array("", Dtype::U8, shape, 0, data.len() as u64)]);
        let part = Part::new(data, Kind::Tensors, &stats).with_layout(&spans);
        cm.as_ref()
            .and_then(|cm| cm.propose(&part, level).first().map(|offer| offer.chain.to_string()))
            .unwrap_or_default()
    };
    let mut random = minlen_core::testing::Rng(5);
    let mut discs = vec![0u8; 60 * 20 * 20];
    for disc in discs.chunks_mut(400) {
        let (x, y) = (6 + random.below(8) as i32, 6 + random.below(8) as i32);
        for (i, value) in disc.iter_mut().enumerate() {
            let (dx, dy) = (i as i32 % 20 - x, i as i32 / 20 - y);
            *value = [0, 90, 253][usize::from(dx * dx + dy * dy < 20) + usize::from(dx * dx + dy * dy < 12)];
        }
    }
    let found = chain(&discs, vec![60, 20, 20], 8);
    assert!(
        found.contains("width=20") && found.contains("frame=20") && found.contains("flags=16"),
        "{found}"
    );
    let noisy: Vec<u8> =
        (0..60 * 400).map(|i| (i % 20 * 6 + i / 20 % 20 * 5) as u8 + random.below(9) as u8).collect();
    let found = chain(&noisy, vec![60, 20, 20], 8);
    assert!(found.starts_with("pixels") && !found.contains("flags"), "{found}");
    assert!(chain(&discs[..1500], vec![1500], 8).starts_with("cm"));
    assert!(chain(&discs, vec![u64::MAX, 20, 20, u64::MAX], 8).starts_with("cm"));
    assert!(chain(&discs, Vec::new(), 8).starts_with("cm"));
}
