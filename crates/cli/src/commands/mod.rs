//! One file per verb. Each takes its arguments and the context, and tallies what happened to each input.

mod analyze;
mod autoencoder;
mod bench;
mod codecs;
mod compact;
mod compress;
mod damage;
mod decompress;
mod embed;
mod eval;
mod extract;
mod generate;
mod grep;
mod image;
mod info;
mod insight;
mod list;
mod model;
mod network;
mod preview;
mod quantize;
mod rebase;
mod repair;
mod salvage;
mod sample;
mod score;
mod stdin;
mod tensors;
mod test;
mod train;
mod update;

use crate::args::{self, Bare, Cli, Format, Verb};
use crate::exit::{self, Tally};
use crate::plan::ledger::Role;
use crate::plan::{Context, Source};
use minlen::{Cancel, Error, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs what was asked for.
pub fn dispatch(cli: Cli) -> ExitCode {
    let cancel = Cancel::default();
    let verb = cli.verb.unwrap_or_else(|| of_bare(cli.bare));
    let ctx = context(&verb, &cancel);
    let mut tally = Tally::default();
    ctx.announce();
    let watched = crate::signals::watch(cancel)
        .and_then(|()| stdin::check(&verb))
        .and_then(|()| enter(&verb, &ctx))
        .and_then(|()| ctx.load_learned())
        .and_then(|()| ctx.load_bases());
    let watched = watched.and_then(|()| run(&verb, &ctx));
    match watched {
        Ok(done) => tally = done,
        Err(error) => {
            ctx.report.failed(&error);
            if matches!(verb, Verb::Grep(_)) {
                tally.searched(false, false);
            }
            tally.add::<()>(Err(error), |e| ctx.ui.error(e));
            if ctx.report.is_empty() {
                ctx.report.is_written();
            }
        }
    }
    ctx.ui.meter.stop();
    if !tally.stopped() {
        tally.add(ctx.report.write(), |e| ctx.ui.error(e));
    }
    exit::leave(&tally, ctx.ui.warnings())
}

fn run(verb: &Verb, ctx: &Context) -> Result<Tally> {
    match verb {
        Verb::Compress(args) => compress::run(args, ctx),
        Verb::Decompress(args) => decompress::run(args, ctx),
        Verb::Update(args) => once(update::run(args, ctx)),
        Verb::Compact(args) => once(compact::run(args, ctx)),
        Verb::Extract(args) => once(extract::run(args, ctx)),
        Verb::Cat(args) => once(extract::cat(args, ctx)),
        Verb::Grep(args) => grep::run(args, ctx),
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
            args::TrainWhat::Autoencoder(args) => autoencoder::train(args, ctx),
            args::TrainWhat::Image(args) => image::train(args, ctx),
        }),
        Verb::Eval(args) => once(eval::run(args, ctx)),
        Verb::Score(args) => once(score::run(args, ctx)),
        Verb::Embed(args) => once(embed::run(args, ctx)),
        Verb::Sample(args) => once(sample::run(args, ctx)),
        Verb::Generate(args) => once(generate::run(args, ctx)),
    }
}

/// Enters the files that options name into the plan of the run: what is read, and what is written where that is known. Inputs, and the
/// outputs that are named after them, are entered by the verb before it begins.
fn enter(verb: &Verb, ctx: &Context) -> Result<()> {
    let lists = |io: &args::InputArgs| {
        let mut lists = io.files_from.iter().chain(&io.files0_from);
        lists.try_for_each(|list| ctx.will_read(Role::List, list))
    };
    let input = |path: &Path| ctx.will_read_source(&Source::new(path));
    let help = |name: &'static str, path: &Option<PathBuf>| {
        path.iter().try_for_each(|path| ctx.will_read(Role::Help(name), path))
    };
    let output = |path: &Option<PathBuf>, from: &Path| {
        path.iter().try_for_each(|path| ctx.will_write(path, &from.display().to_string()))
    };
    let ignoring = |pick: &args::PickArgs| {
        pick.ignore_file.iter().try_for_each(|path| ctx.will_read(Role::Help("file of patterns"), path))
    };
    match verb {
        Verb::Compress(a) => {
            lists(&a.io).and_then(|()| ignoring(&a.pick)).and_then(|()| ctx.will_read_keys(&a.keys))
        }
        Verb::Decompress(a) => {
            lists(&a.io).and_then(|()| ignoring(&a.pick)).and_then(|()| ctx.will_read_keys(&a.keys))
        }
        Verb::Update(a) => {
            lists(&a.io).and_then(|()| ignoring(&a.pick)).and_then(|()| ctx.will_read_keys(&a.keys))
        }
        Verb::Compact(a) => ctx.will_read_keys(&a.keys),
        Verb::Grep(a) => lists(&a.io).and_then(|()| ctx.will_read_keys(&a.keys)),
        Verb::List(a) => lists(&a.io).and_then(|()| ctx.will_read_keys(&a.keys)),
        Verb::Test(a) => lists(&a.io).and_then(|()| ctx.will_read_keys(&a.keys)),
        Verb::Info(a) => lists(&a.io).and_then(|()| ctx.will_read_keys(&a.keys)),
        Verb::Analyze(a) => lists(&a.io),
        Verb::Extract(a) => {
            let mut lists = a.files_from.iter().chain(&a.files0_from);
            lists.try_for_each(|list| ctx.will_read(Role::List, list))?;
            ignoring(&a.pick)?;
            input(&a.archive).and_then(|()| ctx.will_read_keys(&a.keys))
        }
        Verb::Cat(a) => input(&a.archive).and_then(|()| ctx.will_read_keys(&a.keys)),
        Verb::Repair(a) => input(&a.file).and_then(|()| help("recovery file", &a.recovery)),
        Verb::Bench(a) => {
            a.inputs.iter().filter(|path| path.exists()).try_for_each(|path| input(path))?;
            help("list of variants", &a.ablation)?;
            help("table of peers", &a.peers)?;
            output(&a.save, Path::new("sizes"))?;
            output(&a.save_speeds, Path::new("speeds"))
        }
        Verb::Rebase(a) => {
            input(&a.file)?;
            ctx.will_read_keys(&a.keys)?;
            a.onto.iter().try_for_each(|path| ctx.will_read(Role::Base, path))?;
            output(&Some(a.output.clone()), &a.file)
        }
        Verb::Quantize(a) => input(&a.model).and_then(|()| help("calibration text", &a.calibrate)),
        Verb::Train(a) => match &a.what {
            args::TrainWhat::Prior(a) => {
                a.inputs.iter().try_for_each(|path| input(path))?;
                output(&Some(a.output.clone()), Path::new("the training data"))
            }
            args::TrainWhat::Network(a) => {
                help("data", &Some(a.data.clone()))?;
                help("teacher", &a.teacher)?;
                match a.dense.as_ref().filter(|path| path.exists()) {
                    Some(dense) => ctx.will_read(Role::Help("dense network"), dense)?,
                    None => output(&a.dense, Path::new("the dense network"))?,
                }
                output(&Some(a.output.clone()), Path::new("the network"))
            }
            args::TrainWhat::Autoencoder(a) => autoencoder::enter(a, ctx),
            args::TrainWhat::Image(a) => image::enter(a, ctx),
        },
        Verb::Eval(a) => eval::enter(a, ctx),
        Verb::Score(a) => score::enter(a, ctx),
        Verb::Embed(a) => embed::enter(a, ctx),
        Verb::Sample(a) => sample::enter(a, ctx),
        Verb::Codecs(_) | Verb::Generate(_) => Ok(()),
    }
}

