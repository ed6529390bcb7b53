//! `minlen test`: decode everything, compare every checksum, write nothing.

use super::damage;
use crate::args::Test;
use crate::engine::decode::{self, Content};
use crate::engine::sink::pump;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::human;
use minlen::archive::salvage::Survey;
use minlen::{Error, ErrorKind, Result};
use serde_json::json;
use std::path::Path;

/// Tests every input.
pub fn run(args: &Test, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    Ok(super::for_each(ctx, &inputs, |input| {
        ctx.report.begin(input.label());
        let result = test(ctx, input).map_err(|e| e.in_file(input.label()));
        let survey = result.as_ref().err().and_then(|error| all_damage(input, error, ctx));
        if let Some(survey) = &survey {
            ctx.report.also("found", damage::object(survey));
        }
        let (kind, content) = result.map_err(|error| match survey {
            Some(survey) => each(input, &survey, error, ctx),
            None => error,
        })?;
        ctx.ui.meter.stop();
        let name = human::safe(&input.to_string()).into_owned();
        ctx.ui.note(&format!("{name}: {kind}, {} of content, all checksums match", human::bytes(content)));
        ctx.report.done(json!({"kind": kind, "content_bytes": content}));
        Ok(())
    }))
}

/// Goes through a damaged file to its end. A pipe is gone by now.
fn all_damage(input: &Source, error: &Error, ctx: &Context) -> Option<Survey> {
    let damaged = matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Truncated);
    if !damaged || !input.path().is_some_and(Path::is_file) {
        return None;
    }
    let mut salvage = decode::open_salvage(input, ctx, &ctx.reading()).ok()?;
    let survey = salvage.survey(None).ok()?;
    (!survey.is_whole()).then_some(survey)
}

/// Reports everything that is wrong, one line each; the last one is handed back.
fn each(input: &Source, survey: &Survey, first: Error, ctx: &Context) -> Error {
    let errors = damage::lines(survey).into_iter().map(|(line, at)| {
        let error = Error::corrupt(line).in_file(input.label());
        if let Some(at) = at { error.at(at) } else { error }
    });
    let mut last = None;
    for error in errors {
        if let Some(before) = last.replace(error) {
            ctx.ui.error(&before);
        }
    }
    last.unwrap_or(first)
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
