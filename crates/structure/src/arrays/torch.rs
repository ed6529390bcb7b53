//! PyTorch checkpoints: a ZIP file with a pickle that describes arrays and one stored member for each storage.
//!
//! Source: `torch/serialization.py` and `torch/_utils.py` (`_rebuild_tensor_v2` and its kin: storage, offset, size, stride, ...).
//! What the pickle does not explain is probed.

use super::common::{fitted, push, text};
use super::pickle::{Id, Node, Pickle};
use super::probe;
use super::zip::Member;
use crate::reader::Reader;
use minlen_core::Result;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of a pickle that is read; those of the largest models take a few megabytes.
const MAX_PICKLE: u64 = 16 << 20;
/// Bytes of a storage that a probe looks at.
const PROBED: u64 = 256 << 10;
/// Bytes of a name that is put together.
const MAX_PATH: usize = 256;

/// An array: elements of a storage.
struct View {
    name: String,
    dtype: Dtype,
    /// Numbers in an element.
    pair: Option<u64>,
    element: Element,
    offset: u64,
    shape: Vec<u64>,
    stride: Vec<u64>,
}

/// A view that is whole, as it is stored and as it is declared.
struct Placed {
    name: String,
    shape: Vec<u64>,
    declared: Declared,
}

/// The arrays of a checkpoint, or `None` if there is no pickle with storages among the members.
pub fn parse(reader: &mut Reader<'_>, members: &[Member]) -> Result<Option<Vec<Span>>> {
    let (mut tensors, mut any) = (Vec::new(), false);
    let big = members.iter().find(|member| member.name.ends_with("byteorder") && member.len == 3);
    let big = big.map_or(Ok(false), |member| reader.has(member.start, b"big"))?;
    for pickle in members {
        let Some(stem) = pickle.name.strip_suffix(".pkl") else { continue };
        let key = |member: &Member| Some(member.name.strip_prefix(stem)?.strip_prefix('/')?.to_owned());
        let storages: Vec<_> = members.iter().filter_map(|member| Some((key(member)?, member))).collect();
        if storages.is_empty() {
            continue;
        }
        any = true;
        // An exotic pickle is no error: the storages can be probed.
        let mut views = views(reader, pickle).unwrap_or_default();
        for (key, member) in storages {
            let views = if big { Vec::new() } else { views.remove(key.as_bytes()).unwrap_or_default() };
            storage(reader, member, views, big, &mut tensors)?;
        }
    }
    Ok(any.then_some(tensors))
}

/// Appends what a storage holds.
fn storage(
    reader: &mut Reader<'_>,
    member: &Member,
    mut views: Vec<View>,
    big: bool,
    tensors: &mut Vec<Span>,
) -> Result<()> {
    let (start, len) = (member.start, member.len);
    let Some(dtype) = views.first().map(|view| view.dtype) else {
        let bytes = reader.bytes(start, len.min(PROBED) as usize)?;
        let found = if big { None } else { probe(bytes) };
        let (dtype, columns) = found.unwrap_or((Dtype::Bytes, 1));
        let (count, columns) = (len / dtype.unit() as u64, columns as u64);
        let rows = columns > 1 && count.is_multiple_of(columns);
        let shape = if rows { vec![count / columns, columns] } else { vec![count] };
        return push(tensors, fitted(text(member.name.as_bytes()), dtype, shape, start, len).undeclared());
    };
    let unit = dtype.unit() as u64;
    if views.iter().any(|view| view.dtype != dtype) {
        views.clear();
    }
    let mut placed: Vec<(u64, u64, Placed)> = Vec::new();
    for view in views {
        let Some((shape, order, count)) = view.stored() else { continue };
        let bytes = count.checked_mul(unit);
        let from = view.offset.checked_mul(view.pair.unwrap_or(1)).and_then(|at| at.checked_mul(unit));
        if let (Some(from), Some(bytes)) = (from, bytes)
            && bytes > 0
            && from.checked_add(bytes).is_some_and(|end| end <= len)
        {
            let declared = view.declared(order);
            placed.push((from, bytes, Placed { name: view.name, shape, declared }));
        }
    }
    // Of views that overlap the first and longest stays; what no view covers is a row of its own.
    placed.sort_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
    let (mut end, mut last) = (0, (0, 0));
    for (from, bytes, Placed { name, shape, declared }) in placed {
        let tied = (from, bytes) == last;
        if tied || from >= end {
            gap(dtype, start + end, from.saturating_sub(end), tensors)?;
            push(tensors, fitted(name, dtype, shape, start + from, bytes).declaring(declared))?;
            (last, end) = ((from, bytes), from + bytes);
        }
    }
    gap(dtype, start + end, len - end, tensors)
}

