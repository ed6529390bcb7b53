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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_both_ends() {
        let data: Vec<u8> = (0..1_000_000u32).map(|i| (i >> 12) as u8).collect();
        let sample = sample(&data);
        assert_eq!(sample.len(), SLICES * SLICE);
        assert_eq!((sample.first(), sample.last()), (data.first(), data.last()));
    }
}
