//! A small piece that stands for the whole.

/// Parts up to this size are coded with every offer in full: a sample would not save much.
pub(super) const SMALL: usize = 192 << 10;

const SLICES: usize = 4;
const SLICE: usize = 64 << 10;

/// Evenly spaced slices of `data`, joined: 256 KiB in all, first and last bytes included.
pub(super) fn sample(data: &[u8]) -> Vec<u8> {
    if data.len() <= SLICES * SLICE {
        return data.to_vec();
    }
    let gap = (data.len() - SLICE) / (SLICES - 1);
    (0..SLICES).flat_map(|i| &data[i * gap..i * gap + SLICE]).copied().collect()
}

/// True if more than about a hundredth of `data` stands in it twice, however far apart.
///
/// A sample of slices cannot see that. Positions are picked by a rolling hash of the last 64 bytes (the gear hash of
/// FastCDC), so equal stretches pick the same ones; each fingerprint is looked up in a small table.
pub(super) fn has_repeats(data: &[u8]) -> bool {
    const PICK: u64 = 63 << 58;
    let mut table = vec![0u32; 1 << 16];
    let (mut hash, mut picked, mut seen) = (0u64, 0usize, 0usize);
    for &byte in data {
        hash = (hash << 1).wrapping_add(gear(byte));
        if hash & PICK == 0 {
            let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (slot, print) = ((mixed >> 48) as usize, (mixed >> 16) as u32 | 1);
            picked += 1;
            seen += usize::from(table[slot] == print);
            table[slot] = print;
        }
    }
    seen * 100 > picked
}

fn gear(byte: u8) -> u64 {
    let z = (u64::from(byte) + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_far_repeats_and_none_in_noise() {
        let noise: Vec<u8> = minlen_core::testing::random_case(0, 1_000_000);
        let noise = [noise, minlen_core::testing::random_case(800, 1_000_000)].concat();
        assert!(noise.len() > 300_000 && !has_repeats(&noise));
        assert!(has_repeats(&[&noise[..], &noise[5..60_000]].concat()));
    }

    #[test]
    fn takes_both_ends() {
        let data: Vec<u8> = (0..1_000_000u32).map(|i| (i >> 12) as u8).collect();
        let sample = sample(&data);
        assert_eq!(sample.len(), SLICES * SLICE);
        assert_eq!((sample.first(), sample.last()), (data.first(), data.last()));
    }
}
