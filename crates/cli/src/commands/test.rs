//! `minlen test`: decode everything, compare every checksum, write nothing.

use crate::args::Test;
use crate::engine::decode::{self, Content};
use crate::engine::sink::pump;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::{self, human};
use minlen::Result;
use serde_json::{Value, json};

/// Tests every input.
pub fn run(args: &Test, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    let mut reports = Vec::new();
    let mut tally = super::for_each(ctx, &inputs, |input| {
        let result = test(ctx, input).map_err(|e| e.in_file(input.label()));
        reports.push(report(input, &result));
        let (kind, content) = result?;
        ctx.ui.detail(&format!("{input}: {kind}, {} of content, all checksums match", human::bytes(content)));
        Ok(())
    });
    if ctx.ui.json() {
        tally.add(ui::print_json(&json!({"files": reports})), |e| ctx.ui.error(e));
    }
    Ok(tally)
}

fn test(ctx: &Context, input: &Source) -> Result<(&'static str, u64)> {
    let opened = decode::open(input, ctx, &ctx.reading())?;
    ctx.ui.meter.start(&input.to_string(), opened.len());
    match opened.content {
        Content::Stream(mut reader) => Ok(("stream", pump(&mut reader, &mut std::io::sink())?)),
        Content::Tree(mut archive) => {
            archive.test()?;
            Ok(("archive", archive.content_len()))
        }
    }
}

fn report(input: &Source, result: &Result<(&'static str, u64)>) -> Value {
    match result {
        Ok((kind, content)) => {
            json!({"file": input.label().to_string_lossy(), "ok": true, "kind": kind, "content_bytes": content})
        }
        Err(error) => json!({
            "file": input.label().to_string_lossy(),
            "ok": false,
            "exit": error.kind().exit_code(),
            "error": error.to_string(),
        }),
    }
}
