//! `minlen train autoencoder`: a codec file from records of one kind.

mod exact;

use super::insight::say;
use crate::args::TrainAutoencoder;
use crate::engine::sink::Sink;
use crate::plan::ledger::Role;
use crate::plan::{Context, Source, Target};
use crate::ui::{self, human, report};
use minlen::{Error, ErrorKind, Event as Told, Progress, Result};
use minlen_train::autoencoder::checkpoint::check;
use minlen_train::autoencoder::choose::Goal;
use minlen_train::autoencoder::run::{self, Event, Request, Trained};
use minlen_train::records::Records;
use std::path::Path;

/// What files are made of, for messages.
const DATA: &str = "the records";
const TRAINING: &str = "the training";

/// Enters what is read and written into the plan.
pub fn enter(args: &TrainAutoencoder, ctx: &Context) -> Result<()> {
    args.inputs.iter().chain(&args.test).try_for_each(|path| ctx.will_read_source(&Source::new(path)))?;
    args.records
        .label_file()
        .iter()
        .try_for_each(|path| ctx.will_read(Role::Help("file of labels"), path))?;
    ctx.will_write(&args.output, DATA)?;
    args.report.iter().try_for_each(|path| ctx.will_write(path, "the figures"))?;
    ctx.will_write(&args.checkpoint(), TRAINING)
}

/// Learns, measures and writes.
pub fn train(args: &TrainAutoencoder, ctx: &Context) -> Result<()> {
    ctx.report.begin(&args.output);
    let report = args.report.as_deref().map(|path| report_file(path, args, ctx)).transpose()?;
    let out = Sink::create(&Target::new(&args.output), args.force, ctx, DATA)?;
    let checkpoint = args.checkpoint();
    let before = kept(&checkpoint, args)?;
    let env = ctx.reading();
    let source = args.records.source(&args.inputs, args.seed);
    let records = source.read(&env)?.for_training()?;
    records.notes.iter().for_each(|note| say(note, ctx));
    // What was found in folders may be private.
    records
        .files
        .iter()
        .filter_map(|path| std::fs::metadata(path).ok())
        .for_each(|meta| ctx.note_source(&meta));
    report.iter().chain([&out]).for_each(|sink| sink.restrict(ctx.mask()));
    let test = match &args.test[..] {
        [] => None,
        paths => {
            let like = Some((records.shape.clone(), records.dtype));
            let source = args.records.source(paths, args.seed);
            Some(minlen_train::records::Source { like, ..source }.read(&env)?)
        }
    };
    let Made { file, figures, words } = made(args, ctx, (&records, test.as_ref()), before.as_deref())?;
    out.write(&file)?;
    out.commit(None)?;
    if let Some(report) = report {
        if args.report.as_deref().is_some_and(is_page) {
            report.write(super::eval::training(&figures).as_bytes())?;
        } else {
            let document = report::document("train", serde_json::json!({"autoencoder": figures.clone()}));
            report.write(format!("{document:#}\n").as_bytes())?;
        }
        report.commit(None)?;
    }
    // It was needed until now.
    if checkpoint.is_file() {
        std::fs::remove_file(&checkpoint).map_err(|e| Error::io("cannot remove", e).in_file(&checkpoint))?;
    }
    ctx.report.done(figures);
    let is_taken = out_is_standard(args);
    if ctx.ui.json() || is_taken { Ok(()) } else { ui::print(&words) }
}

/// True where nothing is learned but what predicts records exactly.
fn is_predictor_alone(args: &TrainAutoencoder) -> bool {
    args.exact && args.members.0.is_none()
}

/// A codec file, and what is told of it.
struct Made {
    file: Vec<u8>,
    figures: serde_json::Value,
    words: String,
}

/// Members, unless a predictor alone is asked for, and the predictor.
fn made(
    args: &TrainAutoencoder,
    ctx: &Context,
    (records, test): (&Records, Option<&Records>),
    before: Option<&[u8]>,
) -> Result<Made> {
    if is_predictor_alone(args) {
        return exact::train(args, ctx, (records, test), None, &mut Keeping::new(args, ctx, before));
    }
    let mut keeping = Keeping::new(args, ctx, before);
    let trained = learn(args, ctx, (records, test), &mut keeping)?;
    let (figures, words) = (trained.report.json(), trained.report.text());
    let mut made = Made { file: trained.file, figures, words };
    if args.exact {
        let with = exact::train(args, ctx, (records, test), Some(&made.file), &mut keeping)?;
        made.figures["predictor"] = with.figures["predictor"].clone();
        (made.file, made.words) = (with.file, made.words + &with.words);
    }
    Ok(made)
}

