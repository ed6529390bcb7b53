//! Members as readers that seek: the same bytes as in any other way, from the blocks under them, with every check.

use crate::common::hostile::{data, file, pack, unpadded};
use minlen::archive::{Archive, Builder, Entry as NewEntry, Keys};
use minlen::container::{Body, Entry, Extent, Tree, tree::file_hash};
use minlen::{Env, Error, ErrorKind, Limits, Options, Result};
use minlen_core::testing::{Rng, random_case};
use std::io::{Cursor, Read, Seek, SeekFrom};

fn open<'a>(bytes: &'a [u8], env: &Env) -> Archive<'a> {
    Archive::from_reader(Cursor::new(bytes), &Keys::default(), &Options::default(), env).unwrap()
}

/// A file in pieces that lie here and there, with holes, over blocks of 3000 bytes.
fn scattered() -> (Vec<u8>, Vec<u8>) {
    let content: Vec<u8> = (0..4).flat_map(|seed| random_case(seed, 20_000)).collect();
    let (mut rng, mut extents, mut bytes) = (Rng(7), Vec::new(), Vec::new());
    for _ in 0..60 {
        let len = 1 + rng.below(4000);
        if rng.below(4) == 0 {
            extents.push(Extent::Hole { len: len as u64 });
            bytes.resize(bytes.len() + len, 0);
        } else {
            let from = rng.below(content.len() - len);
            extents.push(data(from as u64, len as u64));
            bytes.extend_from_slice(&content[from..from + len]);
        }
    }
    let entries = vec![file("scattered", &bytes, extents), file("empty", &[], Vec::new())];
    (pack(&Tree { entries }, &content, 3000), bytes)
}

#[test]
fn any_reads_and_seeks_give_the_bytes_of_the_file() {
    let (packed, bytes) = scattered();
    let mut archive = open(&packed, &Env::default());
    let mut reader = archive.member_reader(b"scattered").unwrap();
    assert_eq!(reader.len(), bytes.len() as u64);
    let (mut rng, mut at) = (Rng(1), 0);
    for _ in 0..3000 {
        match rng.below(6) {
            0 => at = reader.seek(SeekFrom::Start(rng.below(bytes.len() + 10) as u64)).unwrap(),
            1 => at = reader.seek(SeekFrom::End(-(rng.below(bytes.len()) as i64))).unwrap(),
            2 => {
                let by = rng.below(3000) as i64 - 1500;
                match at.checked_add_signed(by) {
                    Some(to) => assert_eq!(reader.seek(SeekFrom::Current(by)).unwrap(), to),
                    None => assert!(reader.seek(SeekFrom::Current(by)).is_err()),
                }
                at = reader.stream_position().unwrap();
            }
            _ => {}
        }
        let mut room = vec![0xee; rng.below(6000)];
        let n = reader.read(&mut room).unwrap();
        let from = (at as usize).min(bytes.len());
        assert!(room[..n] == bytes[from..from + n], "{n} bytes at {at}");
        assert!(n > 0 || room.is_empty() || from == bytes.len());
        at += n as u64;
    }
}

#[test]
fn whole_members_and_streams_are_read_to_their_end() {
    let (packed, bytes) = scattered();
    let mut archive = open(&packed, &Env::default());
    let read = |mut reader: minlen::archive::MemberReader<'_, '_>| {
        let mut out = Vec::new();
        reader.read_to_end(&mut out).map(|_| out)
    };
    assert!(read(archive.member_reader(b"scattered").unwrap()).unwrap() == bytes);
    assert!(read(archive.member_reader(b"empty").unwrap()).unwrap().is_empty());
    assert_eq!(archive.member_reader(b"none").map(|_| ()).unwrap_err().kind(), ErrorKind::Usage);
    for content in [vec![], random_case(1, 5000), random_case(9, 300_000)] {
        let one = minlen::compress(&content, &Options::new(2).unwrap()).unwrap();
        let mut stream = open(&one, &Env::default());
        assert!(read(stream.content_reader()).unwrap() == content);
        assert!(read(stream.content_reader()).unwrap() == content);
        let both = [&one[..], &one].concat();
        assert!(read(open(&both, &Env::default()).content_reader()).unwrap() == content.repeat(2));
    }
}

