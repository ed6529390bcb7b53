//! Base64 and hexadecimal digits: bytes written as text.

use crate::recipe::Lines;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of each character in base64; 64 for others.
const VALUES: [u8; 256] = {
    let mut table = [64u8; 256];
    let mut i = 0;
    while i < 64 {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

/// Appends base64 of `data` with `pad` signs at the end, broken into lines.
pub(crate) fn put_base64(data: &[u8], lines: Lines, pad: u8, out: &mut Vec<u8>) {
    let mut flat = Vec::with_capacity(data.len() / 3 * 4 + 8);
    for group in data.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - group.len()));
        flat.extend((0..=group.len()).map(|i| ALPHABET[(bits >> (18 - 6 * i) & 63) as usize]));
    }
    flat.extend(std::iter::repeat_n(b'=', usize::from(pad)));
    broken(&flat, lines, out);
}

/// Appends hexadecimal digits of `data`, broken into lines.
pub(crate) fn put_hex(data: &[u8], lines: Lines, upper: bool, out: &mut Vec<u8>) {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let flat: Vec<u8> =
        data.iter().flat_map(|b| [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]).collect();
    broken(&flat, lines, out);
}

fn broken(flat: &[u8], lines: Lines, out: &mut Vec<u8>) {
    if lines.width == 0 {
        return out.extend_from_slice(flat);
    }
    for (i, line) in flat.chunks(lines.width).enumerate() {
        if i > 0 {
            out.extend_from_slice(lines.text());
        }
        out.extend_from_slice(line);
    }
}

/// Text of bytes, found and read.
pub(crate) struct Found {
    /// Characters it takes.
    pub(crate) len: usize,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: Lines,
    /// Base64 with so many padding signs; for hexadecimal digits, whether they are upper case.
    pub(crate) detail: Detail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Base64 { pad: u8 },
    Hex { upper: bool },
}

/// Shorter runs are left as they are.
const SHORTEST: usize = 320;

/// Base64 or hexadecimal digits that start at the start of `data`.
pub(crate) fn find(data: &[u8]) -> Option<Found> {
    let head = data.get(..SHORTEST)?;
    let first = head.iter().position(|&b| VALUES[usize::from(b)] == 64);
    let lines = match first {
        None => Lines { width: 0, ending: 0 },
        Some(width) if width >= 32 => {
            let ending = Lines::BREAKS.iter().position(|b| data[width..].starts_with(b))?;
            Lines { width, ending: ending as u8 }
        }
        Some(_) => return None,
    };
    let hex = looks_hex(head);
    if !hex && !looks_base64(head) {
        return None;
    }
    let member = |b: u8| if hex { b.is_ascii_hexdigit() } else { VALUES[usize::from(b)] < 64 };
    let (flat, len) = gather(data, lines, member);
    if flat.len() < SHORTEST {
        return None;
    }
    if hex { read_hex(&flat, lines, data) } else { read_base64(&flat, lines, data, len) }
}

/// The characters of full lines and the last one, without the breaks; and how much text that was.
fn gather(data: &[u8], lines: Lines, member: impl Fn(u8) -> bool) -> (Vec<u8>, usize) {
    let mut flat = Vec::new();
    let mut at = 0;
    loop {
        let width = if lines.width == 0 { usize::MAX } else { lines.width };
        let run = data[at..].iter().take(width).take_while(|&&b| member(b)).count();
        flat.extend_from_slice(&data[at..at + run]);
        at += run;
        let next = at + lines.text().len();
        let goes_on = run == width
            && data[at..].starts_with(lines.text())
            && data.get(next).is_some_and(|&b| member(b));
        if !goes_on {
            return (flat, at);
        }
        at = next;
    }
}

fn read_base64(flat: &[u8], lines: Lines, data: &[u8], len: usize) -> Option<Found> {
    // A group begun but not complete must be complete with its padding.
    let pad = (4 - flat.len() % 4) % 4;
    let padded = pad < 3 && data[len..].starts_with(&b"=="[..pad]);
    let keep = if padded { flat.len() } else { flat.len() - flat.len() % 4 };
    let bytes: Vec<u8> = flat[..keep]
        .chunks(4)
        .flat_map(|group| {
            let bits = group.iter().fold(0u32, |bits, &c| bits << 6 | u32::from(VALUES[usize::from(c)] & 63));
            let bits = bits << (6 * (4 - group.len()));
            (0..group.len() - 1).map(move |i| (bits >> (16 - 8 * i)) as u8)
        })
        .collect();
    let pad = if padded { pad as u8 } else { 0 };
    let mut back = Vec::new();
    put_base64(&bytes, lines, pad, &mut back);
    let found = Found { len: back.len(), bytes, lines, detail: Detail::Base64 { pad } };
    data.starts_with(&back).then_some(found)
}

fn read_hex(flat: &[u8], lines: Lines, data: &[u8]) -> Option<Found> {
    let upper = flat.iter().any(u8::is_ascii_uppercase);
    let keep = flat.iter().position(|b| if upper { b.is_ascii_lowercase() } else { b.is_ascii_uppercase() });
    let flat = &flat[..keep.unwrap_or(flat.len())];
    let value = |c: u8| char::from(c).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = flat.as_chunks::<2>().0.iter().map(|&[a, b]| value(a) << 4 | value(b)).collect();
    let mut back = Vec::new();
    put_hex(&bytes, lines, upper, &mut back);
    let found = Found { len: back.len(), bytes, lines, detail: Detail::Hex { upper } };
    (back.len() >= SHORTEST && data.starts_with(&back)).then_some(found)
}

fn distinct(head: &[u8], which: impl Fn(u8) -> bool) -> usize {
    let mut seen = [false; 256];
    head.iter().filter(|b| which(**b)).for_each(|&b| seen[usize::from(b)] = true);
    seen.iter().filter(|s| **s).count()
}

/// Enough different characters of each kind, so that no sequence of letters or figures is taken for base64.
fn looks_base64(head: &[u8]) -> bool {
    distinct(head, |b| b.is_ascii_uppercase()) >= 10
        && distinct(head, |b| b.is_ascii_lowercase()) >= 10
        && distinct(head, |b| b.is_ascii_digit()) >= 4
}

fn looks_hex(head: &[u8]) -> bool {
    let member = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'\n' | b'\r' | b'\\' | b'n');
    head.iter().all(|&b| member(b))
        && distinct(head, |b| b.is_ascii_alphabetic()) >= 3
        && distinct(head, |b| b.is_ascii_digit()) >= 5
}
