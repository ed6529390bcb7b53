//! The bits of a scan: high bits first, a zero byte stuffed behind each 0xff (T.81, B.1.1.5 and F.1.2.3).

use minlen_core::{Error, Result};

/// Reads the bits of a scan.
pub(super) struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    byte: u32,
    left: u32,
    /// What the bits were that filled up bytes; nothing before the first.
    pub(super) pad: Option<bool>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, byte: 0, left: 0, pad: None }
    }

    /// Bytes taken so far; after [`Reader::align`] the place of whatever follows.
    pub(super) fn taken(&self) -> usize {
        self.at
    }

    /// The next bit.
    #[inline(always)]
    pub(super) fn bit(&mut self) -> Result<u32> {
        if self.left == 0 {
            let ended = || Error::truncated("jpeg: a scan ends too early");
            let byte = *self.data.get(self.at).ok_or_else(ended)?;
            self.at += 1;
            if byte == 0xff {
                if self.data.get(self.at) != Some(&0) {
                    return Err(ended());
                }
                self.at += 1;
            }
            self.byte = u32::from(byte);
            self.left = 8;
        }
        self.left -= 1;
        Ok(self.byte >> self.left & 1)
    }

    /// The next `n` (up to 16) bits as a number.
    #[inline(always)]
    pub(super) fn bits(&mut self, n: u32) -> Result<u32> {
        let mut value = 0;
        for _ in 0..n {
            value = value << 1 | self.bit()?;
        }
        Ok(value)
    }

    /// A number of `n` bits whose first bit tells its sign (T.81, F.2.2.1).
    #[inline(always)]
    pub(super) fn signed(&mut self, n: u32) -> Result<i32> {
        let value = self.bits(n)? as i32;
        Ok(if n > 0 && value >> (n - 1) == 0 { value - (1 << n) + 1 } else { value })
    }

    /// Drops the bits that fill up the byte; all of a file must be alike.
    pub(super) fn align(&mut self) -> Result<()> {
        let mask = (1 << self.left) - 1;
        let tail = self.byte & mask;
        if self.left > 0 {
            let one = tail != 0;
            if (one && tail != mask) || self.pad.is_some_and(|pad| pad != one) {
                return Err(Error::unsupported("jpeg: bits that fill up bytes differ"));
            }
            self.pad = Some(one);
        }
        self.left = 0;
        Ok(())
    }

    /// Takes the restart marker `n` (0 to 7).
    pub(super) fn restart(&mut self, n: u8) -> Result<()> {
        self.align()?;
        if self.data.get(self.at..self.at + 2) != Some(&[0xff, 0xd0 | n]) {
            return Err(Error::unsupported("jpeg: no restart marker where one is due"));
        }
        self.at += 2;
        Ok(())
    }
}

/// Writes the bits of a scan.
pub(super) struct Writer<'a> {
    /// What was written.
    pub(super) out: &'a mut Vec<u8>,
    bits: u64,
    count: u32,
    pad: bool,
}

impl<'a> Writer<'a> {
    /// Appends to `out`; fills up bytes with `pad`.
    pub(super) fn new(out: &'a mut Vec<u8>, pad: bool) -> Self {
        Self { out, bits: 0, count: 0, pad }
    }

    /// Writes the low `n` (up to 32) bits of `value`.
    #[inline(always)]
    pub(super) fn put(&mut self, value: u32, n: u32) {
        self.bits = self.bits << n | (u64::from(value) & ((1 << n) - 1));
        self.count += n;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.bits >> self.count) as u8;
            self.out.push(byte);
            if byte == 0xff {
                self.out.push(0);
            }
        }
    }

    /// Fills up the byte.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.put(if self.pad { 0xff } else { 0 }, 8 - self.count);
        }
    }

    /// Writes the restart marker `n` (0 to 7).
    pub(super) fn restart(&mut self, n: u8) {
        self.align();
        self.out.extend([0xff, 0xd0 | n]);
    }
}
