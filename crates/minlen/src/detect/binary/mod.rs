//! Data without a header, told by statistics.

pub(crate) mod dense;
pub(crate) mod floats;
pub(crate) mod machine;
pub(crate) mod records;

use crate::detect::found;
use minlen_core::{Detection, Kind};

/// Nothing, or one byte value all over.
pub(crate) fn trivial(data: &[u8], total: u64) -> Option<Detection> {
    let Some(&first) = data.first() else {
        return (total == 0).then(|| found(Kind::Empty, 100, ""))?;
    };
    // The first bytes decide for nearly all data, so that this costs nothing.
    let same = data.iter().take(64).all(|&b| b == first) && data.iter().all(|&b| b == first);
    let whole = data.len() as u64 >= total;
    (same && (whole || data.len() >= 4096)).then(|| {
        let confidence = if whole { 100 } else { 60 };
        found(Kind::Constant, confidence, format!("{first:#04x}"))
    })?
}
