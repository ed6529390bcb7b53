//! What stands around everything: headers of streams, sections and blocks, ends, tables of blocks, heads of compact streams.

use crate::block::BlockHeader;
use crate::compact::Head;
use crate::end::End;
use crate::index::{self, Row};
use crate::primitives::{Input, check32, hash64};
use crate::section::{Section, kind, parse_stream_header, stream_header};
use minlen_core::testing::cases;
use minlen_core::{CodecId, Env, ErrorKind, Limits, Result, varint};

fn list(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

fn numbers(ids: &[CodecId]) -> String {
    list(ids.iter().map(|id| u64::from(id.0)))
}

#[test]
fn headers_of_streams() {
    for case in cases::read(crate::cases::table!("stream_headers"), 2) {
        let front = case.hex(0);
        let mut header: [u8; 16] = [&front[..], &check32(&front).to_le_bytes()].concat().try_into().unwrap();
        let read = parse_stream_header(&header);
        // Archives that are written now have trees of form 2.
        if let Ok(kind) = read
            && front[9] == 0
            && front[10] != 1
        {
            assert_eq!(stream_header(kind), header, "line {}", case.line);
        }
        case.expect(read.map(|kind| match (kind.archive, kind.amends) {
            (true, true) => "amending archive",
            (true, false) => "archive",
            (false, _) => "content",
        }));
        // With another checksum, nothing behind the magic is believed.
        header[15] ^= 1;
        assert_eq!(
            parse_stream_header(&header).unwrap_err().kind(),
            ErrorKind::Corrupt,
            "line {}",
            case.line
        );
    }
}

#[test]
fn headers_of_sections() {
    for (kind, fields) in [(1u8, &b""[..]), (5, b"abc"), (0xff, &[7; 255])] {
        let bytes = Section::bytes(kind, fields).unwrap();
        let section = Section { kind, fields: fields.to_vec() };
        assert_eq!(bytes[..2], [kind, fields.len() as u8]);
        assert_eq!((bytes.len() as u64, &bytes[2..bytes.len() - 4]), (section.len(), fields));
        // What follows does not matter to it, whatever misses does.
        assert_eq!(Section::parse(&[&bytes[..], b"more"].concat()).as_ref(), Some(&section));
        let mut input = Input::new(&bytes[1..], 8);
        assert_eq!(Section::read(kind, &mut input).unwrap(), section);
        assert_eq!(input.pos, 7 + section.len());
        for cut in (0..bytes.len()).step_by(super::STEP) {
            assert_eq!(Section::parse(&bytes[..cut]), None, "{cut}");
            let error = Section::read(kind, &mut Input::new(&bytes[1..cut.max(1)], 8)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{cut}");
        }
        let last = bytes.len() - 1;
        for at in [0, 1, last - 3, last] {
            let mut bad = [&bytes[..], &[0; 260]].concat();
            bad[at] ^= 1;
            assert_eq!(Section::parse(&bad), None, "{at}");
            let error = Section::read(bad[0], &mut Input::new(&bad[1..], 8)).unwrap_err();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::Corrupt, Some(7)), "{at}");
        }
    }
    assert_eq!(Section::bytes(1, &[0; 256]).unwrap_err().kind(), ErrorKind::Usage);
    for (section, skippable) in
        [(0, false), (5, false), (0x7f, false), (0x80, true), (0xbf, true), (0xc0, false)]
    {
        assert_eq!(kind::is_skippable(section), skippable, "{section}");
    }
}

#[test]
fn headers_of_blocks() {
    for case in cases::read(crate::cases::table!("block_headers"), 2) {
        let front = case.hex(0);
        // An empty or cut front takes its numbers from the hash.
        let fields = [&front[..], &[0x5a; 8]].concat();
        let read = BlockHeader::parse(&fields);
        if let Ok((header, start)) = &read {
            assert_eq!((header.hash, header.hash_bytes), (0x5a5a_5a5a_5a5a_5a5a, 8));
            assert_eq!(header.fields(*start).unwrap(), fields, "line {}", case.line);
            for cut in (0..fields.len()).step_by(super::STEP) {
                assert!(BlockHeader::parse(&fields[..cut]).is_err(), "line {} cut to {cut}", case.line);
            }
        }
        case.expect(read.map(|(header, start)| {
            let (ids, inner) = (numbers(&header.ids), list(header.inner));
            format!("{}@{start}, {}: {ids}; {inner}", header.raw_len, header.stored_len).trim().to_owned()
        }));
    }
}

#[test]
fn headers_that_nobody_could_read_are_not_written() {
    let good = BlockHeader {
        raw_len: 5,
        stored_len: 3,
        ids: vec![CodecId(1)],
        inner: vec![],
        hash: 9,
        hash_bytes: 8,
    };
    assert!(good.fields(0).is_ok());
    for bad in [
        BlockHeader { raw_len: 0, ..good.clone() },
        BlockHeader { ids: vec![], ..good.clone() },
        BlockHeader { ids: vec![CodecId(0); 5], inner: vec![1; 4], ..good.clone() },
        BlockHeader { inner: vec![1], ..good.clone() },
        BlockHeader { ids: vec![CodecId(0); 2], ..good.clone() },
        BlockHeader { raw_len: (1 << 30) + 1, ..good.clone() },
        BlockHeader { stored_len: (2 << 30) + 1, ..good.clone() },
    ] {
        assert_eq!(bad.fields(0).unwrap_err().kind(), ErrorKind::Usage, "{bad:?}");
        assert_eq!(bad.put_chain(&mut Vec::new()).unwrap_err().kind(), ErrorKind::Usage, "{bad:?}");
    }
}

