//! One file per verb. Each takes its arguments and the context, and tallies what happened to each input.

mod analyze;
mod bench;
mod codecs;
mod compress;
mod damage;
mod decompress;
mod extract;
mod generate;
mod info;
mod list;
mod network;
mod quantize;
mod rebase;
mod repair;
mod salvage;
mod tensors;
mod test;
mod train;

use crate::args::{self, Bare, Cli, Format, Verb};
use crate::exit::{self, Tally};
use crate::plan::Context;
use minlen::{Cancel, Error, Result};
use std::process::ExitCode;

/// Runs what was asked for.
pub fn dispatch(cli: Cli) -> ExitCode {
    let cancel = Cancel::default();
    let verb = cli.verb.unwrap_or_else(|| of_bare(cli.bare));
    let ctx = context(&verb, &cancel);
    let mut tally = Tally::default();
    let watched =
        crate::signals::watch(cancel).and_then(|()| ctx.load_priors()).and_then(|()| ctx.load_bases());
    let watched = watched.and_then(|()| run(&verb, &ctx));
    match watched {
        Ok(done) => tally = done,
        Err(error) => {
            tally.add::<()>(Err(error), |e| ctx.ui.error(e));
        }
    }
    ctx.ui.meter.stop();
    exit::leave(&tally, ctx.ui.warnings())
}

fn run(verb: &Verb, ctx: &Context) -> Result<Tally> {
    match verb {
        Verb::Compress(args) => compress::run(args, ctx),
        Verb::Decompress(args) => decompress::run(args, ctx),
        Verb::Extract(args) => once(extract::run(args, ctx)),
        Verb::Cat(args) => once(extract::cat(args, ctx)),
        Verb::List(args) => list::run(args, ctx),
        Verb::Test(args) => test::run(args, ctx),
        Verb::Info(args) => info::run(args, ctx),
        Verb::Repair(args) => once(repair::run(args, ctx)),
        Verb::Analyze(args) => analyze::run(args, ctx),
        Verb::Codecs(args) => once(codecs::run(args, ctx)),
        Verb::Bench(args) => once(bench::run(args, ctx)),
        Verb::Rebase(args) => once(rebase::run(args, ctx)),
        Verb::Quantize(args) => once(quantize::run(args, ctx)),
        Verb::Train(args) => once(match &args.what {
            args::TrainWhat::Prior(args) => train::run(args, ctx),
            args::TrainWhat::Network(args) => network::train(args, ctx),
        }),
        Verb::Eval(args) => once(network::eval(args)),
        Verb::Generate(args) => once(generate::run(args)),
    }
}

fn once(result: Result<()>) -> Result<Tally> {
    result.map(|()| Tally::default())
}

fn context(verb: &Verb, cancel: &Cancel) -> Context {
    let new = |common: &args::Common, format: Format| Context::new(common, format, cancel);
    match verb {
        Verb::Compress(a) => new(&a.common, a.format.format)
            .explaining(&a.common, a.encode.explain || a.common.verbose > 1)
            .with_keys(&a.keys),
        Verb::Decompress(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Extract(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Cat(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::List(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Test(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Info(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Repair(a) => new(&a.common, a.format.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Analyze(a) => new(&a.common, a.format.format),
        Verb::Codecs(a) => new(&a.common, a.format.format),
        Verb::Bench(a) => new(&a.common, Format::Table).explaining(&a.common, a.common.verbose > 0),
        Verb::Rebase(a) => new(&a.common, Format::Table).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Quantize(a) => new(&a.common, Format::Table),
        Verb::Train(a) => new(a.what.common(), Format::Table),
        Verb::Eval(a) => new(&a.common, Format::Table),
        Verb::Generate(a) => new(&a.common, Format::Table),
    }
}

/// The verb that gzip's flags stand for.
fn of_bare(bare: Bare) -> Verb {
    let Bare { decompress, compress: _, test, list, out, encode, io, keys, limits, format, common } = bare;
    if decompress {
        Verb::Decompress(args::Decompress { out, io, keys, limits, format, common })
    } else if test {
        Verb::Test(args::Test { io, keys, limits, format, common })
    } else if list {
        Verb::List(args::List { tensors: false, io, keys, limits, format, common })
    } else {
        Verb::Compress(args::Compress { out, encode, io, keys, format, common })
    }
}

/// Runs `each` for every input, reporting errors and going on to the next.
fn for_each<T>(ctx: &Context, inputs: &[T], mut each: impl FnMut(&T) -> Result<()>) -> Tally {
    let mut tally = Tally::default();
    for input in inputs {
        tally.add(ctx.check().and_then(|()| each(input)), |error: &Error| ctx.ui.error(error));
        ctx.ui.meter.stop();
        if tally.stopped() {
            break;
        }
    }
    tally
}
