//! `minlen repair`: a damaged file and its recovery data become a whole one; without recovery data, what is whole of it does.

use super::damage;
use crate::args::Repair;
use crate::engine::decode;
use crate::engine::encode::sidecar_of;
use crate::engine::sink::{Sink, write_failed};
use crate::plan::ledger::Role;
use crate::plan::{self, Context, Source, Target};
use crate::ui::{self, human};
use minlen::archive::salvage::{State, Survey};
use minlen::container::recovery::{self, Report};
use minlen::container::{check_structure, crypt};
use minlen::{Error, Result};
use serde_json::json;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Repairs one file.
pub fn run(args: &Repair, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.file);
    let out = match &args.output {
        Some(out) => out.clone(),
        None => plan::repaired(&args.file)?,
    };
    ctx.will_write(&out, &args.file.display().to_string())?;
    let beside = sidecar_of(&args.file);
    let sidecar = args.recovery.as_deref().or_else(|| beside.exists().then_some(&*beside));
    if let Some(sidecar) = sidecar {
        ctx.will_read(Role::Help("recovery file"), sidecar)?;
    }
    ctx.ui.meter.start(&args.file.display().to_string(), 0);
    let done =
        if sidecar.is_none() && !recovery::has_data(&args.file, &ctx.reading())? && !is_sealed(&args.file)? {
            without_data(args, &out, ctx)
        } else {
            with_data(args, sidecar, &out, ctx)
        };
    done.map_err(|e| e.in_file(&args.file))
}

fn with_data(args: &Repair, sidecar: Option<&Path>, out: &Path, ctx: &Context) -> Result<()> {
    let report = recovery::repair(&args.file, sidecar, out, args.force, &ctx.reading());
    ctx.ui.meter.stop();
    let report = report?;
    if report.unprotected > 0 {
        let (name, count) = (args.file.display(), report.unprotected);
        ctx.ui
            .warn(&format!("{name}: {count} bytes are not covered by the recovery data; see `minlen test`"));
    }
    if report.padding > 0 {
        ctx.ui.warn(&format!(
            "{}: {} zero bytes behind the end left out",
            args.file.display(),
            report.padding
        ));
    }
    if ctx.ui.json() {
        ctx.report.done(json!({
            "output": out.to_string_lossy(),
            "protected_bytes": report.protected,
            "unprotected_bytes": report.unprotected,
            "repaired": report.repaired.iter().map(|r| [r.start, r.end]).collect::<Vec<_>>(),
            "recovery_damaged": report.recovery_damaged,
        }));
        return Ok(());
    }
    ui::print(&text(&report, out))
}

fn text(report: &Report, out: &Path) -> String {
    let out = human::safe(&out.display().to_string()).into_owned();
    let wrong: u64 = report.repaired.iter().map(|range| range.end - range.start).sum();
    let mut text = match wrong {
        0 => format!("nothing was wrong in {}; {out} is a copy\n", human::bytes(report.protected)),
        _ => format!("{} of {} mended in {out}:\n", human::bytes(wrong), human::bytes(report.protected)),
    };
    for range in &report.repaired {
        text += &format!("  bytes {}..{}\n", range.start, range.end);
    }
    if report.recovery_damaged {
        text += "the recovery data was damaged and has been made again\n";
    }
    text
}

/// True for an encrypted file: only recovery data beside it can mend that.
fn is_sealed(path: &Path) -> Result<bool> {
    let failed = |e| Error::io("cannot read", e).in_file(path);
    let mut head = Vec::new();
    File::open(path).map_err(failed)?.take(64).read_to_end(&mut head).map_err(failed)?;
    Ok(crypt::is_age(&head))
}

/// Without recovery data: a new file of the members that are whole.
fn without_data(args: &Repair, out: &Path, ctx: &Context) -> Result<()> {
    let source = Source::Path(args.file.clone());
    let mut salvage = decode::open_salvage(&source, ctx, &ctx.reading())?;
    let survey = salvage.survey(None)?;
    let new = Sink::create(&Target::new(out), args.force, ctx, &source.to_string())?;
    let mut buffered = salvage.rebuild(&survey, new.writer())?;
    buffered.flush().map_err(write_failed)?;
    drop(buffered);
    check_structure(&mut new.file(), &ctx.reading())?;
    new.commit(None)?;
    ctx.ui.meter.stop();
    let kept = survey.members.iter().filter(|member| member.state == State::Whole).count();
    if ctx.ui.json() {
        ctx.report.done(json!({"output": out.to_string_lossy(), "found": damage::object(&survey)}));
    } else {
        ui::print(&summary(&survey, kept, out, salvage.is_tree()))?;
    }
    super::salvage::told(&source, &survey, ctx)
}

fn summary(survey: &Survey, kept: usize, out: &Path, is_tree: bool) -> String {
    let out = human::safe(&out.display().to_string()).into_owned();
    match (survey.is_whole(), is_tree) {
        (true, _) => format!("nothing was wrong; {out} holds the same\n"),
        (false, true) => {
            format!("no recovery data; {kept} of {} members are whole and in {out}\n", survey.members.len())
        }
        (false, false) => format!("no recovery data; the content is whole and in {out}\n"),
    }
}
