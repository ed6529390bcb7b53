//! What is worth a look.

use minlen_core::{Class, Kind};

/// From this level on there are models for samples, which are too slow for the levels below.
const SAMPLES_LEVEL: u8 = 6;
/// Fewer bytes of samples are not worth a look.
const LEAST_SAMPLES: usize = 4096;

/// True for data that may be samples: neither text nor code, and not compressed.
pub(crate) fn may_be_samples(kind: Kind, level: u8, len: usize) -> bool {
    let class = kind.class();
    let other = matches!(class, Class::Text | Class::Code) || class == Class::Dense && kind != Kind::Random;
    level >= SAMPLES_LEVEL && len >= LEAST_SAMPLES && !other
}
