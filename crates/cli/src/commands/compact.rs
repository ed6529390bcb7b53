//! `minlen compact`: the room of what was replaced or deleted is given back.

use crate::args::{self, EncodeArgs};
use crate::engine::encode::Recipe;
use crate::engine::replace::{Old, sealed_as_before};
use crate::engine::sink::Sink;
use crate::plan::ledger::Role;
use crate::plan::{Context, Target};
use crate::ui::human;
use minlen::{Error, Result};
use serde_json::json;

/// Compacts one archive.
pub fn run(args: &args::Compact, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.archive);
    let done = compact(args, ctx).map_err(|e| e.in_file(&args.archive));
    ctx.ui.meter.stop();
    done
}

fn compact(args: &args::Compact, ctx: &Context) -> Result<()> {
    ctx.will_read(Role::Input, &args.archive)?;
    let mut old = Old::open(&args.archive, ctx)?;
    let seal = sealed_as_before(&args.seal, old.lock)?;
    let recovery = args.recovery.or(old.recovery(ctx)?);
    let encode = EncodeArgs {
        levels: args.levels.clone(),
        encrypt: seal.encrypt,
        recipient: seal.recipient,
        no_encrypt: seal.no_encrypt,
        recovery,
        ..EncodeArgs::default()
    };
    let recipe = Recipe::new(&encode, ctx)?;
    let target = Target::File(old.path.clone());
    if let Some(beside) = recipe.sidecar(&target) {
        ctx.will_write(&beside, &format!("the recovery data of {}", target.label().display()))?;
    }
    let (label, before) = (args.archive.display().to_string(), old.archive.stored_len());
    if old.archive.is_tree() && !old.archive.is_compactable()? {
        ctx.report.done(
            json!({"content_bytes": old.archive.content_len(), "stored_bytes": before, "freed_bytes": 0,
            "kept_blocks": old.archive.blocks()?.len(), "recoded_blocks": 0, "dropped_blocks": 0}),
        );
        ctx.ui.note(&format!("{}: has nothing to give back", human::safe(&label)));
        return Ok(());
    }
    ctx.ui.meter.start(&label, 0);
    let sink = Sink::create(&target, true, ctx, &target.label().display().to_string())?;
    let (made, done) = recipe.compact(&mut old, &sink, ctx)?;
    old.give_mode(&sink, 0o666, ctx)?;
    if recipe.encrypts() {
        ctx.ui.detail(&format!("{label}: what was written is encrypted, and was not read back"));
    } else {
        // It takes the place of the only copy: everything in it is decoded once more.
        let tested = old.check(&sink, ctx).and_then(|mut new| new.test());
        tested.map_err(|e| {
            Error::new(minlen::ErrorKind::Verify, format!("what was written does not read back: {e}"))
        })?;
    }
    old.is_still()?;
    let stored = made.sizes.stored;
    made.commit(sink, None)?;
    ctx.ui.meter.stop();
    ctx.report.done(json!({
        "content_bytes": done.content,
        "stored_bytes": stored,
        "freed_bytes": before.saturating_sub(stored),
        "kept_blocks": done.kept,
        "recoded_blocks": done.recoded,
        "dropped_blocks": done.dropped,
    }));
    ctx.ui.note(&format!(
        "{}: {} -> {}; {} blocks kept, {} coded again, {} left out",
        human::safe(&label),
        human::bytes(before),
        human::bytes(stored),
        done.kept,
        done.recoded,
        done.dropped,
    ));
    Ok(())
}
