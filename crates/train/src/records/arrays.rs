//! Arrays out of npy, npz, safetensors and whatever else declares them.

use super::numbers::{self, Numbers};
use flate2::read::DeflateDecoder;
use minlen_core::layout::{Element, Span};
use minlen_core::{Dtype, Env, Error, Result};
use minlen_structure::arrays::{Member, Packing, all_members};
use minlen_structure::export::{Export, Target};
use minlen_structure::{Parsers, Reader};
use std::io::{Read, Write};

/// An array with its name.
pub(super) struct Array {
    pub(super) sizes: Vec<u64>,
    pub(super) numbers: Numbers,
}

/// The one array of a file of a known format, or the one of this name; nothing if the file declares no arrays.
pub(super) fn find(bytes: &[u8], wanted: Option<&str>, env: &Env) -> Result<Option<Array>> {
    if let Some(members) = packed(bytes)? {
        return packed_array(bytes, &members, wanted, env).map(Some);
    }
    let Some((_, spans)) = Parsers::arrays().listing(&bytes)? else { return Ok(None) };
    let names: Vec<&str> = spans.iter().map(|span| &span.name[..]).collect();
    array(bytes, &spans[choose(&names, wanted)?], env).map(Some)
}

/// The arrays of an npz file of which at least one is packed.
fn packed(bytes: &[u8]) -> Result<Option<Vec<Member>>> {
    let mut members = all_members(&mut Reader::new(&bytes))?.unwrap_or_default();
    members.retain(|member| member.name.ends_with(".npy"));
    let any = members.iter().any(|member| member.packing != Packing::Stored);
    Ok(any.then_some(members))
}

fn packed_array(bytes: &[u8], members: &[Member], wanted: Option<&str>, env: &Env) -> Result<Array> {
    let names: Vec<&str> = members.iter().map(|member| member.name.trim_end_matches(".npy")).collect();
    let member = &members[choose(&names, wanted)?];
    let place = member.start as usize..(member.start + member.packed) as usize;
    let part = bytes.get(place).ok_or_else(|| Error::truncated("a ZIP member reaches beyond the file"))?;
    let unpacked = match member.packing {
        Packing::Stored => part.to_vec(),
        Packing::Deflate => inflated(part, member.len, env)?,
        Packing::Other => {
            return Err(Error::unsupported(format!(
                "array {:?} is encrypted, or packed by another method",
                member.name
            ))
            .remedy("save it with numpy.savez"));
        }
    };
    let found = Parsers::arrays().listing(&&unpacked[..])?;
    let span = found.and_then(|(_, spans)| spans.into_iter().next());
    let span = span.ok_or_else(|| Error::corrupt(format!("{:?} is no npy array", member.name)))?;
    array(&unpacked, &span, env)
}

/// A member of this length, which is charged before it is made.
fn inflated(part: &[u8], len: u64, env: &Env) -> Result<Vec<u8>> {
    let _held = env.budget.reserve(len)?;
    let mut out = Vec::new();
    let read = DeflateDecoder::new(part).take(len.saturating_add(1)).read_to_end(&mut out);
    read.map_err(|_| Error::corrupt("a packed array of an npz file is damaged"))?;
    if out.len() as u64 != len {
        return Err(Error::corrupt("a packed array of an npz file has another length than the file says"));
    }
    Ok(out)
}

/// The number of the array to take.
fn choose(names: &[&str], wanted: Option<&str>) -> Result<usize> {
    let listed = || names.iter().take(20).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let bare = |name: &str| name.trim_end_matches(".npy").to_owned();
    match wanted {
        _ if names.is_empty() => Err(Error::usage("there are no arrays of numbers in this file")),
        Some(wanted) => names.iter().position(|name| bare(name) == bare(wanted)).ok_or_else(|| {
            Error::usage(format!("there is no array {wanted:?}")).remedy(format!("there are {}", listed()))
        }),
        None if names.len() == 1 => Ok(0),
        None => Err(Error::usage(format!("there are {} arrays in this file: {}", names.len(), listed()))
            .remedy("name one with --array")),
    }
}

/// The numbers of a span, the last dimension fastest and the low byte first.
fn array(bytes: &[u8], span: &Span, env: &Env) -> Result<Array> {
    span.checked(bytes.len() as u64)?;
    let declared = span.declared();
    let dtype = match &declared.element {
        Element::Number(dtype) => *dtype,
        Element::Bool => Dtype::U8,
        _ => {
            return Err(Error::unsupported(format!("an array of {}", declared.name()))
                .remedy("convert it to u8, i16, u16, f32 or f64"));
        }
    };
    let _held = env.budget.reserve(span.len.saturating_mul(3))?;
    let part = &bytes[span.start as usize..span.end() as usize];
    let sizes = declared.shape.clone();
    let export = Export::new(Target::Safetensors, &span.name, declared)?;
    let moved = export.moves().then(|| export.moved(part));
    let mut out = Vec::with_capacity(part.len());
    export.writer(&mut out).write_all(moved.as_deref().unwrap_or(part))?;
    Ok(Array { sizes, numbers: numbers::of(dtype, out)? })
}
