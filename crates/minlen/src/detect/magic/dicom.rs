//! DICOM, with and without its preamble (DICOM PS3.10).

use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

/// Transfer syntaxes under this root hold compressed pixels.
const CODED: &[u8] = b"1.2.840.10008.1.2.4.";
/// Value representations with a 32-bit length after two reserved bytes.
const LONG: [&[u8]; 9] = [b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"OD", b"OL", b"UC"];

pub(crate) fn find(data: &[u8], _total: u64) -> Option<Detection> {
    let v = View(data);
    if v.has(128, b"DICM") && v.le16(132)? <= 8 {
        let head = View(v.upto(132, 2048));
        if head.find(CODED, 2048).is_some() {
            return found(Kind::ImageCoded, 97, "DICOM, compressed pixels");
        }
        if head.find(b"1.2.840.10008.1.2.5", 2048).is_some() {
            return found(Kind::ImageRaw, 97, "DICOM, run-length coded");
        }
        return found(Kind::ImageRaw, 97, "DICOM");
    }
    bare(v)
}

/// Without the preamble the file begins with the elements of group 8, in ascending order.
fn bare(v: View<'_>) -> Option<Detection> {
    let (mut at, mut last, mut seen) = (0usize, 0u16, 0u32);
    while v.le16(at)? == 8 && seen < 6 {
        let element = v.le16(at + 2)?;
        if seen > 0 && element <= last {
            return None;
        }
        let code = v.bytes(at + 4, 2)?;
        let length = if code.iter().all(u8::is_ascii_uppercase) {
            if LONG.contains(&code) {
                v.le32(at + 8)? as usize + 12
            } else {
                usize::from(v.le16(at + 6)?) + 8
            }
        } else {
            v.le32(at + 4)? as usize + 8
        };
        if length % 2 != 0 || length > 4096 {
            return None;
        }
        (at, last, seen) = (at + length, element, seen + 1);
    }
    (seen >= 4).then(|| found(Kind::ImageRaw, 91, "DICOM without preamble"))?
}
