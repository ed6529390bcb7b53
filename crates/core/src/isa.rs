//! Which vector instructions the loops of codecs use.

use std::sync::OnceLock;

/// A version of the loops. All give the same results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust.
    Scalar,
    /// 256-bit vectors.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

impl Isa {
    /// The version that the environment variable `MINLEN_ISA` allows (`scalar`, `avx2`; all without it), asked once per process.
    /// What the processor can run is for the crate with the loops to find out.
    #[must_use]
    pub fn wanted() -> Self {
        static WANTED: OnceLock<Isa> = OnceLock::new();
        *WANTED.get_or_init(|| match std::env::var("MINLEN_ISA").as_deref() {
            Ok("scalar") => Self::Scalar,
            Ok("avx2") => Self::Avx2,
            _ => Self::Avx512,
        })
    }
}
