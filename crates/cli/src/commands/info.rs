//! `minlen info`: how a file is built.

use crate::args::Info as Args;
use crate::engine::decode;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::Result;
use minlen::archive::{Archive, BlockInfo, Info};
use minlen::nearby::Difference;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Shows every input.
pub fn run(args: &Args, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    let mut objects = Vec::new();
    let mut tally = super::for_each(ctx, &inputs, |input| {
        let seen = decode::open_archive(input, ctx, &ctx.reading())
            .and_then(|mut archive| Ok((archive.info()?, differences(&mut archive, input, ctx))));
        let (info, differences) = seen.map_err(|e| e.in_file(input.label()))?;
        if ctx.ui.json() {
            objects.push(object(input, &info, &differences));
            return Ok(());
        }
        ui::print(&text(input, &info, &differences, ctx.ui.verbose()))
    });
    if ctx.ui.json() {
        tally.add(ui::print_json(&json!({"files": objects})), |e| ctx.ui.error(e));
    }
    Ok(tally)
}

/// How the content differs from what it stands for. Only single streams may; what cannot be read for it is for `test` to report.
fn differences(archive: &mut Archive<'_>, input: &Source, ctx: &Context) -> Vec<Difference> {
    if archive.is_tree() {
        return Vec::new();
    }
    archive.differences().unwrap_or_else(|error| {
        ctx.ui.warn(&format!("{input}: cannot tell whether it is exact: {error}"));
        Vec::new()
    })
}

/// What is other than in the original, in one line.
fn inexact(differences: &[Difference]) -> String {
    let samples: u64 = differences.iter().map(|difference| difference.samples).sum();
    let allowed = differences.iter().filter_map(|difference| difference.allowed).reduce(f64::max);
    let within = allowed.map_or_else(String::new, |most| format!(", none by more than {most:.6e}"));
    match differences {
        [] => "yes".into(),
        [one] => format!("no: {}{within} (not as in the original)", one.what),
        all => format!("no: {} spans of {samples} numbers{within} (not as in the original)", all.len()),
    }
}

fn text(input: &Source, info: &Info, differences: &[Difference], verbose: bool) -> String {
    let kind =
        if info.is_tree { format!("archive of {} entries", info.entries) } else { "single stream".into() };
    let kind = if info.encrypted { format!("{kind}, encrypted") } else { kind };
    let line = |name: &str, value: String| format!("  {name:<13}{value}\n");
    let mut text = format!("{}\n", human::safe(&input.to_string()));
    text += &line("kind", kind);
    text += &line("size", exact(info.stored_len));
    text += &line(
        "content",
        format!("{}, stored in {}", exact(info.content_len), human::share(info.content_len, info.stored_len)),
    );
    if info.is_tree {
        text += &line("unpacked", exact(info.output_len));
    }
    if let Some(hash) = &info.content_hash {
        text += &line("BLAKE3", human::hex(hash));
    }
    text += &line("exact", inexact(differences));
    text += &line("blocks", info.blocks.len().to_string());
    text + "\n" + &if verbose { blocks(&info.blocks) } else { by_codec(&info.blocks) }
}

fn exact(bytes: u64) -> String {
    format!("{bytes} bytes ({})", human::bytes(bytes))
}

fn by_codec(blocks: &[BlockInfo]) -> String {
    let mut sums: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    for block in blocks {
        let sum = sums.entry(&block.codec).or_default();
        *sum = (sum.0 + 1, sum.1 + block.raw_len, sum.2 + block.stored_len);
    }
    let number = |name| (name, Side::Right);
    let mut table = Table::new(&[
        number("blocks"),
        number("raw"),
        number("stored"),
        number("ratio"),
        ("codec", Side::Left),
    ]);
    for (codec, (count, raw, stored)) in sums {
        table.row(vec![
            count.to_string(),
            human::bytes(raw),
            human::bytes(stored),
            human::share(raw, stored),
            codec.into(),
        ]);
    }
    table.render()
}

fn blocks(blocks: &[BlockInfo]) -> String {
    let number = |name| (name, Side::Right);
    let mut table =
        Table::new(&[number("at"), number("start"), number("raw"), number("stored"), ("codec", Side::Left)]);
    for block in blocks {
        let numbers =
            [block.file_offset, block.raw_start, block.raw_len, block.stored_len].map(|n| n.to_string());
        table.row([&numbers[..], std::slice::from_ref(&block.codec)].concat());
    }
    table.render()
}

fn difference(difference: &Difference) -> Value {
    json!({
        "what": difference.what,
        "samples": difference.samples,
        "allowed": difference.allowed,
        "stored_bytes": difference.stored,
    })
}

fn object(input: &Source, info: &Info, differences: &[Difference]) -> Value {
    json!({
        "file": input.label().to_string_lossy(),
        "kind": if info.is_tree { "archive" } else { "stream" },
        "encrypted": info.encrypted,
        "stored_bytes": info.stored_len,
        "content_bytes": info.content_len,
        "output_bytes": info.output_len,
        "content_blake3": info.content_hash.map(|hash| human::hex(&hash)),
        "entries": info.entries,
        "exact": differences.is_empty(),
        "differences": differences.iter().map(difference).collect::<Vec<_>>(),
        "blocks": info.blocks.iter().map(block).collect::<Vec<_>>(),
    })
}

fn block(block: &BlockInfo) -> Value {
    json!({
        "offset": block.file_offset,
        "start": block.raw_start,
        "bytes": block.raw_len,
        "stored_bytes": block.stored_len,
        "codec": block.codec,
    })
}
