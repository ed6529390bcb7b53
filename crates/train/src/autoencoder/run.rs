//! From records to a codec file, within a time: members are learned, measured on records that were held out, and kept where they pay.

use super::checkpoint::{self, Stage};
use super::choose::{Goal, Trial};
use super::codec_file::{BATCH, Kind, Lessons, NetworkRecipe, Recipe, rates_for, scaling_of};
use super::measure::{self, Point, Scale};
use super::members::candidates;
use super::network::Variant;
use super::race::Race;
use super::report::{MemberReport, Report, Usual};
use crate::insight::Held;
use crate::records::Records;
use minlen_core::{Env, Error, Result};
use minlen_latent::{Body, Member, Model, Promise, decode, encode};
use minlen_learn::Length;
use std::time::{Duration, Instant};

/// Records that members are compared on, and that the file is measured on, at most.
const COMPARED: usize = 500;
const MEASURED: usize = 1000;
/// Curves end at this many bytes a record.
const MOST_BYTES: f64 = 72.0;
/// Share of the records that is held out.
pub const HELD_OUT: f64 = 0.05;
/// How often a training is kept.
pub(super) const KEPT_EVERY: Duration = Duration::from_secs(30);

/// What is to be learned.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The members; none: what pays on these records.
    pub members: Option<Vec<Kind>>,
    /// How networks are trained.
    pub variant: Variant,
    /// What the file is for.
    pub goal: Goal,
    /// How long all of it may take.
    pub time: Duration,
    /// Epochs of networks, in place of a time: then the file does not depend on the clock.
    pub epochs: Option<u32>,
    /// Seed of all that is random.
    pub seed: u64,
    /// Threads; they change nothing but the time.
    pub threads: usize,
    /// Under which licence the file may be used.
    pub licence: String,
    /// Where it comes from.
    pub provenance: String,
    /// Leave out what only encoding needs.
    pub decode_only: bool,
    /// Records that the file is for, over which its bytes are spread where members are weighed; none: those that were read.
    pub for_records: Option<usize>,
}

/// What happens on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// A line for people.
    Line(String),
    /// So many more bytes of records were learned from.
    Work(u64),
    /// What it takes to go on from here.
    Checkpoint(&'a [u8]),
}

/// Hears what happens, and may end it by an error.
pub type Told<'a> = dyn FnMut(Event<'_>) -> Result<()> + 'a;

/// A codec file, and what it came to.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The file.
    pub file: Vec<u8>,
    /// What it came to.
    pub report: Report,
}

/// A run and what it works on.
struct Run<'a> {
    request: &'a Request,
    recipe: Recipe,
    kinds: Vec<Kind>,
    records: &'a Records,
    train: Records,
    held_out: Records,
    scale: Scale,
    deviation: f64,
    begun: Instant,
    env: &'a Env,
}

