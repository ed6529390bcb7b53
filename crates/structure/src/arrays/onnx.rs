//! Open Neural Network Exchange: a `ModelProto`, of which only the arrays (`TensorProto`) are looked at.
//!
//! Source: `onnx.proto3` of the ONNX project. Arrays are initializers of the graph, of graphs inside its nodes (branches,
//! loops), of functions, and attributes of nodes such as `Constant`. An array is a span where it is held as `raw_data` or as
//! packed floats; integers held as varints are not.

use super::common::{MAX_NAME, MAX_RANK, fitted, push, text};
use super::protobuf::{Extent, Fields, Value};
use crate::reader::Reader;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{Error, Result};

/// Messages inside each other.
const MAX_DEPTH: u32 = 40;

/// The messages on the way to arrays.
#[derive(Clone, Copy)]
enum Message {
    Graph,
    Node,
    Attribute,
    Sparse,
    Training,
    Function,
    Array,
}

impl Message {
    /// The message in a field of this one.
    fn inside(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::Sparse, 1 | 2) => Self::Array,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::Sparse,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            _ => return None,
        })
    }
}

/// The arrays of the file, or `None` if it is not of this format.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    let Some(parts) = recognise(reader)? else { return Ok(None) };
    let mut tensors = Vec::new();
    for (message, span) in parts {
        walk(reader, message, span, "", 0, &mut tensors)?;
    }
    Ok(Some(tensors))
}

/// The parts of the model that may hold arrays; `None` if this is no model. There is no magic number: a model starts with its
/// version, has a graph and names its operator sets, and all of its fields have known numbers.
fn recognise(reader: &mut Reader<'_>) -> Result<Option<Vec<(Message, Extent)>>> {
    let len = reader.len();
    if len < 16 || reader.array::<1>(0)? != [0x08] || reader.array::<1>(1)?[0] > 64 {
        return Ok(None);
    }
    let (mut parts, mut graph, mut operators) = (Vec::new(), false, false);
    let mut fields = Fields::new(Extent { start: 0, len });
    loop {
        let (field, span) = match fields.next(reader) {
            Ok(Some((field, Value::Extent(span)))) => (field, span),
            // ir_version and model_version.
            Ok(Some((1 | 5, Value::Varint(_)))) => continue,
            Ok(Some(_)) => return Ok(None),
            Ok(None) => break,
            Err(error) if graph && operators => return Err(error),
            Err(_) => return Ok(None),
        };
        match field {
            2..=4 | 6 | 14 | 26 => {}
            7 => {
                graph = true;
                parts.push((Message::Graph, span));
            }
            8 => operators = true,
            20 => parts.push((Message::Training, span)),
            25 => parts.push((Message::Function, span)),
            _ => return Ok(None),
        }
        if parts.len() > super::common::MAX_TENSORS {
            return Ok(None);
        }
    }
    Ok((graph && operators).then_some(parts))
}

fn walk(
    reader: &mut Reader<'_>,
    message: Message,
    span: Extent,
    owner: &str,
    depth: u32,
    tensors: &mut Vec<Span>,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Error::limit("ONNX graphs nested too deeply").at(span.start));
    }
    if let Message::Array = message {
        return array(reader, span, owner, tensors);
    }
    let mut fields = Fields::new(span);
    // A constant without a name of its own is known by the output of its node.
    let mut owner = owner.to_owned();
    while let Some((field, value)) = fields.next(reader)? {
        let Value::Extent(inner) = value else { continue };
        if let (Message::Node, 2) = (message, field) {
            owner = name(reader, inner)?;
        } else if let Some(next) = message.inside(field) {
            walk(reader, next, inner, &owner, depth + 1, tensors)?;
        }
    }
    Ok(())
}

fn name(reader: &mut Reader<'_>, span: Extent) -> Result<String> {
    Ok(text(reader.bytes(span.start, span.len.min(MAX_NAME as u64) as usize)?))
}

