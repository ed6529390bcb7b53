//! Parts of files that are too long, or need sums, to be written out by hand.

use minlen_core::testing::Rng;

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub fn noise(count: u64, seed: u64) -> Vec<u8> {
    let mut rng = Rng(seed | 1);
    (0..count).map(|_| rng.next_u64() as u8).collect()
}

/// A page of black shapes on white, a bit for each pixel.
pub fn page(width: u64, height: u64) -> Vec<u8> {
    let black = |x: u64, y: u64| (x * 5 / 7 + y / 3) % 97 < 11 && (y + x / 9) % 61 < 37;
    let byte = |x: u64, y: u64| (0..8).fold(0, |all, i| all << 1 | u8::from(black(8 * x + i, y)));
    (0..height).flat_map(|y| (0..width / 8).map(move |x| byte(x, y))).collect()
}

/// Hills of 16-bit numbers, the low byte first.
pub fn plane(width: u64, height: u64) -> Vec<u8> {
    let hill = |x: f64, y: f64| 20_000.0 + 9000.0 * (x / 17.0).sin() + 8000.0 * (y / 23.0).cos();
    let all = (0..height).flat_map(|y| (0..width).map(move |x| hill(x as f64, y as f64) as u16));
    all.flat_map(u16::to_le_bytes).collect()
}

/// Floats of a slow wave.
pub fn wave(count: u64) -> Vec<u8> {
    (0..count).flat_map(|i| ((i as f32 / 19.0).sin() * 3.0).to_le_bytes()).collect()
}

/// The header before a stored member; its lengths are filled in later.
pub fn zip_local(name: &[u8]) -> Vec<u8> {
    let len = (name.len() as u16).to_le_bytes();
    [&b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], &[0; 8], &len, &[0, 0], name].concat()
}

/// The directory of members (name, place, length) and its end record.
pub fn zip_end(members: &[(Vec<u8>, usize, usize)], at: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, start, len) in members {
        let (len, start) = ((*len as u32).to_le_bytes(), (*start as u32).to_le_bytes());
        let sizes = [&len[..], &len, &(name.len() as u16).to_le_bytes(), &[0; 12], &start, name].concat();
        out.extend([&b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], &sizes].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let places = [(out.len() as u32).to_le_bytes(), (at as u32).to_le_bytes()].concat();
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &places, &[0, 0]].concat());
    out
}

/// The header of a tar member without its length and checksum.
pub fn tar_head(name: &[u8], kind: u8) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    block
}

pub fn tar_finish(block: &mut [u8], len: usize) {
    block[124..136].copy_from_slice(format!("{len:011o}\0").as_bytes());
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
