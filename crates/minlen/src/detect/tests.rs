//! What the detectors say of small samples, and that nothing makes them panic.

use super::{detect, detectors, segments, stats};
use minlen_core::testing::{Rng, edge_cases, random_case};
use minlen_core::{Detection, Kind};
use proptest::prelude::*;

fn ask(data: &[u8]) -> Detection {
    detect(data, data.len() as u64, &detectors())
}

/// Headers that fit their kinds, padded to `len`.
fn headers() -> Vec<(Kind, Vec<u8>)> {
    let pad = |head: &[u8], len: usize| {
        let mut rng = Rng(7);
        let mut out = head.to_vec();
        while out.len() < len {
            out.push(rng.next_u64() as u8);
        }
        out
    };
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
    elf.resize(64, 0);
    elf[52] = 64;
    let mut pe = b"MZ".to_vec();
    pe.resize(128, 0);
    pe[0x3c] = 128;
    pe.extend(b"PE\0\0\x64\x86\x01\0");
    pe.extend([0; 12]);
    pe.extend(b"\xf0\0\x22\0\x0b\x02");
    let mut dicom = vec![0; 128];
    dicom.extend(b"DICM\x02\0\0\0UL\x04\0\0\0\0\0");
    let mut sqlite = b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20".to_vec();
    sqlite.resize(4096, 0);
    let mut wav =
        b"RIFF\x24\x10\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data".to_vec();
    wav.extend([0; 4]);
    let mut tar = vec![0u8; 512];
    tar[..5].copy_from_slice(b"a.txt");
    tar[100..107].copy_from_slice(b"0000644");
    tar[257..263].copy_from_slice(b"ustar\0");
    let sum: u32 = tar.iter().map(|&b| u32::from(b)).sum::<u32>() + 8 * 32;
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let header = b"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}";
    let safetensors = [&(header.len() as u64).to_le_bytes(), header.as_slice(), b"\x80\x3f"].concat();
    vec![
        (Kind::Elf, pad(&elf, 2000)),
        (Kind::Pe, pad(&pe, 2000)),
        (Kind::MachO, pad(b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\x02\0\0\0\x10\0\0\0\x00\x05\0\0", 2000)),
        (Kind::ByteCode, pad(b"\0asm\x01\0\0\0\x01\x05", 300)),
        (Kind::ByteCode, pad(b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10\x0a", 300)),
        (Kind::ImageCoded, pad(b"\xff\xd8\xff\xc0\0\x11\x08\0\x10\0\x20\x03", 2000)),
        (Kind::ImageCoded, pad(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0", 2000)),
        (Kind::ImageCoded, pad(b"GIF89a\x10\0\x10\0", 2000)),
        (Kind::ImageRaw, pad(b"P6\n# c\n20 10\n255\n", 617)),
        (Kind::ImageRaw, dicom),
        (Kind::AudioRaw, pad(&wav, 4000)),
        (Kind::AudioCoded, pad(b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0", 4000)),
        (Kind::AudioCoded, pad(b"OggS\0\x02", 4000)),
        (Kind::Video, pad(b"\0\0\0\x18ftypisom\0\0\x02\0isommp41", 4000)),
        (Kind::Video, pad(b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", 4000)),
        (Kind::Tar, tar),
        (Kind::Tar, pad(b"!<arch>\na.o/            0           0     0     644     10        `\n", 200)),
        (Kind::Zip, pad(b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt", 2000)),
        (Kind::Zip, pad(b"7z\xbc\xaf\x27\x1c\0\x04", 2000)),
        (Kind::Compressed, pad(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", 2000)),
        (Kind::Compressed, pad(b"\xfd7zXZ\0\0\x04", 2000)),
        (Kind::Compressed, pad(b"\x28\xb5\x2f\xfd\x24", 2000)),
        (Kind::Compressed, pad(b"BZh91AY&SY", 2000)),
        (Kind::Minlen, pad(b"\x8dMLN\r\n\x1a\n", 2000)),
        (Kind::Pdf, pad(b"%PDF-1.7\n", 2000)),
        (Kind::Database, sqlite),
        (Kind::Tensors, safetensors),
        (Kind::Tensors, pad(b"GGUF\x03\0\0\0\x05\0\0\0\0\0\0\0", 2000)),
        (
            Kind::Tensors,
            pad(b"\x93NUMPY\x01\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", 2000),
        ),
        (Kind::Tensors, pad(b"\x89HDF\r\n\x1a\n", 2000)),
        (Kind::Tensors, pad(b"\0\0\x08\x01\0\0\x07\xd0", 2008)),
        (Kind::Encrypted, pad(b"age-encryption.org/v1\n-> X25519 ", 2000)),
    ]
}

#[test]
fn headers_are_recognised_and_damaged_ones_refused() {
    for (kind, data) in headers() {
        let seen = ask(&data);
        assert_eq!(seen.kind, kind, "{seen:?}");
        assert!(seen.confidence >= 90 && !seen.detail.is_empty(), "{seen:?}");
    }
    // Magic alone is not enough.
    for wrong in [
        b"MZ and then prose that goes on for a while, long enough for a header of sixty-four bytes."
            .as_slice(),
        b"BM is short for benchmark, and this is a sentence about it, of at least thirty bytes.",
        b"P5 is the name of a library. It draws.",
        b"PK\x03\x04 text",
        b"RIFF is a container",
    ] {
        assert!(ask(wrong).confidence < 90, "{:?}", ask(wrong));
    }
}

#[test]
fn statistics_tell_the_rest() {
    let mut rng = Rng(3);
    let noise: Vec<u8> = (0..50_000).map(|_| rng.next_u64() as u8).collect();
    assert_eq!(ask(&noise).kind, Kind::Random);
    assert_ne!(ask(&noise[..5000].repeat(10)).kind, Kind::Random);
    assert_eq!(ask(&[]).kind, Kind::Empty);
    assert_eq!(ask(&[9; 777]).kind, Kind::Constant);
    assert_eq!(ask(b"x").kind, Kind::Constant);
    let ints: Vec<u8> = (0..20_000).flat_map(|_| (rng.below(30_000) as u32).to_le_bytes()).collect();
    assert_eq!((ask(&ints).kind, ask(&ints).detail.as_str()), (Kind::Records, "32-bit"));
}

#[test]
fn a_host_can_add_detectors() {
    struct Mine;
    impl minlen_core::Detector for Mine {
        fn name(&self) -> &'static str {
            "mine"
        }
        fn detect(&self, data: &[u8], _total: u64) -> Option<Detection> {
            data.starts_with(b"MINE").then(|| Detection {
                kind: Kind::Records,
                confidence: 99,
                detail: "mine".into(),
            })
        }
    }
    let mut all = detectors();
    all.push(std::sync::Arc::new(Mine));
    assert_eq!(detect(b"MINE, all mine", 14, &all).detail, "mine");
}

#[test]
fn nothing_panics_on_cut_or_damaged_headers() {
    let all = detectors();
    for (seed, (_, data)) in headers().into_iter().enumerate() {
        for cut in (0..data.len().min(700)).step_by(3) {
            let _ = detect(&data[..cut], data.len() as u64, &all);
        }
        let mut rng = Rng(seed as u64);
        for _ in 0..200 {
            let mut hostile = data.clone();
            for _ in 0..1 + rng.below(6) {
                let at = rng.below(hostile.len().min(160));
                hostile[at] = [0, 0xff, 0x7f, rng.next_u64() as u8][rng.below(4)];
            }
            let total = if rng.below(2) == 0 { hostile.len() as u64 } else { rng.next_u64() };
            let _ = detect(&hostile, total, &all);
        }
    }
}

#[test]
fn nothing_panics_on_the_usual_shapes() {
    let all = detectors();
    for data in edge_cases().into_iter().chain((0..64).map(|seed| random_case(seed, 30_000))) {
        let first = detect(&data, data.len() as u64, &all);
        assert_eq!(first, detect(&data, data.len() as u64, &all));
        assert_eq!(stats(&data), stats(&data));
        let _ = (detect(&data, u64::MAX, &all), segments(&data));
    }
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(data in proptest::collection::vec(any::<u8>(), 0..3000), total: u64) {
        let _ = (detect(&data, total, &detectors()), stats(&data), segments(&data));
    }

    #[test]
    fn nothing_panics_on_any_text(text in "[\\x09-\\x7e{}\\[\\]\",:<>\u{e4}\u{416}\u{4e2d}]{0,400}") {
        let _ = (detect(text.as_bytes(), text.len() as u64, &detectors()), stats(text.as_bytes()));
    }
}