/// Appends the array if its data is a span.
fn array(reader: &mut Reader<'_>, span: Extent, owner: &str, tensors: &mut Vec<Span>) -> Result<()> {
    let mut fields = Fields::new(span);
    let (mut shape, mut kind, mut own, mut data) = (Vec::new(), 0, String::new(), None);
    let mut spans = 0;
    while let Some((field, value)) = fields.next(reader)? {
        match (field, value) {
            (1, Value::Varint(dim)) => shape.push(dim),
            (1, Value::Extent(dims)) => {
                let mut packed = Fields::new(dims);
                while let Some(dim) = packed.number(reader).transpose()? {
                    shape.push(dim);
                    if shape.len() > MAX_RANK {
                        break;
                    }
                }
            }
            (2, Value::Varint(code)) => kind = code,
            (4 | 9 | 10, Value::Extent(found)) => {
                spans += 1;
                data = Some((field, found));
            }
            (8, Value::Extent(span)) => own = name(reader, span)?,
            _ => {}
        }
        if shape.len() > MAX_RANK {
            return Err(Error::corrupt("ONNX array of too many dimensions").at(span.start));
        }
    }
    let Some((field, data)) = data else { return Ok(()) };
    // The type may come after the data. Floats and doubles have fields of their own, complex numbers are pairs there.
    let (dtype, pair) = match field {
        4 => (Dtype::F32, None),
        10 => (Dtype::F64, None),
        _ => dtype(kind).unwrap_or((Dtype::Bytes, None)),
    };
    let declared = declared(kind, shape.clone());
    shape.extend(pair);
    let name = if own.is_empty() { owner.to_owned() } else { own };
    let tensor = fitted(name, dtype, shape, data.start, data.len);
    let told = match (field, kind) {
        // In parts, or in a field for another type: nobody knows.
        _ if spans > 1 => None,
        (4, 1 | 14) | (10, 11 | 15) | (9, _) => declared,
        _ => None,
    };
    let told = told.unwrap_or_else(|| Declared::unknown(data.len));
    push(tensors, tensor.declaring(told))
}

/// What the model says of an array of this type, held as raw data; `None` for types that are no raw data.
fn declared(kind: u64, shape: Vec<u64>) -> Option<Declared> {
    let foreign = |name: &str, unit| Some((Element::Foreign(name.to_owned()), unit));
    let (element, unit) = match kind {
        9 => Some((Element::Bool, (1, 1))),
        14 => Some((Element::Complex(Dtype::F32), (1, 8))),
        15 => Some((Element::Complex(Dtype::F64), (1, 16))),
        18 => foreign("f8_e4m3fnuz", (1, 1)),
        20 => foreign("f8_e5m2fnuz", (1, 1)),
        // Two to a byte, the last byte may be half empty: the length is checked by whole bytes only.
        21 => foreign("u4", (2, 1)),
        22 => foreign("i4", (2, 1)),
        23 => foreign("f4", (2, 1)),
        24 => Some((Element::Safetensors("F8_E8M0".into()), (1, 1))),
        _ => dtype(kind).map(|(dtype, _)| (Element::Number(dtype), (1, dtype.unit() as u64))),
    }?;
    Some(Declared::new(element, shape, unit))
}

/// The type with this number in `TensorProto.DataType`. The 8-bit floats with other specials, and 4-bit ones, stay bytes.
fn dtype(kind: u64) -> Option<(Dtype, Option<u64>)> {
    Some(match kind {
        1 => (Dtype::F32, None),
        2 => (Dtype::U8, None),
        3 => (Dtype::I8, None),
        4 => (Dtype::U16, None),
        5 => (Dtype::I16, None),
        6 => (Dtype::I32, None),
        7 => (Dtype::I64, None),
        10 => (Dtype::F16, None),
        11 => (Dtype::F64, None),
        12 => (Dtype::U32, None),
        13 => (Dtype::U64, None),
        14 => (Dtype::F32, Some(2)),
        15 => (Dtype::F64, Some(2)),
        16 => (Dtype::Bf16, None),
        17 => (Dtype::F8E4m3, None),
        19 => (Dtype::F8E5m2, None),
        _ => return None,
    })
}
