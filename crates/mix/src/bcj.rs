//! Branches of x86 code made absolute: a BCJ filter, also known as the E8E9 transform.
//!
//! The operand of CALL, JMP and the conditional jumps is the distance to the target; the target itself, which the same
//! function's other callers name too, repeats far more often. Its three lower bytes are written highest first, so that
//! what is known of an address comes before what is not; the fourth, the sign, stays last, as it tells the way back
//! which operands were changed. Source: the BCJ filters of 7-Zip and xz describe the idea; the
//! encoding here is our own.
//!
//! This is the filter that `cm` runs by itself for x86 code, and no codec; `minlen-recode` has the filters for chains. Any bytes come back.
//!
//! ```
//! use minlen_mix::bcj::{absolute, relative};
//! // Two calls of one function, ten bytes apart.
//! let mut code = vec![0x90; 40];
//! code[0..5].copy_from_slice(&[0xe8, 0x20, 0, 0, 0]);
//! code[10..15].copy_from_slice(&[0xe8, 0x16, 0, 0, 0]);
//! let original = code.clone();
//! absolute(&mut code);
//! assert_eq!(code[1..5], code[11..15]);
//! relative(&mut code);
//! assert_eq!(code, original);
//! ```

/// Targets are kept modulo this: distances of up to 16 MiB either way.
const SPAN: u32 = 1 << 25;

/// Start of the operand if a branch begins at `i`.
#[inline(always)]
fn operand(data: &[u8], i: usize) -> Option<usize> {
    let at = match (data[i], data.get(i + 1)) {
        (0xe8 | 0xe9, _) => i + 1,
        (0x0f, Some(0x80..=0x8f)) => i + 2,
        _ => return None,
    };
    (at + 4 <= data.len()).then_some(at)
}

/// A distance or target is taken if it fits 25 bits, sign included: then its highest byte is 0 or 255, before and after.
fn fits(value: u32) -> bool {
    value.wrapping_add(SPAN / 2) < SPAN
}

fn wrap(value: u32) -> u32 {
    // The sign of bit 24 in all higher bits.
    ((value << 7) as i32 >> 7) as u32
}

/// Hands every operand and its end to `change`. The operand is passed over even where it was left as it is, so that no two
/// operands overlap and the way back meets the same ones.
fn each(data: &mut [u8], change: impl Fn(&mut [u8; 4], u32)) {
    let mut i = 0;
    while i < data.len() {
        let Some(at) = operand(data, i) else {
            i += 1;
            continue;
        };
        if let Some(bytes) = data.get_mut(at..).and_then(|b| b.first_chunk_mut::<4>()) {
            change(bytes, at as u32 + 4);
        }
        i = at + 4;
    }
}

/// Distances to targets.
pub fn absolute(data: &mut [u8]) {
    each(data, |bytes, from| {
        let distance = u32::from_le_bytes(*bytes);
        if fits(distance) {
            let [a, b, c, sign] = wrap(distance.wrapping_add(from)).to_le_bytes();
            *bytes = [c, b, a, sign];
        }
    });
}

/// Targets to distances: undoes [`absolute`].
pub fn relative(data: &mut [u8]) {
    each(data, |bytes, from| {
        let [c, b, a, sign] = *bytes;
        let target = u32::from_le_bytes([a, b, c, sign]);
        if fits(target) {
            *bytes = wrap(target.wrapping_sub(from)).to_le_bytes();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::{Rng, edge_cases};

    #[test]
    fn comes_back_from_anything() {
        let mut rng = Rng(5);
        let mut cases = edge_cases();
        // Many branches close together, with operands on both sides of the bounds.
        cases.extend((0..300).map(|_| {
            let pick = [0xe8, 0xe9, 0x0f, 0x84, 0x00, 0xff, 0x01, 0x80, 0xfe];
            (0..rng.below(200)).map(|_| pick[rng.below(pick.len())]).collect()
        }));
        for case in cases {
            let mut data = case.clone();
            absolute(&mut data);
            relative(&mut data);
            assert!(data == case);
        }
    }

    #[test]
    fn one_target_from_two_places() {
        let mut data = vec![0x90; 40];
        data[0..5].copy_from_slice(&[0xe8, 0x20, 0, 0, 0]);
        data[10..15].copy_from_slice(&[0xe8, 0x16, 0, 0, 0]);
        absolute(&mut data);
        assert_eq!(data[1..5], data[11..15]);
        assert_eq!(data[1..5], [0, 0, 0x25, 0]);
    }
}
