//! Logarithms and entropies in integers, so that every machine gets the same answer.

/// Fraction bits of [`log2`].
pub(crate) const FRACTION: u32 = 16;

/// log2(1 + i/256) in 1/65536 bits.
const TABLE: [u32; 257] = table();

/// Bit by bit: squaring doubles the logarithm, and each overflow past 2 is one bit of it.
const fn table() -> [u32; 257] {
    let mut out = [0u32; 257];
    let mut i = 0;
    while i < 256 {
        let mut x: u64 = (1 << 30) + ((i as u64) << 22);
        let mut bits = 0u32;
        let mut step = 0;
        while step < 17 {
            x = (x * x) >> 30;
            bits <<= 1;
            if x >= 1 << 31 {
                bits |= 1;
                x >>= 1;
            }
            step += 1;
        }
        out[i] = bits.div_ceil(2);
        i += 1;
    }
    out[256] = 1 << FRACTION;
    out
}

// `From` is not const yet.
#[allow(clippy::cast_lossless)]
/// log2(n) in 1/65536 bits, right to about 2/65536; 0 for 0.
pub(crate) const fn log2(n: u32) -> u64 {
    if n == 0 {
        return 0;
    }
    let whole = n.ilog2();
    let scaled = ((n as u64) << 32) >> whole;
    let fraction = scaled - (1 << 32);
    let (index, rest) = ((fraction >> 24) as usize, fraction & 0xff_ffff);
    let (low, high) = (TABLE[index] as u64, TABLE[index + 1] as u64);
    ((whole as u64) << FRACTION) + low + (((high - low) * rest) >> 24)
}

/// n log2 n for small n: most columns of a sample have only such counts.
const WEIGHTS: [u32; 1024] = weights();

const fn weights() -> [u32; 1024] {
    let mut out = [0u32; 1024];
    let mut n = 1;
    while n < 1024 {
        out[n] = (n as u64 * log2(n as u32)) as u32;
        n += 1;
    }
    out
}

/// n log2 n in 1/65536.
fn weight(n: u32) -> u64 {
    WEIGHTS.get(n as usize).map_or_else(|| u64::from(n) * log2(n), |&w| u64::from(w))
}

/// Entropy of a histogram in thousandths of a bit per symbol; 0 for an empty one.
pub(crate) fn entropy(counts: &[u32]) -> u32 {
    let (bits, total) = cost(counts);
    if total == 0 { 0 } else { millibits(bits, total) }
}

/// [`entropy`] with the Miller–Madow correction (Miller 1955) for the bias of small samples, up to 8 bits.
pub(crate) fn entropy_corrected(counts: &[u32]) -> u32 {
    let total: u64 = counts.iter().map(|&c| u64::from(c)).sum();
    let used = counts.iter().filter(|&&c| c > 0).count() as u64;
    if total == 0 {
        return 0;
    }
    // 721/1000 = 1 / (2 ln 2).
    let bias = used.saturating_sub(1) * 721 / total;
    entropy(counts).saturating_add(bias as u32).min(8000)
}

/// Bits that an ideal static code for the histogram needs for all its symbols (in 1/65536), and their number.
pub(crate) fn cost(counts: &[u32]) -> (u64, u64) {
    let mut total = 0u64;
    let mut sum = 0u64;
    for &count in counts.iter().filter(|&&c| c > 0) {
        total += u64::from(count);
        sum += weight(count);
    }
    let all = total * log2(u32::try_from(total).unwrap_or(u32::MAX));
    (all.saturating_sub(sum), total)
}

/// Bits (in 1/65536) over symbols, in thousandths of a bit.
pub(crate) fn millibits(bits: u64, symbols: u64) -> u32 {
    if symbols == 0 {
        return 0;
    }
    (((u128::from(bits) * 1000) / u128::from(symbols)) >> FRACTION) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_agree_with_floating_point() {
        for n in (1..5000).chain([65_535, 65_536, 1 << 24, u32::MAX]) {
            let expected = f64::from(n).log2() * 65536.0;
            assert!((log2(n) as f64 - expected).abs() < 3.0, "log2({n}) = {} not {expected}", log2(n));
        }
        assert_eq!((log2(0), log2(1), log2(1 << 20)), (0, 0, 20 << 16));
    }

    #[test]
    fn entropies_of_known_sources() {
        assert_eq!(entropy(&[5; 256]), 8000);
        assert_eq!(entropy(&[7, 7]), 1000);
        assert_eq!(entropy(&[7, 0, 0]), 0);
        assert_eq!(entropy(&[]), 0);
        assert!((entropy(&[1, 3]) as i32 - 811).abs() <= 1);
        assert_eq!(entropy_corrected(&[1; 256]), 8000);
    }
}