fn once(result: Result<()>) -> Result<Tally> {
    result.map(|()| Tally::default())
}

fn context(verb: &Verb, cancel: &Cancel) -> Context {
    let new = |common: &args::Common, format: &args::TableFormat| {
        Context::new(verb.name(), common, format.format, cancel)
    };
    match verb {
        Verb::Compress(a) => new(&a.common, &a.format)
            .explaining(&a.common, a.encode.explain || a.common.verbose > 1)
            .with_keys(&a.keys),
        Verb::Decompress(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Update(a) => new(&a.common, &a.format)
            .explaining(&a.common, a.encode.explain || a.common.verbose > 1)
            .with_keys(&a.keys)
            .with_limits(&a.limits),
        Verb::Compact(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Extract(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Cat(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Grep(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::List(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Test(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Info(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Repair(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Analyze(a) => new(&a.common, &a.format),
        Verb::Codecs(a) => new(&a.common, &a.format),
        Verb::Bench(a) => {
            let json = a.format == args::BenchFormat::Json;
            let format = if json { Format::Json } else { Format::Table };
            Context::new(verb.name(), &a.common, format, cancel).explaining(&a.common, a.common.verbose > 0)
        }
        Verb::Rebase(a) => new(&a.common, &a.format).with_keys(&a.keys).with_limits(&a.limits),
        Verb::Quantize(a) => {
            let keys =
                args::KeyArgs { passphrase_file: a.passphrase_file.clone(), ..args::KeyArgs::default() };
            new(&a.common, &a.format).with_keys(&keys)
        }
        Verb::Train(a) => new(a.what.common(), a.what.format()),
        Verb::Eval(a) => new(a.common(), a.format()),
        Verb::Score(a) => {
            let json = a.format == args::ScoreFormat::Json;
            Context::new(verb.name(), &a.common, if json { Format::Json } else { Format::Table }, cancel)
        }
        Verb::Embed(a) => new(&a.common, &a.format),
        Verb::Sample(a) => new(&a.common, &a.format),
        Verb::Generate(a) => new(&a.common, &a.format),
    }
}

/// The verb that gzip's flags stand for.
fn of_bare(bare: Bare) -> Verb {
    let Bare { decompress, compress: _, test, list, out, encode, io, keys, limits, format, common } = bare;
    if decompress {
        let (dir, pick, place, kept) = Default::default();
        Verb::Decompress(args::Decompress {
            preview: None,
            out,
            dir,
            pick,
            place,
            kept,
            io,
            keys,
            limits,
            format,
            common,
        })
    } else if test {
        Verb::Test(args::Test { io, keys, limits, format, common })
    } else if list {
        Verb::List(args::List { io, keys, limits, format, common, ..args::List::default() })
    } else {
        let (dir, pick, kept) = Default::default();
        Verb::Compress(args::Compress { out, dir, pick, kept, encode, io, keys, format, common })
    }
}

/// Runs `each` for every input, reporting errors and going on to the next.
fn for_each<T>(ctx: &Context, inputs: &[T], mut each: impl FnMut(&T) -> Result<()>) -> Tally {
    let mut inputs: Vec<&T> = inputs.iter().collect();
    for_each_mut(ctx, &mut inputs, |input| each(input))
}

/// The same for inputs that change by it.
fn for_each_mut<T>(ctx: &Context, inputs: &mut [T], mut each: impl FnMut(&mut T) -> Result<()>) -> Tally {
    let mut tally = Tally::default();
    for input in inputs {
        tally.add(ctx.check().and_then(|()| each(input)), |error: &Error| {
            ctx.report.failed(error);
            ctx.ui.error(error);
        });
        ctx.ui.meter.stop();
        if tally.stopped() {
            break;
        }
    }
    tally
}
