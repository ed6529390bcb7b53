//! Array files: written for the tests, and read again by a parser of their own.

use super::random::Random;
use std::path::Path;

/// The element types that a bound may apply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Float {
    F32 { big: bool },
    F64 { big: bool },
    F16,
    Bf16,
}

impl Float {
    fn width(self) -> usize {
        match self {
            Self::F32 { .. } => 4,
            Self::F64 { .. } => 8,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    fn value(self, bytes: &[u8]) -> f64 {
        let word = |big: bool| {
            let fold = |all: u64, byte: &u8| (all << 8) | u64::from(*byte);
            if big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) }
        };
        match self {
            Self::F32 { big } => f64::from(f32::from_bits(word(big) as u32)),
            Self::F64 { big } => f64::from_bits(word(big)),
            Self::F16 => half(word(false) as u16),
            Self::Bf16 => f64::from(f32::from_bits((word(false) as u32) << 16)),
        }
    }
}

fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// How far floats may be off.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    Absolute(f64),
    /// Of the range of each array.
    Share(f64),
}

impl Bound {
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('%') {
            Some(share) => share.trim().parse().ok().map(|s: f64| Self::Share(s / 100.0)),
            None => text.trim().parse().ok().map(Self::Absolute),
        }
    }
}

/// A stretch of floats in a file.
struct Span {
    start: usize,
    end: usize,
    float: Float,
}

/// What is wrong with `now` as an approximation of `before`; `None` where nothing is. Only floats that a container names, or
/// `shape` where there is none, may have moved, and only within the bound.
pub fn beyond(before: &[u8], now: &[u8], bound: Bound, shape: Option<&str>) -> Option<String> {
    if before.len() != now.len() {
        return Some(format!("{} bytes became {}", before.len(), now.len()));
    }
    let spans =
        npy(before).or_else(|| safetensors(before)).or_else(|| shaped(before, shape)).unwrap_or_default();
    let mut at = 0;
    for span in &spans {
        if before[at..span.start] != now[at..span.start] {
            return Some(format!("bytes outside the arrays changed before byte {}", span.start));
        }
        if let Some(what) = off(&before[span.start..span.end], &now[span.start..span.end], span.float, bound)
        {
            return Some(what);
        }
        at = span.end;
    }
    let differ = before[at..].iter().zip(&now[at..]).position(|(a, b)| a != b);
    differ.map(|i| format!("byte {} changed and is in no float array", at + i))
}

/// What is wrong with an array file by itself: that its data is not what its header declares.
pub fn contradiction(path: &Path, file: &[u8]) -> Option<String> {
    match path.extension()?.to_str()? {
        "npy" => npy_contradiction(file),
        "safetensors" => match safetensors(file) {
            None => Some("no safetensors header".into()),
            Some(spans) => {
                let end = spans.last().map_or(0, |span| span.end);
                (end > file.len()).then(|| "arrays beyond the end".into())
            }
        },
        _ => None,
    }
}

fn npy_contradiction(file: &[u8]) -> Option<String> {
    let Some(head) = file.strip_prefix(b"\x93NUMPY\x01\x00") else { return Some("no NumPy header".into()) };
    let len = usize::from(u16::from_le_bytes([*head.first()?, *head.get(1)?]));
    let text = String::from_utf8_lossy(head.get(2..2 + len)?).into_owned();
    let descr = text.split("'descr': '").nth(1)?.split('\'').next()?;
    let width: usize = descr.get(2..)?.parse().ok()?;
    let shape = text.split("'shape': (").nth(1)?.split(')').next()?;
    let count: usize = shape.split(',').filter_map(|n| n.trim().parse::<usize>().ok()).product();
    let there = head.len() - 2 - len;
    (count * width != there).then(|| format!("{shape} of {descr} in {there} bytes"))
}

fn off(before: &[u8], now: &[u8], float: Float, bound: Bound) -> Option<String> {
    let values =
        |bytes: &[u8]| -> Vec<f64> { bytes.chunks_exact(float.width()).map(|b| float.value(b)).collect() };
    let (old, new) = (values(before), values(now));
    let finite = old.iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let allowed = match bound {
        Bound::Absolute(e) => e,
        Bound::Share(share) => share * (high - low).max(0.0) * (1.0 + 1e-9),
    };
    for (i, (a, b)) in old.iter().zip(&new).enumerate() {
        let bits = i * float.width()..(i + 1) * float.width();
        if before[bits.clone()] != now[bits] && !(a.is_finite() && (a - b).abs() <= allowed) {
            return Some(format!("element {i}: {a:e} became {b:e}, allowed is {allowed:e}"));
        }
    }
    None
}

fn float_of(descr: &str) -> Option<Float> {
    match descr {
        "<f4" => Some(Float::F32 { big: false }),
        ">f4" => Some(Float::F32 { big: true }),
        "<f8" => Some(Float::F64 { big: false }),
        ">f8" => Some(Float::F64 { big: true }),
        "<f2" => Some(Float::F16),
        _ => None,
    }
}

fn npy(file: &[u8]) -> Option<Vec<Span>> {
    let head = file.strip_prefix(b"\x93NUMPY\x01\x00")?;
    let len = usize::from(u16::from_le_bytes([*head.first()?, *head.get(1)?]));
    let text = std::str::from_utf8(head.get(2..2 + len)?).ok()?;
    let descr = text.split("'descr': '").nth(1).and_then(|rest| rest.split('\'').next());
    // Records and integers have no floats that may move.
    let Some(float) = descr.and_then(float_of) else { return Some(Vec::new()) };
    let start = 10 + len;
    let end = start + (file.len() - start) / float.width() * float.width();
    Some(vec![Span { start, end, float }])
}

