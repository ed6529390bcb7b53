//! `minlen grep`: lines of what is compressed, without unpacking it.

mod output;
mod pattern;
mod search;

use crate::args::Grep;
use crate::engine::decode::{self, Content};
use crate::engine::select;
use crate::engine::sink::pump;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::human;
use minlen::archive::Archive;
use minlen::{Error, Result};
use output::Output;
use search::Search;
use serde_json::{Value, json};

/// Searches every input.
pub fn run(args: &Grep, ctx: &Context) -> Result<Tally> {
    let (patterns, mut io) = (args.regexp.clone(), args.io.clone());
    let patterns = match (&args.pattern, patterns.is_empty()) {
        (Some(pattern), true) => vec![pattern.clone()],
        // With -e, what stands in its place is a file.
        (pattern, _) => {
            let files = pattern.iter().map(Into::into).chain(io.inputs);
            io.inputs = files.collect();
            patterns
        }
    };
    let regex = pattern::regex(&patterns, args)?;
    let inputs = ctx.inputs(&io)?;
    let output = Output::new(args, ctx, inputs.len() > 1)?;
    let mut found = false;
    let mut tally = super::for_each(ctx, &inputs, |input| {
        ctx.report.begin(input.label());
        if found && output.is_quiet() {
            return Ok(());
        }
        let done = of_input(args, &regex, input, &output, ctx, &mut found);
        done.map_err(|e| e.in_file(input.label()))
    });
    tally.add(output.flush(), |e| ctx.ui.error(e));
    // A line that was found is all that is asked for with -q, whatever else goes wrong.
    tally.searched(found, output.is_quiet());
    Ok(tally)
}

/// Searches one input; sets `found` where there is something.
fn of_input(
    args: &Grep,
    regex: &regex::bytes::Regex,
    input: &Source,
    output: &Output,
    ctx: &Context,
    found: &mut bool,
) -> Result<()> {
    let opened = decode::open(input, ctx, &ctx.reading())?;
    ctx.ui.meter.start(&input.to_string(), opened.len());
    let mut members = Vec::new();
    match opened.content {
        Content::Stream(mut reader) => {
            let mut search = Search::new(regex, args, output.of(&[&input.to_string()]), ctx);
            let read = pump(&mut reader, &mut search).map(|_| ());
            let told = search.end(read)?;
            *found |= told.lines > 0;
            members.push(object(None, &told));
        }
        Content::Tree(mut archive) => {
            let chosen = select::files(&mut archive, &args.member)?;
            for &number in &chosen.numbers {
                if *found && output.is_quiet() {
                    break;
                }
                let told = of_member(&mut archive, number, input, (args, regex, output, ctx))?;
                *found |= told.lines > 0;
                if told.lines > 0 {
                    let tree = archive.entries();
                    members.push(object(Some(&tree.entries[number].path), &told));
                }
            }
        }
    }
    ctx.report.done(json!({"searched": members}));
    Ok(())
}

fn of_member(
    archive: &mut Archive<'_>,
    number: usize,
    input: &Source,
    (args, regex, output, ctx): (&Grep, &regex::bytes::Regex, &Output, &Context),
) -> Result<search::Told> {
    let name = human::name(&archive.entries().entries[number].path);
    let mut search = Search::new(regex, args, output.of(&[&input.to_string(), &name]), ctx);
    let read = archive.read_entry(number, None, &mut search).map(|_| ());
    search.end(read)
}

fn object(path: Option<&Vec<u8>>, told: &search::Told) -> Value {
    json!({
        "path": path.map(|path| String::from_utf8_lossy(path)),
        "matching_lines": told.lines,
        "binary": told.binary,
        "lines": told.kept,
    })
}

/// What ends a search early. It is no error.
fn enough() -> Error {
    Error::new(minlen::ErrorKind::Cancelled, "enough was found")
}