/// Learns a codec file from records (see [`Records::for_training`]), and measures it on those of `test`, or on those that it held out. A run that was stopped goes on
/// with its last checkpoint.
///
/// # Errors
/// Usage for too few records, records that members do not suit, and checkpoints of other runs; cancelled once the flag is raised, after a last
/// checkpoint; limit; those of `told`.
pub fn run(
    records: &Records,
    test: Option<&Records>,
    request: &Request,
    checkpoint: Option<&[u8]>,
    env: &Env,
    told: &mut Told<'_>,
) -> Result<Trained> {
    let env = &env.clone().with_threads(request.threads.max(1));
    let run = Run::new(records, request, env)?;
    let mut stages = Stages::new(&run, checkpoint)?;
    let lessons = Lessons {
        recipe: &run.recipe,
        scaling: scaling_of(&run.train.bytes, records.dtype)?,
        bytes: &run.train.bytes,
        held_out: &run.held_out.bytes,
        variant: request.variant,
    };
    let is_network = |kind: &&Kind| matches!(kind, Kind::Network(_));
    let mut members = Vec::new();
    for kind in run.kinds.iter().filter(|kind| !is_network(kind)) {
        told(Event::Line(format!("learning {} from {} records", kind.name(), run.train.len())))?;
        members.push(lessons.linear(kind, env)?);
    }
    // Tables of transforms are learned before networks, so that what is left of the time is known.
    let mut model = if members.is_empty() { None } else { Some(lessons.finish(members, env)?) };
    told(Event::Line("measuring transforms".into()))?;
    let compared = few(&run.held_out, COMPARED);
    let mut alone = match &model {
        Some(model) => run.curves(model, &compared)?,
        None => Vec::new(),
    };
    let (networks, noticed) = run.networks(&lessons, &stages, (&alone, &compared), told)?;
    for (place, &(number, own)) in networks.iter().enumerate() {
        let time = run.time_for(networks.len() - place);
        let member = stages.train(&run, &lessons, (place, number, own), time, told)?;
        // Alone, so that what it has of tables is learned and those of the others stay.
        let own = lessons.finish(vec![member], env)?;
        model = Some(match model.take() {
            None => own,
            Some(mut model) => {
                model.members.extend(own.members);
                (model.coarsest, model.rates) = rates_for(&model);
                model
            }
        });
        if let Some(model) = &model {
            let rates: Vec<u8> =
                alone.first().map(|curve| curve.iter().map(|point| point.rate).collect()).unwrap_or_default();
            alone.push(run.curve(&single(model, model.members.len() - 1), &compared, &rates)?);
        }
    }
    let model = model.ok_or_else(|| Error::usage("there is no member to learn"))?;
    told(Event::Line(format!("comparing {} members on {} records", model.members.len(), compared.len())))?;
    run.complete(model, alone, (&compared, test), (stages.histories, noticed))
}

/// The first records after a shuffle by a seed of their own.
fn few(records: &Records, most: usize) -> Records {
    // Long records take long.
    let most = most.min((4 << 20) / records.numbers().max(1)).max(32);
    records.clone().sample(most, 0x5eed)
}

/// A codec file of one member only.
fn single(model: &Model, member: usize) -> Model {
    Model { members: model.members.get(member).cloned().into_iter().collect(), ..model.clone() }
}

/// Trainings of networks: where those are that began, and how the losses went.
struct Stages {
    fingerprint: u64,
    /// As a checkpoint says.
    before: Vec<Stage>,
    /// Those of this run.
    done: Vec<Stage>,
    histories: Vec<Vec<(u64, f64)>>,
}

impl Stages {
    fn new(run: &Run<'_>, checkpoint: Option<&[u8]>) -> Result<Self> {
        let fingerprint = checkpoint::fingerprint(run.request, &run.kinds, run.records);
        let before = checkpoint.map_or(Ok(Vec::new()), |bytes| checkpoint::read(bytes, fingerprint))?;
        Ok(Self { fingerprint, before, done: Vec::new(), histories: Vec::new() })
    }

    /// Trains one network, from where its checkpoint ends if there is one.
    fn train(
        &mut self,
        run: &Run<'_>,
        lessons: &Lessons<'_>,
        (place, number, own): (usize, usize, &NetworkRecipe),
        time: Duration,
        told: &mut Told<'_>,
    ) -> Result<Member> {
        let before = self.before.get(place).cloned();
        let time = before.as_ref().and_then(|stage| stage.time).unwrap_or(time);
        let length = run.request.epochs.map_or(Length::Time(time), Length::Epochs);
        let time = Some(time).filter(|_| run.request.epochs.is_none());
        let own = NetworkRecipe { length, ..own.clone() };
        let fingerprint = self.fingerprint;
        let earlier = self.done.clone();
        let now = |training: Vec<u8>| Stage { member: number as u8, time, training };
        let write =
            |training: Vec<u8>| checkpoint::write(fingerprint, &[&earlier[..], &[now(training)]].concat());
        let name = Kind::Network(own.clone()).name();
        told(Event::Line(format!("training {name} on {} threads", run.request.threads.max(1))))?;
        let size = run.records.record_bytes() as u64;
        let (mut kept, mut history, mut last) = (Instant::now(), Vec::new(), Vec::new());
        let training = before.as_ref().map(|stage| &stage.training[..]);
        let member = lessons.network(&own, training, |trainer, progress| {
            if let Some(means) = &progress.held_out {
                let (epoch, left) = (progress.epoch, human(progress.left));
                let loss = means.loss;
                told(Event::Line(format!(
                    "{name}: epoch {epoch}, loss {loss:.3} on held-out records, {left} left"
                )))?;
            }
            told(Event::Work(BATCH as u64 * size))?;
            let is_over = progress.done >= 1.0;
            if is_over {
                (history, last) = (trainer.history().to_vec(), trainer.to_bytes());
            }
            // Asked last, so that no signal gets between a checkpoint and the end.
            let goes_on = run.env.check();
            if goes_on.is_err() || kept.elapsed() >= KEPT_EVERY && !is_over {
                told(Event::Checkpoint(&write(trainer.to_bytes())))?;
                kept = Instant::now();
            }
            goes_on
        })?;
        if last.is_empty() {
            // It was complete in the checkpoint.
            last = before.map(|stage| stage.training).unwrap_or_default();
        }
        self.done.push(now(last));
        self.histories.push(history);
        // What was begun after it goes on from where it was.
        let later = self.before.get(self.done.len()..).unwrap_or_default();
        told(Event::Checkpoint(&checkpoint::write(fingerprint, &[&self.done[..], later].concat())))?;
        Ok(member)
    }
}

