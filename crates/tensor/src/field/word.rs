//! Elements as unsigned integers in the order of their values.

use crate::Dtype;
use crate::dtype::code;

/// An unsigned integer that holds an element, ordered as the elements are.
pub(super) trait Word: Copy + Default + PartialEq + Ord + 'static {
    /// Bits.
    const BITS: u32;
    /// Sum modulo 2^[`Word::BITS`].
    fn plus(self, other: Self) -> Self;
    /// Difference modulo 2^[`Word::BITS`].
    fn minus(self, other: Self) -> Self;
    /// The difference `self` as an unsigned number, small where it is near 0: twice it, or twice its complement plus 1.
    fn fold(self) -> u64;
    /// The inverse of [`Word::fold`].
    fn unfold(folded: u64) -> Self;
    /// Widened.
    fn wide(self) -> u64;
    /// The low bits.
    fn narrow(wide: u64) -> Self;
    /// The difference `self` as a signed number.
    fn signed(self) -> i64;
}

macro_rules! word {
    ($unsigned:ty, $signed:ty) => {
        impl Word for $unsigned {
            const BITS: u32 = <$unsigned>::BITS;
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn fold(self) -> u64 {
                u64::from((self << 1) ^ (((self as $signed) >> (Self::BITS - 1)) as Self))
            }
            #[inline(always)]
            fn unfold(folded: u64) -> Self {
                let low = folded as Self;
                (low >> 1) ^ (low & 1).wrapping_neg()
            }
            #[inline(always)]
            fn wide(self) -> u64 {
                u64::from(self)
            }
            #[inline(always)]
            fn narrow(wide: u64) -> Self {
                wide as Self
            }
            #[inline(always)]
            fn signed(self) -> i64 {
                i64::from(self as $signed)
            }
        }
    };
}

word!(u32, i32);
word!(u64, i64);

/// True for the types that [`read`] and [`write()`] know.
pub(super) fn known(dtype: Dtype) -> bool {
    code(dtype) <= code(Dtype::U64)
}

/// True where elements need 64 bits.
pub(super) fn is_wide(dtype: Dtype) -> bool {
    dtype.unit() == 8
}

/// How the bits of a type become an order.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Float,
    Signed,
    Unsigned,
}

fn order(dtype: Dtype) -> Order {
    match dtype {
        Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64 => Order::Signed,
        _ if dtype.is_float() => Order::Float,
        _ => Order::Unsigned,
    }
}

/// The bits of an element of `width` bits, as ordered.
#[inline(always)]
fn ordered(bits: u64, width: u32, order: Order) -> u64 {
    let sign = 1u64 << (width - 1);
    match order {
        Order::Float => bits ^ (((bits >> (width - 1)) & 1).wrapping_neg() & (sign - 1)) ^ sign,
        Order::Signed => bits ^ sign,
        Order::Unsigned => bits,
    }
}

/// The inverse of [`ordered`]; bits above `width` are left.
#[inline(always)]
fn unordered(word: u64, width: u32, order: Order) -> u64 {
    let sign = 1u64 << (width - 1);
    match order {
        Order::Float => {
            let bits = word ^ sign;
            bits ^ (((bits >> (width - 1)) & 1).wrapping_neg() & (sign - 1))
        }
        Order::Signed => word ^ sign,
        Order::Unsigned => word,
    }
}

macro_rules! by_width {
    ($dtype:expr, $run:ident) => {
        match $dtype.unit() {
            1 => $run!(u8),
            2 => $run!(u16),
            4 => $run!(u32),
            _ => $run!(u64),
        }
    };
}

/// The elements in `bytes`, little-endian, as ordered words.
pub(super) fn read<W: Word>(bytes: &[u8], dtype: Dtype) -> Vec<W> {
    let order = order(dtype);
    macro_rules! run {
        ($int:ty) => {{
            let parts = bytes.as_chunks::<{ size_of::<$int>() }>().0.iter();
            let value = |part: &[u8; size_of::<$int>()]| u64::from(<$int>::from_le_bytes(*part));
            // One loop for each order, so that each is free of branches.
            match order {
                Order::Float => {
                    parts.map(|p| W::narrow(ordered(value(p), <$int>::BITS, Order::Float))).collect()
                }
                Order::Signed => {
                    parts.map(|p| W::narrow(ordered(value(p), <$int>::BITS, Order::Signed))).collect()
                }
                Order::Unsigned => parts.map(|p| W::narrow(value(p))).collect(),
            }
        }};
    }
    by_width!(dtype, run)
}

