//! Evenly spaced pieces of data, so that looking at it costs little however much there is.

/// Pieces start at multiples of this, so that records of any width that divides it keep their phase.
pub(crate) const PHASE: usize = 48;

/// Up to `count` pieces of `piece` bytes spread evenly over `data`, the first bytes included; all of `data` as
/// one piece if it is no longer than that.
pub(crate) fn pieces(data: &[u8], count: usize, piece: usize) -> impl Iterator<Item = &[u8]> {
    let whole = data.len() <= count.saturating_mul(piece) || count < 2;
    let (number, length) = if whole { (1, data.len()) } else { (count, piece) };
    let room = data.len() - length;
    (0..number).map(move |i| {
        // u128 only where a 32-bit usize could overflow.
        let exact = (room as u128 * i as u128 / number.saturating_sub(1).max(1) as u128) as usize;
        let at = exact - exact % PHASE;
        &data[at..at + length]
    })
}

/// Counts the bytes of all pieces. Four tables in turn, so that runs of one byte do not wait on each other.
pub(crate) fn histogram_of<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> [u32; 256] {
    let mut lanes = [[0u32; 256]; 4];
    for piece in pieces {
        for chunk in piece.chunks(4) {
            for (lane, &byte) in lanes.iter_mut().zip(chunk) {
                lane[usize::from(byte)] += 1;
            }
        }
    }
    std::array::from_fn(|b| lanes.iter().map(|lane| lane[b]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_ends_and_never_overrun() {
        let data: Vec<u8> = (0..100_003u32).map(|i| i as u8).collect();
        for (count, piece) in [(1, 10), (2, 100), (16, 4096), (64, 1024), (64, 65_536), (0, 0)] {
            let all: Vec<&[u8]> = pieces(&data, count, piece).collect();
            assert!(all.len() <= count.max(1));
            assert_eq!(all[0].first(), data.first());
        }
        assert_eq!(pieces(&[], 4, 4).count(), 1);
    }

    #[test]
    fn histogram_counts_every_byte() {
        let counts = histogram_of(std::iter::once(b"abracadabra".as_slice()));
        assert_eq!((counts[97], counts[98], counts.iter().sum::<u32>()), (5, 2, 11));
        assert_eq!(histogram_of([b"abrac".as_slice(), b"adabra"].into_iter()), counts);
    }
}
