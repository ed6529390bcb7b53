//! TensorFlow Lite: a flat buffer of tables; arrays are described in one place and lie in another.
//!
//! Source: `schema.fbs` of TensorFlow Lite and "FlatBuffer Internals". Offsets lead forward only and the walk has a fixed depth,
//! so it cannot run in circles; that many entries may lead to one table is met by the limit on arrays.

use super::common::{MAX_NAME, MAX_RANK, MAX_TENSORS, fitted, push, text};
use crate::reader::Reader;
use minlen_core::layout::{Declared, Dtype, Element, Span};
use minlen_core::{Error, Result};

/// Channels from which on their scales are an array.
const MIN_CHANNELS: u64 = 16;

/// The arrays of the file, or `None` if it is not of this format.
pub fn parse(reader: &mut Reader<'_>) -> Result<Option<Vec<Span>>> {
    if !reader.has(4, b"TFL3")? {
        return Ok(None);
    }
    let model = u64::from(reader.u32(0)?);
    // The fields of a model: version, operators, graphs, description, buffers.
    let buffers = buffers(reader, model)?;
    let mut described: Vec<Option<Described>> = Vec::new();
    described.resize_with(buffers.len(), || None);
    let (mut tensors, mut seen) = (Vec::new(), 0);
    for graph in table_vector(reader, model, 2)? {
        for tensor in table_vector(reader, graph, 0)? {
            seen += 1;
            if seen > MAX_TENSORS {
                return Err(Error::limit("TFLite model of too many arrays").at(tensor));
            }
            let buffer = scalar(reader, tensor, 2)?.map_or(Ok(0), |at| reader.u32(at))? as usize;
            // Buffer 0 is empty by convention; of arrays that share a buffer the first one names it.
            let used = buffers.get(buffer).is_some_and(Option::is_some);
            scales(reader, tensor, &mut tensors)?;
            let Some(slot) = described.get_mut(buffer).filter(|_| used) else { continue };
            let kind = kind(reader, tensor)?;
            match slot {
                None => *slot = Some(describe(reader, tensor)?),
                Some(first) => first.torn |= first.kind != kind,
            }
        }
    }
    for (buffer, described) in buffers.into_iter().zip(described) {
        if let (Some((start, len)), Some(Described { name, kind, torn, mut shape })) = (buffer, described) {
            let (dtype, pair) = dtype(kind);
            let declared = if torn { None } else { declared(kind, shape.clone()) };
            shape.extend(pair);
            let told = declared.unwrap_or_else(|| Declared::unknown(len));
            push(&mut tensors, fitted(name, dtype, shape, start, len).declaring(told))?;
        }
    }
    Ok(Some(tensors))
}

/// Appends the scales and zero points of an array that has one for each channel.
fn scales(reader: &mut Reader<'_>, tensor: u64, tensors: &mut Vec<Span>) -> Result<()> {
    let Some(at) = scalar(reader, tensor, 4)? else { return Ok(()) };
    let table = at + u64::from(reader.u32(at)?);
    for (field, dtype, what) in [(2, Dtype::F32, "scale"), (3, Dtype::I64, "zero_point")] {
        if let Some((start, count)) = vector(reader, table, field)?
            && count >= MIN_CHANNELS
        {
            let name = format!("{}.{what}", name(reader, tensor)?);
            let len = count * dtype.unit() as u64;
            push(tensors, Span::array(name, dtype, vec![count], start, len))?;
        }
    }
    Ok(())
}

struct Described {
    name: String,
    kind: u8,
    /// True if others say that the buffer is of another type.
    torn: bool,
    shape: Vec<u64>,
}

/// Where the bytes of each buffer lie, if it has some.
fn buffers(reader: &mut Reader<'_>, model: u64) -> Result<Vec<Option<(u64, u64)>>> {
    let tables = table_vector(reader, model, 4)?;
    let mut out = Vec::with_capacity(tables.len());
    for table in tables {
        let span = match vector(reader, table, 0)? {
            Some(span) => Some(span),
            // Models of more than 2 GB keep their arrays behind the flat buffer.
            None => match (scalar(reader, table, 1)?, scalar(reader, table, 2)?) {
                (Some(offset), Some(size)) => Some((reader.u64(offset)?, reader.u64(size)?)),
                _ => None,
            },
        };
        // An offset of 1 stands for no data.
        out.push(span.filter(|(start, len)| *start > 1 && *len > 0));
    }
    Ok(out)
}

