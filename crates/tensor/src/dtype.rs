//! The numbers that types of elements have in payloads (docs/format/codecs/tensors.md). They are part of the format.
//!
//! ```
//! use minlen_tensor::{Dtype, dtype};
//! assert_eq!((dtype::code(Dtype::Bf16), dtype::from_code(4)), (4, Some(Dtype::Bf16)));
//! assert_eq!(dtype::from_code(200), None);
//! ```

use minlen_core::layout::Dtype;

/// Every type with its number.
const CODES: [(Dtype, u8); 25] = [
    (Dtype::Bytes, 0),
    (Dtype::F64, 1),
    (Dtype::F32, 2),
    (Dtype::F16, 3),
    (Dtype::Bf16, 4),
    (Dtype::F8E4m3, 5),
    (Dtype::F8E5m2, 6),
    (Dtype::I8, 7),
    (Dtype::U8, 8),
    (Dtype::I16, 9),
    (Dtype::U16, 10),
    (Dtype::I32, 11),
    (Dtype::U32, 12),
    (Dtype::I64, 13),
    (Dtype::U64, 14),
    (Dtype::Q4_0, 32),
    (Dtype::Q4_1, 33),
    (Dtype::Q5_0, 34),
    (Dtype::Q5_1, 35),
    (Dtype::Q8_0, 36),
    (Dtype::Q2K, 37),
    (Dtype::Q3K, 38),
    (Dtype::Q4K, 39),
    (Dtype::Q5K, 40),
    (Dtype::Q6K, 41),
];

/// The number of a type.
#[must_use]
pub const fn code(dtype: Dtype) -> u8 {
    CODES[dtype as usize].1
}

/// The type with this number.
#[must_use]
pub fn from_code(code: u8) -> Option<Dtype> {
    CODES.into_iter().find(|(_, number)| *number == code).map(|(dtype, _)| dtype)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_own_number() {
        for (at, dtype) in Dtype::ALL.into_iter().enumerate() {
            assert_eq!((CODES[at].0, from_code(code(dtype))), (dtype, Some(dtype)));
        }
        assert_eq!(from_code(15), None);
    }
}
