//! `minlen list`: what is inside, without decoding.

mod document;
mod members;

use crate::args::List;
use crate::engine::decode;
use crate::exit::Tally;
use crate::plan::{Context, Source};
use crate::ui::table::{Side, Table};
use crate::ui::{self, human};
use document::Document;
use minlen::archive::Archive;
use minlen::{Error, Result};

/// Lists every input.
pub fn run(args: &List, ctx: &Context) -> Result<Tally> {
    let inputs = ctx.inputs(&args.io)?;
    let mut document = Document::default();
    ctx.report.is_written();
    let mut streams = Vec::new();
    let mut failed = None;
    let mut tally = super::for_each(ctx, &inputs, |input| {
        let done = decode::open_archive(input, ctx, &ctx.reading()).and_then(|mut archive| {
            if args.tensors {
                let mut objects = Vec::new();
                super::tensors::list(input, &mut archive, ctx, &mut objects)?;
                return objects.iter().try_for_each(|object| document.add(object, None));
            }
            let is_all = args.member.is_empty() && args.pick.patterns()?.is_empty();
            if !archive.is_tree() && !is_all {
                return Err(Error::usage("is a single compressed file and has no members to choose from"));
            }
            let chosen = members::Chosen::new(args, &mut archive)?;
            match (ctx.ui.json(), archive.is_tree()) {
                (true, true) => {
                    document.add(&document::object(input, &archive), Some((&mut archive, &chosen)))?;
                }
                (true, false) => document.add(&document::object(input, &archive), None)?,
                (false, true) => members::print(&mut archive, &chosen, args.long || ctx.ui.verbose())?,
                (false, false) => streams.push(Stream::new(input, &archive)),
            }
            Ok(())
        });
        let done = done.map_err(|e| hint(e.in_file(input.label()), input, &inputs));
        if let (true, Err(error)) = (ctx.ui.json(), &done) {
            failed = document.failed(input, error).err().or(failed.take());
        }
        done
    });
    tally.add(failed.map_or(Ok(()), Err), |e| ctx.ui.error(e));
    let shown = match (ctx.ui.json(), streams.is_empty()) {
        (true, _) => document.end(),
        (false, false) => ui::print(&table(&streams)),
        (false, true) => Ok(()),
    };
    tally.add(shown, |e| ctx.ui.error(e));
    Ok(tally)
}

/// What is not there, behind an archive, may have been meant as the name of a member.
fn hint(error: Error, input: &Source, inputs: &[Source]) -> Error {
    let first = inputs.first().is_some_and(|first| first == input);
    match input.path() {
        Some(path) if !first && path.symlink_metadata().is_err() => {
            error.remedy("a member of an archive is chosen with --member NAME")
        }
        _ => error,
    }
}

/// One single stream.
struct Stream {
    stored: u64,
    raw: u64,
    name: String,
}

impl Stream {
    fn new(input: &Source, archive: &Archive<'_>) -> Self {
        let name = human::safe(&input.to_string()).into_owned();
        Self { stored: archive.stored_len(), raw: archive.content_len(), name }
    }
}

fn table(streams: &[Stream]) -> String {
    let columns = ["compressed", "uncompressed", "ratio"].map(|name| (name, Side::Right));
    let mut table = Table::new(&[&columns[..], &[("name", Side::Left)]].concat());
    let mut row = |stored: u64, raw: u64, name: &str| {
        table.row(vec![stored.to_string(), raw.to_string(), human::share(raw, stored), name.into()]);
    };
    streams.iter().for_each(|stream| row(stream.stored, stream.raw, &stream.name));
    if streams.len() > 1 {
        let sum = |of: fn(&Stream) -> u64| streams.iter().fold(0u64, |sum, s| sum.saturating_add(of(s)));
        row(sum(|s| s.stored), sum(|s| s.raw), "(totals)");
    }
    table.render()
}

/// Results on their way to standard output, in pieces that are worth a system call.
struct Lines {
    text: String,
    print: fn(&str) -> Result<()>,
}

impl Lines {
    fn new(print: fn(&str) -> Result<()>) -> Self {
        Self { text: String::new(), print }
    }

    fn add(&mut self, text: &str) -> Result<()> {
        self.text.push_str(text);
        if self.text.len() < 1 << 16 { Ok(()) } else { self.end() }
    }

    fn end(&mut self) -> Result<()> {
        (self.print)(&std::mem::take(&mut self.text))
    }
}
