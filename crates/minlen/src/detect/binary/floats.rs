//! Arrays of floating-point numbers, told by their sign-and-exponent bytes (IEEE 754, little-endian).
//!
//! Numbers that people store lie within a few powers of two of each other, so the exponents take few values, while
//! the same bits of integers, text or noise take others.

use crate::detect::{found, log2, sample};
use minlen_core::{Detection, Kind};

/// Bytes looked at.
const PIECES: (usize, usize) = (16, 2016);

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    if data.len() < 256 || !total.is_multiple_of(2) || textual(data) {
        return None;
    }
    let sampled: Vec<&[u8]> = sample::pieces(data, PIECES.0, PIECES.1).collect();
    let wide = total.is_multiple_of(4);
    if let Some(answer) = wide.then(|| thirty_two(&sampled)).flatten() {
        return Some(answer);
    }
    if total.is_multiple_of(8) && sixty_four(&sampled) {
        return found(Kind::Float64, 66, "little-endian");
    }
    sixteen(&sampled)
}

/// True if the beginning is nearly all printable ASCII.
fn textual(data: &[u8]) -> bool {
    let head = &data[..data.len().min(1024)];
    let printable = head.iter().filter(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()).count();
    printable * 20 > head.len() * 19
}

/// Most 32-bit words are zero or have an exponent near 1. If even and odd words look different they are halves of
/// 64-bit numbers.
fn thirty_two(pieces: &[&[u8]]) -> Option<Detection> {
    let (mut tops, mut seconds) = ([[0u32; 256]; 2], [0u32; 256]);
    let (mut plain, mut zero, mut all) = (0u32, 0u32, 0u32);
    for piece in pieces {
        for (i, word) in piece.chunks_exact(4).enumerate() {
            let bits = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            let exponent = bits >> 23 & 0xff;
            zero += u32::from(bits == 0);
            plain += u32::from((79..=160).contains(&exponent));
            tops[i % 2][usize::from(word[3])] += 1;
            seconds[usize::from(word[1])] += 1;
            all += 1;
        }
    }
    let used = all - zero;
    if used * 20 < all || plain * 100 < used * 96 {
        return None;
    }
    let common: u32 = tops[0].iter().zip(&tops[1]).map(|(a, b)| *a.min(b)).sum();
    if common * 4 < all {
        return None;
    }
    let joint: Vec<u32> = tops[0].iter().zip(&tops[1]).map(|(a, b)| a + b).collect();
    // Where the lower half looks like the upper one, these are pairs of 16-bit numbers.
    let pairs: u32 = joint.iter().zip(&seconds).map(|(a, b)| *a.min(b)).sum();
    if pairs * 5 > all * 3 {
        return None;
    }
    // Sign and seven bits of exponent: noise has 8 bits of entropy here, text and code 5 or so at any offset.
    (log2::entropy(&joint) < 4600).then(|| found(Kind::Float32, 68, "little-endian"))?
}

/// Nearly all 64-bit words are zero or have an exponent within 2^-96..2^96.
fn sixty_four(pieces: &[&[u8]]) -> bool {
    let (mut plain, mut zero, mut all) = (0u32, 0u32, 0u32);
    let (mut second, mut top_byte) = ([0u32; 256], [0u32; 256]);
    for piece in pieces {
        for word in piece.chunks_exact(8) {
            let top = u32::from(u16::from_le_bytes([word[6], word[7]]));
            let exponent = top >> 4 & 0x7ff;
            zero += u32::from(word.iter().all(|&b| b == 0));
            plain += u32::from((927..=1119).contains(&exponent));
            second[usize::from(word[1])] += 1;
            top_byte[usize::from(word[7])] += 1;
            all += 1;
        }
    }
    let used = all - zero;
    // As above: bfloat16 seen four at a time has plausible exponents too.
    let pairs: u32 = top_byte.iter().zip(&second).map(|(a, b)| *a.min(b)).sum();
    used * 20 >= all && plain * 100 >= used * 97 && pairs * 5 <= all * 3
}

