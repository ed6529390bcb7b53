//! Constants of deflate (RFC 1951) and the token they describe.

/// Longest match.
pub(super) const MAX_MATCH: usize = 258;
/// Shortest match.
pub(super) const MIN_MATCH: usize = 3;
/// Literals, end of block and lengths.
pub(super) const LITERALS: usize = 286;
/// Distances.
pub(super) const DISTANCES: usize = 30;
/// The symbol that ends a block.
pub(super) const END: usize = 256;

/// In which order the lengths of the code-length code are written.
pub(super) const CODE_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// First length and number of extra bits of symbols 257 and up.
pub(super) const LENGTHS: [(u16, u8); 29] = {
    let mut table = [(0, 0); 29];
    let (mut i, mut base) = (0, 3u16);
    while i < 28 {
        let extra = if i < 8 { 0 } else { i / 4 - 1 };
        table[i] = (base, extra as u8);
        base += 1 << extra;
        i += 1;
    }
    table[28] = (258, 0);
    table
};

/// First distance and number of extra bits of each distance symbol.
pub(super) const DISTS: [(u16, u8); DISTANCES] = {
    let mut table = [(0, 0); DISTANCES];
    let (mut i, mut base) = (0, 1u32);
    while i < DISTANCES {
        let extra = if i < 4 { 0 } else { i / 2 - 1 };
        table[i] = (base as u16, extra as u8);
        base += 1 << extra;
        i += 1;
    }
    table
};

/// The index into [`LENGTHS`] of each length - 3.
const LENGTH_SYMBOL: [u8; 256] = {
    let mut table = [0u8; 256];
    let (mut len, mut symbol) = (3, 0);
    while len <= 258 {
        while symbol < 28 && LENGTHS[symbol + 1].0 <= len {
            symbol += 1;
        }
        table[len as usize - 3] = symbol as u8;
        len += 1;
    }
    table
};

/// A literal byte, or a match of 3 to 258 bytes at a distance of 1 to 32768.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(u32);

impl Token {
    pub(super) fn literal(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    pub(super) fn matching(len: usize, dist: usize) -> Self {
        Self((len as u32) << 16 | (dist as u32 - 1) & 0x7fff)
    }

    /// Bytes of a match; 0 for a literal.
    #[inline]
    pub(super) fn len(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// The distance of a match.
    #[inline]
    pub(super) fn dist(self) -> usize {
        (self.0 & 0x7fff) as usize + 1
    }

    #[inline]
    pub(super) fn is_literal(self) -> bool {
        self.0 < 1 << 16
    }

    /// Bytes of plain text it stands for.
    #[inline]
    pub(super) fn span(self) -> usize {
        self.len().max(1)
    }

    /// The symbol of a literal or length, 0 to 285.
    #[inline]
    pub(super) fn symbol(self) -> usize {
        if self.is_literal() {
            self.0 as usize
        } else {
            257 + usize::from(LENGTH_SYMBOL[(self.len() - MIN_MATCH) & 255])
        }
    }

    /// The distance symbol of a match, 0 to 29.
    #[inline]
    pub(super) fn dist_symbol(self) -> usize {
        let d = self.dist() as u32 - 1;
        if d < 4 {
            return d as usize;
        }
        let top = 31 - d.leading_zeros();
        (2 * top + (d >> (top - 1) & 1)) as usize
    }
}

/// The code words of these lengths (canonical, bits in the order of writing); 0 bits for symbols without one.
pub(super) fn codes(lengths: &[u8], out: &mut [(u16, u8)]) {
    let mut next = [0u32; 17];
    let mut code = 0u32;
    for (bits, first) in (1u8..).zip(&mut next[1..16]) {
        *first = code;
        let count = lengths.iter().filter(|&&l| l == bits).count() as u32;
        code = (code + count) << 1;
    }
    for (slot, &len) in out.iter_mut().zip(lengths) {
        let len = len.min(15);
        *slot = (0, len);
        if len > 0 {
            let code = &mut next[usize::from(len)];
            slot.0 = (*code as u16).reverse_bits() >> (16 - len);
            *code += 1;
        }
    }
}

/// The code lengths of blocks with fixed codes: literals and lengths, then distances.
pub(super) fn fixed() -> ([u8; 288], [u8; 30]) {
    let mut literals = [8u8; 288];
    literals[144..256].fill(9);
    literals[256..280].fill(7);
    (literals, [5; 30])
}