fn safetensors(file: &[u8]) -> Option<Vec<Span>> {
    let len = usize::try_from(u64::from_le_bytes(*file.first_chunk::<8>()?)).ok()?;
    let header: serde_json::Value = serde_json::from_slice(file.get(8..8usize.checked_add(len)?)?).ok()?;
    let mut spans = Vec::new();
    for entry in header.as_object()?.values() {
        let place = |i: usize| entry["data_offsets"][i].as_u64().map(|at| at as usize + 8 + len);
        let (Some(start), Some(end)) = (place(0), place(1)) else { continue };
        let float = match entry["dtype"].as_str()? {
            "F32" => Float::F32 { big: false },
            "F64" => Float::F64 { big: false },
            "F16" => Float::F16,
            "BF16" => Float::Bf16,
            _ => continue,
        };
        if start <= end && end <= file.len() {
            spans.push(Span { start, end, float });
        }
    }
    spans.sort_by_key(|span| span.start);
    Some(spans)
}

fn shaped(file: &[u8], shape: Option<&str>) -> Option<Vec<Span>> {
    let (dtype, sizes) = shape?.split_once(':')?;
    let float = float_of(match dtype {
        "f32" => "<f4",
        "f64" => "<f8",
        _ => return None,
    })?;
    let count: usize = sizes.split('x').map(|n| n.parse::<usize>().unwrap_or(0)).product();
    (count * float.width() == file.len()).then(|| vec![Span { start: 0, end: file.len(), float }])
}

/// Smooth values, as measurements are.
fn smooth(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|i| 5.0 + (i as f64 / 90.0 + seed as f64).sin() + (i % 7) as f64 * 1e-4).collect()
}

/// One of the odd things that arrays hold.
fn values(random: &mut Random, count: usize) -> Vec<f64> {
    let mut all = smooth(count, random.below(4));
    match random.below(6) {
        0 => all.iter_mut().for_each(|v| *v *= 5e-322),
        1 => all.iter_mut().enumerate().for_each(|(i, v)| *v *= 10f64.powi(i as i32 % 30)),
        2 => all.iter_mut().step_by(97).for_each(|v| *v = f64::NAN),
        _ => {}
    }
    all
}

fn encode(values: &[f64], descr: &str) -> Vec<u8> {
    let mut all = Vec::new();
    for value in values {
        let mut bytes = match &descr[1..] {
            "f8" => value.to_le_bytes().to_vec(),
            "f4" => (*value as f32).to_le_bytes().to_vec(),
            _ => ((value * 100.0) as i32).to_le_bytes().to_vec(),
        };
        if descr.starts_with('>') {
            bytes.reverse();
        }
        all.extend(bytes);
    }
    all
}

/// A NumPy file of any order, type and shape.
pub fn any_npy(random: &mut Random) -> Vec<u8> {
    let (rows, columns) = *random.pick(&[(40, 30), (1, 2400), (60, 80)]);
    let values = values(random, rows * columns);
    let order = if random.chance(30) { "True" } else { "False" };
    if random.chance(15) {
        let fields = "[('x', '<f4'), ('id', '<i4')]";
        let ids = |(i, v): (usize, &f64)| {
            [(*v as f32).to_le_bytes(), (1_000_000 + i as i32).to_le_bytes()].concat()
        };
        let data: Vec<u8> = values.iter().enumerate().flat_map(ids).collect();
        return npy_file(fields, "False", &format!("({},)", values.len()), &data);
    }
    let descr = *random.weighted(&[(4, "<f4"), (2, ">f4"), (3, "<f8"), (1, ">f8"), (1, "<i4")]);
    npy_file(&format!("'{descr}'"), order, &format!("({rows}, {columns})"), &encode(&values, descr))
}

fn npy_file(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut head = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
    while (10 + head.len() + 1) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    [b"\x93NUMPY\x01\x00", &(head.len() as u16).to_le_bytes()[..], head.as_bytes(), data].concat()
}

/// Floats without a header: 64 rows of 80, as `--shape f32:64x80` says.
pub fn raw_field(random: &mut Random) -> Vec<u8> {
    let descr = if random.chance(70) { "<f4" } else { "<f8" };
    encode(&values(random, 64 * 80), descr)
}

/// A model of two matrices; a tuned one differs a little from the one it began as.
pub fn model(seed: u64, tuned: Option<u64>) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut weights = |count: usize| -> Vec<f32> {
        let mut one = || (0..6).map(|_| random.below(256) as f32 - 127.5).sum::<f32>() / 4093.0;
        (0..count).map(|_| one()).collect()
    };
    let mut tensors = [("head.a", weights(24 * 32)), ("body.b", weights(40 * 32))];
    if let Some(change) = tuned {
        let mut random = Random::new(change);
        let all = tensors.iter_mut().flat_map(|(_, w)| w.iter_mut());
        all.step_by(3).for_each(|w| *w += (random.below(200) as f32 - 100.0) * 1e-7);
    }
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (name, weights) in &tensors {
        let (start, rows) = (data.len(), weights.len() / 32);
        data.extend(weights.iter().flat_map(|w| w.to_le_bytes()));
        let end = data.len();
        entries.push(format!(
            r#""{name}":{{"dtype":"F32","shape":[{rows},32],"data_offsets":[{start},{end}]}}"#
        ));
    }
    let header = format!("{{{}}}", entries.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}
