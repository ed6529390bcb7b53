//! Access to what only the tools that train and measure need.

use super::syntax::State;

pub(super) fn keep(_state: &State) {}
