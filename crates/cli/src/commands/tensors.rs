//! Arrays, pictures and sound in files within archives: listed, and taken out one by one.

use crate::args::Extract;
use crate::engine::select;
use crate::engine::sink::{Sink, write_failed};
use crate::plan::{self, Context, Source};
use crate::ui::report::of_file;
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::archive::Archive;
use minlen::layout::export::{self, Export, Target};
use minlen::layout::{Declared, Element, FileSource, Span};
use minlen::{Error, Result};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// A file of an archive: its path (none for a single stream), its format, its spans of samples, and its length.
struct Model {
    member: Option<Vec<u8>>,
    format: &'static str,
    spans: Vec<Span>,
    len: u64,
}

/// The arrays of every model file in an archive.
pub fn list(
    input: &Source,
    archive: &mut Archive<'_>,
    ctx: &Context,
    objects: &mut Vec<Value>,
) -> Result<()> {
    let mut files = Vec::new();
    for member in archive.sources()? {
        files.extend(model(archive, member)?);
    }
    for model in &files {
        warn_of_broken(input, model, ctx);
    }
    if ctx.ui.json() {
        let file = |model: Model| {
            json!({
                "path": model.member.map(|path| String::from_utf8_lossy(&path).into_owned()),
                "format": model.format,
                "tensors": model.spans.iter().map(object).collect::<Vec<_>>(),
            })
        };
        let models: Vec<Value> = files.into_iter().map(file).collect();
        objects.push(of_file(input.label(), true, json!({"models": models})));
        return Ok(());
    }
    if files.is_empty() {
        return Err(Error::usage("holds no model file whose arrays could be listed"));
    }
    for Model { member, spans, .. } in files {
        if let Some(path) = member {
            ui::print(&format!("{}:\n", human::name(&path)))?;
        }
        ui::print(&table(&spans))?;
    }
    Ok(())
}

/// What a file is made of, as far as that is samples; nothing if it is of no known format, or of one that has none.
fn model(archive: &mut Archive<'_>, member: Option<Vec<u8>>) -> Result<Option<Model>> {
    let Some((format, mut spans)) = archive.spans(member.as_deref())? else { return Ok(None) };
    let any = !spans.is_empty();
    spans.retain(|span| span.kind.has_samples());
    if any && spans.is_empty() {
        return Ok(None);
    }
    let len = archive.source_len(member.as_deref())?;
    Ok(Some(Model { member, format: format.name, spans, len }))
}

/// Names the first array that the file does not hold as its header says.
fn warn_of_broken(input: &Source, model: &Model, ctx: &Context) {
    let broken = |span: &Span| span.checked(model.len).err().filter(|e| e.kind().exit_code() == 4);
    let mut errors = model.spans.iter().filter_map(broken);
    if let Some(first) = errors.next() {
        let more = match errors.count() {
            0 => String::new(),
            n => format!(" (and {n} more like it)"),
        };
        ctx.ui.warn(&format!("{input}: {first}{more}"));
    }
}

fn object(span: &Span) -> Value {
    let declared = span.declared();
    let mut object = json!({
        "name": span.name,
        "kind": span.kind.name(),
        "type": type_name(span, &declared),
        "shape": declared.shape,
        "offset": span.start,
        "bytes": span.len,
    });
    if declared.big_endian {
        object["big_endian"] = json!(true);
    }
    if !declared.order.is_empty() {
        object["order"] = json!(declared.order);
    }
    object
}

/// The type as it is declared; where nobody declares one, what the bytes look like.
fn type_name(span: &Span, declared: &Declared) -> String {
    match declared.element {
        Element::Unknown => format!("{}?", span.dtype.name()),
        _ => declared.name(),
    }
}

fn table(spans: &[Span]) -> String {
    let columns = [("type", Side::Left), ("shape", Side::Left), ("bytes", Side::Right), ("name", Side::Left)];
    let mut table = Table::new(&columns);
    for span in spans {
        let declared = span.declared();
        let name = human::safe(&span.name).into_owned();
        let kind = human::safe(&type_name(span, &declared)).into_owned();
        table.row(vec![kind, sizes(&declared.shape), span.len.to_string(), name]);
    }
    table.render()
}

fn sizes(shape: &[u64]) -> String {
    let sizes: Vec<String> = shape.iter().map(u64::to_string).collect();
    if sizes.is_empty() { "-".into() } else { sizes.join("x") }
}

