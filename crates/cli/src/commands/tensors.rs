//! Arrays of model files within archives: listed, and taken out one by one.

use super::extract::{bounds, chosen};
use crate::args::Extract;
use crate::engine::select;
use crate::engine::sink::{Sink, write_failed};
use crate::plan::{Context, Source, Target};
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::archive::Archive;
use minlen::tensors::{Dtype, Tensor, write};
use minlen::{Error, Result};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

/// The arrays of every model file in an archive.
pub fn list(input: &Source, archive: &mut Archive, ctx: &Context, objects: &mut Vec<Value>) -> Result<()> {
    let mut files = Vec::new();
    for member in archive.sources()? {
        let Some((format, tensors)) = archive.tensors(member.as_deref())? else { continue };
        files.push((member, format!("{format:?}"), tensors));
    }
    if ctx.ui.json() {
        let file = |(member, format, tensors): (Option<Vec<u8>>, String, Vec<Tensor>)| {
            json!({
                "path": member.map(|path| String::from_utf8_lossy(&path).into_owned()),
                "format": format.to_lowercase(),
                "tensors": tensors.iter().map(object).collect::<Vec<_>>(),
            })
        };
        let models: Vec<Value> = files.into_iter().map(file).collect();
        objects.push(json!({"file": input.label().to_string_lossy(), "models": models}));
        return Ok(());
    }
    if files.is_empty() {
        return Err(Error::usage("holds no model file whose arrays could be listed"));
    }
    for (member, _, tensors) in files {
        if let Some(path) = member {
            ui::print(&format!("{}:\n", human::name(&path)))?;
        }
        ui::print(&table(&tensors))?;
    }
    Ok(())
}

fn object(tensor: &Tensor) -> Value {
    json!({
        "name": tensor.name,
        "type": tensor.dtype.name(),
        "shape": tensor.shape,
        "offset": tensor.start,
        "bytes": tensor.len,
    })
}

fn table(tensors: &[Tensor]) -> String {
    let columns = [("type", Side::Left), ("shape", Side::Left), ("bytes", Side::Right), ("name", Side::Left)];
    let mut table = Table::new(&columns);
    for tensor in tensors {
        let sizes: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
        let shape = if sizes.is_empty() { "-".into() } else { sizes.join("x") };
        let name = human::safe(&tensor.name).into_owned();
        table.row(vec![tensor.dtype.name().into(), shape, tensor.len.to_string(), name]);
    }
    table.render()
}

/// Takes one array out, or all that a pattern names.
pub fn extract(args: &Extract, pattern: &str, archive: &mut Archive, ctx: &Context) -> Result<()> {
    let (member, tensors) = the_member(args, archive)?;
    let wanted = |tensor: &&Tensor| select::matches(pattern.as_bytes(), tensor.name.as_bytes());
    let found: Vec<Tensor> = match tensors.iter().find(|tensor| tensor.name == pattern) {
        Some(tensor) => vec![tensor.clone()],
        None => tensors.iter().filter(wanted).cloned().collect(),
    };
    if found.is_empty() {
        return Err(Error::usage(format!("has no array {pattern}")).remedy("see `minlen list --tensors`"));
    }
    let output = if args.stdout { None } else { args.output.as_deref() };
    let extension = output.and_then(Path::extension).and_then(|e| e.to_str()).unwrap_or_default();
    if found.len() > 1 && extension != "safetensors" {
        return Err(Error::usage(format!("{} arrays match {pattern}", found.len()))
            .remedy("name one, or write them with -o NAME.safetensors"));
    }
    let target = output.map_or(Target::Stdout, Target::new);
    target.check(args.force, false)?;
    let sink = Sink::create(&target, args.force, ctx, "the array")?;
    let mut out = sink.writer();
    let rows = args.rows.map(bounds);
    let cut: Vec<Tensor> = found.iter().map(|tensor| cut(tensor, rows.clone())).collect();
    match extension {
        "safetensors" => {
            let mut read = |i: usize| {
                let mut bytes = Vec::new();
                archive.read_tensor(member.as_deref(), &found[i], rows_of(&found[i], &rows), &mut bytes)?;
                Ok(Cow::Owned(bytes))
            };
            write::write_safetensors(&mut out, &cut, &[], &mut read)?;
        }
        _ => {
            if extension == "npy" {
                out.write_all(&npy_header(&cut[0])?).map_err(write_failed)?;
            }
            archive.read_tensor(member.as_deref(), &found[0], rows_of(&found[0], &rows), &mut out)?;
        }
    }
    out.flush().map_err(write_failed)?;
    drop(out);
    sink.commit(None)
}

/// The model file that is meant, the only one or the one that was named, and its arrays.
fn the_member(args: &Extract, archive: &mut Archive) -> Result<(Option<Vec<u8>>, Vec<Tensor>)> {
    let members = if args.members.is_empty() {
        archive.sources()?
    } else {
        chosen(archive, &args.members)?.into_iter().map(|m| Some(m.path)).collect()
    };
    let mut models = Vec::new();
    for member in members {
        if let Ok(Some((_, tensors))) = archive.tensors(member.as_deref()) {
            models.push((member, tensors));
        }
    }
    match models.len() {
        1 => Ok(models.remove(0)),
        0 => Err(Error::usage("holds no model file whose arrays are known")),
        n => Err(Error::usage(format!("holds {n} model files")).remedy("name the one that is meant")),
    }
}

/// An open end of the rows is that of the array.
fn rows_of(tensor: &Tensor, rows: &Option<std::ops::Range<u64>>) -> Option<std::ops::Range<u64>> {
    let count = tensor.shape.first().copied().unwrap_or(1);
    rows.clone().map(|rows| rows.start..if rows.end == u64::MAX { count } else { rows.end })
}

/// What the array is when only these rows of it are left.
fn cut(tensor: &Tensor, rows: Option<std::ops::Range<u64>>) -> Tensor {
    let mut cut = tensor.clone();
    if let (Some(rows), Some(count)) = (rows_of(tensor, &rows), tensor.shape.first()) {
        cut.shape[0] = rows.end.saturating_sub(rows.start);
        cut.len = tensor.len / (*count).max(1) * cut.shape[0];
    }
    cut
}

/// The header of a NumPy file (version 1.0) for the array.
fn npy_header(tensor: &Tensor) -> Result<Vec<u8>> {
    let descr = match tensor.dtype {
        Dtype::F64 => "<f8",
        Dtype::F32 => "<f4",
        Dtype::F16 => "<f2",
        Dtype::I8 => "|i1",
        Dtype::U8 | Dtype::Bytes => "|u1",
        Dtype::I16 => "<i2",
        Dtype::U16 => "<u2",
        Dtype::I32 => "<i4",
        Dtype::U32 => "<u4",
        Dtype::I64 => "<i8",
        Dtype::U64 => "<u8",
        other => {
            return Err(Error::usage(format!("NumPy has no type {}", other.name()))
                .remedy("write it to a .safetensors file, or to one of another name for the bare bytes"));
        }
    };
    let sizes: String = tensor.shape.iter().map(|size| format!("{size}, ")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end());
    // The data begins at a multiple of 64.
    let pad = 64 - (10 + text.len() + 1) % 64;
    let text = format!("{text}{}\n", " ".repeat(pad % 64));
    let len = u16::try_from(text.len()).map_err(|_| Error::usage("an array of too many dimensions"))?;
    Ok([b"\x93NUMPY\x01\x00", &len.to_le_bytes()[..], text.as_bytes()].concat())
}
