//! What stands between the bytes and the arithmetic coder.

/// Says how likely the next bit is a one, and learns what it was.
///
/// Bits come byte by byte, the highest bit first. Encoder and decoder run the same predictor, so everything in it must
/// be a function of the bits so far.
pub trait Predictor {
    /// The probability that the next bit is 1, of 65536, in `1..=65535`.
    fn p(&self) -> u32;

    /// Takes in the bit that came, 0 or 1.
    fn update(&mut self, bit: u32);
}