/// Takes one array out, or all that a pattern names: as what they are, or not at all.
pub fn extract(args: &Extract, pattern: &str, archive: &mut Archive<'_>, ctx: &Context) -> Result<()> {
    let model = the_model(args, archive)?;
    let output = if args.stdout { None } else { args.output.as_deref() };
    let extension = output.and_then(Path::extension).and_then(|e| e.to_str()).unwrap_or_default();
    let kind = Target::of_extension(extension)?;
    let found = matching(pattern, &model, kind)?;
    let rows = args.rows.map(select::bounds);
    let exports = found.iter().map(|span| export_of(kind, span, rows.as_ref(), model.len));
    let exports = exports.collect::<Result<Vec<_>>>()?;
    let header = export::header(kind, &exports)?;
    let target = output.map_or(plan::Target::Stdout, plan::Target::new);
    target.check(args.force, false)?;
    let sink = Sink::create(&target, args.force, ctx, "the array")?;
    let mut out = sink.writer();
    out.write_all(&header).map_err(write_failed)?;
    for (span, export) in found.iter().zip(&exports) {
        let rows = rows.as_ref().map(|rows| rows_of(span, rows));
        write_one(archive, &model, (span, export), rows, &mut out, ctx)?;
        out.write_all(&vec![0; kind.padding(export.len)]).map_err(write_failed)?;
    }
    out.flush().map_err(write_failed)?;
    drop(out);
    if sink.path().is_some() && sink.file().metadata().is_ok_and(|meta| meta.is_file()) {
        export::check(kind, &exports, &FileSource::new(sink.file())?)?;
    }
    tell_of_bytes(kind, &exports, ctx);
    sink.commit(None)?;
    let bytes: u64 = exports.iter().map(|export| export.len).sum();
    let output = target.path().map(Path::to_string_lossy);
    ctx.report.done(json!({"output": output, "tensors": exports.len(), "content_bytes": bytes}));
    Ok(())
}

/// The arrays that are meant.
fn matching(pattern: &str, model: &Model, kind: Target) -> Result<Vec<Span>> {
    let wanted = |span: &&Span| select::matches(pattern.as_bytes(), span.name.as_bytes());
    let mut found: Vec<Span> = model.spans.iter().filter(|span| span.name == pattern).cloned().collect();
    found.dedup_by(|b, a| (a.start, a.len, &a.declaration) == (b.start, b.len, &b.declaration));
    if found.len() > 1 {
        return Err(Error::usage(format!("{} arrays are called {pattern}", found.len())));
    }
    if found.is_empty() {
        found = model.spans.iter().filter(wanted).cloned().collect();
    }
    if found.is_empty() {
        return Err(Error::usage(format!("has no array {pattern}")).remedy("see `minlen list --tensors`"));
    }
    if found.len() > 1 && !matches!(kind, Target::Safetensors | Target::Gguf) {
        return Err(Error::usage(format!("{} arrays match {pattern}", found.len()))
            .remedy("name one, or write them with -o NAME.safetensors"));
    }
    Ok(found)
}

/// How an array, or some rows of it, gets into the output.
fn export_of(
    kind: Target,
    span: &Span,
    rows: Option<&std::ops::Range<u64>>,
    file_len: u64,
) -> Result<Export> {
    let declared = span.checked(file_len)?;
    let declared = match rows {
        Some(rows) => declared.rows(&span.name, &rows_of(span, rows))?.0,
        None => declared,
    };
    Export::new(kind, &span.name, declared)
}

/// Writes the elements of one array.
fn write_one(
    archive: &mut Archive<'_>,
    model: &Model,
    (span, export): (&Span, &Export),
    rows: Option<std::ops::Range<u64>>,
    out: &mut dyn Write,
    ctx: &Context,
) -> Result<()> {
    let member = model.member.as_deref();
    let mut turned = export.writer(out);
    if !export.moves() {
        archive.read_span(member, span, rows, &mut turned)?;
        return Ok(());
    }
    // What changes places must be held, before and after.
    let _room = ctx.reading().budget.reserve(export.len.saturating_mul(2))?;
    let mut bytes = Vec::new();
    archive.read_span(member, span, rows, &mut bytes)?;
    turned.write_all(&export.moved(&bytes)).map_err(write_failed)
}

/// Bare bytes say nothing of themselves: what is odd about them is told.
fn tell_of_bytes(kind: Target, exports: &[Export], ctx: &Context) {
    let Some(export) = exports.first().filter(|_| kind == Target::Bytes) else { return };
    let (name, to) = (human::safe(&export.name), &export.to);
    let order = match to.order.as_slice() {
        [] => String::new(),
        order => format!(", dimensions in the order {order:?}, the outermost first"),
    };
    ctx.ui.note(&format!("{name}: bare bytes of {} {}{order}", to.name(), sizes(&to.shape)));
}

/// The model file that is meant, the only one or the one that was named, and its arrays.
fn the_model(args: &Extract, archive: &mut Archive<'_>) -> Result<Model> {
    let members = if args.members.is_empty() {
        archive.sources()?
    } else {
        let (tree, chosen) = (archive.entries(), select::files(archive, &args.members)?);
        chosen.numbers.iter().map(|&number| Some(tree.entries[number].path.clone())).collect()
    };
    let (mut models, mut broken) = (Vec::new(), None);
    for member in members {
        match model(archive, member) {
            Ok(found) => models.extend(found),
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    match (models.len(), broken) {
        (1, _) => Ok(models.remove(0)),
        (0, Some(error)) => Err(error),
        (0, None) => Err(Error::usage("holds no model file whose arrays are known")),
        (n, _) => Err(Error::usage(format!("holds {n} model files")).remedy("name the one that is meant")),
    }
}

/// An open end of the rows is that of the array.
fn rows_of(span: &Span, rows: &std::ops::Range<u64>) -> std::ops::Range<u64> {
    let count = span.declared().shape.first().copied().unwrap_or(1);
    rows.start..if rows.end == u64::MAX { count } else { rows.end }
}
