//! Decoded blocks that are kept, because small files that share a block are mostly read one after the other; and a bound
//! on decoding blocks again and again.

use minlen_core::{Advice, Budget, Error, Reservation, Result};
use std::collections::{BTreeMap, HashMap};

/// Kept blocks may take this share of the memory.
const SHARE: u64 = 4;
/// What a kept block takes in memory beside its bytes.
pub(super) const BLOCK_COST: u64 = 256;
/// What may be decoded for each byte of content and output, before a read is refused for the work that it takes: files
/// whose pieces lie here and there make blocks come up again and again.
const WORK: u64 = 16;
/// What may be decoded in any case.
const WORK_FLOOR: u64 = 1 << 30;

/// A decoded block.
struct Block {
    bytes: Vec<u8>,
    held: Reservation,
    /// When it was used last.
    used: u64,
}

/// The blocks used last, as far as a part of the memory does.
#[derive(Default)]
pub(super) struct Recent {
    blocks: HashMap<usize, Block>,
    /// Block numbers by when they were used last.
    order: BTreeMap<u64, usize>,
    clock: u64,
    /// Bytes of memory that they hold.
    memory: u64,
    /// Bytes that may still be decoded.
    left: u64,
}

impl Recent {
    /// Begins a read of `output` bytes from an archive of `content` bytes.
    pub(super) fn begin(&mut self, output: u64, content: u64) {
        self.left = output.saturating_add(content).saturating_mul(WORK).saturating_add(WORK_FLOOR);
    }

    /// Counts work.
    ///
    /// # Errors
    /// Limit where it is too much.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Error::limit("pieces of blocks in an order that needs them decoded again and again")
                .advise(Advice::ExtractAll)
        })?;
        Ok(())
    }

    /// The block, if it is kept; it is the latest then.
    pub(super) fn get(&mut self, index: usize) -> Option<&[u8]> {
        let block = self.blocks.get_mut(&index)?;
        self.order.remove(&block.used);
        self.clock += 1;
        block.used = self.clock;
        self.order.insert(block.used, index);
        Some(&block.bytes)
    }

    /// Keeps a block that is not kept yet, whose memory is `held`, and lets go of the oldest beyond the share.
    pub(super) fn keep(&mut self, index: usize, bytes: Vec<u8>, held: Reservation, budget: &Budget) -> &[u8] {
        self.clock += 1;
        self.memory += held.bytes();
        self.order.insert(self.clock, index);
        self.blocks.insert(index, Block { bytes, held, used: self.clock });
        while self.blocks.len() > 1 && self.memory > budget.limit() / SHARE {
            self.drop_oldest();
        }
        self.blocks.get(&index).map_or(&[], |block| &block.bytes)
    }

    /// Lets go of the oldest block; false if there is none.
    pub(super) fn drop_oldest(&mut self) -> bool {
        let oldest = self.order.pop_first().and_then(|(_, index)| self.blocks.remove(&index));
        self.memory -= oldest.as_ref().map_or(0, |block| block.held.bytes());
        oldest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_used_last_stay_within_a_part_of_the_memory() {
        let budget = Budget::new(1000);
        let mut recent = Recent::default();
        for index in 0..10 {
            let held = budget.reserve(60).unwrap();
            assert_eq!(recent.keep(index, vec![index as u8], held, &budget), [index as u8]);
            assert!(recent.get(0).is_some(), "used all the time");
        }
        assert_eq!(budget.used(), 4 * 60);
        assert!(recent.get(6).is_none() && recent.get(7) == Some(&[7][..]));
        while recent.drop_oldest() {}
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn work_without_end_is_refused() {
        let mut recent = Recent::default();
        recent.begin(10, 20);
        recent.spend(WORK_FLOOR + 30 * WORK).unwrap();
        assert!(recent.spend(1).is_err());
        recent.begin(0, 0);
        assert!(recent.spend(1).is_ok());
    }
}
