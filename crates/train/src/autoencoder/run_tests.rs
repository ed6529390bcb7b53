//! Whole runs on few records: what `auto` picks, that threads and interruptions change nothing, and what the file then holds.

use super::choose::{Goal, Trial};
use super::measure::{Point, Scale};
use super::members::parse;
use super::run::{Event, Request, Trained, run};
use crate::insight::Held;
use crate::records::Records;
use minlen_core::{Dtype, Env, ErrorKind, Result};
use minlen_latent::{Body, Model};
use minlen_learn::Random;
use std::time::Duration;

/// Bumps at any place of so many numbers.
fn bumps(count: usize, numbers: u32) -> Records {
    let mut random = Random::new(3);
    let mut bytes = Vec::new();
    for _ in 0..count {
        let (place, height) = (random.uniform(0.0, numbers as f32), random.uniform(100.0, 250.0));
        let at = |i: u32| height / (1.0 + 0.6 * (i as f32 - place).powi(2)) + random.uniform(0.0, 4.0);
        bytes.extend((0..numbers).map(at).map(|x| x as u8));
    }
    Records::new(vec![numbers], Dtype::U8, bytes).unwrap()
}

fn noise(count: usize, numbers: u32) -> Records {
    let mut random = Random::new(5);
    let bytes = (0..count * numbers as usize).map(|_| random.below(256) as u8).collect();
    Records::new(vec![numbers], Dtype::U8, bytes).unwrap()
}

fn request(members: &str) -> Request {
    Request {
        members: parse(members).unwrap(),
        time: Duration::from_secs(60),
        epochs: Some(2),
        seed: 1,
        threads: 1,
        ..Request::default()
    }
}

fn trained(records: &Records, request: &Request) -> Result<Trained> {
    run(records, None, request, None, &Env::default(), &mut |_| Ok(()))
}

fn names(found: &Trained) -> Vec<String> {
    let model = Model::read(&found.file, &Env::default()).unwrap();
    model.members.into_iter().map(|member| member.name).collect()
}

#[test]
fn auto_picks_the_transform_alone_on_white_noise_and_on_few_records() {
    let found = trained(&noise(3000, 16), &request("auto")).unwrap();
    assert_eq!(names(&found), ["klt"]);
    assert_eq!(found.report.dropped.len(), 1);
    assert!(
        found.report.notes.iter().any(|note| note.contains("cklt is left out")),
        "{:?}",
        found.report.notes
    );
    let found = trained(&bumps(200, 16), &request("auto")).unwrap();
    assert_eq!(names(&found), ["klt"]);
    assert_eq!(found.report.records, [200, 190, 10]);
}

