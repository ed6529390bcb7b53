//! Networks to begin with, known to both sides.

use super::network::Network;

/// How many entries there are.
pub(super) fn entries() -> usize {
    1
}

/// The weights of an entry for networks of these sizes.
pub(super) fn weights(_entry: u8, network: &Network) -> Vec<i32> {
    network.plain()
}
