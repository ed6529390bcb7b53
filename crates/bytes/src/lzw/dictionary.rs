//! The encoder's dictionary: (code of a string, next byte) → code of the longer string.

/// An open-addressing table at most half full. A slot is `(prefix << 8 | byte) << 16 | code`, 0 when free (code 0
/// is a plain byte and never stored).
pub struct Dictionary {
    slots: Vec<u64>,
    shift: u32,
}

/// Bytes that a dictionary for codes of `bits` takes.
pub fn memory(bits: u32) -> u64 {
    8 << (bits + 1)
}

impl Dictionary {
    /// An empty dictionary for codes of up to `bits` bits.
    pub fn new(bits: u32) -> Self {
        Self { slots: vec![0; 1 << (bits + 1)], shift: 31 - bits }
    }

    /// The code of `prefix` followed by `byte`, or the free slot where it belongs.
    #[inline]
    pub fn find(&self, prefix: u32, byte: u8) -> Result<u32, usize> {
        let key = (prefix << 8) | u32::from(byte);
        let mut slot = (key.wrapping_mul(0x9e37_79b1) >> self.shift) as usize;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                return Err(slot);
            }
            if (entry >> 16) as u32 == key {
                return Ok((entry & 0xffff) as u32);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// Puts a string into the slot that [`Dictionary::find`] gave.
    #[inline]
    pub fn insert(&mut self, slot: usize, prefix: u32, byte: u8, code: u32) {
        self.slots[slot] = (u64::from((prefix << 8) | u32::from(byte)) << 16) | u64::from(code);
    }

    /// Forgets all strings.
    pub fn clear(&mut self) {
        self.slots.fill(0);
    }
}
