//! Training: it learns, it is the same for any number of threads, and it goes on where it was stopped.

use minlen_core::{Cancel, ErrorKind};
use minlen_learn::layers::{Convolution, Dense};
use minlen_learn::{
    Arena, Context, Conv, End, Init, Length, Parameters, Plan, Random, Records, Rule, Schedule, Settings,
    Split, Tape, Trainer, Var,
};
use std::time::Duration;

/// A small autoencoder with a convolution and noise, over pictures of 6 by 6.
struct Model {
    data: Records,
    conv: Convolution,
    latents: Dense,
    output: Dense,
}

fn model(seed: u64) -> (Parameters, Model) {
    let mut random = Random::new(seed);
    let mut params = Parameters::default();
    let picture = |i: usize| ((i / 36 * 5 % 17) as f32 * 0.37 + (i % 36) as f32 * 0.3).sin();
    let data = Records::floats([6, 6, 1], (0..120 * 36).map(picture).collect()).unwrap();
    let conv = Conv::square(3).stride(2).padding(1);
    let conv = Convolution::new(&mut params, "conv", (1, 4), conv, Init::He, &mut random);
    let latents = Dense::new(&mut params, "latents", 36, 5, Init::Glorot, &mut random);
    let output = Dense::new(&mut params, "output", 5, 36, Init::Glorot, &mut random);
    (params, Model { data, conv, latents, output })
}

impl Model {
    fn loss(&self, tape: &mut Tape<'_>, records: &[u32]) -> Var {
        let x = self.data.input(tape, records);
        let h = self.conv.apply(tape, x);
        let h = tape.silu(h);
        let h = tape.flatten(h);
        let z = self.latents.apply(tape, h);
        let z = tape.scale(z, 4.0);
        let z = tape.quantize(z);
        let z = tape.scale(z, 0.25);
        let h = tape.jitter(z, 0.01);
        let y = self.output.apply(tape, h);
        let loss = tape.sse(y, x);
        tape.note("squares", loss);
        loss
    }
}

fn settings(threads: usize) -> Settings {
    Settings {
        rate: 1e-2,
        schedule: Schedule::Cosine { warm: 0.1, floor: 0.01 },
        clip: 1.0,
        average: 0.9,
        shard: 7,
        seed: 5,
        threads,
        ..Settings::default()
    }
}

fn plan(split: &Split, epochs: u32) -> Plan<'_> {
    Plan { split, batch: 32, length: Length::Epochs(epochs), patience: None, stop: Cancel::default() }
}

/// All weights and everything else that a checkpoint holds, but for the time spent.
fn state(trainer: &Trainer) -> (Parameters, Parameters, Vec<(u64, f64)>, u64) {
    (trainer.params().clone(), trainer.current().clone(), trainer.history().to_vec(), trainer.steps())
}

#[test]
fn weights_are_the_same_for_every_number_of_threads() {
    let run = |threads: usize| {
        let (params, model) = model(1);
        let mut trainer = Trainer::new(params, settings(threads));
        let split = Split::by_share(120, 0.2, 1);
        trainer.fit(&plan(&split, 3), |tape, ids| model.loss(tape, ids), |_, _| {}).unwrap();
        state(&trainer)
    };
    let one = run(1);
    assert!(one == run(2) && one == run(5) && one == run(64));
}