/// True where standard output has the codec file itself.
fn out_is_standard(args: &TrainAutoencoder) -> bool {
    [Some(&args.output), args.report.as_ref()]
        .into_iter()
        .flatten()
        .any(|path| Target::new(path) == Target::Stdout)
}

/// The file for all figures: a page where its name says so, else JSON.
fn report_file(path: &Path, args: &TrainAutoencoder, ctx: &Context) -> Result<Sink> {
    Sink::create(&Target::new(path), args.force, ctx, "the figures")
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("html"))
}

/// What a stopped training left, if it is to go on.
fn kept(checkpoint: &Path, args: &TrainAutoencoder) -> Result<Option<Vec<u8>>> {
    if args.resume {
        let bytes = std::fs::read(checkpoint).map_err(|e| Error::io("cannot read", e).in_file(checkpoint))?;
        check(&bytes).map_err(|e| e.in_file(checkpoint))?;
        return Ok(Some(bytes));
    }
    if checkpoint.exists() && !args.force {
        return Err(Error::usage("a training that was stopped is kept here")
            .in_file(checkpoint)
            .remedy("go on with it by --resume, or begin again with -f"));
    }
    Ok(None)
}

/// What is told of a training, and its last checkpoint.
struct Keeping<'a> {
    args: &'a TrainAutoencoder,
    ctx: &'a Context,
    last: Option<Vec<u8>>,
}

impl<'a> Keeping<'a> {
    /// Of a training that begins, or goes on from its checkpoint.
    fn new(args: &'a TrainAutoencoder, ctx: &'a Context, before: Option<&[u8]>) -> Self {
        Self { args, ctx, last: before.map(<[u8]>::to_vec) }
    }

    fn told(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Line(line) => self.ctx.ui.note(&line),
            Event::Work(bytes) => self.ctx.ui.meter.event(Told::Advance { input: bytes, output: 0 }),
            Event::Checkpoint(bytes) => {
                let out = Sink::create(&Target::File(self.args.checkpoint()), true, self.ctx, TRAINING)?;
                out.write(bytes)?;
                out.commit(None)?;
                self.last = Some(bytes.to_vec());
            }
        }
        Ok(())
    }

    /// Runs a part of the training, and says how to go on where it was stopped.
    fn run<T>(&mut self, work: impl FnOnce(&mut Self, Option<&[u8]>) -> Result<T>) -> Result<T> {
        self.ctx.ui.meter.start(&self.args.output.display().to_string(), 0);
        let before = self.last.clone();
        let done = work(self, before.as_deref());
        self.ctx.ui.meter.stop();
        let is_stopped = done.as_ref().is_err_and(|error| error.kind() == ErrorKind::Cancelled);
        if is_stopped && self.last.is_some() {
            let kept = self.args.checkpoint();
            let kept = kept.display();
            say(
                &format!("stopped; {kept} has what was learned: the same command with --resume goes on"),
                self.ctx,
            );
        }
        done
    }
}

fn learn(
    args: &TrainAutoencoder,
    ctx: &Context,
    (records, test): (&Records, Option<&Records>),
    keeping: &mut Keeping<'_>,
) -> Result<Trained> {
    let request = request(args, ctx, records);
    keeping.run(|keeping, before| {
        run::run(records, test, &request, before, &ctx.reading(), &mut |event| keeping.told(event))
    })
}

fn request(args: &TrainAutoencoder, ctx: &Context, records: &Records) -> Request {
    let goal = match (args.bytes_per_record, args.psnr, args.max_error) {
        (Some(bytes), ..) => Goal::Bytes(bytes),
        (_, Some(decibels), _) => Goal::Psnr(decibels),
        (.., Some(most)) => Goal::MaxError(most),
        _ => Goal::Spread,
    };
    let hash = blake3::hash(&records.bytes);
    let files = records.files.len();
    let provenance = format!(
        "minlen {}: {} records of {} from {files} files, BLAKE3 {}, seed {}",
        env!("CARGO_PKG_VERSION"),
        records.len(),
        records.kind(),
        human::hex(hash.as_bytes()),
        args.seed
    );
    Request {
        members: args.members.0.clone(),
        variant: args.variant,
        goal,
        // A predictor has the other half.
        time: if args.exact { args.time_budget / 2 } else { args.time_budget },
        epochs: args.epochs.map(|epochs| u32::try_from(epochs).unwrap_or(u32::MAX)),
        seed: args.seed,
        // The result does not depend on threads.
        threads: match ctx.threads() {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        },
        licence: args.licence.clone(),
        provenance,
        decode_only: args.decode_only,
        for_records: args.for_records,
    }
}
