//! `minlen analyze`: how small can it get?

use crate::args::Analyze;
use crate::engine::source::Opened;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::{self, human};
use minlen::analyze::{AnalyzeOptions, Report, analyze_with};
use minlen::{Error, Options, Result};
use serde_json::Value;
use std::io::Read;

/// Analyzes every input.
pub fn run(args: &Analyze, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    Ok(super::for_each(ctx, &inputs, |input| {
        ctx.report.begin(input.label());
        ctx.ui.meter.start(&input.to_string(), 0);
        let report = analyze(input, ctx);
        ctx.ui.meter.stop();
        let report = report.map_err(|e| e.in_file(input.label()))?;
        if ctx.ui.json() {
            ctx.report.done(object(&report)?);
            return Ok(());
        }
        ui::print(&format!("{}\n{}\n", human::safe(&input.to_string()), report.to_table().trim_end()))
    }))
}

fn analyze(input: &Source, ctx: &Context) -> Result<Report> {
    let env = ctx.reading();
    let mut opened = Opened::new(input, ctx)?;
    let failed = |e| Error::io("cannot read", e);
    // The whole file is held in memory; how much of it is looked at is up to the library.
    let room = env.limits.memory;
    let _held = opened.len().map(|len| env.budget.reserve(len)).transpose()?;
    let mut data = Vec::new();
    (&mut opened).take(room.saturating_add(1)).read_to_end(&mut data).map_err(failed)?;
    if data.len() as u64 > room {
        return Err(Error::limit(format!("needs more than {room} bytes of memory"))
            .remedy("raise the limit with --memory SIZE"));
    }
    let trial = |level: u8, sample: &[u8]| {
        let options = Options::new(level)?.with_threads(1);
        minlen::compress(sample, &options).map(|packed| packed.len() as u64)
    };
    let options = AnalyzeOptions { trial: Some(&trial), ..AnalyzeOptions::default() };
    analyze_with(&data, &minlen::registry(), &env, &options)
}

fn object(report: &Report) -> Result<Value> {
    serde_json::from_str(&report.to_json())
        .map_err(|e| Error::new(minlen::ErrorKind::Io, format!("the report is not JSON: {e}")))
}