#[test]
fn a_training_that_goes_on_ends_as_one_that_was_not_interrupted() {
    let split = Split::by_share(120, 0.2, 1);
    let whole = {
        let (params, model) = model(1);
        let mut trainer = Trainer::new(params, settings(1));
        trainer.fit(&plan(&split, 4), |tape, ids| model.loss(tape, ids), |_, _| {}).unwrap();
        trainer
    };
    // Stopped after every step in turn, within epochs and at their ends.
    for last in 1..whole.steps() {
        let (params, model) = model(1);
        let mut trainer = Trainer::new(params.clone(), settings(2));
        let stopping = plan(&split, 4);
        let stop = stopping.stop.clone();
        let told = |_: &Trainer, p: &minlen_learn::Progress| {
            if p.step == last {
                stop.cancel();
            }
        };
        assert_eq!(trainer.fit(&stopping, |tape, ids| model.loss(tape, ids), told).unwrap(), End::Stopped);
        let bytes = trainer.to_bytes();
        let mut again = Trainer::new(params, settings(1));
        again.resume(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!(
            again.fit(&plan(&split, 4), |tape, ids| model.loss(tape, ids), |_, _| {}).unwrap(),
            End::Complete
        );
        assert!(state(&again) == state(&whole), "stopped after step {last}");
        assert!(again.best() == whole.best());
    }
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused_and_change_nothing() {
    let (params, model) = model(1);
    let split = Split::by_share(120, 0.2, 1);
    let mut trainer = Trainer::new(params.clone(), settings(1));
    trainer.fit(&plan(&split, 1), |tape, ids| model.loss(tape, ids), |_, _| {}).unwrap();
    let bytes = trainer.to_bytes();
    let mut fresh = Trainer::new(params.clone(), settings(1));
    let before = state(&fresh);
    for cut in (0..bytes.len()).step_by(61).chain(bytes.len() - 40..bytes.len()) {
        assert!(fresh.resume(&bytes[..cut]).is_err());
        let mut flipped = bytes.clone();
        flipped[cut] ^= 0x10;
        assert!(fresh.resume(&flipped).is_err());
    }
    // With a right checksum over what was changed or cut.
    let sealed = |body: &[u8]| [body, &xxhash_rust::xxh3::xxh3_64(body).to_le_bytes()].concat();
    let body = &bytes[..bytes.len() - 8];
    for cut in (0..body.len()).step_by(13) {
        assert!(fresh.resume(&sealed(&body[..cut])).is_err());
    }
    assert!(fresh.resume(&sealed(&[body, &[0]].concat())).is_err());
    let mut endless = body[..body.len() - 1000].to_vec();
    endless.extend([0xff; 1000]);
    assert!(fresh.resume(&sealed(&endless)).is_err());
    let newer = sealed(&[b"MLLC\x02", &body[5..]].concat());
    assert_eq!(fresh.resume(&newer).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(state(&fresh) == before);

    let mut other = Trainer::new(params.clone(), Settings { rate: 0.5, ..settings(1) });
    assert_eq!(other.resume(&bytes).unwrap_err().kind(), ErrorKind::Usage);
    let mut more = params.clone();
    more.add("more", [1], minlen_learn::Role::Free, vec![0.0]);
    assert_eq!(Trainer::new(more, settings(1)).resume(&bytes).unwrap_err().kind(), ErrorKind::Usage);
    assert!(fresh.resume(&bytes).is_ok() && state(&fresh) == state(&trainer));
}

#[test]
fn every_rule_and_schedule_learns() {
    let schedules = [
        Schedule::Constant,
        Schedule::Cosine { warm: 0.1, floor: 0.0 },
        Schedule::Stairs { steps: 3, factor: 0.3 },
    ];
    let rules =
        [(Rule::adam(), 1e-2), (Rule::adamw(0.01), 1e-2), (Rule::sgd(0.9), 1e-3), (Rule::sgd(0.0), 5e-3)];
    for (rule, rate) in rules {
        for schedule in schedules {
            let (params, model) = model(2);
            let settings = Settings { rule, rate, schedule, ..Settings::default() };
            let mut trainer = Trainer::new(params, settings);
            let split = Split::by_share(120, 0.2, 1);
            let loss = |tape: &mut Tape<'_>, ids: &[u32]| model.loss(tape, ids);
            let before = trainer.evaluate(&split.held_out, loss);
            trainer.fit(&plan(&split, 40), loss, |_, _| {}).unwrap();
            let after = trainer.evaluate(&split.held_out, loss);
            assert!(after.loss < 0.5 * before.loss, "{rule:?} {schedule:?}: {before:?} {after:?}");
            assert_eq!(after.note("squares"), Some(after.loss));
        }
    }
}

#[test]
fn decay_pulls_weights_only() {
    let mut params = Parameters::default();
    let w = params.add("w", [1, 1], minlen_learn::Role::Weight, vec![2.0]);
    let b = params.add("b", [1], minlen_learn::Role::Free, vec![2.0]);
    let unused = params.add("unused", [1], minlen_learn::Role::Weight, vec![2.0]);
    let mut trainer =
        Trainer::new(params, Settings { rule: Rule::adamw(0.1), rate: 0.1, ..Settings::default() });
    for _ in 0..10 {
        let loss = |tape: &mut Tape<'_>, _: &[u32]| {
            let (w, b) = (tape.param(w), tape.param(b));
            let x = tape.input([1, 1], &[0.0]);
            let y = tape.dense(x, w, Some(b));
            let y = tape.scale(y, 0.0);
            tape.reshape(y, [1])
        };
        trainer.step(&[0], 1.0, loss).unwrap();
    }
    let value = |param| trainer.params().values(param)[0];
    assert!((value(w) - 2.0 * 0.99f32.powi(10)).abs() < 1e-4);
    assert_eq!((value(b), value(unused)), (2.0, 2.0));
}

#[test]
fn long_gradients_are_clipped_and_no_numbers_are_refused() {
    let mut params = Parameters::default();
    let w = params.add("w", [2], minlen_learn::Role::Free, vec![1.0, 1.0]);
    let settings = Settings { rule: Rule::sgd(0.0), rate: 1.0, clip: 0.5, ..Settings::default() };
    let mut trainer = Trainer::new(params, settings);
    let by = |factor: f32| {
        move |tape: &mut Tape<'_>, _: &[u32]| {
            let w = tape.param(w);
            let y = tape.scale(w, factor);
            tape.sum_records(y)
        }
    };
    // Two records of one value each: the gradient of their mean is (1.5, 1.5).
    trainer.step(&[0, 1], 1.0, by(3.0)).unwrap();
    let step = 0.5 * 0.5f32.sqrt();
    let now = trainer.params().values(w).to_vec();
    assert!(now.iter().all(|v| (v - (1.0 - step)).abs() < 1e-5), "{now:?}");
    let error = trainer.step(&[0, 1], 1.0, by(f32::NAN)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(trainer.params().values(w), now);
}

#[test]
fn training_ends_early_and_keeps_the_best() {
    let (params, model) = model(3);
    // A rate at which the loss soon goes up and down.
    let mut trainer = Trainer::new(params, Settings { rate: 0.3, seed: 4, ..Settings::default() });
    let split = Split::by_share(120, 0.2, 1);
    let early = Plan { patience: Some(3), ..plan(&split, 500) };
    let loss = |tape: &mut Tape<'_>, ids: &[u32]| model.loss(tape, ids);
    assert_eq!(trainer.fit(&early, loss, |_, _| {}).unwrap(), End::Early);
    let losses: Vec<f64> = trainer.history().iter().map(|(_, loss)| *loss).collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses.iter().position(|l| *l == best), Some(losses.len() - 4));
    let mut kept = Trainer::new(trainer.best().clone(), trainer.settings().clone());
    assert_eq!(kept.evaluate(&split.held_out, loss).loss, best);
}

#[test]
fn a_training_by_the_clock_ends_in_time() {
    let (params, model) = model(3);
    let mut trainer = Trainer::new(params, settings(1));
    let split = Split::by_share(120, 0.2, 1);
    let timed = Plan { length: Length::Time(Duration::from_millis(150)), ..plan(&split, 0) };
    let started = std::time::Instant::now();
    let mut last = 0.0;
    let told = |_: &Trainer, p: &minlen_learn::Progress| {
        assert!(p.done >= last && p.done <= 1.0);
        last = p.done;
    };
    assert_eq!(trainer.fit(&timed, |tape, ids| model.loss(tape, ids), told).unwrap(), End::Complete);
    assert!(started.elapsed() >= Duration::from_millis(150) && trainer.steps() > 1 && last == 1.0);
    let nothing = Split { train: vec![], held_out: vec![] };
    assert!(trainer.fit(&plan(&nothing, 1), |tape, ids| model.loss(tape, ids), |_, _| {}).is_err());
}

#[test]
fn noise_belongs_to_record_and_step() {
    let params = Parameters::default();
    let noise = |seed: u64, records: &[u32]| {
        let mut arena = Arena::default();
        let context = Context { training: true, random: Random::new(seed), records };
        let mut tape = Tape::new(&params, &mut arena, context);
        let x = tape.input_with([records.len(), 9], |out| out.fill(0.0));
        let first = tape.noise(x);
        let second = tape.noise(x);
        assert_ne!(tape.value(first), tape.value(second));
        tape.value(first).to_vec()
    };
    let all = noise(1, &[3, 8, 5]);
    assert_eq!(noise(1, &[8]), all[9..18]);
    assert_eq!(noise(1, &[5, 3]), [&all[18..], &all[..9]].concat());
    assert_ne!(noise(2, &[3]), all[..9]);
    assert!(all.iter().all(|v| (-0.5..0.5).contains(v)));
}

#[test]
fn a_warm_tape_takes_no_more_memory() {
    let (params, model) = model(1);
    let mut arena = Arena::default();
    let mut sizes = Vec::new();
    for step in 0..5 {
        let ids: Vec<u32> = (step..step + 16).collect();
        let context = Context { training: true, random: Random::new(1), records: &ids };
        let mut tape = Tape::new(&params, &mut arena, context);
        let loss = model.loss(&mut tape, &ids);
        tape.backward(loss, 1.0);
        sizes.push(arena.bytes());
    }
    assert!(sizes[0] > 0 && sizes[1..].iter().all(|&size| size == sizes[0]), "{sizes:?}");
}
