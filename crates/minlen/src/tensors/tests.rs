use crate::layout::{BaseSpan, Dtype, FileLayout, Parsers, Span, Track};
use crate::{Options, compress_with, decompress, registry};
use minlen_core::testing::check_hostile;
use minlen_core::{Bases, Env, Error, ErrorKind, Limits, Params, Resources, Result, ids};
use std::ops::Range;
use std::sync::Arc;

/// Numbers around zero, as weights are.
fn weights(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i32 - 128
    };
    let value = |_| (0..8).map(|_| byte()).sum::<i32>() as f32 / 4093.0;
    (0..count).map(value).flat_map(f32::to_le_bytes).collect()
}

/// A file with matrices of 64 columns and so many rows.
fn model(rows: &[usize], seed: u64) -> Vec<u8> {
    let (mut header, mut data) = (String::from("{"), Vec::new());
    for (i, rows) in rows.iter().enumerate() {
        let bytes = weights(rows * 64, seed + i as u64);
        let (start, end) = (data.len(), data.len() + bytes.len());
        let comma = if i == 0 { "" } else { "," };
        header += &format!(
            r#"{comma}"layer{i}":{{"dtype":"F32","shape":[{rows},64],"data_offsets":[{start},{end}]}}"#
        );
        data.extend(bytes);
    }
    header += "}";
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn params(strength: i64, level: i64) -> Params {
    let registry = registry();
    registry.codec(ids::TENSORS).unwrap().params().with("strength", strength).with("level", level)
}

fn encode(data: &[u8], strength: i64, env: &Env) -> Vec<u8> {
    let mut out = Vec::new();
    registry().codec(ids::TENSORS).unwrap().encode(data, &params(strength, 3), env, &mut out).unwrap();
    out
}

fn decode(payload: &[u8], len: usize, env: &Env) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    registry().codec(ids::TENSORS).unwrap().decode(payload, len, env, &mut out)?;
    Ok(out)
}

#[test]
fn any_range_is_what_it_is_in_the_whole() {
    let data = model(&[50, 3, 700], 1);
    for strength in 1..=3 {
        let payload = encode(&data, strength, &Env::default());
        assert!(payload.len() * 100 < data.len() * 97, "{} of {}", payload.len(), data.len());
        assert_eq!(decode(&payload, data.len(), &Env::default()).unwrap(), data);
        for range in [0..10, 0..data.len(), 190..200, 5000..9003, data.len() - 1..data.len(), 77..77] {
            let mut out = b"before".to_vec();
            let registry = registry();
            let codec = registry.codec(ids::TENSORS).unwrap();
            codec
                .ranges()
                .unwrap()
                .decode_range(&payload, data.len(), range.clone(), &Env::default(), &mut out)
                .unwrap();
            assert_eq!(out[6..], data[range]);
        }
    }
}

#[test]
fn headers_and_arrays_of_an_archive_come_without_the_rest() {
    let data = model(&[3000, 1, 2000], 3);
    let options = Options::new(5).unwrap().with_block_size(300_000);
    let small = compress_with(&data, &options, &Env::default()).unwrap();
    let layout = Parsers::arrays().layout(&&data[..]).unwrap().unwrap();
    // All but the arrays, which are not decoded for it.
    let payload = encode(&data, 2, &Env::default());
    let registry = registry();
    let codec = registry.codec(ids::TENSORS).unwrap();
    let around = codec.ranges().unwrap().decode_between(&payload, data.len(), &Env::default()).unwrap();
    let start = layout.spans[0].start as usize;
    assert_eq!(around, [(0, data[..start].to_vec())]);
    let reader = std::io::Cursor::new(small);
    let keys = crate::archive::Keys::default();
    let mut archive = crate::archive::Archive::from_reader(reader, &keys, &options, &Env::default()).unwrap();
    let (_, tensors) = archive.spans(None).unwrap().unwrap();
    assert_eq!(tensors.len(), 3);
    for (tensor, rows) in tensors.iter().zip([1100..1300, 0..1, 0..2000]) {
        let (mut out, row) = (Vec::new(), tensor.start as usize);
        archive.read_span(None, tensor, Some(rows.clone()), &mut out).unwrap();
        assert_eq!(out, data[row + rows.start as usize * 256..row + rows.end as usize * 256]);
    }
}

#[test]
fn what_no_encoder_wrote_is_refused() {
    let data = model(&[40], 9);
    for strength in 1..=3 {
        let payload = encode(&data, strength, &Env::default());
        let registry = registry();
        check_hostile(registry.codec(ids::TENSORS).unwrap(), &payload, data.len(), 300);
    }
}

#[test]
fn files_larger_than_a_block_are_cut_between_rows() {
    let data = model(&[3000, 1, 2000], 3);
    for threads in [1, 2] {
        for level in [1, 5, 7] {
            let options = Options::new(level).unwrap().with_threads(threads).with_block_size(300_000);
            let small = compress_with(&data, &options, &Env::default()).unwrap();
            assert!(small.len() * 100 < data.len() * 95, "{} of {}", small.len(), data.len());
            assert_eq!(decompress(&small, &Limits::default()).unwrap(), data);
        }
    }
    let layout = Parsers::arrays().layout(&&data[..]).unwrap().unwrap();
    let mut track = Track::default();
    track.enter(Some(FileLayout::new(&layout).shared()));
    let full = layout.spans[0].start as usize + 1000 * 256 + 40;
    track.extend(0..full as u64, 0);
    let cut = track.cut(full);
    assert_eq!(cut, full - 40);
    let first = track.take(cut);
    assert_eq!((first.len(), &first[0].shape[..]), (1, &[1000, 64][..]));
    let rest = track.take(40);
    assert_eq!((rest.len(), rest[0].start, rest[0].len, &rest[0].shape[..]), (1, 0, 40, &[1, 64][..]));
}

