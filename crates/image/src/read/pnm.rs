//! PNM with raw samples: P4, P5 and P6 (the netpbm manuals).

use super::{Samples, check_sides, damaged};
use crate::Picture;
use minlen_core::{Env, Result};

pub(super) fn is_pnm(head: &[u8]) -> bool {
    matches!(head, [b'P', b'4'..=b'6', space, ..] if space.is_ascii_whitespace() || *space == b'#')
}

pub(super) fn read(file: &[u8], env: &Env) -> Result<Picture> {
    let mut at = 2;
    let width = number(file, &mut at)?;
    let height = number(file, &mut at)?;
    let _held = check_sides("PNM", (width, height), env)?;
    let most = if file[1] == b'4' { 1 } else { number(file, &mut at)? };
    let channels = if file[1] == b'6' { 3 } else { 1 };
    if !(1..=65_535).contains(&most) {
        return Err(damaged("PNM", "a largest sample of neither one nor two bytes"));
    }
    // One byte of white space ends the header.
    let bytes = file.get(at + 1..).unwrap_or_default();
    let values = if file[1] == b'4' {
        bits(bytes, width, height)?
    } else {
        samples(bytes, width * height * channels, most)?
    };
    let depth = if most > 255 { 16 } else { 8 };
    Samples { width, height, depth, channels, values }.into_picture(Vec::new())
}

/// The samples of one or two bytes, spread over all of 8 or 16 bits.
fn samples(bytes: &[u8], count: usize, most: usize) -> Result<Vec<u16>> {
    let wide = most > 255;
    let bytes = bytes.get(..count * (1 + usize::from(wide))).ok_or_else(cut)?;
    let full = if wide { 65_535 } else { 255 };
    let spread = |value: usize| ((value.min(most) * full + most / 2) / most) as u16;
    Ok(match wide {
        true => {
            bytes.as_chunks::<2>().0.iter().map(|&b| spread(usize::from(u16::from_be_bytes(b)))).collect()
        }
        false => bytes.iter().map(|&b| spread(usize::from(b))).collect(),
    })
}

/// Bits, of which those that are set are black; rows begin at bytes.
fn bits(bytes: &[u8], width: usize, height: usize) -> Result<Vec<u16>> {
    let row = width.div_ceil(8);
    let bytes = bytes.get(..row * height).ok_or_else(cut)?;
    let bit = |line: &[u8], x: usize| if line[x / 8] >> (7 - x % 8) & 1 == 0 { 255 } else { 0 };
    Ok(bytes.chunks_exact(row).flat_map(|line| (0..width).map(move |x| bit(line, x))).collect())
}

/// The next number of the header, behind white space and remarks.
fn number(file: &[u8], at: &mut usize) -> Result<usize> {
    loop {
        match file.get(*at) {
            Some(b'#') => *at += file[*at..].iter().position(|&b| b == b'\n').unwrap_or(file.len() - *at),
            Some(byte) if byte.is_ascii_whitespace() => *at += 1,
            _ => break,
        }
    }
    let digits = file[*at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(&file[*at..*at + digits.min(10)]).unwrap_or_default();
    *at += digits;
    text.parse().map_err(|_| damaged("PNM", "a header without its numbers"))
}

fn cut() -> minlen_core::Error {
    damaged("PNM", "fewer samples than the header says")
}