/// 16-bit floats: the high byte is far from noise and, unlike that of integers, symmetric in its sign bit. That of
/// bfloat16 takes few values, since it has seven bits of exponent to binary16's five.
fn sixteen(pieces: &[&[u8]]) -> Option<Detection> {
    let (mut high, mut low) = ([0u32; 256], [0u32; 256]);
    for piece in pieces {
        for pair in piece.chunks_exact(2) {
            low[usize::from(pair[0])] += 1;
            high[usize::from(pair[1])] += 1;
        }
    }
    let all: u32 = high.iter().sum();
    if all < 512 || log2::entropy(&high) + 1000 > log2::entropy(&low) || log2::entropy(&low) < 4000 {
        return None;
    }
    let overlap = |mask: usize| -> u32 { (0..256).map(|b| high[b].min(high[b ^ mask])).sum() };
    let (signed, complement) = (overlap(0x80), overlap(0xff));
    if signed * 2 < all || signed < complement + all / 5 {
        return None;
    }
    let magnitude: Vec<u32> = (0..128).map(|b| high[b] + high[b | 0x80]).collect();
    let brain: u32 = magnitude[0x34..0x44].iter().sum();
    let narrow = magnitude.iter().filter(|&&n| n * 200 > all).count();
    if brain * 100 >= all * 95 && narrow <= 7 {
        return found(Kind::Float16, 64, "bfloat16");
    }
    // Exponents 1 to 21 of binary16 hold everything from 2^-14 to 64.
    let half: u32 = magnitude[4..0x56].iter().sum::<u32>() + magnitude[0];
    (half * 100 >= all * 97).then(|| found(Kind::Float16, 62, "binary16"))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    /// About Gaussian, from the sum of uniform numbers.
    fn gauss(rng: &mut Rng) -> f64 {
        (0..6).map(|_| rng.below(2001) as f64 / 1000.0 - 1.0).sum::<f64>() * 0.05
    }

    fn kind(bytes: &[u8]) -> Option<Kind> {
        find(bytes, bytes.len() as u64).map(|d| d.kind)
    }

    #[test]
    fn tells_widths_apart() {
        let mut rng = Rng(4);
        let single: Vec<u8> = (0..9000).flat_map(|_| (gauss(&mut rng) as f32).to_le_bytes()).collect();
        assert_eq!(kind(&single), Some(Kind::Float32));
        let double: Vec<u8> = (0..9000).flat_map(|_| gauss(&mut rng).to_le_bytes()).collect();
        assert_eq!(kind(&double), Some(Kind::Float64));
        let tenths: Vec<u8> = (0..9000).flat_map(|_| (rng.below(1000) as f64 / 10.0).to_le_bytes()).collect();
        assert_eq!(kind(&tenths), Some(Kind::Float64));
        let brain: Vec<u8> =
            (0..9000).flat_map(|_| (gauss(&mut rng) as f32).to_bits().to_le_bytes()[2..].to_vec()).collect();
        assert_eq!(find(&brain, brain.len() as u64).map(|d| d.detail).as_deref(), Some("bfloat16"));
    }

    #[test]
    fn integers_and_noise_are_not_floats() {
        let mut rng = Rng(6);
        let noise: Vec<u8> = (0..30_000).map(|_| rng.next_u64() as u8).collect();
        assert_eq!(kind(&noise), None);
        let ints: Vec<u8> = (0..9000).flat_map(|_| (rng.below(1 << 20) as u32).to_le_bytes()).collect();
        assert_eq!(kind(&ints), None);
        let samples: Vec<u8> =
            (0..9000).flat_map(|_| ((gauss(&mut rng) * 9000.0) as i16).to_le_bytes()).collect();
        assert_eq!(kind(&samples), None);
    }
}
