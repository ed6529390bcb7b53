//! What a run has put out so far, over all its reads.

use crate::{Limits, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sums up the output that the reads of one run claim, so that many small ones are held to the limits as one large one is.
/// Clones share the sum.
#[derive(Clone, Debug, Default)]
pub struct Account {
    claimed: Arc<AtomicU64>,
}

impl Account {
    /// Adds `bytes` of output that are about to come from a file of `compressed` bytes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Limit`] where the sum is over the limits.
    pub fn claim(&self, bytes: u64, compressed: u64, limits: &Limits) -> Result<()> {
        let sum = |before: u64| before.saturating_add(bytes);
        let fits = |before| Some(sum(before)).filter(|&sum| limits.check_output(sum, compressed).is_ok());
        match self.claimed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => Ok(()),
            Err(before) => limits.check_output(sum(before), compressed),
        }
    }

    /// Bytes claimed so far.
    #[must_use]
    pub fn claimed(&self) -> u64 {
        self.claimed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_reads_are_held_to_the_limits_as_one() {
        let (account, limits) = (Account::default(), Limits::default().with_output(10));
        for _ in 0..5 {
            account.clone().claim(2, 1, &limits).unwrap();
        }
        assert!(account.claim(1, 1, &limits).is_err());
        assert_eq!(account.claimed(), 10);
    }
}
