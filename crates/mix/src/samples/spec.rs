//! What the codecs can be told, and the payload header.

use super::predictor::{Name, fits, predictors};
use crate::audio::Format;
use crate::image::Layout;
use crate::records::{self, DEEPEST, RecordModel};
use minlen_core::varint::{Reader, put};
use minlen_core::{Advice, CodecSpec, Error, ParamKind, ParamSpec, Params, Resources, Result, ids};
use minlen_structure::{pixels, sound};

const fn int(key: &'static str, doc: &'static str, min: i64, max: i64, default: i64) -> ParamSpec {
    ParamSpec { key, doc, kind: ParamKind::Int { min, max }, default }
}

const DEPTH: ParamSpec = int("depth", "how much is predicted from: 0 little, 1 more, 2 everything", 0, 2, 1);
/// As [`DEPTH`], with one more for records.
const PIXEL_DEPTH: ParamSpec = ParamSpec {
    doc: "how much is predicted from: 0 little, 1 more, 2 everything; 3 is everything of records",
    kind: ParamKind::Int { min: 0, max: DEEPEST as i64 },
    ..DEPTH
};
const START: ParamSpec = int("start", "offset of the first sample", 0, 1 << 30, 0);
const LEN: ParamSpec = int("len", "bytes of samples; 0 for all that follow", 0, 1 << 30, 0);

const PIXEL_PARAMS: &[ParamSpec] = &[
    PIXEL_DEPTH,
    START,
    LEN,
    int("width", "pixels of a row; 0 to find out", 0, 1 << 18, 0),
    int("stride", "bytes from row to row; 0 for no padding", 0, 1 << 22, 0),
    int("channels", "samples of a pixel", 1, 4, 1),
    int("bits", "bits of a sample: 1, 8 or 16", 1, 16, 8),
    int("frame", "rows of a picture in a series", 0, 1 << 20, 0),
    int("flags", "1 low byte first, 2 signed, 4 palette, 8 rows filtered as in PNG, 16 records", 0, 31, 0),
    int("planes", "pictures of a record, one behind the other; records only", 1, 1 << 12, 1),
    int("model", "1: with the predictor of the codec file; records only", 0, 1, 0),
];

const SOUND_PARAMS: &[ParamSpec] = &[
    DEPTH,
    START,
    LEN,
    int("channels", "interleaved channels; 0 to find out", 0, 8, 0),
    int("bits", "bits of a sample: 8, 16 or 24", 8, 24, 16),
    int("flags", "1 low byte first, 2 signed", 0, 3, 3),
];

/// What `pixels` is.
pub(super) static PIXELS: CodecSpec = CodecSpec {
    id: ids::PIXELS,
    name: "pixels",
    summary: "raw images: each pixel predicted from its neighbours, bit by bit",
    source: "own; least squares prediction after Wu et al., TMW and the PAQ8 family's image models",
    limits: "0.1 to 0.9 MB/s, the same in both directions; only for pixels in rows",
    params: PIXEL_PARAMS,
    max_input: 1 << 30,
};

/// What `sound` is.
pub(super) static SOUND: CodecSpec = CodecSpec {
    id: ids::SOUND,
    name: "sound",
    summary: "PCM sound: cascaded adaptive filters, their answers mixed bit by bit",
    source: "own; sign LMS cascades after Monkey's Audio and OptimFROG, mixing after PAQ8",
    limits: "0.1 to 0.3 MB/s, the same in both directions; only for PCM",
    params: SOUND_PARAMS,
    max_input: 1 << 30,
};

/// How the samples lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Image(Layout),
    Sound(Format),
    /// Bytes in two dimensions that are taken for signs, not for numbers.
    Records(records::Layout),
}

/// Numbers of a header behind start and length: of pictures, sound, and records.
const FIELDS: [usize; 3] = [6, 3, 7];

/// The version of the header of records with a predictor.
const PREDICTED: u8 = 3;

/// The flag of a parameter that asks for records.
const RECORDS: u64 = 16;

/// Where the samples are, and how they are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Samples {
    pub start: usize,
    pub len: usize,
    pub depth: u8,
    pub what: What,
    /// The codec file whose predictor helps, if one does: of records only.
    pub model: Option<Name>,
}

