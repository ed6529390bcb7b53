//! A binary arithmetic coder with 32-bit bounds and 16-bit probabilities (carry-less, as in Mahoney 2005).

/// Codes one bit with the probability (1..=65535 of 65536) that it is 1: an encoder writes `bit` and returns it, a
/// decoder ignores `bit` and returns what it read. So the model is written once for both directions.
pub(super) trait BitCoder {
    fn code(&mut self, bit: u32, p1: u32) -> u32;
}

/// Writes bits.
pub(super) struct Encoder {
    low: u32,
    high: u32,
    out: Vec<u8>,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { low: 0, high: u32::MAX, out: Vec::new() }
    }

    /// The bytes, with as few at the end as settle the last bit: a decoder reads zeros after them.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.low > 0 {
            // The shortest number in low..=high: some byte string followed by zeros.
            let first = (1..=4u32).find_map(|n| {
                let unit = 1u64 << (32 - 8 * n);
                let value = u64::from(self.low).div_ceil(unit) * unit;
                (value <= u64::from(self.high)).then_some((value as u32, n as usize))
            });
            let (value, n) = first.unwrap_or((self.low, 4));
            self.out.extend_from_slice(&value.to_be_bytes()[..n]);
        }
        while self.out.last() == Some(&0) {
            self.out.pop();
        }
        self.out
    }
}

#[inline(always)]
fn split(low: u32, high: u32, p1: u32) -> u32 {
    let range = u64::from(high - low);
    low + ((range * u64::from(p1)) >> 16) as u32
}

impl BitCoder for Encoder {
    #[inline(always)]
    fn code(&mut self, bit: u32, p1: u32) -> u32 {
        let middle = split(self.low, self.high, p1);
        if bit == 1 {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.out.push((self.high >> 24) as u8);
            self.low <<= 8;
            self.high = (self.high << 8) | 255;
        }
        bit
    }
}

/// Reads bits. Past the end it reads zeros, as the encoder left out.
pub(super) struct Decoder<'a> {
    low: u32,
    high: u32,
    value: u32,
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { low: 0, high: u32::MAX, value: 0, rest: bytes };
        for _ in 0..4 {
            decoder.shift();
        }
        decoder
    }

    #[inline(always)]
    fn shift(&mut self) {
        let byte = match self.rest {
            [first, rest @ ..] => {
                self.rest = rest;
                *first
            }
            [] => 0,
        };
        self.value = (self.value << 8) | u32::from(byte);
    }

    /// True if all bytes were read: an encoder never writes more than that.
    pub(super) fn is_used_up(&self) -> bool {
        self.rest.is_empty()
    }
}

impl BitCoder for Decoder<'_> {
    #[inline(always)]
    fn code(&mut self, _bit: u32, p1: u32) -> u32 {
        let middle = split(self.low, self.high, p1);
        let bit = u32::from(self.value <= middle);
        if bit == 1 {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = (self.high << 8) | 255;
            self.shift();
        }
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minlen_core::testing::Rng;

    #[test]
    fn bits_come_back_at_any_probability() {
        for seed in 0..300 {
            let mut rng = Rng(seed);
            let bits: Vec<(u32, u32)> = (0..rng.below(2000))
                .map(|_| match rng.below(4) {
                    0 => (rng.below(2) as u32, 1 + rng.below(65_535) as u32),
                    1 => (rng.below(2) as u32, 1),
                    2 => (rng.below(2) as u32, 65_535),
                    _ => (u32::from(rng.below(1000) > 0), 65_000),
                })
                .collect();
            let mut encoder = Encoder::new();
            for &(bit, p1) in &bits {
                encoder.code(bit, p1);
            }
            let bytes = encoder.finish();
            let mut decoder = Decoder::new(&bytes);
            assert!(bits.iter().all(|&(bit, p1)| decoder.code(0, p1) == bit), "seed {seed}");
            assert!(decoder.is_used_up());
        }
    }
}
