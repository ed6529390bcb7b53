//! Members of a tar archive, so that each can go where its kind belongs.

use std::ops::Range;

const BLOCK: usize = 512;

/// The contents of regular files in a tar archive, in order; none if it is no such archive.
pub(crate) fn members(data: &[u8]) -> Vec<Range<usize>> {
    let (mut at, mut out) = (0, Vec::new());
    while let Some(header) = data.get(at..at + BLOCK) {
        let Some(size) = size(header) else { break };
        let start = at + BLOCK;
        if matches!(header[156], b'0' | 0) && size > 0 && start + size <= data.len() {
            out.push(start..start + size);
        }
        at = start + size.next_multiple_of(BLOCK);
    }
    out
}

/// The size in a header whose checksum is right.
fn size(header: &[u8]) -> Option<usize> {
    let sum: u64 = header.iter().map(|&b| u64::from(b)).sum();
    let field: u64 = header[148..156].iter().map(|&b| u64::from(b)).sum();
    let stated = octal(&header[148..156])?;
    if sum - field + 8 * 32 != stated || sum == 0 {
        return None;
    }
    // Directories and links may state a size that has no content.
    if matches!(header[156], b'1'..=b'6') {
        return Some(0);
    }
    usize::try_from(octal(&header[124..136])?).ok()
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().skip_while(|b| **b == b' ').take_while(|b| (b'0'..b'8').contains(*b));
    let digits: Vec<u64> = digits.map(|b| u64::from(b - b'0')).collect();
    (1..=12).contains(&digits.len()).then(|| digits.iter().fold(0, |n, d| n << 3 | d))
}

#[cfg(test)]
pub(crate) mod tests {
    /// An entry of a tar archive, padded.
    pub(crate) fn entry(name: &str, content: &[u8]) -> Vec<u8> {
        let mut header = vec![0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[156] = b'0';
        header[257..262].copy_from_slice(b"ustar");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut out = [&header, content].concat();
        out.resize(out.len().next_multiple_of(512), 0);
        out
    }

    #[test]
    fn members_are_found() {
        let tar = [entry("a", b"first"), entry("b", &[7; 600]), vec![0; 1024]].concat();
        assert_eq!(super::members(&tar), [512..517, 1536..2136]);
        assert!(super::members(b"no archive").is_empty() && super::members(&[0; 2000]).is_empty());
    }
}