fn describe(reader: &mut Reader<'_>, tensor: u64) -> Result<Described> {
    let mut shape = Vec::new();
    if let Some((start, rank)) = vector(reader, tensor, 0)? {
        if rank > MAX_RANK as u64 {
            return Err(Error::corrupt(format!("TFLite array of {rank} dimensions")).at(start));
        }
        for i in 0..rank {
            shape.push(u64::from(reader.u32(start + 4 * i)?));
        }
    }
    Ok(Described { name: name(reader, tensor)?, kind: kind(reader, tensor)?, torn: false, shape })
}

fn kind(reader: &mut Reader<'_>, tensor: u64) -> Result<u8> {
    Ok(scalar(reader, tensor, 1)?.map_or(Ok([0]), |at| reader.array::<1>(at))?[0])
}

fn name(reader: &mut Reader<'_>, tensor: u64) -> Result<String> {
    Ok(match vector(reader, tensor, 3)? {
        Some((start, len)) => text(reader.bytes(start, len.min(MAX_NAME as u64) as usize)?),
        None => String::new(),
    })
}

/// The type with this number in `TensorType`.
fn dtype(kind: u8) -> (Dtype, Option<u64>) {
    match kind {
        0 => (Dtype::F32, None),
        1 => (Dtype::F16, None),
        2 => (Dtype::I32, None),
        3 => (Dtype::U8, None),
        4 => (Dtype::I64, None),
        7 => (Dtype::I16, None),
        8 => (Dtype::F32, Some(2)),
        9 => (Dtype::I8, None),
        10 => (Dtype::F64, None),
        11 => (Dtype::F64, Some(2)),
        12 => (Dtype::U64, None),
        15 => (Dtype::U32, None),
        16 => (Dtype::U16, None),
        18 => (Dtype::Bf16, None),
        _ => (Dtype::Bytes, None),
    }
}

/// What the model says of an array of this type.
fn declared(kind: u8, shape: Vec<u64>) -> Option<Declared> {
    let (element, unit) = match kind {
        6 => (Element::Bool, (1, 1)),
        8 => (Element::Complex(Dtype::F32), (1, 8)),
        11 => (Element::Complex(Dtype::F64), (1, 16)),
        17 => (Element::Foreign("i4".into()), (2, 1)),
        _ => match dtype(kind).0 {
            Dtype::Bytes => return None,
            dtype => (Element::Number(dtype), (1, dtype.unit() as u64)),
        },
    };
    Some(Declared::new(element, shape, unit))
}

/// Where a field of a table lies; `None` if the table leaves it out.
fn scalar(reader: &mut Reader<'_>, table: u64, field: u16) -> Result<Option<u64>> {
    let back = i64::from(reader.u32(table)?.cast_signed());
    let vtable = table.checked_add_signed(-back);
    let vtable = vtable.ok_or_else(|| Error::corrupt("flat buffer table before the file").at(table))?;
    let entry = 4 + 2 * field;
    if reader.u16(vtable)? < entry + 2 {
        return Ok(None);
    }
    let offset = reader.u16(vtable + u64::from(entry))?;
    Ok((offset != 0).then_some(table + u64::from(offset)))
}

/// Start and number of elements of a vector in a table.
fn vector(reader: &mut Reader<'_>, table: u64, field: u16) -> Result<Option<(u64, u64)>> {
    let Some(at) = scalar(reader, table, field)? else { return Ok(None) };
    let at = at + u64::from(reader.u32(at)?);
    Ok(Some((at + 4, u64::from(reader.u32(at)?))))
}

/// The tables of a vector of tables.
fn table_vector(reader: &mut Reader<'_>, table: u64, field: u16) -> Result<Vec<u64>> {
    let Some((start, count)) = vector(reader, table, field)? else { return Ok(Vec::new()) };
    if count > MAX_TENSORS as u64 || start + 4 * count > reader.len() {
        return Err(Error::corrupt(format!("flat buffer vector of {count} entries")).at(start));
    }
    (start..start + 4 * count).step_by(4).map(|at| Ok(at + u64::from(reader.u32(at)?))).collect()
}