fn human(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 100 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

/// Networks to be trained, each with its number among those that there are, and what was seen in choosing them.
type Networks<'r> = (Vec<(usize, &'r NetworkRecipe)>, Vec<String>);

impl<'a> Run<'a> {
    fn new(records: &'a Records, request: &'a Request, env: &'a Env) -> Result<Self> {
        let begun = Instant::now();
        let split = records.split(HELD_OUT, request.seed);
        let (train, held_out) = (records.select(&split.train), records.select(&split.held_out));
        let kinds = request.members.clone().unwrap_or_else(|| candidates(records, train.len()));
        kinds.iter().try_for_each(|kind| kind.check(train.len(), &records.shape))?;
        let (range, deviation) = spread(&train)?;
        let scale = Scale { numbers: records.numbers(), peak: range };
        let recipe = Recipe {
            shape: records.shape.clone(),
            dtype: records.dtype,
            members: Vec::new(),
            seed: request.seed,
            threads: request.threads,
        };
        Ok(Self { request, recipe, kinds, records, train, held_out, scale, deviation, begun, env })
    }

    /// The networks to be trained. A training that was stopped goes on with
    /// the network that it had.
    fn networks(
        &self,
        lessons: &Lessons<'_>,
        stages: &Stages,
        (alone, compared): (&[Vec<Point>], &Records),
        told: &mut Told<'_>,
    ) -> Result<Networks<'_>> {
        let mut all: Vec<(usize, &NetworkRecipe)> = Vec::new();
        for kind in &self.kinds {
            if let Kind::Network(own) = kind {
                all.push((all.len(), own));
            }
        }
        if self.request.members.is_some() || all.is_empty() {
            return Ok((all, Vec::new()));
        }
        let only = |number: usize| all.iter().copied().filter(|network| network.0 == number).collect();
        if let Some(stage) = stages.before.first() {
            return Ok((only(usize::from(stage.member)), Vec::new()));
        }
        let figures = |curve: &Vec<Point>| curve.iter().map(|point| point.figures(&self.scale)).collect();
        let transforms: Vec<_> = alone.iter().map(figures).collect();
        let race = Race {
            lessons,
            compared,
            scale: self.scale,
            transforms: &transforms,
            time: self.time_for(1),
            epochs: self.request.epochs,
            env: self.env,
        };
        let own: Vec<&NetworkRecipe> = all.iter().map(|network| network.1).collect();
        let (winner, notes) = race.winner(&own, told)?;
        Ok((winner.map_or_else(Vec::new, only), notes))
    }

    /// How long one of so many networks may train: what is left of the time, less what measuring it takes, and at least a share of
    /// all on a machine where the rest takes long.
    fn time_for(&self, networks: usize) -> Duration {
        let all = self.request.time;
        let left = all.saturating_sub(self.begun.elapsed());
        let measuring = all.mul_f64(0.1);
        let least = all.mul_f64(0.4).min(left.max(Duration::from_secs(60)));
        (left.saturating_sub(measuring).max(least) / networks.max(1) as u32).max(Duration::from_secs(1))
    }

    /// Records that the bytes of the file are spread over.
    fn spread(&self) -> usize {
        self.request.for_records.unwrap_or(self.records.len())
    }

    fn most_bytes(&self) -> f64 {
        match self.request.goal {
            Goal::Bytes(bytes) => MOST_BYTES.max(1.2 * bytes),
            _ => MOST_BYTES,
        }
    }

    /// Curves of each member of a file alone.
    fn curves(&self, model: &Model, records: &Records) -> Result<Vec<Vec<Point>>> {
        let alone: Vec<Model> = (0..model.members.len()).map(|member| single(model, member)).collect();
        measure::curves(&alone.iter().collect::<Vec<_>>(), &records.bytes, self.most_bytes(), self.env)
    }

    /// The curve of a file, at these rates if there are any.
    fn curve(&self, model: &Model, records: &Records, rates: &[u8]) -> Result<Vec<Point>> {
        if rates.is_empty() {
            return Ok(measure::curves(&[model], &records.bytes, self.most_bytes(), self.env)?.remove(0));
        }
        measure::curve(model, &records.bytes, rates, self.env)
    }

    /// What is promised for each record, if anything is.
    fn promise(&self) -> Option<Promise> {
        match self.request.goal {
            Goal::Psnr(decibels) => {
                let peak = self.scale.peak;
                Some(Promise::MeanSquare(peak * peak / 10f64.powf(decibels / 10.0)))
            }
            Goal::MaxError(most) => Some(Promise::MaxError(most)),
            _ => None,
        }
    }

    /// The codec file of the members that pay, and what it came to.
    fn complete(
        &self,
        mut model: Model,
        alone: Vec<Vec<Point>>,
        (compared, test): (&Records, Option<&Records>),
        (mut histories, noticed): (Vec<Vec<(u64, f64)>>, Vec<String>),
    ) -> Result<Trained> {
        let count = model.members.len();
        let sizes =
            (0..count).map(|member| self.size(&single(&model, member))).collect::<Result<Vec<_>>>()?;
        let promised = match self.promise() {
            None => None,
            Some(promise) => {
                let at = |member| {
                    Ok(vec![measure::at(&single(&model, member), &compared.bytes, promise, self.env)?])
                };
                Some((0..count).map(at).collect::<Result<Vec<_>>>()?)
            }
        };
        let trial = Trial {
            model: &model,
            alone: &alone,
            promised: promised.as_deref(),
            sizes: &sizes,
            records: self.spread(),
            scale: self.scale,
            goal: self.request.goal,
        };
        let is_auto = self.request.members.is_none();
        let (chosen, dropped) = if is_auto { trial.choose() } else { ((0..count).collect(), Vec::new()) };
        let mut notes = if count > 1 { trial.words() } else { Vec::new() };
        notes.extend(noticed);
        notes.extend(dropped.iter().map(|one| one.words(self.spread())));
        let linear = count - histories.len();
        histories.splice(0..0, vec![Vec::new(); linear]);
        let members = chosen.iter().map(|&member| MemberReport {
            name: model.members[member].name.clone(),
            what: what(&model.members[member]),
            size: sizes[member],
            alone: alone[member].iter().map(|point| point.figures(&self.scale)).collect(),
            served: Vec::new(),
            history: histories[member].clone(),
        });
        let members = members.collect();
        let mut place = 0..;
        model.members.retain(|_| place.next().is_some_and(|member| chosen.contains(&member)));
        let report = Report {
            kind: self.records.kind(),
            records: [self.records.len(), self.train.len(), self.held_out.len()],
            spread: self.spread(),
            own_test: test.is_some(),
            peak: self.scale.peak,
            deviation: self.deviation,
            members,
            dropped,
            notes,
            ..Report::default()
        };
        self.measured(model, report, compared, test)
    }

    /// Measures the file as it will be, and writes it.
    fn measured(
        &self,
        mut model: Model,
        mut report: Report,
        compared: &Records,
        test: Option<&Records>,
    ) -> Result<Trained> {
        let last = few(test.unwrap_or(&self.held_out), MEASURED);
        let points = self.curve(&model, &last, &[])?;
        report.measured = last.len();
        report.curve = points.iter().map(|point| point.figures(&self.scale)).collect();
        report.rates = points.iter().map(|point| point.rate).collect();
        for (number, member) in report.members.iter_mut().enumerate() {
            let served = |point: &Point| point.served.iter().filter(|s| **s == Some(number as u8)).count();
            member.served = points.iter().map(served).collect();
        }
        if let Some(promise) = self.promise() {
            let point = measure::at(&model, &last.bytes, promise, self.env)?;
            let raw = point.served.iter().filter(|served| served.is_none()).count();
            report.promised = Some((point.figures(&self.scale), raw));
        }
        // What is usual is that of records like those learned from.
        let rate = Held::usual_rate(&model);
        let usual = measure::at(&model, &compared.bytes, Promise::Rate(rate), self.env)?;
        let usual = Point { rate, ..usual };
        report.usual = Usual::of(&usual, &self.scale);
        model.licence.clone_from(&self.request.licence);
        model.provenance.clone_from(&self.request.provenance);
        model.report = report.inside();
        self.check(&model, compared)?;
        if self.request.decode_only {
            model.members.iter_mut().for_each(without_encoder);
        }
        let file = model.write(self.env)?;
        report.file = file.len();
        if Model::read(&file, self.env)? != model {
            return Err(Error::corrupt("the codec file does not come back as it was written"));
        }
        Ok(Trained { file, report })
    }

    /// Bytes of a file of one member, as it will be written.
    fn size(&self, model: &Model) -> Result<usize> {
        let mut model = model.clone();
        if self.request.decode_only {
            model.members.iter_mut().for_each(without_encoder);
        }
        Ok(model.write(self.env)?.len())
    }

    /// Records through a payload and back.
    fn check(&self, model: &Model, records: &Records) -> Result<()> {
        let bytes = &records.bytes[..records.bytes.len().min(64 * records.record_bytes())];
        let (payload, outcome) = encode(model, bytes, Promise::Rate(model.rates / 2), 5, self.env)?;
        let mut out = Vec::new();
        decode(model, &payload, bytes.len(), self.env, &mut out)?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        model.scaling.numbers(bytes, &mut before);
        model.scaling.numbers(&out, &mut after);
        let squares: f64 = before.iter().zip(&after).map(|(x, y)| (x - y) * (x - y)).sum();
        if (squares - outcome.squares).abs() <= 1e-6 * (1.0 + squares) {
            return Ok(());
        }
        Err(Error::corrupt("what the codec file decodes is not what it was measured to be"))
    }
}

