//! Codes of 9 to 16 bits as bytes, least significant bit first, with the historical padding of `.Z` files.

/// Appends codes to a byte vector.
pub struct CodeWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
    /// Bits written since the width last changed, in codes.
    in_group: u32,
}

impl<'a> CodeWriter<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, held: 0, count: 0, in_group: 0 }
    }

    /// Writes the low `width` bits of `code`.
    #[inline]
    pub fn put(&mut self, code: u32, width: u32) {
        self.held |= u64::from(code) << self.count;
        self.count += width;
        self.in_group += 1;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    /// Fills the group of eight codes of `width` bits up with zeros, if it has begun.
    pub fn pad_group(&mut self, width: u32) {
        while !self.in_group.is_multiple_of(8) {
            self.put(0, width);
        }
        self.in_group = 0;
    }

    /// Writes what is left, to a whole byte.
    pub fn finish(self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

/// Reads codes from a byte slice.
pub struct CodeReader<'a> {
    bytes: &'a [u8],
    at: u64,
    group_start: u64,
}

impl<'a> CodeReader<'a> {
    /// A reader at the first bit.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, group_start: 0 }
    }

    /// The next `width` (at most 16) bits; none if fewer are left.
    #[inline]
    pub fn get(&mut self, width: u32) -> Option<u32> {
        let (byte, bit) = ((self.at >> 3) as usize, (self.at & 7) as u32);
        let word = match self.bytes.get(byte..byte.checked_add(4)?) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => self.last_word(byte, bit + width)?,
        };
        self.at += u64::from(width);
        Some((word >> bit) & ((1 << width) - 1))
    }

    fn last_word(&self, byte: usize, bits: u32) -> Option<u32> {
        let rest = self.bytes.get(byte..)?;
        if (rest.len() as u64) * 8 < u64::from(bits) {
            return None;
        }
        Some(rest.iter().take(4).rev().fold(0, |word, &b| (word << 8) | u32::from(b)))
    }

    /// Skips to the end of the group of eight codes of `width` bits. The next group begins there.
    pub fn skip_group(&mut self, width: u32) {
        self.at = self.group_start + (self.at - self.group_start).next_multiple_of(8 * u64::from(width));
        self.group_start = self.at;
    }

    /// Bytes of which at least one bit was read or skipped; may be past the end after a skip.
    pub fn bytes_used(&self) -> u64 {
        self.at.div_ceil(8)
    }
}
