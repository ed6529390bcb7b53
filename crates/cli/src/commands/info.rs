//! `minlen info`: how a file is built, and what it needs.

use crate::args::Info as Args;
use crate::engine::decode::{self, Lock};
use crate::engine::encode::sidecar_of;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use minlen::archive::{Archive, BlockInfo, Info};
use minlen::container::recovery::{self, Protection};
use minlen::nearby::Difference;
use minlen::nearby::figure;
use minlen::{Need, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// What is told of one file.
struct Facts {
    /// Bytes of the file as it is.
    len: u64,
    lock: Lock,
    /// Recovery data, and the file that it is in where that is another one.
    protection: Option<(Protection, Option<PathBuf>)>,
    /// What is inside; nothing where the file is locked and no key is at hand.
    inside: Option<Inside>,
}

struct Inside {
    info: Info,
    differences: Vec<Difference>,
    needs: Vec<Need>,
    /// BLAKE3 and length of the codec files inside.
    embedded: Vec<([u8; 32], usize)>,
}

/// Shows every input.
pub fn run(args: &Args, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    Ok(super::for_each(ctx, &inputs, |input| {
        ctx.report.begin(input.label());
        if let Some(file) = super::model::file(input)? {
            return super::model::run(&file, input, ctx).map_err(|e| e.in_file(input.label()));
        }
        let facts = facts(input, ctx).map_err(|e| e.in_file(input.label()))?;
        if facts.inside.is_none() {
            ctx.ui.warn(&format!("{input}: is encrypted, and what is inside cannot be told without its key"));
        }
        if ctx.ui.json() {
            ctx.report.done(object(&facts));
            return Ok(());
        }
        ui::print(&text(input, &facts, ctx.ui.verbose()))
    }))
}

fn facts(input: &Source, ctx: &Context) -> Result<Facts> {
    let env = ctx.reading();
    let seen = decode::look(input, ctx, &env)?;
    let beside = input.path().map(sidecar_of).filter(|path| path.is_file());
    let protection = match (seen.protection, beside) {
        (Some(found), _) => Some((found, None)),
        (None, Some(path)) => recovery::protection(&mut File::open(&path)?, &env)?.map(|p| (p, Some(path))),
        (None, None) => None,
    };
    let inside = seen.archive.map(|mut archive| {
        let differences = differences(&mut archive, input, ctx);
        Ok::<_, minlen::Error>(Inside {
            info: archive.info()?,
            differences,
            needs: needs(&mut archive, input, ctx),
            embedded: archive.embedded().iter().map(|part| (*part.hash(), part.bytes().len())).collect(),
        })
    });
    Ok(Facts { len: seen.len, lock: seen.lock, protection, inside: inside.transpose()? })
}

/// The files that the blocks name. What cannot be read for it is for `test` to report.
fn needs(archive: &mut Archive<'_>, input: &Source, ctx: &Context) -> Vec<Need> {
    archive.needs().unwrap_or_else(|error| {
        ctx.ui.warn(&format!("{input}: cannot tell what it needs: {error}"));
        Vec::new()
    })
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
    let within = allowed.map_or_else(String::new, |most| format!(", none by more than {}", figure(most)));
    match differences {
        [] => "yes".into(),
        [one] => format!("no: {}{within} (not as in the original)", one.what),
        all => format!("no: {} spans of {samples} numbers{within} (not as in the original)", all.len()),
    }
}

fn text(input: &Source, facts: &Facts, verbose: bool) -> String {
    let mut text = format!("{}\n", human::safe(&input.to_string()));
    text += &line("kind", kind(facts.inside.as_ref()));
    text += &line("size", exact(facts.len));
    if let Some(inside) = &facts.inside {
        text += &content(inside);
    }
    for (hash, len) in facts.inside.iter().flat_map(|inside| &inside.embedded) {
        text += &line("holds", format!("the codec file {} ({})", human::hex(&hash[..8]), exact(*len as u64)));
    }
    text += &line("needs", needed(facts));
    text += &line("encrypted", locked(facts.lock).into());
    text += &line("recovery", protected(facts.protection.as_ref()));
    let Some(Inside { info, .. }) = &facts.inside else { return text };
    text += &line("level", "not recorded; the codecs of the blocks are".into());
    text += &line("blocks", info.blocks.len().to_string());
    text + "\n" + &if verbose { blocks(&info.blocks) } else { by_codec(&info.blocks) }
}

fn line(name: &str, value: String) -> String {
    format!("  {name:<13}{value}\n")
}

fn kind(inside: Option<&Inside>) -> String {
    match inside {
        None => "unknown without the key".into(),
        Some(Inside { info, .. }) if info.is_tree => format!("archive of {} entries", info.entries),
        Some(Inside { info, .. }) if info.streams > 1 => format!("{} streams in a row", info.streams),
        Some(_) => "single stream".into(),
    }
}

/// Sizes, hash, and whether it is the original.
fn content(Inside { info, differences, .. }: &Inside) -> String {
    let share = human::share(info.content_len, info.stored_len);
    let mut text = line("content", format!("{}, stored in {share}", exact(info.content_len)));
    if info.is_tree {
        text += &line("unpacked", exact(info.output_len));
    }
    if let Some(hash) = &info.content_hash {
        text += &line("BLAKE3", human::hex(hash));
    }
    text + &line("exact", inexact(differences))
}

/// Everything besides the file that reading it takes, and the options that name it.
fn needed(facts: &Facts) -> String {
    let mut all: Vec<String> = facts.inside.iter().flat_map(|inside| &inside.needs).map(need).collect();
    all.extend(match facts.lock {
        Lock::None => None,
        Lock::Passphrase => Some("its passphrase (--passphrase-file FILE, or asked for)".into()),
        Lock::Keys => Some("an age identity (--identity FILE)".into()),
    });
    match all.is_empty() {
        true => "nothing but itself".into(),
        false => all.join(", "),
    }
}

fn need(need: &Need) -> String {
    match need {
        Need::Prior(id) => format!("the prior {} (--prior FILE)", human::hex(id)),
        Need::Model(id) => format!("the codec file {} (--model FILE)", human::hex(id)),
        Need::Base(hash) => {
            format!("the base whose BLAKE3 begins with {} (--base FILE)", human::hex(&hash[..8]))
        }
        other => format!("{other:?}"),
    }
}

fn locked(lock: Lock) -> &'static str {
    match lock {
        Lock::None => "no",
        Lock::Passphrase => "yes (age, with a passphrase)",
        Lock::Keys => "yes (age, to keys)",
    }
}