#[test]
fn threads_and_interruptions_change_nothing() {
    let records = bumps(400, 32);
    let wanted = request("klt:12,dense:4:24,conv1d:4:6:8");
    let whole = trained(&records, &wanted).unwrap();
    assert_eq!(names(&whole), ["klt", "dense", "conv1d"]);
    let two = trained(&records, &Request { threads: 2, ..wanted.clone() }).unwrap();
    assert!(two.file == whole.file);
    // Stopped after so many steps, and taken up again until it is complete.
    let (mut kept, mut stops, mut found) = (None::<Vec<u8>>, 0, None);
    while found.is_none() {
        let env = Env::default();
        let mut steps = 0;
        let before = kept.clone();
        let result = run(&records, None, &wanted, before.as_deref(), &env, &mut |event| {
            match event {
                Event::Work(_) => steps += 1,
                Event::Checkpoint(bytes) => kept = Some(bytes.to_vec()),
                Event::Line(_) => {}
            }
            if steps == 6 {
                env.cancel.cancel();
            }
            Ok(())
        });
        match result {
            Ok(trained) => found = Some(trained),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
        }
        stops += 1;
        assert!(stops < 9);
    }
    assert!(stops > 2 && found.unwrap().file == whole.file, "{stops}");
    // That of another run is refused.
    let other = Request { seed: 2, ..wanted };
    let refused = run(&records, None, &other, kept.as_deref(), &Env::default(), &mut |_| Ok(()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn the_file_says_what_it_is_and_what_is_usual() {
    let records = bumps(400, 32);
    let goal = Goal::Psnr(30.0);
    let wanted = Request { licence: "CC0-1.0".into(), decode_only: true, goal, ..request("klt,dense:4:24") };
    let found =
        run(&records, Some(&bumps(100, 32)), &wanted, None, &Env::default(), &mut |_| Ok(())).unwrap();
    let model = Model::read(&found.file, &Env::default()).unwrap();
    assert!(model.licence == "CC0-1.0" && model.report.len() < 4096);
    assert!(model.members.iter().all(|member| match &member.body {
        Body::Network(latents) => latents.encoder.is_none(),
        Body::Linear { .. } => true,
    }));
    let usual = super::report::Usual::read(&model.report).unwrap();
    assert_eq!(
        (usual.rate, usual.bits.len()),
        (Held::usual_rate(&Model { report: String::new(), ..model.clone() }), 101)
    );
    let report = &found.report;
    assert!(report.own_test && report.measured == 100 && report.file == found.file.len());
    let (figures, raw) = report.promised.unwrap();
    assert!(figures.worst >= 30.0 - 1e-9 && raw == 0, "{figures:?}");
    // More bytes, less error.
    assert!(report.curve.windows(2).all(|w| w[0].bytes < w[1].bytes && w[0].overall < w[1].overall + 0.05));
    let text = report.text();
    assert!(text.contains("400 records of 32 u8: 380 to learn from, 20 held out"), "{text}");
    assert!(text.contains("100 test records") && text.contains("To keep the promise"), "{text}");
    let served: usize = report.members.iter().map(|member| member.served[0]).sum();
    assert_eq!(served, 100);
}

#[test]
fn members_stay_where_their_bytes_pay() {
    let records = bumps(300, 16);
    let found = trained(&records, &request("klt,cklt:2:8:8")).unwrap();
    let model = Model::read(&found.file, &Env::default()).unwrap();
    // Ten records at three rates; the second member takes this share of the bytes of the first for the same errors.
    let curve = |share: f64| -> Vec<Point> {
        let point = |rate: u8| {
            let squares = vec![16_000.0 / f64::from(1u32 << (2 * rate)); 10];
            Point { rate, bits: vec![share * 8.0 * f64::from(4u32 << rate); 10], squares, served: Vec::new() }
        };
        (0..6).map(point).collect()
    };
    let chosen = |share: f64, size: usize, goal: Goal| {
        let alone = [curve(1.0), curve(share)];
        let scale = Scale { numbers: 16, peak: 255.0 };
        let (sizes, promised) = ([100, size], [vec![alone[0][2].clone()], vec![alone[1][2].clone()]]);
        let promised = matches!(goal, Goal::Psnr(_)).then_some(&promised[..]);
        let trial =
            Trial { model: &model, alone: &alone, promised, sizes: &sizes, records: 1000, scale, goal };
        (trial.choose(), trial.words())
    };
    for goal in [Goal::Spread, Goal::Bytes(16.0), Goal::Psnr(20.0)] {
        // Half the bytes for everyone: the first serves nobody.
        let ((kept, dropped), words) = chosen(0.5, 1000, goal);
        assert_eq!((kept, dropped[0].name.as_str()), (vec![1], "klt"), "{goal:?}");
        assert!(words.iter().any(|line| line.starts_with("cklt is best")), "{words:?}");
        // A little less is not worth a large file, and next to nothing no file at all.
        assert_eq!(chosen(0.9, 90_000, goal).0.0, [0], "{goal:?}");
        assert_eq!(chosen(0.998, 1, goal).0.0.len(), 1, "{goal:?}");
    }
    let error = trained(&records, &request("klt:16,cklt:64:8:8")).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Usage && error.to_string().contains("285 records are too few for cklt")
    );
}
