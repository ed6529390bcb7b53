//! `BL` (call) and `ADRP` (page address) of 64-bit ARM: instructions of four bytes at multiples of four.
//!
//! The distance of `BL` is 26 bits in units of 4 bytes: the position in those units is added, modulo 2^26. That of `ADRP` is 21 bits
//! in pages of 4 KiB: the page of the position is added, modulo 2^21, where the distance is within plus or minus 2^17
//! pages (512 MiB); in data that is no code, few words are touched. Both are invertible for any bytes: the first is an
//! addition, the second one within a window (see [`window`]).

const PAGES: i64 = 1 << 17;

/// Converts in place; `encode` says in which direction.
pub(super) fn run(data: &mut [u8], encode: bool) {
    for (i, bytes) in data.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let word = u32::from_le_bytes(*bytes);
        let turned = if word >> 26 == 0b10_0101 {
            let position = i as u32;
            let target = if encode { word.wrapping_add(position) } else { word.wrapping_sub(position) };
            0b10_0101 << 26 | target & 0x03ff_ffff
        } else if word & 0x9f00_0000 == 0x9000_0000 {
            page(word, (i >> 10) as i64, encode)
        } else {
            continue;
        };
        *bytes = turned.to_le_bytes();
    }
}

/// The instruction with its page turned.
fn page(word: u32, position: i64, encode: bool) -> u32 {
    let raw = (word >> 29 & 3 | (word >> 5 & 0x7ffff) << 2) as i32;
    let value = i64::from(raw << 11 >> 11);
    let turned = window(value, if encode { position } else { -position }) as u32;
    word & 0x9f00_001f | (turned & 3) << 29 | (turned >> 2 & 0x7ffff) << 5
}

/// Adds within `-PAGES..PAGES`, round and round; values outside stay.
fn window(value: i64, by: i64) -> i64 {
    if !(-PAGES..PAGES).contains(&value) {
        return value;
    }
    (value + PAGES + by).rem_euclid(2 * PAGES) - PAGES
}
