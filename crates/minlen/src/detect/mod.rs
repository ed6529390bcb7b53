//! Tells what data is, from its content alone: never from a name.
//!
//! * [`detectors`] gives the built-in [`Detector`]s, one per family of kinds, and [`detect`] asks them all;
//! * [`stats`] gives cheap statistics in integers (entropy, share of text, record width);
//! * [`segments`] cuts a mixed block into runs of alike data.
//!
//! ```
//! use minlen::{Kind, detect};
//! let detectors = detect::detectors();
//! let text = br#"{"name": "minlen", "kind": ["json", "text"], "count": 3}"#;
//! let seen = detect::detect(text, text.len() as u64, &detectors);
//! assert_eq!(seen.kind, Kind::Json);
//! ```
//!
//! Headers count only when their fields agree with each other (confidence 90 and up); text is told by its
//! encoding, its line structure and its words (60 to 89); everything else by statistics (up to 70). Nothing here
//! decides how bytes are decoded, so a wrong guess costs size and never data. All arithmetic is in integers, so
//! that the same bytes give the same answer on every machine. See docs/detection.md for what was tried on what.

pub(crate) mod binary;
pub(crate) mod log2;
pub(crate) mod magic;
pub(crate) mod sample;
mod segments;
mod stats;
mod stride;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod view;

use minlen_core::{Detection, Detector, Kind};
use std::sync::Arc;

pub use segments::{SegmentClass, classify, segments};
pub use stats::stats;

/// A detector made of a function: what all built-in ones are.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    name: &'static str,
    /// The most confident answer it gives.
    ceiling: u8,
    find: fn(&[u8], u64) -> Option<Detection>,
}

impl Detector for Family {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detect(&self, data: &[u8], total: u64) -> Option<Detection> {
        (self.find)(data, total)
    }

    fn ceiling(&self) -> u8 {
        self.ceiling
    }
}

/// The built-in families, the more certain ones first: ties go to the earlier one.
const FAMILIES: &[Family] = &[
    Family { name: "trivial", ceiling: 100, find: binary::trivial },
    Family { name: "programs", ceiling: 100, find: magic::exec::find },
    Family { name: "pictures", ceiling: 100, find: magic::image::find },
    Family { name: "dicom", ceiling: 100, find: magic::dicom::find },
    Family { name: "sound", ceiling: 100, find: magic::audio::find },
    Family { name: "video", ceiling: 100, find: magic::video::find },
    Family { name: "archives", ceiling: 100, find: magic::archive::find },
    Family { name: "streams", ceiling: 100, find: magic::stream::find },
    Family { name: "documents", ceiling: 100, find: magic::document::find },
    Family { name: "tensors", ceiling: 100, find: magic::tensor::find },
    Family { name: "json", ceiling: 88, find: text::json::find },
    Family { name: "markup", ceiling: 89, find: text::markup::find },
    Family { name: "logs", ceiling: 86, find: text::log::find },
    Family { name: "csv", ceiling: 87, find: text::csv::find },
    Family { name: "source", ceiling: 87, find: text::source::find },
    Family { name: "prose", ceiling: 70, find: text::prose },
    Family { name: "floats", ceiling: 68, find: binary::floats::find },
    Family { name: "machine code", ceiling: 60, find: binary::machine::find },
    Family { name: "records", ceiling: 52, find: binary::records::find },
    Family { name: "dense", ceiling: 62, find: binary::dense::find },
];

/// The built-in detectors. A host may append its own.
///
/// ```
/// use minlen::{Detection, Detector, Kind, detect};
/// use std::sync::Arc;
///
/// /// Files of the house's own, which begin with four known bytes.
/// struct House;
/// impl Detector for House {
///     fn name(&self) -> &'static str {
///         "house"
///     }
///     fn detect(&self, data: &[u8], _total: u64) -> Option<Detection> {
///         let detection = || Detection { kind: Kind::Records, confidence: 100, detail: "house".into() };
///         data.starts_with(b"HOUS").then(detection)
///     }
/// }
///
/// let mut detectors = detect::detectors();
/// detectors.push(Arc::new(House));
/// let data = b"HOUS and whatever follows";
/// assert_eq!(detect::detect(data, data.len() as u64, &detectors).detail, "house");
/// ```
#[must_use]
pub fn detectors() -> Vec<Arc<dyn Detector>> {
    FAMILIES.iter().map(|family| Arc::new(*family) as Arc<dyn Detector>).collect()
}

/// Asks every detector about `data`, the first bytes of a file of `total`, and returns the most confident answer
/// (the first of equals); [`Kind::Binary`] with confidence 10 where none knows.
///
/// The first 64 KiB of a large file are enough. Confidence is 0 to 100.
#[must_use]
pub fn detect(data: &[u8], total: u64, detectors: &[Arc<dyn Detector>]) -> Detection {
    let mut best = Detection { kind: Kind::Binary, confidence: 10, detail: String::new() };
    for detector in detectors {
        if detector.ceiling() <= best.confidence {
            continue;
        }
        if let Some(found) = detector.detect(data, total)
            && found.confidence > best.confidence
        {
            best = found;
        }
    }
    best
}

/// From this confidence on, a header was read whose fields agree.
const BY_HEADER: u8 = 90;

/// What a header says, or that it is text by its first bytes; nothing where it takes a closer look. Asks only the detectors that know
/// headers.
pub(crate) fn glance(data: &[u8], total: u64, detectors: &[Arc<dyn Detector>]) -> Option<Detection> {
    let mut best: Option<Detection> = None;
    for detector in detectors.iter().filter(|detector| detector.ceiling() >= BY_HEADER) {
        let found = detector.detect(data, total).filter(|found| found.confidence >= BY_HEADER);
        if found.as_ref().map(|found| found.confidence) > best.as_ref().map(|best| best.confidence) {
            best = found;
        }
    }
    let head = &data[..data.len().min(GLANCE)];
    let is_text = || {
        use text::encoding::{self, Encoding};
        let plain = head.len() >= 16 && head.iter().all(|&byte| encoding::is_plain(byte));
        plain || matches!(encoding::of(head), Some(Encoding::Ascii | Encoding::Utf8 | Encoding::Latin))
    };
    best.or_else(|| is_text().then(|| Detection { kind: Kind::Text, confidence: 60, detail: String::new() }))
}

/// So much tells text from other data.
const GLANCE: usize = 512;

/// Shorthand of the families for an answer.
pub(crate) fn found(kind: Kind, confidence: u8, detail: impl Into<String>) -> Option<Detection> {
    Some(Detection { kind, confidence, detail: detail.into() })
}