/// One file that is at hand.
struct File(Vec<u8>);

impl Bases for File {
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        if file != blake3::hash(&self.0).as_bytes() {
            return Err(Error::usage("another file"));
        }
        Ok(self.0[range.start as usize..range.end as usize].to_vec())
    }
}

#[test]
fn a_difference_needs_its_base() {
    let old = model(&[200, 30], 5);
    let mut new = old.clone();
    let start = new.len() - 200 * 256;
    new[start..].iter_mut().step_by(4).for_each(|b| *b = b.wrapping_add(3));
    let layout = Parsers::arrays().layout(&&old[..]).unwrap().unwrap();
    let hash = *blake3::hash(&old).as_bytes();
    let based = |span: &Span| Span { base: Some(BaseSpan { file: hash, start: span.start }), ..span.clone() };
    let spans: Vec<Span> = layout.spans.iter().map(based).collect();
    let bases = Resources::default().with_bases(Arc::new(File(old)));
    let told = Env::default().with_layout(spans.into()).with_resources(bases.clone());
    for strength in 1..=3 {
        let payload = encode(&new, strength, &told);
        assert!(payload.len() * 10 < new.len() * 8, "{} of {}", payload.len(), new.len());
        let with = Env::default().with_resources(bases.clone());
        assert_eq!(decode(&payload, new.len(), &with).unwrap(), new);
        let error = decode(&payload, new.len(), &Env::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let wrong = Resources::default().with_bases(Arc::new(File(b"other".to_vec())));
        let wrong = Env::default().with_resources(wrong);
        assert!(decode(&payload, new.len(), &wrong).is_err());
    }
}

#[test]
fn arrays_with_rows_more_or_fewer_are_differences_where_both_have_them() {
    let (old, grown, cut) = (model(&[200, 30], 5), model(&[260, 30], 5), model(&[120, 30], 5));
    let layout = |data: &[u8]| Parsers::arrays().layout(&data).unwrap().unwrap();
    let hash = *blake3::hash(&old).as_bytes();
    for new in [grown, cut] {
        let arrays = FileLayout::new(&layout(&new)).with_base(&layout(&old), hash);
        let placed = arrays.shared();
        let rows = new.len().min(old.len()) as u64;
        assert!(placed[0].base.is_some() && placed[0].len <= rows);
        assert_eq!(
            placed.iter().map(|p| p.len).sum::<u64>(),
            layout(&new).spans.iter().map(|t| t.len).sum::<u64>()
        );
        let mut track = Track::default();
        track.enter(Some(placed));
        track.extend(0..new.len() as u64, 0);
        let bases = Resources::default().with_bases(Arc::new(File(old.clone())));
        let told = Env::default().with_layout(track.take(new.len())).with_resources(bases.clone());
        for strength in 1..=3 {
            let payload = encode(&new, strength, &told);
            assert!(payload.len() * 2 < new.len(), "{} of {}", payload.len(), new.len());
            let with = Env::default().with_resources(bases.clone());
            assert_eq!(decode(&payload, new.len(), &with).unwrap(), new);
        }
    }
}

/// An npy file of one dimension.
fn npy(descr: &str, count: usize, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({count},), }}\n");
    [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes(), data].concat()
}

#[test]
fn only_declared_arrays_may_be_inexact() {
    let data: Vec<u8> = (0..20_000).flat_map(|i| (3.0 + (i as f32 / 200.0).sin()).to_le_bytes()).collect();
    let near = Options::new(2).unwrap().with_max_error(minlen_core::MaxError::Absolute(0.01)).unwrap();
    let go = |file: &[u8], options: &Options| {
        let coded = compress_with(file, options, &Env::default()).unwrap();
        decompress(&coded, &Limits::default()).unwrap()
    };
    let whole = npy("'<f4'", 20_000, &data);
    for block in [8192, 1 << 20] {
        let options = near.clone().with_block_size(block);
        let back = go(&whole, &options);
        assert!(back != whole && back.len() == whole.len());
        let distance = crate::nearby::verify(&&whole[..], &&back[..], &options, &Env::default()).unwrap();
        assert!(distance.arrays == 1 && distance.changed > 10_000 && distance.worst <= 0.01, "{distance:?}");
        let raw = options.clone().with_shape(Dtype::F32, &[200, 100]);
        assert!(go(&data, &raw) != data);
        // Nobody says that these are floats, or they are others.
        let record = "[('x', '<f4'), ('id', '<i4')]";
        let others = [
            data.clone(),
            npy("'>f4'", 20_000, &data),
            npy("'<i4'", 20_000, &data),
            npy("'<c8'", 10_000, &data),
            npy(record, 10_000, &data),
        ];
        for file in others {
            assert!(go(&file, &options) == file);
        }
        let wrong = options.with_shape(Dtype::F32, &[200, 101]);
        assert_eq!(compress_with(&data, &wrong, &Env::default()).unwrap_err().kind(), ErrorKind::Usage);
        assert_eq!(compress_with(b"", &wrong, &Env::default()).unwrap_err().kind(), ErrorKind::Usage);
    }
}
