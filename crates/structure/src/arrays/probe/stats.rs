//! Entropies in integers.

use minlen_entropy::log2::log2_q16;

/// Entropy of the counts in thousandths of a bit.
pub fn entropy(counts: &[u32]) -> u64 {
    let total: u32 = counts.iter().sum();
    if total == 0 {
        return 0;
    }
    let spent: u64 = counts.iter().map(|&count| u64::from(count) * u64::from(log2_q16(count))).sum();
    let all = u64::from(total) * u64::from(log2_q16(total));
    (all.saturating_sub(spent) / u64::from(total) * 1000) >> 16
}

/// How often each byte value occurs.
pub fn histogram(bytes: &[u8]) -> [u32; 256] {
    let mut counts = [0; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    counts
}

/// True for bytes that a person could read: more than nine in ten are printable ASCII or line ends.
pub fn is_text(counts: &[u32; 256]) -> bool {
    let printable = |byte: usize| matches!(byte, 0x20..=0x7e | 9 | 10 | 13);
    let total: u32 = counts.iter().sum();
    let text: u32 = (0..256).filter(|&byte| printable(byte)).map(|byte| counts[byte]).sum();
    u64::from(text) * 10 > u64::from(total) * 9
}
