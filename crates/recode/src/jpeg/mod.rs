//! JPEG files and JPEGs inside other files: where they end, and what `lepton_jpeg` and our own model make of them.
//!
//! Source: ISO/IEC 10918-1 for the markers; Lepton (Horn et al., NSDI 2017) for the model.

#[cfg(feature = "lepton")]
mod header;
#[cfg(feature = "lepton")]
mod lepton;
#[cfg(not(feature = "lepton"))]
#[path = "without_lepton.rs"]
mod lepton;
mod own;
#[cfg(feature = "lepton")]
mod quiet;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use lepton::{decode, encode};
pub(crate) use own::{decode as own_decode, encode as own_encode};

/// A JPEG in its coded form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coded {
    /// What is not coefficients; of Lepton: kind, flags and version, then the library's header, not packed.
    pub(crate) header: Vec<u8>,
    /// The coded coefficients.
    pub(crate) body: Vec<u8>,
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// Where the JPEG that starts at the start of `data` ends; nothing if it is none or not complete. Adds to `spent` how many bytes
/// were looked at.
pub(crate) fn end(data: &[u8], spent: &mut usize) -> Option<usize> {
    if !data.starts_with(&[0xff, SOI, 0xff]) {
        return None;
    }
    let (mut at, mut frame) = (2, false);
    loop {
        let marker = *data.get(at + 1)?;
        if data[at] != 0xff {
            return None;
        }
        match marker {
            0xff => at += 1,
            EOI => return frame.then_some(at + 2),
            0x01 | 0xd0..=0xd7 => at += 2,
            // A second start, or a marker that no such file has.
            0x00 | SOI | 0x02..=0xbf => return None,
            _ => {
                let len = usize::from(u16::from_be_bytes([*data.get(at + 2)?, *data.get(at + 3)?]));
                frame |= is_frame(marker);
                at += 2 + len.max(2);
                if marker == SOS {
                    at += scan(data.get(at..)?, spent)?;
                }
            }
        }
    }
}

/// True for the markers that state the picture's size.
fn is_frame(marker: u8) -> bool {
    (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// The length of the coded data up to the next marker that is neither a stuffed byte nor a restart.
fn scan(data: &[u8], spent: &mut usize) -> Option<usize> {
    let mut at = 0;
    loop {
        let run = data[at..].iter().position(|&b| b == 0xff);
        *spent = spent.saturating_add(run.unwrap_or(data.len() - at));
        at += run?;
        match *data.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            _ => return Some(at),
        }
    }
}
