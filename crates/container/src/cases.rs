//! Tables of cases in tests/cases: what the bytes of the format say, and which of them are refused.

mod frames;
mod merging;
mod streams;
mod trees;

use crate::tree::{file_hash, hash_width, show_path};
use crate::{Body, Entry, Extent, Tree};
use minlen_core::testing::cases::number;

/// The table of this name. Packages hold no tables, so that only tests may ask for one.
macro_rules! table {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/", $name, ".txt"))
    };
}
pub(crate) use table;

/// From one place to the next where something is cut: all of them, but under Miri.
const STEP: usize = if cfg!(miri) { 23 } else { 1 };

/// A tree in words: entries between semicolons, each `dir PATH`, `file PATH EXTENTS`, `link PATH TARGET` or `hard PATH NUMBER`, and behind
/// that what is not usual: `mode=OCTAL`, `time=SECONDS.NANOSECONDS`, `hash=BYTE`, `len=BYTES`. Extents are OFFSET@BYTES of the content, or
/// `~BYTES` for a hole, between commas; `-` for none.
pub(crate) fn tree(text: &str) -> Tree {
    let entries = text.split(';').map(str::trim).filter(|entry| !entry.is_empty());
    Tree { entries: entries.map(entry).collect() }
}

fn entry(text: &str) -> Entry {
    let words: Vec<&str> = text.split_whitespace().collect();
    let option = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let path = words[1].as_bytes().to_vec();
    let (usual, body) = match words[0] {
        "dir" => (0o755, Body::Dir),
        "link" => (0o777, Body::Symlink(words[2].as_bytes().to_vec())),
        "hard" => (0o644, Body::Hardlink(number(words[2]) as u32)),
        "file" => (0o644, file(words[2], option("len"), option("hash"))),
        other => panic!("no entry: {other}"),
    };
    let mode = option("mode").map_or(usual, |mode| u32::from_str_radix(mode, 8).unwrap());
    let mtime = option("time").map(|time| {
        let (seconds, nanos) = time.split_once('.').unwrap();
        (seconds.parse().unwrap(), nanos.parse().unwrap())
    });
    Entry { path, mode, mtime, body, meta: None }
}

fn file(extents: &str, len: Option<&str>, hash: Option<&str>) -> Body {
    let extent = |text: &str| match text.split_once('@') {
        Some((offset, len)) => Extent::Data { offset: number(offset), len: number(len) },
        None => Extent::Hole { len: number(text.strip_prefix('~').unwrap()) },
    };
    let extents: Vec<Extent> = extents.split(',').filter(|text| *text != "-").map(extent).collect();
    let len = len.map_or_else(|| extents.iter().map(Extent::len).sum(), number);
    let hash = match hash {
        Some(byte) => shortened([number(byte) as u8; 16], len),
        None if len == 0 => file_hash(b""),
        None => shortened([0x11; 16], len),
    };
    Body::File { len, hash, extents }
}

/// As much of a hash as is kept of a file of this length.
pub(crate) fn shortened(mut hash: [u8; 16], len: u64) -> [u8; 16] {
    hash[hash_width(len)..].fill(0);
    hash
}

/// The same words for a tree; of files, what is not usual is left out.
pub(crate) fn words(tree: &Tree) -> String {
    let entry = |entry: &Entry| {
        let path = show_path(&entry.path);
        match &entry.body {
            Body::Dir => format!("dir {path}"),
            Body::Symlink(target) => format!("link {path} {}", show_path(target)),
            Body::Hardlink(to) => format!("hard {path} {to}"),
            Body::File { extents, .. } => format!("file {path} {}", places(extents)),
        }
    };
    tree.entries.iter().map(entry).collect::<Vec<_>>().join("; ")
}

fn places(extents: &[Extent]) -> String {
    let place = |extent: &Extent| match extent {
        Extent::Data { offset, len } => format!("{offset}@{len}"),
        Extent::Hole { len } => format!("~{len}"),
    };
    if extents.is_empty() { "-".to_owned() } else { extents.iter().map(place).collect::<Vec<_>>().join(",") }
}
