//! `minlen update`: an archive gets what is new or changed.

use super::compress::{gathered, paths};
use crate::args::{self, EncodeArgs};
use crate::engine::decode::Lock;
use crate::engine::encode::{Recipe, Sizes};
use crate::engine::replace::{Old, sealed_as_before};
use crate::engine::sink::Sink;
use crate::engine::source::verb_meant;
use crate::plan::ledger::Role;
use crate::plan::{Context, Target, gather};
use crate::ui::{self, human};
use minlen::archive::{ChangeKind, Update, Updating};
use minlen::container::check_structure;
use minlen::container::tree::show_path;
use minlen::{Error, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Brings one archive up to date.
pub fn run(args: &args::Update, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.archive);
    let done = update(args, ctx).map_err(|e| e.in_file(&args.archive));
    ctx.ui.meter.stop();
    done
}

fn update(args: &args::Update, ctx: &Context) -> Result<()> {
    let inputs = paths(gather(&args.io)?)?;
    ctx.will_read(Role::Input, &args.archive)?;
    let mut old = Old::open(&args.archive, ctx)?;
    inputs.iter().try_for_each(|input| ctx.will_read(Role::Input, input))?;
    let seal = sealed_as_before(&args.encode.seal(), old.lock)?;
    let recovery = old.recovery(ctx)?;
    let encode = EncodeArgs {
        encrypt: seal.encrypt,
        recovery: args.encode.recovery.or(recovery),
        ..args.encode.clone()
    };
    let recipe = Recipe::new(&encode, ctx)?.keeping(args.kept.packing());
    let target = Target::File(old.path.clone());
    if let Some(beside) = recipe.sidecar(&target) {
        ctx.will_write(&beside, &format!("the recovery data of {}", target.label().display()))?;
    }
    ctx.ui.meter.start(&args.archive.display().to_string(), 0);
    let gathered = gathered(&args.io, &args.pick, &inputs, ctx)?.with_may_be_missing(args.delete);
    let how = Updating::default().with_delete(args.delete).with_checksum(args.checksum);
    let found = Update::find(&mut old.archive, &gathered, how, recipe.options(), &ctx.writing());
    let found = found.map_err(verb_meant)?;
    if args.dry_run {
        return dry_run(&found, ctx);
    }
    let counts = found.counts();
    let asked = args.encode.recovery.is_some() || recipe.encrypts() != (old.lock != Lock::None);
    if found.is_empty() && !asked {
        found.warnings().iter().for_each(|message| ctx.ui.warn(message));
        let stored = old.archive.stored_len();
        return tell(args, counts, Sizes { raw: 0, stored }, 0, ctx);
    }
    let sink = Sink::create(&target, true, ctx, &target.label().display().to_string())?;
    let (made, summary) = recipe.update(&mut old, found, &sink, ctx)?;
    old.give_mode(&sink, summary.mode, ctx)?;
    if !recipe.encrypts() {
        check_structure(&mut sink.file(), &ctx.reading())?;
    }
    old.is_still()?;
    let sizes = made.sizes;
    made.commit(sink, None)?;
    ctx.ui.meter.stop();
    tell(args, counts, sizes, summary.stored_bytes, ctx)
}

const NAMES: [(ChangeKind, &str); 4] = [
    (ChangeKind::New, "new"),
    (ChangeKind::Changed, "changed"),
    (ChangeKind::Attributes, "attributes"),
    (ChangeKind::Deleted, "deleted"),
];

fn name(kind: ChangeKind) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| name)
}

/// Prints what would be done, one entry a line.
fn dry_run(found: &Update, ctx: &Context) -> Result<()> {
    ctx.ui.meter.stop();
    found.warnings().iter().for_each(|message| ctx.ui.warn(message));
    if ctx.ui.json() {
        let change = |change: &minlen::archive::Change| json!({"path": String::from_utf8_lossy(&change.path), "kind": name(change.kind)});
        let changes: Vec<Value> = found.changes().iter().map(change).collect();
        let [new, changed, attributes, deleted] = found.counts();
        ctx.report.done(json!({
            "new": new, "changed": changed, "attributes": attributes, "deleted": deleted, "changes": changes,
        }));
        return Ok(());
    }
    let mut text = String::new();
    for change in found.changes() {
        let slash = if change.is_folder { "/" } else { "" };
        let _ = writeln!(text, "{:<10} {}{slash}", name(change.kind), show_path(&change.path));
    }
    ui::print(&text)
}

/// Says what was done; `sizes` are the content that was added and the bytes of the file, `added` the bytes of the new stream.
fn tell(args: &args::Update, counts: [u64; 4], sizes: Sizes, added: u64, ctx: &Context) -> Result<()> {
    let [new, changed, attributes, deleted] = counts;
    ctx.report.done(json!({
        "new": new,
        "changed": changed,
        "attributes": attributes,
        "deleted": deleted,
        "content_bytes": sizes.raw,
        "added_bytes": added,
        "stored_bytes": sizes.stored,
    }));
    let archive = args.archive.display().to_string();
    let archive = human::safe(&archive);
    if counts == [0; 4] && added == 0 {
        ctx.ui.note(&format!("{archive}: is up to date"));
        return Ok::<(), Error>(());
    }
    let other = if attributes > 0 { format!(", {attributes} with other attributes") } else { String::new() };
    ctx.ui.note(&format!(
        "{archive}: {new} new, {changed} changed{other}, {deleted} deleted; {} added, {} now",
        human::bytes(added),
        human::bytes(sizes.stored),
    ));
    Ok(())
}
