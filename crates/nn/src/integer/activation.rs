//! Functions of single integers, as tables.

use crate::simd::{self, Isa};
use minlen_core::{Error, Result};

/// A function of one number. All but the first two are of `nn`'s own exact exponential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// x, or 0 below 0.
    Relu,
    /// x, or x/8 below 0.
    LeakyRelu,
    /// x sigmoid(x).
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^-x).
    Sigmoid,
}

impl Function {
    /// Every function, by its number in files.
    pub const ALL: [Self; 5] = [Self::Relu, Self::LeakyRelu, Self::Silu, Self::Tanh, Self::Sigmoid];

    /// The value in f32: the same bits on every machine.
    pub(super) fn values(self, isa: Isa, x: &[f32; 16]) -> [f32; 16] {
        let mut out = *x;
        match self {
            Self::Relu => out.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { 0.0 }),
            Self::LeakyRelu => out.iter_mut().for_each(|x| *x = if *x > 0.0 { *x } else { *x * 0.125 }),
            Self::Sigmoid => simd::sigmoid(isa, &mut out),
            Self::Tanh => {
                out.iter_mut().for_each(|x| *x += *x);
                simd::sigmoid(isa, &mut out);
                out.iter_mut().for_each(|s| *s = *s + *s - 1.0);
            }
            Self::Silu => {
                simd::sigmoid(isa, &mut out);
                out.iter_mut().zip(x).for_each(|(s, x)| *s *= x);
            }
        }
        out
    }
}

/// A function of integers: `f(x / 2^input_bits) * 2^output_bits`, rounded to the nearest (halves away from 0), within ±32,767.
///
/// ```
/// use minlen_nn::integer::{Activation, Function};
/// let table = Activation { function: Function::Sigmoid, input_bits: 8, output_bits: 14 }.table()?;
/// assert_eq!((table[32_768], table[32_768 + 256]), (8_192, 11_978));
/// # Ok::<(), minlen_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The function.
    pub function: Function,
    /// Fraction bits of the input, at most 15.
    pub input_bits: u8,
    /// Fraction bits of the output, at most 15.
    pub output_bits: u8,
}

impl Activation {
    /// Entries of a table.
    pub const ENTRIES: usize = 1 << 16;

    /// The values of all inputs: that of `x` at `x + 32768`.
    ///
    /// # Errors
    /// Usage if there are more than 15 fraction bits.
    pub fn table(&self) -> Result<Vec<i16>> {
        if self.input_bits > 15 || self.output_bits > 15 {
            return Err(Error::usage("an activation has more than 15 fraction bits"));
        }
        let (unit, scale) = (1.0 / (1u32 << self.input_bits) as f32, (1u32 << self.output_bits) as f32);
        let isa = Isa::detect();
        let mut out = Vec::with_capacity(Self::ENTRIES);
        for start in (-32_768i32..32_768).step_by(16) {
            let x: [f32; 16] = std::array::from_fn(|k| (start + k as i32) as f32 * unit);
            let y = self.function.values(isa, &x).map(|y| y * scale);
            // `as` truncates and saturates.
            out.extend(y.map(|y| ((if y < 0.0 { y - 0.5 } else { y + 0.5 }) as i16).max(-32_767)));
        }
        Ok(out)
    }
}
