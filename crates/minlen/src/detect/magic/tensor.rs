//! Model weights and arrays with a header.

use super::{named, printable};
use crate::detect::{found, view::View};
use minlen_core::{Detection, Kind};

pub(crate) fn find(data: &[u8], total: u64) -> Option<Detection> {
    let v = View(data);
    safetensors(v, total)
        .or_else(|| gguf(v))
        .or_else(|| npy(v))
        .or_else(|| model(v, total))
        .or_else(|| idx(v, total))
        .or_else(|| vectors(v, total))
        .or_else(|| scientific(v))
}

/// A length, then JSON of that length, which has the types.
fn safetensors(v: View<'_>, total: u64) -> Option<Detection> {
    let length = v.le64(0)?;
    if !(2..=100 << 20).contains(&length) || length > total.saturating_sub(8) || !v.has(8, b"{\"") {
        return None;
    }
    let head = View(v.upto(8, usize::try_from(length).ok()?.min(16 << 10)));
    let Some(at) = head.find(b"\"dtype\":", 16 << 10) else {
        return found(Kind::Tensors, 75, "safetensors");
    };
    let quoted = head.upto(at + 8, 16).split(|&b| b == b'"').nth(1).unwrap_or_default();
    found(Kind::Tensors, 98, format!("safetensors {}", printable(quoted, 8)))
}

fn gguf(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"GGUF") {
        return None;
    }
    let (version, tensors) = (v.le32(4)?, v.le64(8)?);
    ((1..=4).contains(&version) && tensors < 1 << 24)
        .then(|| found(Kind::Tensors, 98, format!("GGUF {tensors} tensors")))?
}

fn npy(v: View<'_>) -> Option<Detection> {
    if !v.has(0, b"\x93NUMPY") || !(1..=3).contains(&v.u8(6)?) {
        return None;
    }
    let head = View(v.upto(8, 512));
    let field = |key: &[u8], len: usize, end: u8| {
        let at = head.find(key, 512)? + key.len();
        let rest = head.upto(at, len);
        Some(printable(&rest[..rest.iter().position(|&b| b == end)?], len))
    };
    let (kind, shape) = (field(b"'descr': '", 8, b'\'')?, field(b"'shape': (", 60, b')')?);
    found(Kind::Tensors, 98, format!("NumPy {kind} ({shape})"))
}

fn model(v: View<'_>, total: u64) -> Option<Detection> {
    if v.has(4, b"TFL3") && u64::from(v.le32(0)?) < total {
        return found(Kind::Tensors, 97, "TensorFlow Lite");
    }
    // ONNX is a protocol buffer: field 1 (version, small), then field 2 (producer, a string).
    let onnx = v.u8(0)? == 8 && v.u8(1)? < 32 && v.u8(2)? == 0x12;
    if onnx {
        let length = usize::from(v.u8(3)?);
        let name = v.bytes(4, length)?;
        let next = matches!(v.u8(4 + length)?, 0x1a | 0x22 | 0x2a | 0x32 | 0x3a | 0x42);
        let plain = length > 0 && name.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        return (plain && next)
            .then(|| found(Kind::Tensors, 92, format!("ONNX ({})", printable(name, 24))))?;
    }
    matches!(v.bytes(0, 4)?, b"lmgg" | b"fmgg" | b"tjgg").then(|| found(Kind::Tensors, 85, "GGML"))?
}

/// The format of MNIST: type, number of dimensions, dimensions, and just as many values.
fn idx(v: View<'_>, total: u64) -> Option<Detection> {
    let types = [
        (8u8, ("u8", 1u64)),
        (9, ("i8", 1)),
        (11, ("i16", 2)),
        (12, ("i32", 4)),
        (13, ("f32", 4)),
        (14, ("f64", 8)),
    ];
    if v.be16(0)? != 0 {
        return None;
    }
    let (name, width) = types.iter().find(|t| Some(t.0) == v.u8(2))?.1;
    let dimensions = usize::from(v.u8(3)?);
    if !(1..=8).contains(&dimensions) {
        return None;
    }
    let sizes: Option<Vec<u32>> = (0..dimensions).map(|i| v.be32(4 + 4 * i)).collect();
    let sizes = sizes?;
    let values = sizes.iter().try_fold(width, |product, &n| product.checked_mul(u64::from(n)))?;
    let shape: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    (values.checked_add(4 + 4 * dimensions as u64)? == total)
        .then(|| found(Kind::Tensors, 97, format!("IDX {name} ({})", shape.join(", "))))?
}

/// fvecs, ivecs and bvecs: every vector begins with its length, which is always the same.
fn vectors(v: View<'_>, total: u64) -> Option<Detection> {
    let length = v.le32(0)?;
    if !(2..=65_536).contains(&length) {
        return None;
    }
    for (width, name) in [(4u64, "32-bit vectors (fvecs, ivecs)"), (1, "8-bit vectors (bvecs)")] {
        let record = 4 + u64::from(length) * width;
        let rows = total / record;
        let here = (v.0.len() as u64 / record).min(64);
        let again = (1..here).all(|i| v.le32((i * record) as usize) == Some(length));
        if total.is_multiple_of(record) && rows >= 4 && here >= 4 && again {
            return found(Kind::Records, 92, format!("{name}, {rows} x {length}"));
        }
    }
    None
}

fn scientific(v: View<'_>) -> Option<Detection> {
    let magics: [(&[u8], &'static str); 5] = [
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"CDF\x01", "NetCDF"),
        (b"CDF\x02", "NetCDF"),
        (b"CDF\x05", "NetCDF"),
        (b"MATLAB 5.0 MAT-file", "MATLAB"),
    ];
    let names: Vec<(bool, &'static str)> = magics.iter().map(|(m, name)| (v.has(0, m), *name)).collect();
    named(&names, true).and_then(|name| found(Kind::Tensors, if name == "NetCDF" { 90 } else { 97 }, name))
}
