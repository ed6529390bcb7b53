use super::*;
#[cfg(feature = "lepton")]
use minlen_core::{Env, Limits};

/// A grey picture of 64 by 64 pixels.
pub(crate) fn tiny() -> Vec<u8> {
    let mut jpeg = vec![0xff, SOI, 0xff, 0xdb, 0, 67, 0];
    jpeg.extend([16u8; 64]);
    jpeg.extend([0xff, 0xc0, 0, 11, 8, 0, 64, 0, 64, 1, 1, 0x11, 0]);
    // One DC code word (1 bit, category 0) and one AC code word (1 bit, end of block).
    for class in [0u8, 0x10] {
        jpeg.extend([0xff, 0xc4, 0, 20, class, 1]);
        jpeg.extend([0u8; 15]);
        jpeg.push(0);
    }
    jpeg.extend([0xff, SOS, 0, 8, 1, 1, 0, 0, 63, 0]);
    jpeg.extend([0; 16]);
    jpeg.extend([0xff, EOI]);
    jpeg
}

#[test]
fn ends_at_its_end() {
    let jpeg = tiny();
    let more = [&jpeg[..], b"and more"].concat();
    assert_eq!(end(&more, &mut 0), Some(jpeg.len()));
    assert!((0..jpeg.len()).all(|cut| end(&jpeg[..cut], &mut 0).is_none()));
    assert_eq!(end(b"\xff\xd8\xff\xd9", &mut 0), None);
}

#[cfg(feature = "lepton")]
#[test]
fn a_picture_comes_back() {
    let jpeg = tiny();
    let env = Env::default();
    let coded = encode(&jpeg, &env).expect("a plain baseline picture");
    // What the library writes is part of the format; another version may write something else.
    assert_eq!((coded.body.len(), crate::checksum::adler32(&coded.body)), (15, 11_075_596));
    let mut out = b"kept".to_vec();
    decode(&coded.header, &coded.body, jpeg.len(), &env, &mut out).unwrap();
    assert_eq!(out[4..], jpeg);
}

#[cfg(feature = "lepton")]
#[test]
fn nonsense_is_refused() {
    let env = Env::new(Limits::default().with_memory(64 << 20));
    let jpeg = tiny();
    assert_eq!(encode(&jpeg[..jpeg.len() - 40], &env), None);
    let coded = encode(&jpeg, &env).unwrap();
    for at in 0..coded.header.len() {
        for bit in 0..8 {
            let mut bad = coded.header.clone();
            bad[at] ^= 1 << bit;
            let _ = decode(&bad, &coded.body, jpeg.len(), &env, &mut Vec::new());
        }
        let _ = decode(&coded.header[..at], &coded.body, jpeg.len(), &env, &mut Vec::new());
    }
}
