//! What stands between the bytes and the arithmetic coder.

/// Says how likely the next bit is a one, and learns what it was.
///
/// Bits come byte by byte, the highest bit first. Encoder and decoder run the same predictor, so everything in it must
/// be a function of the bits so far.
///
/// ```
/// use minlen_mix::Predictor;
///
/// /// Counts ones and zeros, whatever came before them.
/// struct Counts([u32; 2]);
/// impl Predictor for Counts {
///     fn p(&self) -> u32 {
///         (self.0[1] * 65_536 / (self.0[0] + self.0[1])).clamp(1, 65_535)
///     }
///     fn update(&mut self, bit: u32) {
///         self.0[bit as usize & 1] += 1;
///     }
/// }
///
/// let mut model = Counts([1, 1]);
/// assert_eq!(model.p(), 32_768);
/// (0..6).for_each(|_| model.update(1));
/// assert_eq!(model.p(), 65_536 / 8 * 7);
/// ```
pub trait Predictor {
    /// The probability that the next bit is 1, of 65536, in `1..=65535`.
    fn p(&self) -> u32;

    /// Takes in the bit that came, 0 or 1.
    fn update(&mut self, bit: u32);
}
