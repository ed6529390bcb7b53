//! What pictures have in common: where coding starts.

use super::rate::Tally;
use super::syntax::State;

/// Counts to begin with.
pub(super) fn tally() -> Tally {
    Tally::default()
}

/// Sets what is learned of the models.
pub(super) fn warm(_state: &mut State) {}
