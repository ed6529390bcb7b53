//! Every case of `testdata/cases`, broken: an answer, never a panic, and spans that lie in the file.

use crate::cases;
use minlen_core::Kind;
use minlen_structure::{Parsers, Reader};

/// Bytes at the front of a file that are changed; what follows is mostly data.
const CHANGED: usize = 700;
/// Bytes at the end that are: ZIP files have their directory there.
const LAST: usize = 160;
/// Of so many places one is tried in each case.
const STEP: usize = 8;
/// Looks at files that are longer take too long to be done thousands of times.
const LOOKED_AT: usize = 4096;

/// All that parsers say of this file is inside it.
fn ask(name: &str, file: &[u8]) {
    let (parsers, len) = (Parsers::default(), file.len() as u64);
    let inside = |layout: Option<minlen_core::Layout>| {
        let mut end = 0;
        for span in layout.iter().flat_map(|layout| &layout.spans) {
            let whole = span.start >= end && span.len > 0 && span.start.checked_add(span.len).is_some();
            assert!(whole && span.end() <= len, "{name}: {span:?} in {len} bytes");
            end = span.end();
        }
    };
    inside(parsers.layout(&file).ok().flatten());
    inside(parsers.declared(&file).ok().flatten());
    for kind in [Kind::Tensors, Kind::ImageRaw, Kind::AudioRaw] {
        inside(parsers.layout_of(&file, kind));
    }
    // One by one, for what the first of them that answers keeps from the others.
    for parser in parsers.iter().filter(|parser| !parser.guesses() || file.len() < LOOKED_AT) {
        let _ = parser.parse(&mut Reader::new(&file));
    }
}

/// Places that are worth a change: one in `STEP`, others in each case, as most formats have many cases.
fn places(number: usize, file: &[u8]) -> impl Iterator<Item = usize> {
    let len = file.len();
    (number % STEP..len).step_by(STEP).filter(move |at| *at < CHANGED || at + LAST >= len)
}

#[test]
fn cuts_after_every_byte_are_answered() {
    let parsers = Parsers::default();
    for (number, case) in cases::all().into_iter().enumerate() {
        for end in places(number, &case.file) {
            ask(&case.name, &case.file[..end]);
            for kind in [Kind::Tensors, Kind::ImageRaw, Kind::AudioRaw] {
                let total = case.file.len() as u64;
                let head = parsers.layout_of_head(&case.file[..end], total, kind);
                let spans = head.iter().flat_map(|layout| &layout.spans);
                assert!(spans.into_iter().all(|span| span.end() <= total), "{}", case.name);
                let _ = parsers.layout_of_head(&case.file[..end], u64::MAX, kind);
            }
        }
    }
}

#[test]
fn changed_bytes_are_answered() {
    for (number, case) in cases::all().into_iter().enumerate() {
        let mut file = case.file.clone();
        for at in places(number, &case.file) {
            let old = file[at];
            for byte in [0, 0x7f, 0x80, 0xff, old ^ 1, old.wrapping_add(1)] {
                file[at] = byte;
                ask(&case.name, &file);
            }
            file[at] = old;
        }
    }
}

/// Sizes and places at which sums and products go over.
#[test]
fn absurd_numbers_are_answered() {
    let wide = [u64::MAX, u64::MAX - 64, 1 << 63, 1 << 62].map(u64::to_le_bytes);
    let big = [u64::MAX - 64, 1 << 63].map(u64::to_be_bytes);
    let narrow = [u32::MAX, u32::MAX - 8, 1 << 31].map(u32::to_le_bytes);
    let narrow_big = [u32::MAX - 8, 1 << 31].map(u32::to_be_bytes);
    let all = wide.iter().chain(&big).map(|n| &n[..]);
    let all: Vec<&[u8]> = all.chain(narrow.iter().chain(&narrow_big).map(|n| &n[..])).collect();
    for (number, case) in cases::all().into_iter().enumerate() {
        let mut file = case.file.clone();
        for at in places(number, &case.file) {
            for number in &all {
                let Some(place) = file.get_mut(at..at + number.len()) else { continue };
                place.copy_from_slice(number);
                ask(&case.name, &file);
                file[at..at + number.len()].copy_from_slice(&case.file[at..at + number.len()]);
            }
        }
    }
}
