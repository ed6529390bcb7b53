//! Records or integers of a fixed width.

use crate::detect::{found, stats};
use minlen_core::{Detection, Kind};

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    if data.len() < 512 {
        return None;
    }
    let seen = stats(data);
    // Text has widths too (tables), but is better told by its own detectors.
    if seen.stride < 2 || seen.text_permille > 950 {
        return None;
    }
    let whole = total.is_multiple_of(u64::from(seen.stride));
    let name = match seen.stride {
        2 => "16-bit".into(),
        4 => "32-bit".into(),
        8 => "64-bit".into(),
        3 => "24-bit".into(),
        width => format!("width {width}"),
    };
    found(Kind::Records, if whole { 52 } else { 45 }, name)
}
