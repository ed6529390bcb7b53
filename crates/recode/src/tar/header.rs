//! Headers of a tar archive: blocks of 512 bytes.

/// Everything in a tar begins at a multiple of this.
pub(super) const BLOCK: usize = 512;
/// Where a header's checksum stands.
const SUM: std::ops::Range<usize> = 148..156;
/// Where its size stands, in octal digits.
const SIZE: std::ops::Range<usize> = 124..136;

/// What is needed of a header.
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) size: usize,
}

/// A block as a header, if its checksum is right.
pub(super) fn header(block: &[u8]) -> Option<Header> {
    let stated = octal(&block[SUM])?;
    if sum(block) != stated || block[0] == 0 && block[257] == 0 {
        return None;
    }
    Some(Header { kind: block[156], size: usize::try_from(octal(&block[SIZE])?).ok()? })
}

/// The sum that the checksum of a header states.
fn sum(block: &[u8]) -> u64 {
    let all: u64 = block.iter().map(|&b| u64::from(b)).sum();
    let field: u64 = block[SUM].iter().map(|&b| u64::from(b)).sum();
    all - field + 8 * 32
}

/// The next header with a magic number, from `at` on.
pub(super) fn sync(data: &[u8], at: usize) -> Option<usize> {
    let mut blocks = data.get(at..)?.as_chunks::<BLOCK>().0.iter();
    blocks.position(|block| has_magic(block) && header(block).is_some()).map(|i| at + i * BLOCK)
}

fn has_magic(block: &[u8]) -> bool {
    block[257..].starts_with(b"ustar")
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.iter().skip_while(|b| **b == b' ').take_while(|b| (b'0'..b'8').contains(*b));
    let digits: Vec<u64> = digits.map(|b| u64::from(b - b'0')).collect();
    (1..=12).contains(&digits.len()).then(|| digits.iter().fold(0, |n, d| n << 3 | d))
}

/// The size that a header states, for a reader.
pub(super) fn stated_size(block: &[u8]) -> Option<usize> {
    usize::try_from(octal(block.get(SIZE)?)?).ok().filter(|&size| size <= 1 << 29)
}

/// Takes the checksum away from blocks with a magic number where [`restore`] can tell it. False, with the blocks in an
/// undefined state, if it could not tell which.
pub(super) fn strip(blocks: &mut [u8]) -> bool {
    blocks.as_chunks_mut::<BLOCK>().0.iter_mut().filter(|block| has_magic(&block[..])).all(|block| {
        if block[SUM] == usual(block) {
            block[SUM].fill(0);
            return true;
        }
        block[SUM] != [0; 8]
    })
}

/// Puts back what [`strip`] took.
pub(super) fn restore(blocks: &mut [u8]) {
    for block in blocks.as_chunks_mut::<BLOCK>().0.iter_mut().filter(|block| has_magic(&block[..])) {
        if block[SUM] == [0; 8] {
            let field = usual(block);
            block[SUM].copy_from_slice(&field);
        }
    }
}

/// A block's checksum as most programs write it: six octal digits, NUL and space.
fn usual(block: &[u8]) -> [u8; 8] {
    let sum = sum(block);
    let mut field = *b"000000\0 ";
    (0..6).for_each(|i| field[i] = b'0' + (sum >> (15 - 3 * i) & 7) as u8);
    field
}