#[test]
fn hashes_fit_as_far_as_they_are_known() {
    let right = hash64(b"content");
    let fits =
        |hash: u64, hash_bytes| BlockHeader { hash, hash_bytes, ..BlockHeader::empty() }.fits(b"content");
    assert!(fits(right, 8) && fits(right, 4) && fits(right, 0));
    // A difference in the highest byte, in byte 4, in the lowest.
    for (bit, known) in [(63, 8), (56, 8), (32, 5), (31, 4), (8, 2), (0, 1)] {
        let wrong = right ^ 1 << bit;
        assert!(!fits(wrong, known) && !fits(wrong, 8), "bit {bit} of {known} bytes");
        assert!(fits(wrong, known - 1), "bit {bit} of {known} bytes");
    }
    assert!(!fits(0, 8));
}

#[test]
fn ends_of_streams() {
    for case in cases::read(crate::cases::table!("ends"), 3) {
        let archive = case.fields[1] == "yes";
        let fields = [&case.hex(0)[..], &[0xab; 32]].concat();
        let read = End::parse(&fields, archive);
        if let Ok(end) = &read {
            assert_eq!(end.content_hash, [0xab; 32]);
            let bytes = end.bytes().unwrap();
            let size = bytes.len() - 4;
            assert_eq!(Section::parse(&bytes), Some(Section { kind: kind::END, fields: fields.clone() }));
            assert_eq!(bytes[size..], [size as u8, b'M', b'L', b'E'], "line {}", case.line);
            for cut in (0..fields.len()).step_by(super::STEP) {
                assert!(End::parse(&fields[..cut], archive).is_err(), "line {} cut to {cut}", case.line);
            }
        }
        case.expect(read.map(|end| {
            let tree = end.tree_back.map_or("-".to_owned(), |back| back.to_string());
            format!("{}, {}, {}, {tree}", end.content_len, end.stream_len, end.index_back)
        }));
    }
}

/// Reads a table of `count` blocks in `payload`, whose hash is wrong in the bits of `flip`.
fn rows(count: u64, payload: &[u8], flip: u64, env: &Env) -> Result<Vec<Row>> {
    let mut fields = Vec::new();
    varint::put(&mut fields, payload.len() as u64);
    varint::put(&mut fields, count);
    fields.extend((hash64(payload) ^ flip).to_le_bytes());
    let section = Section { kind: kind::INDEX, fields };
    Ok(index::read(&section, &mut Input::new(payload, 0), env)?.0)
}

#[test]
fn tables_of_blocks() {
    let env = Env::default();
    for case in cases::read(crate::cases::table!("indexes"), 3) {
        let (count, payload) = (case.number(0), case.hex(1));
        let read = rows(count, &payload, 0, &env);
        if let Ok(rows) = &read {
            let bytes = index::bytes(rows).unwrap();
            assert_eq!(bytes[bytes.len() - payload.len()..], payload, "line {}", case.line);
            let header = Section::parse(&bytes).unwrap();
            assert_eq!(header.len() + payload.len() as u64, bytes.len() as u64);
            for flip in [1, 1 << 63] {
                assert_eq!(
                    super::frames::rows(count, &payload, flip, &env).unwrap_err().kind(),
                    ErrorKind::Corrupt
                );
            }
        }
        case.expect(read.map(|rows| {
            let shown = rows.iter().map(|row| list([row.gap, row.header_len, row.raw_len, row.stored_len]));
            shown.collect::<Vec<_>>().join("; ")
        }));
        assert_eq!(env.budget.used(), 0);
    }
    // The table is charged: 32 bytes a row, and its payload while it is read.
    let memory = |bytes| Env::new(Limits::default().with_memory(bytes));
    assert!(rows(2, &[0; 8], 0, &memory(8 + 64)).is_ok());
    assert_eq!(rows(2, &[0; 8], 0, &memory(8 + 63)).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn heads_of_compact_streams() {
    for case in cases::read(crate::cases::table!("compacts"), 2) {
        let bytes = [&case.hex(0)[..], &[0x33; 300]].concat();
        let known = bytes[..4].try_into().unwrap();
        let mut input = Input::new(&bytes[4..], 4);
        let read = Head::read(&known, &mut input);
        if let Ok(head) = &read {
            assert_eq!(input.pos, head.len(), "line {}", case.line);
            for cut in (4..head.len() as usize).step_by(super::STEP) {
                let error = Head::read(&known, &mut Input::new(&bytes[4..cut], 4)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Truncated, "line {} cut to {cut}", case.line);
            }
        }
        case.expect(read.map(|head| {
            let lens = [head.raw_len(), head.stored_len(), head.len(), head.stream_len()];
            format!("{}: {}", list(lens).replace(',', ", "), numbers(&head.into_header().ids))
                .trim()
                .to_owned()
        }));
    }
}
