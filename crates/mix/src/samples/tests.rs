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
        all.push((Arc::clone(&pixels), p.with("width", 32).with("bits", 16).with("flags", 1), wave.clone()));
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
    for (codec, params, data) in cases().into_iter().take(6) {
        let data = &data[..300];
        check_hostile(&*codec, &check_codec(&*codec, &params, data), data.len(), 6);
    }
}
