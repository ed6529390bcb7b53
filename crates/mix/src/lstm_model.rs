//! The LSTM, a recurrent network, as one more predictor.

use minlen_core::Result;
use minlen_nn::{BitTree, ByteLstm, Config, Matcher};

/// A byte-wise LSTM that learns along the way, and its distribution of the next byte.
pub struct LstmModel {
    lstm: ByteLstm,
    matcher: Matcher,
    /// Bit probabilities of the next byte.
    pub tree: BitTree,
}

impl LstmModel {
    /// Weight sets that [`LstmModel::context`] chooses from.
    pub const CONTEXTS: usize = 256 * 3;

    /// A network that knows nothing.
    ///
    /// # Errors
    /// None for the built-in shape.
    pub fn new() -> Result<Self> {
        let lstm = ByteLstm::new(Config::default())?;
        let tree = BitTree::new(lstm.probs());
        Ok(Self { lstm, matcher: Matcher::new(), tree })
    }

    /// Bytes of memory.
    #[must_use]
    pub fn memory() -> u64 {
        Config::default().memory() + (2 << 20)
    }

    /// Takes in the last byte of `data`.
    pub fn push(&mut self, data: &[u8]) {
        if let Some(&byte) = data.last() {
            self.lstm.update_with(byte, self.matcher.guess(data));
            self.tree.set(self.lstm.probs());
        }
    }

    /// The last byte, and whether the likeliest next byte agrees with the bits so far, and its next bit.
    #[must_use]
    pub fn context(&self, c0: u32, bit: u32, last: usize) -> usize {
        let expected = u32::from(self.lstm.expected()) | 256;
        let agrees = expected >> (8 - bit) == c0;
        let next = (expected >> (7 - bit) & 1) as usize;
        last * 3 + if agrees { 1 + next } else { 0 }
    }
}
