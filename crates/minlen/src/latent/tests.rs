use super::*;
use crate::layout::Dtype;
use crate::nearby::{MaxError, Target, verify};
use crate::{Advice, Decoder, ErrorKind, Limits, Need, Options, compress, decompress, decompress_with};
use minlen_latent::linear::{Basis, Class, Linear};
use minlen_latent::tables::{SHARED, Start};
use minlen_latent::{Scaling, steps};
use std::io::Read;

const NUMBERS: usize = 16;

/// A codec file of one transform, of the cosines, for records of 16 numbers around 100.
fn codec_file(dtype: Dtype) -> Vec<u8> {
    let rows = 8;
    let value = |k: usize, i: usize| {
        let angle = (k * (2 * i + 1)) as f64 * std::f64::consts::PI / (2 * NUMBERS) as f64;
        (angle.cos() * 120.0) as i8
    };
    let basis = Basis {
        rows: (0..rows).flat_map(|k| (0..NUMBERS).map(move |i| value(k, i))).collect(),
        scales: (0..rows).map(|k| if k == 0 { 8740 } else { 12360 }).collect(),
    };
    let deviations = (0..rows).map(|k| steps::nearest(800.0 / (1 + k) as f64)).collect();
    let class = Class { centre: vec![0; rows], basis: None, deviations };
    let linear = Linear { mean: vec![100 << 8; NUMBERS], basis, classes: vec![class] };
    let start = Start { logits: vec![0; SHARED + rows], counts: vec![0; SHARED + rows] };
    let model = Model {
        shape: vec![4, 4],
        scaling: Scaling::new(dtype, 0.0, 1.0).unwrap(),
        members: vec![Member { name: "klt".into(), body: Body::Linear { linear, start, pull: [0, 0] } }],
        predictor: None,
        coarsest: 60,
        rates: 40,
        licence: String::new(),
        provenance: String::new(),
        report: String::new(),
    };
    model.write(&Env::default()).unwrap()
}

/// Smooth records with a little noise, as bytes of that type.
fn records(dtype: Dtype, count: usize) -> Vec<u8> {
    let mut state = 1u32;
    let number = |i: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (record, place) = (i / NUMBERS, i % NUMBERS);
        let slope = (record % 7) as f64 - 3.0;
        100.0 + slope * (place as f64 - 7.5) + f64::from(state >> 29)
    };
    let numbers = (0..count * NUMBERS).map(number);
    match dtype {
        Dtype::U8 => numbers.map(|x| x as u8).collect(),
        Dtype::I16 => numbers.flat_map(|x| (x as i16).to_le_bytes()).collect(),
        _ => numbers.flat_map(|x| (x as f32).to_le_bytes()).collect(),
    }
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let len = (text.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes(), data].concat()
}

fn near(file: &[u8], target: Target) -> Options {
    Options::new(3).unwrap().with_target(target).unwrap().with_model(open(file).unwrap()).unwrap()
}

#[test]
fn records_are_near_and_all_else_is_exact() {
    for (dtype, descr) in [(Dtype::U8, "|u1"), (Dtype::I16, "<i2"), (Dtype::F32, "<f4")] {
        let (file, data) = (codec_file(dtype), npy(descr, "500, 4, 4", &records(dtype, 500)));
        let exact = compress(&data, &Options::new(3).unwrap()).unwrap().len();
        for target in [
            Target::Psnr(12.0),
            Target::MaxError(MaxError::Absolute(6.0)),
            Target::MaxError(MaxError::Relative(0.2)),
            Target::BytesPerRecord(4.0),
            Target::BitsPerSample(2.0),
            Target::MaxSize(2500),
        ] {
            let options = near(&file, target);
            let small = compress(&data, &options).unwrap();
            assert!(small.len() * 2 < exact, "{dtype:?} {target:?}: {} of {exact}", small.len());
            let copy = decompress_with(&small, &options, &Env::default()).unwrap();
            let distance = verify(&&data[..], &&copy[..], &options, &Env::default()).unwrap();
            assert!(distance.changed > 0 && distance.arrays == 1, "{dtype:?} {target:?}");
            // Without the codec file it is refused, and says which one is missing.
            let missed = decompress(&small, &Limits::default()).unwrap_err();
            assert_eq!((missed.kind(), missed.advice()), (ErrorKind::Unsupported, Some(Advice::Model)));
        }
    }
}

#[test]
fn a_bound_below_one_leaves_whole_numbers_as_they_are() {
    let (file, data) = (codec_file(Dtype::U8), npy("|u1", "50, 4, 4", &records(Dtype::U8, 50)));
    let small = compress(&data, &near(&file, Target::MaxError(MaxError::Absolute(0.9)))).unwrap();
    assert_eq!(decompress(&small, &Limits::default()).unwrap(), data);
}

#[test]
fn only_records_of_that_shape_and_type_may_differ() {
    let file = codec_file(Dtype::U8);
    let options = near(&file, Target::Psnr(10.0));
    let bytes = records(Dtype::U8, 60);
    for data in [
        npy("|u1", "120, 8", &bytes),
        npy("|i1", "60, 4, 4", &bytes),
        npy(">i2", "30, 4, 4", &bytes),
        bytes.clone(),
    ] {
        let small = compress(&data, &options).unwrap();
        assert_eq!(decompress(&small, &Limits::default()).unwrap(), data);
    }
    // One row of numbers is cut into records, and what is left over stays.
    let data = npy("|u1", "969,", &[&bytes[..], &[7; 9]].concat());
    let copy = decompress_with(&compress(&data, &options).unwrap(), &options, &Env::default()).unwrap();
    assert!(copy != data && copy.len() == data.len() && copy.ends_with(&[7; 9]));
    // The check is independent of whoever made the copy.
    let mut other = data.clone();
    other[20] ^= 1;
    let refused = verify(&&data[..], &&other[..], &options, &Env::default()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Verify);
    let plain = Options::new(3).unwrap().with_max_error(MaxError::Absolute(300.0)).unwrap();
    assert!(verify(&&data[..], &&copy[..], &plain, &Env::default()).is_err(), "bytes without a codec file");
}