impl From<What> for Samples {
    /// Nothing, at no depth: the rest is to be set.
    fn from(what: What) -> Self {
        Self { start: 0, len: 0, depth: 0, what, model: None }
    }
}

impl What {
    /// About how many bytes a model for `len` bytes takes.
    pub(super) fn memory(&self, depth: u8, len: usize) -> u64 {
        match self {
            Self::Image(layout) => layout.memory(),
            Self::Sound(format) => format.memory(),
            Self::Records(layout) => RecordModel::memory(layout, depth, len),
        }
    }

    /// The number of the strongest model.
    fn deepest(&self) -> u8 {
        match self {
            Self::Records(_) => DEEPEST,
            _ => 2,
        }
    }

    fn is_sane(&self) -> bool {
        match self {
            Self::Image(layout) => layout.is_sane(),
            Self::Sound(format) => format.is_sane(),
            Self::Records(layout) => layout.is_sane(),
        }
    }

    /// Bytes after which the next row or frame begins, or the next record.
    pub(super) fn unit(&self) -> usize {
        match self {
            Self::Image(layout) => layout.stride as usize,
            Self::Sound(format) => format.frame_bytes(),
            Self::Records(layout) => (layout.plane() * usize::from(layout.planes)).max(layout.row()),
        }
    }

    /// As numbers, in the order of the header.
    pub(super) fn numbers(&self) -> Vec<u64> {
        match self {
            Self::Image(l) => {
                let flags = u64::from(l.little)
                    | u64::from(l.signed) << 1
                    | u64::from(l.palette) << 2
                    | u64::from(l.png) << 3;
                vec![l.width.into(), l.stride.into(), l.channels.into(), l.bits.into(), l.frame.into(), flags]
            }
            Self::Sound(f) => {
                vec![f.channels.into(), f.bits.into(), u64::from(f.little) | u64::from(f.signed) << 1]
            }
            Self::Records(l) => {
                let common = l.common.map_or(0, |value| u64::from(value) + 1);
                let (rows, planes) = (l.rows.into(), l.planes.into());
                vec![l.width.into(), l.channels.into(), rows, planes, common, l.low.into(), l.high.into()]
            }
        }
    }

    fn records(n: &[u64]) -> Option<Self> {
        let &[width, channels, rows, planes, common, low, high] = n else { return None };
        let what = Self::Records(records::Layout {
            width: width.try_into().ok()?,
            channels: channels.try_into().ok()?,
            rows: rows.try_into().ok()?,
            planes: planes.try_into().ok()?,
            common: common.checked_sub(1).map(u8::try_from).transpose().ok()?,
            low: low.try_into().ok()?,
            high: high.try_into().ok()?,
        });
        what.is_sane().then_some(what)
    }

    fn from_numbers(sound: bool, n: &[u64]) -> Option<Self> {
        let what = if sound {
            let &[channels, bits, flags @ 0..4] = n else { return None };
            Self::Sound(Format {
                bits: bits.try_into().ok()?,
                channels: channels.try_into().ok()?,
                little: flags & 1 != 0,
                signed: flags & 2 != 0,
            })
        } else {
            let &[width, stride, channels, bits, frame, flags @ 0..16] = n else { return None };
            Self::Image(Layout {
                width: width.try_into().ok()?,
                stride: stride.try_into().ok()?,
                channels: channels.try_into().ok()?,
                bits: bits.try_into().ok()?,
                frame: frame.try_into().ok()?,
                little: flags & 1 != 0,
                signed: flags & 2 != 0,
                palette: flags & 4 != 0,
                png: flags & 8 != 0,
            })
        };
        what.is_sane().then_some(what)
    }
}