#[test]
fn the_last_read_of_all_bytes_compares_the_hash() {
    let content = random_case(1, 20_000).repeat(3);
    let mut entry = file("f", &content, vec![data(0, content.len() as u64)]);
    let Body::File { hash, .. } = &mut entry.body else { unreachable!() };
    *hash = file_hash(b"something else");
    let packed = pack(&Tree { entries: vec![entry] }, &content, 5000);
    let mut archive = open(&packed, &Env::default());
    let mut reader = archive.member_reader(b"f").unwrap();
    let refused = |error: std::io::Error| Error::from(error).kind() == ErrorKind::Corrupt;
    // A part says nothing of the whole.
    reader.seek(SeekFrom::Start(100)).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap();
    assert!(out == content[100..]);
    // From the first byte to the last, in two runs and with a piece read twice.
    reader.rewind().unwrap();
    let half = content.len() / 2;
    reader.read_exact(&mut vec![0; half]).unwrap();
    reader.seek(SeekFrom::Current(-50)).unwrap();
    assert!(refused(reader.read_to_end(&mut Vec::new()).unwrap_err()));
}

#[test]
fn only_the_blocks_under_a_read_are_decoded() {
    let content = random_case(1, 40_000).into_iter().cycle().take(30_000).collect::<Vec<_>>();
    let tree = Tree { entries: vec![file("f", &content, vec![data(0, 30_000)])] };
    let mut packed = pack(&tree, &content, 3000);
    let damaged = open(&packed, &Env::default()).blocks().unwrap()[4].clone();
    // In the middle of the payload of the fifth block.
    packed[(damaged.file_offset + 30 + damaged.stored_len / 2) as usize] ^= 0x10;
    let mut archive = open(&packed, &Env::default());
    let mut reader = archive.member_reader(b"f").unwrap();
    for (from, len, fits) in
        [(0, 12_000, true), (15_000, 15_000, true), (11_999, 2, false), (13_000, 1, false)]
    {
        reader.seek(SeekFrom::Start(from as u64)).unwrap();
        let mut room = vec![0; len];
        let read = reader.read_exact(&mut room);
        assert_eq!(read.is_ok(), fits, "{from}");
        assert!(!fits || room == content[from..from + len]);
    }
}

#[test]
fn arrays_are_read_in_parts_and_in_any_order() {
    let numbers: Vec<u8> =
        (0..200_000u32).flat_map(|i| (1.0 + (i * 7 % 1003) as f32).to_le_bytes()).collect();
    let header =
        format!(r#"{{"w":{{"dtype":"F32","shape":[400,500],"data_offsets":[0,{}]}}}}"#, numbers.len());
    let model = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &numbers].concat();
    let mut builder = Builder::new();
    builder.add(NewEntry::file("m.safetensors", &model)).unwrap();
    let options = Options::new(5).unwrap();
    let (packed, _) = builder.write(Vec::new(), &options, &Env::default()).unwrap();
    let mut archive = open(&packed, &Env::default());
    assert!(archive.members().unwrap()[0].codecs.iter().any(|codec| codec.contains("tensors")));
    let mut reader = archive.member_reader(b"m.safetensors").unwrap();
    let mut rng = Rng(5);
    for _ in 0..60 {
        let len = 1 + rng.below(3000);
        let from = rng.below(model.len() - len);
        reader.seek(SeekFrom::Start(from as u64)).unwrap();
        let mut room = vec![0; len];
        reader.read_exact(&mut room).unwrap();
        assert!(room == model[from..from + len], "{len} bytes at {from}");
    }
}

#[test]
fn what_a_reader_hands_out_is_held_to_the_limits() {
    let content = vec![7; 1 << 20];
    let extents = (0..100).map(|_| data(0, 1 << 20)).collect();
    let body = Body::File { len: 100 << 20, hash: file_hash(&content.repeat(100)), extents };
    let entry = Entry { path: b"f".to_vec(), mode: 0o644, mtime: None, body, meta: None };
    let packed = unpadded(&Tree { entries: vec![entry] }, &content, 1 << 20);
    let read = |env: &Env, from: u64| -> Result<usize> {
        let mut archive = open(&packed, env);
        let mut reader = archive.member_reader(b"f")?;
        reader.seek(SeekFrom::Start(from))?;
        Ok(std::io::copy(&mut reader, &mut std::io::sink())? as usize)
    };
    for env in [Env::default(), Env::default().accounting()] {
        // A part is little enough, all of it is more than 4,000 times the file.
        assert_eq!(read(&env, 60 << 20).unwrap(), 40 << 20);
        assert_eq!(read(&env, 0).unwrap_err().kind(), ErrorKind::Limit);
    }
    let trusting = Env::new(Limits::default().with_ratio(0));
    assert_eq!(read(&trusting, 0).unwrap(), 100 << 20);
    let mut archive = open(&packed, &trusting);
    let mut reader = archive.member_reader(b"f").unwrap();
    trusting.cancel.cancel();
    let error = reader.read(&mut [0]).unwrap_err();
    assert_eq!(Error::from(error).kind(), ErrorKind::Cancelled);
}