fn protected(protection: Option<&(Protection, Option<PathBuf>)>) -> String {
    let Some((data, beside)) = protection else { return "none".into() };
    let place = beside
        .as_ref()
        .map_or_else(String::new, |path| format!(" in {}", human::safe(&path.display().to_string())));
    let (stored, most) = (human::bytes(data.stored), human::bytes(data.most()));
    format!("{stored}{place} ({} of the size); mends up to {most}", human::share(data.protected, data.stored))
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

fn object(facts: &Facts) -> Value {
    let mut object = json!({
        "encrypted": facts.lock != Lock::None,
        "lock": match facts.lock {
            Lock::None => None,
            Lock::Passphrase => Some("passphrase"),
            Lock::Keys => Some("keys"),
        },
        "file_bytes": facts.len,
        "recovery": facts.protection.as_ref().map(recovery_object),
        "level": null,
    });
    if let Some(inside) = &facts.inside {
        add_inside(&mut object, inside);
    }
    object
}

fn add_inside(object: &mut Value, Inside { info, differences, needs, embedded }: &Inside) {
    object["kind"] = json!(if info.is_tree { "archive" } else { "stream" });
    object["stored_bytes"] = json!(info.stored_len);
    object["content_bytes"] = json!(info.content_len);
    object["output_bytes"] = json!(info.output_len);
    object["content_blake3"] = json!(info.content_hash.map(|hash| human::hex(&hash)));
    object["streams"] = json!(info.streams);
    object["entries"] = json!(info.entries);
    object["exact"] = json!(differences.is_empty());
    object["differences"] = differences.iter().map(difference).collect();
    object["needs"] = needs.iter().map(need_object).collect();
    object["embedded"] =
        embedded.iter().map(|(hash, len)| json!({"blake3": human::hex(hash), "stored_bytes": len})).collect();
    object["blocks"] = info.blocks.iter().map(block).collect();
}

fn need_object(need: &Need) -> Value {
    match need {
        Need::Prior(id) => json!({"kind": "prior", "blake3_start": human::hex(id)}),
        Need::Model(id) => json!({"kind": "model", "blake3_start": human::hex(id)}),
        Need::Base(hash) => json!({"kind": "base", "blake3_start": human::hex(hash)}),
        other => json!({"kind": format!("{other:?}"), "blake3_start": ""}),
    }
}

fn recovery_object((data, beside): &(Protection, Option<PathBuf>)) -> Value {
    json!({
        "file": beside.as_ref().map(|path| path.to_string_lossy()),
        "protected_bytes": data.protected,
        "stored_bytes": data.stored,
        "most_repairable_bytes": data.most(),
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
