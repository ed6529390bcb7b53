use super::decibels::power_of_ten;
use super::*;
use crate::layout::Parsers;
use crate::{Options, compress_with, decompress};
use minlen_core::{ErrorKind, Limits};

/// A wave on a slope in two dimensions, as f32 of an npy file, by a recurrence that is the same on every machine.
fn field(rows: usize, columns: usize) -> Vec<u8> {
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let mut file = [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat();
    let (mut sine, mut cosine) = (0f32, 1f32);
    for row in 0..rows {
        for _ in 0..columns {
            (sine, cosine) = (sine * 0.995 + cosine * 0.0998, cosine * 0.995 - sine * 0.0998);
            file.extend((sine * 100.0 + row as f32).to_le_bytes());
        }
    }
    file
}

#[test]
fn every_target_is_kept_and_said() {
    let file = field(60, 90);
    let exact = compress_with(&file, &Options::new(5).unwrap(), &Env::default()).unwrap();
    let mut sizes = Vec::new();
    for target in [Target::Psnr(60.0), Target::Psnr(90.0), Target::BitsPerSample(3.0), Target::MaxSize(1500)]
    {
        let options = Options::new(5).unwrap().with_target(target).unwrap();
        let small = compress_with(&file, &options, &Env::default()).unwrap();
        assert!(small.len() < exact.len(), "{target:?}: {} of {}", small.len(), exact.len());
        let back = decompress(&small, &Limits::default()).unwrap();
        let distance = verify(&&file[..], &&back[..], &options, &Env::default()).unwrap();
        assert!(distance.changed > 1000, "{target:?} {distance:?}");
        match target {
            Target::BitsPerSample(bits) => {
                assert!((small.len() as f64) < 60.0 * 90.0 * bits / 8.0 + 400.0, "{}", small.len());
            }
            Target::MaxSize(most) => assert!((small.len() as u64) < most + 400, "{}", small.len()),
            _ => {}
        }
        let reader = Box::new(std::io::Cursor::new(small.clone()));
        let keys = crate::archive::Keys::default();
        let mut archive =
            crate::archive::Archive::from_reader(reader, &keys, &options, &Env::default()).unwrap();
        let differences = archive.differences().unwrap();
        assert_eq!((differences.len(), differences[0].samples), (1, 5400), "{target:?}");
        assert!(differences[0].allowed.is_some_and(|allowed| allowed >= distance.worst));
        sizes.push(small.len());
    }
    assert!(sizes[0] < sizes[1], "more decibels take more bytes: {sizes:?}");
}

/// Ten bytes of header, then floats.
struct Headed;

impl crate::layout::Parser for Headed {
    fn name(&self) -> &'static str {
        "headed"
    }

    fn parse(&self, file: &mut crate::layout::Reader<'_>) -> Result<Option<crate::layout::Found>> {
        if !file.has(0, b"0123456789")? {
            return Ok(None);
        }
        let count = (file.len() - 10) / 4;
        let span = Span::array("", minlen_core::Dtype::F32, vec![count], 10, count * 4);
        Ok(Some((minlen_core::Format::declared("headed"), vec![span])))
    }

    fn suits(&self, _kind: minlen_core::Kind, _level: u8, _len: usize) -> bool {
        true
    }

    fn declares(&self, _kind: minlen_core::Kind) -> bool {
        true
    }
}

/// Found by the sample crate: what a parser of the caller's declares was refused when the copy was compared.
#[test]
fn what_a_parser_of_the_callers_declares_may_be_near() {
    let file = [b"0123456789", &field(20, 30)[80..]].concat();
    let parsers = Parsers::default().with(Arc::new(Headed));
    let options = Options::new(3).unwrap().with_parsers(parsers);
    let options = options.with_max_error(MaxError::Absolute(0.5)).unwrap();
    let small = compress_with(&file, &options, &Env::default()).unwrap();
    let back = decompress(&small, &Limits::default()).unwrap();
    assert!(back != file && back[..10] == file[..10]);
    assert!(verify(&&file[..], &&back[..], &options, &Env::default()).unwrap().changed > 100);
    // To others the same bytes are no floats.
    let others = Options::new(3).unwrap().with_max_error(MaxError::Absolute(0.5)).unwrap();
    assert!(verify(&&file[..], &&back[..], &others, &Env::default()).is_err());
}

#[test]
fn targets_that_cannot_be_are_refused() {
    let file = field(8, 8);
    for target in [Target::Psnr(f64::NAN), Target::BitsPerSample(0.0), Target::MaxSize(0)] {
        assert_eq!(Options::new(5).unwrap().with_target(target).unwrap_err().kind(), ErrorKind::Usage);
    }
    let options = Options::new(5).unwrap().with_target(Target::MaxSize(3)).unwrap();
    assert_eq!(compress_with(&file, &options, &Env::default()).unwrap_err().kind(), ErrorKind::Usage);
    // Quality is for what is looked at or listened to: numbers stay as they are.
    let options = Options::new(5).unwrap().with_target(Target::Quality(50)).unwrap();
    let small = compress_with(&file, &options, &Env::default()).unwrap();
    assert_eq!(decompress(&small, &Limits::default()).unwrap(), file);
}

#[test]
fn samples_are_the_same_in_every_file() {
    let values = [1.5f32, -2.0, 3.25, 1e-9];
    let npy = |descr: &str, data: Vec<u8>| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2, 2), }}\n");
        [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes(), &data].concat()
    };
    let little = npy("<f4", values.iter().flat_map(|v| v.to_le_bytes()).collect());
    let big = npy(">f4", values.iter().flat_map(|v| v.to_be_bytes()).collect());
    let header = r#"{"":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let tensors = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat();
    let hash = |file: &[u8]| {
        let layout = Parsers::default().layout(&file).unwrap().unwrap();
        samples_hash(&file, &layout).unwrap()
    };
    assert_eq!(hash(&little), hash(&big));
    assert_eq!(hash(&little), hash(&tensors));
    let mut other = little.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_ne!(hash(&little), hash(&other));
}

#[test]
fn powers_of_ten_are_close_and_exact_where_they_can_be() {
    assert_eq!(power_of_ten(3.0), 1000.0);
    assert_eq!(power_of_ten(0.5), 10f64.sqrt());
    for (exponent, power) in [(-3.0, 1e-3), (1.25, 17.782_794_100_389_23), (-4.55, 2.818_382_931_264_454e-5)]
    {
        assert!((power_of_ten(exponent) / power - 1.0f64).abs() < 1e-12, "{exponent}");
    }
}
