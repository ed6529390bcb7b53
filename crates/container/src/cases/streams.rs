//! Files of several streams, and streams that no writer makes.

use crate::archive::check_structure;
use crate::end::End;
use crate::index::{self, Row};
use crate::section::{Section, StreamKind, kind, stream_header};
use crate::stream::tests::{read_all, read_seeking};
use crate::testutil::{archive, block, code, registry, stream};
use crate::{Archive, Tree, hash64, open_block, recovery, seal};
use minlen_core::testing::cases::{self, Case, number};
use minlen_core::{Coded, Env, Result, ids, varint};
use std::io::Cursor;

/// The case with the field before the last one in place of the last one.
fn before_last<'a>(case: &Case<'a>) -> Case<'a> {
    let fields = case.fields[..case.fields.len() - 1].to_vec();
    Case { line: case.line, fields }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// A file of pieces, in the words of joined.txt.
fn joined(pieces: &str) -> Vec<u8> {
    let mut file = Vec::new();
    for piece in pieces.split_whitespace() {
        let (what, rest) = piece.split_once(':').unwrap();
        let (content, size) = rest.split_once('/').unwrap_or((rest, "1"));
        let (content, size) = (content.as_bytes(), size.parse().unwrap());
        match what {
            "s" => file.extend(stream(content, size)),
            "a" => file.extend(archive(&Tree::default(), content, size)),
            "c" => {
                let sealed = (!content.is_empty()).then(|| block(content));
                file.extend(crate::compact::bytes(sealed.as_ref()).unwrap().unwrap());
            }
            "z" => file.resize(file.len() + number(rest) as usize, 0),
            "x" => file.extend(cases::hex(rest)),
            "k" => file.truncate(file.len() - number(rest) as usize),
            "f" => file[number(rest) as usize] ^= 1,
            _ => {
                let mut protected = Cursor::new(file);
                recovery::append(&mut protected, number(rest) as u32, &Env::default()).unwrap();
                file = protected.into_inner();
            }
        }
    }
    file
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn files_of_several_streams() {
    let env = Env::default();
    for case in cases::read(crate::cases::table!("joined"), 3) {
        let file = joined(case.fields[0]);
        before_last(&case).expect(read_all(&file, &env).map(|read| text(read.content)));
        let opened = Archive::open(Cursor::new(&file), &registry(), &env);
        assert_eq!(
            check_structure(&mut Cursor::new(&file), &env).is_ok(),
            opened.is_ok(),
            "line {}",
            case.line
        );
        case.expect(opened.map(|archive| {
            let content = text(read_seeking(&file, &env).unwrap().content);
            format!("{content}, {}, {}", archive.streams().len(), archive.padding())
        }));
        assert_eq!(env.budget.used(), 0, "line {}", case.line);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn what_is_left_of_damaged_files() {
    let env = Env::default();
    for case in cases::read(crate::cases::table!("scanned"), 2) {
        let file = joined(case.fields[0]);
        let scanned = Archive::open_by_scanning(Cursor::new(&file), &registry(), &env);
        case.expect(scanned.map(|(mut archive, damage)| {
            let blocks: Vec<String> = (0..archive.blocks().len())
                .map(|i| archive.read_block(i).and_then(|block| open_block(&block, &registry(), &env)))
                .map(|raw| raw.map_or("?".to_owned(), text))
                .collect();
            let streams: Vec<String> = archive.streams().iter().map(|s| s.offset.to_string()).collect();
            let damage: Vec<String> =
                damage.iter().map(|d| format!("{}-{}", d.file.start, d.file.end)).collect();
            let (blocks, streams, damage) = (blocks.join(" "), streams.join(","), damage.join(","));
            format!("{blocks}; {streams}; {damage}; {}", archive.padding()).trim().to_owned()
        }));
        assert_eq!(env.budget.used(), 0, "line {}", case.line);
    }
}

/// A stream under construction, in the words of forged.txt.
#[derive(Default)]
struct Forgery {
    bytes: Vec<u8>,
    content: Vec<u8>,
    rows: Vec<Row>,
    /// Where the last block ends.
    block_end: u64,
    index_at: Option<u64>,
    tree_at: Option<u64>,
    archive: bool,
}

impl Forgery {
    fn at(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn piece(&mut self, piece: &str) {
        let (what, rest) = piece.split_once(':').map_or((piece, None), |(what, rest)| (what, Some(rest)));
        match what {
            "h" | "H" => {
                self.archive = what == "H";
                self.bytes.extend(stream_header(StreamKind { archive: self.archive, amends: false }));
                self.block_end = self.at();
            }
            "t" => {
                self.tree_at = Some(self.at());
                let raw = Tree::default().encode();
                let tree = seal(&raw, code(&raw).unwrap());
                self.section(kind::TREE, &tree.header.fields(0).unwrap(), &tree.payload);
            }
            "i" => {
                self.index_at = Some(self.at());
                let rows = rest.map_or_else(|| self.rows.clone(), rows);
                self.bytes.extend(index::bytes(&rows).unwrap());
            }
            "p" => {
                let payload = vec![7; number(rest.unwrap()) as usize];
                let mut fields = Vec::new();
                varint::put(&mut fields, payload.len() as u64);
                fields.extend(hash64(&payload).to_le_bytes());
                self.section(0x90, &fields, &payload);
            }
            "e" => self.end(rest.unwrap_or("-,-,-,-")),
            _ => self.block(what.strip_prefix("b@").map(number), rest.unwrap().as_bytes()),
        }
    }

    fn section(&mut self, kind: u8, fields: &[u8], payload: &[u8]) {
        self.bytes.extend(Section::bytes(kind, fields).unwrap());
        self.bytes.extend(payload);
    }

    fn block(&mut self, start: Option<u64>, raw: &[u8]) {
        let sealed = seal(raw, Coded { ids: vec![ids::STORE], inner: vec![], payload: raw.to_vec() });
        let fields = sealed.header.fields(start.unwrap_or(self.content.len() as u64)).unwrap();
        let (gap, header_len) = (self.at() - self.block_end, fields.len() as u64 + 6);
        let len = raw.len() as u64;
        self.rows.push(Row { gap, header_len, raw_len: len, stored_len: len });
        self.section(kind::BLOCK, &fields, raw);
        self.content.extend(raw);
        self.block_end = self.at();
    }

    fn end(&mut self, said: &str) {
        let said: Vec<Option<u64>> =
            said.split(',').map(|text| (text != "-").then(|| number(text))).collect();
        let back = |place: Option<u64>| place.map_or(0, |place| self.at() - place);
        let tree_back = self.archive.then(|| said[3].unwrap_or_else(|| back(self.tree_at)));
        let end = End {
            content_len: said[0].unwrap_or(self.content.len() as u64),
            stream_len: said[1].unwrap_or(self.at()),
            index_back: said[2].unwrap_or_else(|| back(self.index_at)),
            tree_back,
            content_hash: *blake3::hash(&self.content).as_bytes(),
        };
        self.bytes.extend(end.bytes().unwrap());
    }
}

/// Rows between slashes.
fn rows(text: &str) -> Vec<Row> {
    let row = |text: &str| {
        let mut numbers = text.split(',').map(number);
        let mut next = || numbers.next().unwrap();
        Row { gap: next(), header_len: next(), raw_len: next(), stored_len: next() }
    };
    text.split('/').filter(|row| !row.is_empty()).map(row).collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn streams_that_no_writer_makes() {
    let env = Env::default();
    for case in cases::read(crate::cases::table!("forged"), 3) {
        let mut forgery = Forgery::default();
        case.fields[0].split_whitespace().for_each(|piece| forgery.piece(piece));
        let file = forgery.bytes;
        before_last(&case).expect(read_all(&file, &env).map(|read| text(read.content)));
        let opened: Result<_> = read_seeking(&file, &env).map(|read| text(read.content));
        case.expect(opened);
        // Looking for sections one by one finds whatever is there, and ends.
        let _ = Archive::open_by_scanning(Cursor::new(&file), &registry(), &env);
        assert_eq!(env.budget.used(), 0, "line {}", case.line);
    }
}
