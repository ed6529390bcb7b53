//! What something else than the network expects.

/// A guess of the next byte from elsewhere, such as the byte that follows the longest match.
///
/// ```
/// use minlen_nn::{ByteLstm, Config, Hint};
/// let config = Config { layers: 1, cells: 16, horizon: 4, out_every: 4, ..Config::default() };
/// let mut net = ByteLstm::new(config)?;
/// net.update_with(b'a', Some(Hint { byte: b'b', trust: 15 }));
/// assert_eq!(net.seen(), 1);
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The guess.
    pub byte: u8,
    /// How much to trust it, 0 to 15 (more counts as 15): say, the length of the match. The network learns what
    /// each value means.
    pub trust: u8,
}

impl Hint {
    /// Degrees of trust.
    pub(crate) const TRUST: usize = 16;
}