impl Samples {
    /// From what was asked for; what was not is found in `input`.
    ///
    /// # Errors
    /// Usage for a layout that cannot be, or where none was found, or no codec file.
    pub(crate) fn of(is_sound: bool, params: &Params, input: &[u8], resources: &Resources) -> Result<Self> {
        let get = |key: &str| u64::try_from(params.get(key)).unwrap_or(0);
        let records = !is_sound && get("flags") & RECORDS != 0;
        let depth = if records { get("depth") } else { get("depth").min(2) } as u8;
        let missing = || Error::usage("no samples found").remedy("tell the codec how they lie");
        if is_sound && get("channels") == 0 {
            let found = sound::find(input).and_then(|span| Format::of(&span, input));
            let (range, format) = found.ok_or_else(missing)?;
            let (start, len) = (range.start, range.len());
            return Ok(Self { start, len, depth, ..What::Sound(format).into() });
        }
        let start = get("start") as usize;
        let left = input.len().saturating_sub(start);
        let len = if get("len") == 0 { left } else { (get("len") as usize).min(left) };
        let start = start.min(input.len());
        let bad = || Error::usage("samples cannot lie like this").remedy("see the codec's parameters");
        if records {
            // The values themselves say which of them are frequent.
            let numbers = [get("width"), get("channels"), get("frame"), get("planes"), 0, 0, 0];
            let what = What::records(&numbers).filter(|_| get("flags") == RECORDS).ok_or_else(bad)?;
            let What::Records(layout) = what else { return Err(bad()) };
            let mut layout = layout.seen_in(&input[start..start + len]);
            let mut model = None;
            if get("model") == 1 {
                let found = predictors(resources).find(|(_, causal)| fits(causal, &layout));
                let (name, causal) = found.ok_or_else(|| {
                    Error::usage("no codec file has a predictor for such records").advise(Advice::Model)
                })?;
                layout.common = causal.geometry().ground;
                model = Some(name);
            }
            return Ok(Self { start, len, depth, what: What::Records(layout), model });
        }
        if !is_sound && get("width") == 0 {
            let found = pixels::find(input).and_then(|span| Layout::of(&span, input));
            let (range, layout) = found.ok_or_else(missing)?;
            let (start, len) = (range.start, range.len());
            return Ok(Self { start, len, depth, ..What::Image(layout).into() });
        }
        let numbers = if is_sound {
            vec![get("channels"), get("bits"), get("flags")]
        } else {
            let png = get("flags") >> 3 & 1;
            let row = (get("width") * get("channels") * get("bits")).div_ceil(8) + png;
            let stride = if get("stride") == 0 { row } else { get("stride") };
            vec![get("width"), stride, get("channels"), get("bits"), get("frame"), get("flags")]
        };
        let what = What::from_numbers(is_sound, &numbers).ok_or_else(bad)?;
        Ok(Self { start, len, depth, ..what.into() })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let version = match self.what {
            What::Records(_) if self.model.is_some() => PREDICTED,
            What::Records(_) => 2,
            _ => 1,
        };
        out.push(version << 4 | self.depth);
        put(out, self.start as u64);
        put(out, self.len as u64);
        self.what.numbers().into_iter().for_each(|n| put(out, n));
        out.extend(self.model.iter().flatten());
    }

    pub(super) fn read(sound: bool, reader: &mut Reader<'_>) -> Result<Self> {
        let first = reader.u8()?;
        let (version, depth) = (first >> 4, first & 15);
        let records = matches!(version, 2 | PREDICTED) && !sound;
        if version != 1 && !records {
            return Err(Error::unsupported("samples: models of a later version").remedy("use a newer minlen"));
        }
        let mut number = || reader.varint();
        let (start, len) = (number()?, number()?);
        let fields = FIELDS[if records { 2 } else { usize::from(sound) }];
        let numbers = (0..fields).map(|_| number()).collect::<Result<Vec<_>>>()?;
        let bad = || Error::corrupt("samples: no such layout");
        let what = if records { What::records(&numbers) } else { What::from_numbers(sound, &numbers) };
        let what = what.filter(|what| depth <= what.deepest()).ok_or_else(bad)?;
        let model = if version == PREDICTED { Some(reader.array()?) } else { None };
        let size = |n: u64| usize::try_from(n).ok().filter(|n| *n <= 1 << 30).ok_or_else(bad);
        Ok(Self { start: size(start)?, len: size(len)?, depth, what, model })
    }
}