/// Appends the elements that `words` stand for.
pub(super) fn write<W: Word>(words: &[W], dtype: Dtype, out: &mut Vec<u8>) {
    let order = order(dtype);
    let start = out.len();
    out.resize(start + words.len() * dtype.unit(), 0);
    let out = &mut out[start..];
    macro_rules! run {
        ($int:ty) => {{
            let parts = out.as_chunks_mut::<{ size_of::<$int>() }>().0.iter_mut().zip(words);
            let bytes = |word: &W, order| (unordered(word.wide(), <$int>::BITS, order) as $int).to_le_bytes();
            match order {
                Order::Float => parts.for_each(|(part, word)| *part = bytes(word, Order::Float)),
                Order::Signed => parts.for_each(|(part, word)| *part = bytes(word, Order::Signed)),
                Order::Unsigned => parts.for_each(|(part, word)| *part = bytes(word, Order::Unsigned)),
            }
        }};
    }
    by_width!(dtype, run);
}

/// The value of a float's ordered word, for types of 32 and 64 bits.
pub(super) fn to_f64(word: u64, dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F32 => f64::from(f32::from_bits(unordered(word, 32, Order::Float) as u32)),
        _ => f64::from_bits(unordered(word, 64, Order::Float)),
    }
}

/// The ordered word of the float of type `dtype` nearest to `value`.
pub(super) fn from_f64(value: f64, dtype: Dtype) -> u64 {
    match dtype {
        Dtype::F32 => ordered(u64::from((value as f32).to_bits()), 32, Order::Float),
        _ => ordered(value.to_bits(), 64, Order::Float),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_values_and_every_pattern_returns() {
        let values = [f64::NEG_INFINITY, -2.0, -1e-310, -0.0, 0.0, 1e-310, 1.0, 1e300, f64::INFINITY];
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let words: Vec<u64> = read(&bytes, Dtype::F64);
        assert!(words.is_sorted());
        for dtype in [Dtype::Bytes, Dtype::F16, Dtype::Bf16, Dtype::I8, Dtype::U16, Dtype::F32, Dtype::I32] {
            let bytes: Vec<u8> = (0..=u16::MAX).flat_map(|v| (u32::from(v) * 65_537).to_le_bytes()).collect();
            let words: Vec<u32> = read(&bytes, dtype);
            let mut back = Vec::new();
            write(&words, dtype, &mut back);
            assert!(back == bytes, "{dtype:?}");
        }
    }

    #[test]
    fn folding_is_its_own_inverse() {
        for d in [0u32, 1, u32::MAX, 1 << 31, (1 << 31) - 1] {
            assert_eq!(u32::unfold(d.fold()), d);
        }
        assert_eq!((1u64.fold(), u64::MAX.fold(), (1u64 << 63).fold()), (2, 1, u64::MAX));
        assert_eq!(u64::unfold(u64::MAX), 1 << 63);
    }
}

/// True if two finite values are at most `bound` apart. Where their difference is rounded to just the bound, what the rounding took
/// away decides (the exact sum of two floats: Knuth, The Art of Computer Programming, 4.2.2).
pub(super) fn within(a: f64, b: f64, bound: f64) -> bool {
    let apart = a - b;
    if apart.abs() != bound {
        return apart.abs() < bound;
    }
    let minus = apart - a;
    let lost = (a - (apart - minus)) - (b + minus);
    // Of the sign of the difference: it is larger than it looks.
    lost == 0.0 || (lost < 0.0) != (apart < 0.0)
}

#[cfg(test)]
mod within_tests {
    use super::within;

    #[test]
    fn a_difference_is_not_rounded_down_to_the_bound() {
        assert!(within(1.0, 0.5, 0.5) && within(-0.5, -1.0, 0.5) && within(0.0, -0.0, 1e-300));
        assert!(
            !within(1.0, 0.25, 0.5) && !within(f64::NAN, 0.0, 1.0) && !within(f64::INFINITY, 0.0, f64::MAX)
        );
        // 1 + 2^-60 is 1 once rounded, and so is 1 - 2^-60.
        let tiny = (-60f64).exp2();
        assert!(!within(1.0, -tiny, 1.0) && !within(-1.0, tiny, 1.0));
        assert!(within(1.0, tiny, 1.0) && within(-1.0, -tiny, 1.0));
    }
}
