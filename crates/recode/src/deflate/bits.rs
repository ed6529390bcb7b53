//! Bits in the order of deflate (RFC 1951): the lowest bit of a byte comes first.

/// Reads bits from bytes; past the end there is nothing.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    next: usize,
    held: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, held: 0, count: 0 }
    }

    /// Holds at least 48 bits, or all that are left.
    #[inline]
    pub(super) fn fill(&mut self) {
        while self.count <= 56 {
            let Some(&byte) = self.data.get(self.next) else { return };
            self.held |= u64::from(byte) << self.count;
            self.count += 8;
            self.next += 1;
        }
    }

    /// The next 16 bits, zeros past the end, without taking them. Call [`Self::fill`] before.
    #[inline]
    pub(super) fn peek(&self) -> u32 {
        (self.held & 0xffff) as u32
    }

    /// Drops `n` bits (up to 16) that were peeked at.
    #[inline]
    pub(super) fn drop(&mut self, n: u32) -> Option<()> {
        if n > self.count {
            return None;
        }
        self.held >>= n;
        self.count -= n;
        Some(())
    }

    /// The next `n` bits (up to 16).
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Option<u32> {
        self.fill();
        let bits = self.peek() & ((1 << n) - 1);
        self.drop(n)?;
        Some(bits)
    }

    /// The bits up to the next byte, and how many there are.
    pub(super) fn align(&mut self) -> Option<(u32, u32)> {
        let n = self.count % 8;
        Some((self.take(n)?, n))
    }

    /// The next `n` bytes; the reader must be at a byte.
    pub(super) fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let at = self.position();
        let bytes = self.data.get(at..at.checked_add(n)?)?;
        (self.next, self.held, self.count) = (at + n, 0, 0);
        Some(bytes)
    }

    /// Whole bytes taken so far, the one begun included.
    pub(super) fn position(&self) -> usize {
        self.next - (self.count / 8) as usize
    }
}

/// Writes bits into bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    pub(super) out: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// A writer that appends to `out`.
    pub(super) fn new(out: Vec<u8>) -> Self {
        Self { out, held: 0, count: 0 }
    }

    /// Appends the low `n` bits (up to 16) of `bits`, which has no others.
    #[inline]
    pub(super) fn put(&mut self, bits: u32, n: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += n;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// How many bits are missing to a whole byte.
    pub(super) fn missing(&self) -> u32 {
        (8 - self.count) % 8
    }
}
