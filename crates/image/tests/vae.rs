//! The codec of trained networks.

use crate::common::photo;
use minlen_core::Env;
use minlen_image::{Planes, vae};

fn grey(width: usize, height: usize, depth: u8) -> Planes {
    Planes::new(width, height, depth, vec![photo(width, height, depth).planes()[1].clone()]).unwrap()
}

#[test]
fn payloads_decode_to_what_encoding_said() {
    for picture in [
        photo(1, 1, 8),
        photo(33, 7, 8),
        photo(64, 64, 8),
        photo(40, 70, 16),
        grey(50, 20, 8),
        grey(5, 90, 12),
    ] {
        for quantizer in [0, 30, vae::QUANTIZER_MAX] {
            let coded = vae::encode(&picture, quantizer, &Env::default()).unwrap();
            let decoded = vae::decode(&coded.bytes, &picture.shape(), &Env::default()).unwrap();
            assert_eq!(decoded, coded.picture);
        }
    }
}

#[test]
fn finer_steps_take_more_and_are_nearer() {
    let picture = photo(128, 96, 8);
    let points: Vec<(usize, f64)> = [0, 16, 32, 48]
        .map(|quantizer| vae::encode(&picture, quantizer, &Env::default()).unwrap())
        .iter()
        .map(|coded| (coded.bytes.len(), coded.picture.psnr(&picture)))
        .collect();
    assert!(
        points.windows(2).all(|pair| pair[0].0 > pair[1].0 && pair[0].1 >= pair[1].1 - 0.1),
        "{points:?}"
    );
}

#[test]
fn what_no_encoder_wrote_gives_an_error_or_a_picture() {
    let picture = photo(64, 40, 8);
    let coded = vae::encode(&picture, 10, &Env::default()).unwrap();
    let decode = |bytes: &[u8]| vae::decode(bytes, &picture.shape(), &Env::default());
    for len in 0..coded.bytes.len() {
        // The coder reads a few zeros beyond its end.
        assert!(decode(&coded.bytes[..len]).is_err() || len + 8 >= coded.bytes.len(), "{len}");
    }
    for at in 0..coded.bytes.len() {
        let mut other = coded.bytes.clone();
        other[at] ^= 1 << (at % 8);
        let _ = decode(&other);
    }
    assert!(decode(&[1, 0]).is_err() && decode(&[0, 200, 1, 2]).is_err());
    let _ = decode(&[&[0, 0][..], &[255; 3000]].concat());
}
