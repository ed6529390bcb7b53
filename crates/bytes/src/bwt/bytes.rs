//! Small adaptive models for what goes before the column: repeats and code lengths.

use minlen_entropy::binary::BitCoder;

/// Adaptive four-bit numbers in a context.
pub(super) struct Nibbles(Vec<[u16; 16]>);

impl Nibbles {
    pub(super) fn new(contexts: usize) -> Self {
        Self(vec![[1 << 15; 16]; contexts])
    }

    /// Codes `value` in 0..16.
    pub(super) fn code<K: BitCoder>(&mut self, coder: &mut K, context: usize, value: u8) -> u8 {
        let probabilities = &mut self.0[context];
        let mut node = 1;
        for i in (0..4).rev() {
            let p = &mut probabilities[node];
            let bit = coder.code(u32::from(value >> i & 1), u32::from(*p).max(1));
            *p = if bit == 1 { *p + ((65_535 - *p) >> 4) } else { *p - (*p >> 4) };
            node = node << 1 | bit as usize;
        }
        node as u8 & 15
    }
}

/// Codes the bytes of the repeats' varints: each in the context of its place among the three numbers of a repeat
/// and of the bytes of a number.
pub(super) fn code_tokens<K: BitCoder>(coder: &mut K, tokens: &mut [u8]) {
    if tokens.is_empty() {
        return;
    }
    let (mut high, mut low) = (Nibbles::new(12), Nibbles::new(12 * 16));
    let (mut field, mut place) = (0, 0);
    for byte in tokens {
        let context = field * 4 + place;
        let upper = high.code(coder, context, *byte >> 4);
        *byte = upper << 4 | low.code(coder, context * 16 + usize::from(upper), *byte & 15);
        if *byte < 128 {
            (field, place) = ((field + 1) % 3, 0);
        } else {
            place = (place + 1).min(3);
        }
    }
}