#[test]
fn the_codec_file_is_in_the_stream_where_that_was_asked_for() {
    let (file, data) = (codec_file(Dtype::U8), npy("|u1", "600, 4, 4", &records(Dtype::U8, 600)));
    let options = near(&file, Target::Psnr(12.0));
    let (apart, inside) = (
        compress(&data, &options).unwrap(),
        compress(&data, &options.clone().with_embedded_model(true)).unwrap(),
    );
    let wanted = decompress_with(&apart, &options, &Env::default()).unwrap();
    assert_eq!(decompress(&inside, &Limits::default()).unwrap(), wanted);
    // Several blocks, one codec file; and streams in a row.
    let blocks = options.clone().with_embedded_model(true).with_block_size(4096);
    let many = compress(&data, &blocks).unwrap();
    let twice = [&many[..], &inside].concat();
    let mut all = Vec::new();
    let plain = Options::default();
    Decoder::new(&twice[..], &plain, &Env::default()).unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 2 * data.len());
    assert_eq!(many.windows(file.len()).filter(|window| *window == file).count(), 1);

    let needs = |bytes: &[u8]| {
        let reader = std::io::Cursor::new(bytes);
        let keys = crate::archive::Keys::default();
        let mut stream =
            crate::archive::Archive::from_reader(reader, &keys, &plain, &Env::default()).unwrap();
        let mut content = Vec::new();
        let read = stream.read_content(0..u64::MAX, &mut content);
        (stream.needs().unwrap(), stream.embedded().len(), read.is_ok())
    };
    assert_eq!(needs(&inside), (Vec::new(), 1, true));
    assert_eq!(needs(&many), (Vec::new(), 1, true));
    assert_eq!(needs(&apart), (vec![Need::Model(name_of(&open(&file).unwrap()))], 0, false));
    // A byte of it that was changed is found by everyone.
    let mut broken = inside.clone();
    broken[60] ^= 1;
    assert_eq!(decompress(&broken, &Limits::default()).unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(!needs(&broken).2);
}

#[test]
fn progress_goes_on_while_records_are_searched_for() {
    #[derive(Default)]
    struct Steps(std::sync::Mutex<Vec<u64>>);
    impl minlen_core::Progress for Steps {
        fn event(&self, event: minlen_core::Event) {
            if let minlen_core::Event::Advance { input, .. } = event {
                self.0.lock().unwrap().push(input);
            }
        }
    }
    let (file, data) = (codec_file(Dtype::U8), npy("|u1", "3000, 4, 4", &records(Dtype::U8, 3000)));
    for target in [Target::Psnr(12.0), Target::BytesPerRecord(4.0)] {
        for options in
            [near(&file, target), near(&file, target).with_compact(false).with_block_size(16 << 10)]
        {
            let steps = Arc::new(Steps::default());
            crate::compress_with(&data, &options, &Env::default().with_progress(steps.clone())).unwrap();
            let steps = steps.0.lock().unwrap();
            assert_eq!(steps.iter().sum::<u64>(), data.len() as u64, "{target:?}");
            let largest = steps.iter().max().unwrap() * 100 / data.len() as u64;
            assert!(largest <= 55 && steps.len() > 10, "{target:?}: {largest} % in one of {}", steps.len());
        }
    }
}

#[test]
fn damage_is_refused() {
    let (file, data) = (codec_file(Dtype::U8), npy("|u1", "40, 4, 4", &records(Dtype::U8, 40)));
    let options = near(&file, Target::Psnr(12.0)).with_compact(false);
    let small = compress(&data, &options).unwrap();
    let wanted = decompress_with(&small, &options, &Env::default()).unwrap();
    for at in 0..small.len() {
        assert!(decompress_with(&small[..at], &options, &Env::default()).is_err(), "cut at {at}");
        let mut broken = small.clone();
        broken[at] ^= 1 << (at % 8);
        // A bit that makes no difference is none that was lost: the minor version, the last of an arithmetic code.
        let read = decompress_with(&broken, &options, &Env::default());
        assert!(read.is_err() || read.is_ok_and(|copy| copy == wanted), "byte {at}");
    }
    assert!(open(&file[1..]).is_err() && open(&file[..file.len() - 1]).is_err());
    let prior = crate::prior::train(crate::prior::PriorKind::Text, "", &[vec![b'a'; 4000]]).unwrap();
    assert!(Options::default().with_model(crate::prior::open(&prior).unwrap()).is_err());
}

#[test]
fn the_codec_alone_takes_any_bytes() {
    let registry = crate::registry();
    let codec = registry.by_name("latent").unwrap();
    for data in [&b""[..], b"no records at all, no records at all"] {
        let mut payload = Vec::new();
        codec.encode(data, &codec.params(), &Env::default(), &mut payload).unwrap();
        let mut out = Vec::new();
        codec.decode(&payload, data.len(), &Env::default(), &mut out).unwrap();
        assert_eq!(out, data);
        assert!(codec.decode(&payload, data.len() + 1, &Env::default(), &mut Vec::new()).is_err());
    }
}