fn gap(dtype: Dtype, start: u64, len: u64, tensors: &mut Vec<Span>) -> Result<()> {
    match len {
        0 => Ok(()),
        _ => push(tensors, fitted(String::new(), dtype, Vec::new(), start, len).undeclared()),
    }
}

impl View {
    fn declared(&self, order: Vec<usize>) -> Declared {
        let unit = self.dtype.unit() as u64 * self.pair.unwrap_or(1);
        Declared::new(self.element.clone(), self.shape.clone(), (1, unit)).ordered(order)
    }

    /// The shape in the order of storage, that order, and the count of numbers, if the elements follow each other without gaps.
    fn stored(&self) -> Option<(Vec<u64>, Vec<usize>, u64)> {
        let mut order: Vec<usize> = (0..self.shape.len()).collect();
        let natural = self.dense(&order);
        if natural.is_none() {
            order.retain(|&i| self.shape[i] > 1);
            order.sort_by_key(|&i| std::cmp::Reverse(self.stride[i]));
        }
        let count = natural.or_else(|| self.dense(&order))?;
        let mut shape: Vec<u64> = order.iter().map(|&i| self.shape[i]).collect();
        shape.extend(self.pair);
        // Dimensions of one entry may stand anywhere.
        let single = (0..self.shape.len()).filter(|i| !order.contains(i));
        let whole = single.chain(order.iter().copied()).collect();
        Some((shape, whole, count.checked_mul(self.pair.unwrap_or(1))?))
    }

    fn dense(&self, order: &[usize]) -> Option<u64> {
        order.iter().rev().try_fold(1u64, |step, &i| {
            let fits = self.shape[i] <= 1 || self.stride[i] == step;
            if fits { step.checked_mul(self.shape[i]) } else { None }
        })
    }
}

/// The arrays that a pickle describes, by the key of their storage.
fn views(reader: &mut Reader<'_>, member: &Member) -> Result<BTreeMap<Vec<u8>, Vec<View>>> {
    if member.len > MAX_PICKLE {
        return Ok(BTreeMap::new());
    }
    let bytes = reader.bytes(member.start, member.len as usize)?.to_vec();
    let pickle = Pickle::read(&bytes)?;
    let mut views: BTreeMap<Vec<u8>, Vec<View>> = BTreeMap::new();
    let root: Rc<str> = Rc::from("");
    let mut open: Vec<(Id, Option<Id>, Rc<str>)> = vec![(pickle.root, None, root)];
    let mut seen = vec![false; pickle.len()];
    while let Some((id, key, above)) = open.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        let path = path(&pickle, key, above);
        match pickle.node(id) {
            Node::Tuple(items) => {
                if let Some((key, view)) = view(&pickle, items, &path) {
                    views.entry(key).or_default().push(view);
                }
                open.extend(items.iter().rev().map(|item| (*item, None, Rc::clone(&path))));
            }
            Node::Object(made, items) => {
                open.extend(items.iter().rev().map(|(key, item)| (*item, *key, Rc::clone(&path))));
                open.extend(made.map(|(_, arguments)| (arguments, None, path)));
            }
            _ => {}
        }
    }
    Ok(views)
}

