//! Which of the models predicts: how many contexts it has, and for what data.
//!
//! Numbers of contexts, tables and windows by depth:
//!
//! ```
//! use minlen_mix::model_type::Depth;
//! let depths = [Depth::Fast, Depth::Normal, Depth::Deep, Depth::Full, Depth::Max];
//! // Tables of 64 MiB up to 1 GiB, less for little data.
//! assert_eq!(depths.map(Depth::table_bits), [26, 28, 29, 30, 30]);
//! // No more of a prior is replayed for a small piece than for a large one.
//! assert!(Depth::Deep.window(1000) < Depth::Deep.window(4 << 20));
//! ```

/// How many models predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 7 contexts, or 5.
    Fast,
    /// 12 or 13.
    Normal,
    /// 46 or 52.
    Deep,
    /// The same, each with the bytes that followed it last, and a recurrent network.
    Full,
    /// All contexts of both kinds, and the network.
    Max,
}

/// What the data is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Anything to be read.
    Text,
    /// Records, numbers, databases.
    Binary,
    /// x86 machine code.
    X86,
}

impl Type {
    /// The type with this number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Text, Self::Binary, Self::X86].get(usize::from(number)).copied()
    }
}

impl Depth {
    /// How much of a prior's window the tables see before the data.
    pub fn window(self, len: usize) -> usize {
        match self {
            Self::Fast if len < 1 << 16 => 320 << 10,
            Self::Fast if len > 1 << 20 => 192 << 10,
            Self::Fast => 256 << 10,
            Self::Normal => 640 << 10,
            Self::Deep if len < 1 << 20 => 448 << 10,
            Self::Deep if len < 2 << 20 => 1 << 20,
            Self::Deep => 2 << 20,
            // So that a small piece costs bounded time, also where somebody wrote many of them.
            Self::Full if len < 1 << 13 => 512 << 10,
            Self::Max if len < 1 << 13 => 1 << 20,
            Self::Full | Self::Max => 2 << 20,
        }
    }

    /// How much of a prior's window the mixers see before the data.
    pub fn warm(self, len: usize) -> usize {
        match self {
            Self::Fast if len < 1 << 13 => 96 << 10,
            Self::Fast if len < 1 << 16 => 40 << 10,
            Self::Fast => 40 << 10,
            Self::Normal => 64 << 10,
            Self::Deep if len >= 1 << 20 => 192 << 10,
            Self::Deep => 40 << 10,
            Self::Full => 96 << 10,
            Self::Max if len < 1 << 13 => 128 << 10,
            Self::Max => 768 << 10,
        }
    }

    /// Largest table, as a power of two.
    pub fn table_bits(self) -> u32 {
        match self {
            Depth::Fast => 26,
            Depth::Normal => 28,
            Depth::Deep => 29,
            Depth::Full => 30,
            Depth::Max => 30,
        }
    }
}
