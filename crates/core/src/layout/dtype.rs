//! The types of elements.

/// The type of the elements of an array, little-endian: those that models of numbers know. Everything else is bytes to them, whatever
/// a file calls it ([`super::Element`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dtype {
    /// Opaque bytes (also booleans).
    #[default]
    Bytes,
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
    /// 8-bit float, 4 exponent bits, no infinities (OCP 8-bit floating point, E4M3).
    F8E4m3,
    /// 8-bit float, 5 exponent bits (OCP 8-bit floating point, E5M2).
    F8E5m2,
    /// Two's complement.
    I8,
    /// Unsigned, in models mostly with a zero point in the middle.
    U8,
    /// Two's complement.
    I16,
    /// Unsigned.
    U16,
    /// Two's complement.
    I32,
    /// Unsigned.
    U32,
    /// Two's complement.
    I64,
    /// Unsigned.
    U64,
    /// GGUF block of 32 weights: an f16 scale, 16 bytes of 4-bit numbers.
    Q4_0,
    /// GGUF block of 32 weights: f16 scale and minimum, 16 bytes of 4-bit numbers.
    Q4_1,
    /// GGUF block of 32 weights: an f16 scale, 32 fifth bits, 16 bytes of 4-bit numbers.
    Q5_0,
    /// GGUF block of 32 weights: f16 scale and minimum, 32 fifth bits, 16 bytes of 4-bit numbers.
    Q5_1,
    /// GGUF block of 32 weights: an f16 scale and 32 signed bytes.
    Q8_0,
    /// GGUF super-block of 256 weights, 84 bytes.
    Q2K,
    /// GGUF super-block of 256 weights, 110 bytes.
    Q3K,
    /// GGUF super-block of 256 weights, 144 bytes.
    Q4K,
    /// GGUF super-block of 256 weights, 176 bytes.
    Q5K,
    /// GGUF super-block of 256 weights, 210 bytes.
    Q6K,
}

impl Dtype {
    /// Every type.
    pub const ALL: [Self; 25] = [
        Self::Bytes,
        Self::F64,
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::F8E4m3,
        Self::F8E5m2,
        Self::I8,
        Self::U8,
        Self::I16,
        Self::U16,
        Self::I32,
        Self::U32,
        Self::I64,
        Self::U64,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2K,
        Self::Q3K,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// Bytes of the smallest unit: an element, or a block of packed ones.
    #[must_use]
    pub const fn unit(self) -> usize {
        match self {
            Self::Bytes | Self::F8E4m3 | Self::F8E5m2 | Self::I8 | Self::U8 => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q2K => 84,
            Self::Q3K => 110,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
        }
    }

    /// Weights in one unit.
    #[must_use]
    pub const fn weights(self) -> usize {
        match self {
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => 32,
            Self::Q2K | Self::Q3K | Self::Q4K | Self::Q5K | Self::Q6K => 256,
            _ => 1,
        }
    }

    /// The name that listings show.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F8E4m3 => "f8_e4m3",
            Self::F8E5m2 => "f8_e5m2",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q8_0 => "q8_0",
            Self::Q2K => "q2_k",
            Self::Q3K => "q3_k",
            Self::Q4K => "q4_k",
            Self::Q5K => "q5_k",
            Self::Q6K => "q6_k",
        }
    }

    /// True for the types with a sign, an exponent and a mantissa.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::Bf16 | Self::F8E4m3 | Self::F8E5m2)
    }
}
