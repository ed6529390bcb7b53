//! `minlen repair`: a damaged file and its recovery data become a whole one.

use crate::args::Repair;
use crate::engine::encode::sidecar_of;
use crate::plan::ledger::Role;
use crate::plan::{self, Context};
use crate::ui::{self, human};
use minlen::Result;
use minlen::container::recovery::{self, Report};
use serde_json::json;
use std::path::Path;

/// Repairs one file.
pub fn run(args: &Repair, ctx: &Context) -> Result<()> {
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
    let report = recovery::repair(&args.file, sidecar, &out, args.force, &ctx.reading());
    ctx.ui.meter.stop();
    let report = report.map_err(|e| e.in_file(&args.file))?;
    if ctx.ui.json() {
        return ui::print_json(&json!({
            "file": args.file.to_string_lossy(),
            "output": out.to_string_lossy(),
            "protected_bytes": report.protected,
            "repaired": report.repaired.iter().map(|r| [r.start, r.end]).collect::<Vec<_>>(),
            "recovery_damaged": report.recovery_damaged,
        }));
    }
    ui::print(&text(&report, &out))
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
