//! What delta can be told, and its two-byte header.

use minlen_core::{CodecSpec, Error, ParamKind, ParamSpec, Params, Result, ids};

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        key: "stride",
        doc: "distance in bytes of the element that is subtracted",
        kind: ParamKind::Int { min: 1, max: 256 },
        default: 1,
    },
    ParamSpec {
        key: "width",
        doc: "bytes of one little-endian element; the stride is rounded up to a multiple",
        kind: ParamKind::Choice(&["1", "2", "4", "8"]),
        default: 0,
    },
    ParamSpec {
        key: "planes",
        doc: "1: then put bytes of the same place in the stride together",
        kind: ParamKind::Int { min: 0, max: 1 },
        default: 0,
    },
];

/// What this codec is.
pub(super) static SPEC: CodecSpec = CodecSpec {
    id: ids::DELTA,
    name: "delta",
    summary: "differences at a distance, optionally as byte planes; a filter for chains",
    source: "as the Sub filter of PNG, ISO/IEC 15948",
    limits: "makes nothing smaller by itself",
    params: PARAMS,
    max_input: 1 << 40,
};

/// What is subtracted and how the result is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Distance in bytes, 1..=256, a multiple of the width.
    pub stride: usize,
    /// Element size in bytes: 1, 2, 4 or 8.
    pub width: usize,
    /// Whether bytes of the same place in the stride are put together.
    pub planes: bool,
}

impl Shape {
    /// The shape asked for.
    pub(super) fn of(params: &Params) -> Self {
        let width = 1usize << params.get("width").clamp(0, 3);
        let stride = usize::try_from(params.get("stride")).unwrap_or(1).clamp(1, 256);
        Self { stride: stride.next_multiple_of(width), width, planes: params.get("planes") == 1 }
    }

    /// Appends stride - 1, then log2 of the width in bits 0..2 and the plane flag in bit 2.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        let flags = self.width.trailing_zeros() as u8 | u8::from(self.planes) << 2;
        out.extend([(self.stride - 1) as u8, flags]);
    }

    /// Reads the header; what follows must be `len` bytes.
    pub(super) fn get(payload: &[u8], len: usize) -> Result<(Self, &[u8])> {
        let &[stride, flags, ref body @ ..] = payload else {
            return Err(Error::truncated("delta: no room for the header"));
        };
        let shape = Self { stride: usize::from(stride) + 1, width: 1 << (flags & 3), planes: flags & 4 != 0 };
        if flags > 7 || !shape.stride.is_multiple_of(shape.width) || body.len() != len {
            return Err(Error::corrupt("delta: impossible header or length"));
        }
        Ok((shape, body))
    }
}