fn without_encoder(member: &mut Member) {
    if let Body::Network(latents) = &mut member.body {
        latents.encoder = None;
    }
}

/// What a member is made of, in a few words.
#[must_use]
pub fn what(member: &Member) -> String {
    match &member.body {
        Body::Linear { linear, .. } => {
            let coefficients = linear.classes.iter().map(|class| class.deviations.len()).max().unwrap_or(0);
            match linear.classes.len() {
                1 => format!("{coefficients} coefficients"),
                classes => format!(
                    "{classes} classes, {coefficients} coefficients of {} coordinates",
                    linear.basis.scales.len()
                ),
            }
        }
        Body::Network(latents) => format!("{} latents, {} rates", latents.count(), latents.rates.len()),
    }
}

/// From the least number to the greatest, and their standard deviation.
fn spread(records: &Records) -> Result<(f64, f64)> {
    let plain = minlen_latent::Scaling::new(records.dtype, 0.0, 1.0)?;
    let (mut least, mut most, mut sum, mut squares, mut numbers) =
        (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0, Vec::new());
    for record in records.bytes.chunks_exact(records.record_bytes().max(1)) {
        plain.numbers(record, &mut numbers);
        for &x in &numbers {
            (least, most, sum, squares) = (x.min(least), x.max(most), sum + x, squares + x * x);
        }
    }
    let count = (records.len() * records.numbers()).max(1) as f64;
    let variance = (squares / count - (sum / count) * (sum / count)).max(0.0);
    Ok((most - least, variance.sqrt()))
}