/// A name put together from keys; the housekeeping of modules is left out.
fn path(pickle: &Pickle<'_>, key: Option<Id>, above: Rc<str>) -> Rc<str> {
    let key = match key.map(|key| pickle.node(key)) {
        Some(Node::Text(b"_parameters" | b"_modules" | b"_buffers")) | None => return above,
        Some(Node::Text(key)) => text(key),
        Some(Node::Int(index)) => index.to_string(),
        Some(_) => return above,
    };
    if above.len() + key.len() > MAX_PATH {
        return above;
    }
    if above.is_empty() { Rc::from(key) } else { Rc::from(format!("{above}.{key}")) }
}

/// The array that these arguments make: storage, offset, size, stride, and where the storage has no type a type further on.
fn view(pickle: &Pickle<'_>, arguments: &[Id], name: &str) -> Option<(Vec<u8>, View)> {
    let [storage, offset, size, stride, rest @ ..] = arguments else { return None };
    // Behind gradients and hooks: whether the numbers are to be conjugated or negated when read.
    if let Some(Node::Object(_, marks)) = rest.get(2).map(|id| pickle.node(*id))
        && !marks.is_empty()
    {
        return None;
    }
    let Node::Persistent(described) = pickle.node(*storage) else { return None };
    let [_, class, key, ..] = pickle.tuple(*described) else { return None };
    let (Node::Global(_, class), Node::Text(key)) = (pickle.node(*class), pickle.node(*key)) else {
        return None;
    };
    let numbers = |id: Id| -> Option<Vec<u64>> {
        let all = pickle.tuple(id).iter().map(|item| u64::try_from(pickle.int(*item)?).ok());
        all.collect()
    };
    let named = rest.iter().find_map(|id| match pickle.node(*id) {
        Node::Global(b"torch", name) => dtype(name),
        _ => None,
    });
    let (dtype, pair, element) = dtype(class).or(named)?;
    let (shape, stride) = (numbers(*size)?, numbers(*stride)?);
    let offset = u64::try_from(pickle.int(*offset)?).ok()?;
    let sound = shape.len() == stride.len() && shape.len() <= super::common::MAX_RANK;
    sound.then(|| (key.to_vec(), View { name: name.to_owned(), dtype, pair, element, offset, shape, stride }))
}

/// The type with this name, of a storage class or of `torch`: as coding sees it with, for pairs, their length, and as it is.
fn dtype(name: &[u8]) -> Option<(Dtype, Option<u64>, Element)> {
    let number = |dtype| (dtype, None, Element::Number(dtype));
    // Integers that stand for others, by a scale kept elsewhere.
    let foreign = |dtype, name: &str| (dtype, None, Element::Foreign(name.into()));
    Some(match name {
        b"DoubleStorage" | b"float64" => number(Dtype::F64),
        b"FloatStorage" | b"float32" => number(Dtype::F32),
        b"HalfStorage" | b"float16" => number(Dtype::F16),
        b"BFloat16Storage" | b"bfloat16" => number(Dtype::Bf16),
        b"LongStorage" | b"int64" => number(Dtype::I64),
        b"IntStorage" | b"int32" => number(Dtype::I32),
        b"ShortStorage" | b"int16" => number(Dtype::I16),
        b"CharStorage" | b"int8" => number(Dtype::I8),
        b"ByteStorage" | b"uint8" => number(Dtype::U8),
        b"QInt32Storage" => foreign(Dtype::I32, "qint32"),
        b"QInt8Storage" => foreign(Dtype::I8, "qint8"),
        b"QUInt8Storage" => foreign(Dtype::U8, "quint8"),
        b"BoolStorage" | b"bool" => (Dtype::Bytes, None, Element::Bool),
        b"ComplexFloatStorage" | b"complex64" => (Dtype::F32, Some(2), Element::Complex(Dtype::F32)),
        b"ComplexDoubleStorage" | b"complex128" => (Dtype::F64, Some(2), Element::Complex(Dtype::F64)),
        b"uint16" => number(Dtype::U16),
        b"uint32" => number(Dtype::U32),
        b"uint64" => number(Dtype::U64),
        b"float8_e4m3fn" => number(Dtype::F8E4m3),
        b"float8_e5m2" => number(Dtype::F8E5m2),
        _ => return None,
    })
}
