//! The runner on the generated corpus: every rival restores every file, and failures are told.

use minlen_bench::{FnRival, Input, Options, Rival, Runner, corpus, resolve};
use minlen_core::{Env, Error, ErrorKind, Event, Progress};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

fn quick() -> Runner {
    Runner::new(Options { repeats: 1, warm_up: false, ..Options::default() })
}

#[test]
fn every_library_restores_the_generated_corpus() {
    let list = "memcpy,zstd:3,zstd:19,long=27,xz:6,lzma:1,brotli:5,bzip2:9,lz4,deflate:6";
    let rivals = resolve(list, &|_| None).unwrap().rivals;
    let inputs = corpus::generate();
    let report = quick().run(&inputs, &rivals, &Env::default()).unwrap();
    assert_eq!(report.skipped, []);
    assert_eq!(report.rows.len(), inputs.len() * rivals.len());
    let totals = report.totals();
    assert_eq!(totals.len(), rivals.len());
    assert!(totals.iter().all(|t| t.files == 12 && t.packed <= t.raw));
    let order: Vec<&str> = totals.iter().map(|t| t.method.as_str()).collect();
    assert_eq!(order.join(","), list);
    assert_eq!(report.classes().len(), 12 * rivals.len());
}

#[test]
fn repeats_and_warm_up_are_counted() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let rival = FnRival::new(
        "counted",
        move |b| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(b.to_vec())
        },
        |b, _| Ok(b.to_vec()),
    );
    let options = Options { repeats: 4, time_box: None, memory: false, ..Options::default() };
    let row = Runner::new(options).measure("f", b"data", &rival, &Env::default()).unwrap();
    assert_eq!((calls.load(Ordering::Relaxed), row.compress.runs, row.decompress.runs), (5, 4, 4));
}

/// Collects what the runner tells.
#[derive(Default)]
struct Seen {
    total: AtomicU64,
    advanced: AtomicU64,
    warnings: Mutex<Vec<String>>,
}

impl Progress for Seen {
    fn event(&self, event: Event) {
        match event {
            Event::Total { bytes } => self.total.store(bytes, Ordering::Relaxed),
            Event::Advance { input, .. } => {
                self.advanced.fetch_add(input, Ordering::Relaxed);
            }
            Event::Warning { message } => {
                self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(message);
            }
            _ => {}
        }
    }
}

#[test]
fn a_rival_that_fails_is_noted_and_the_rest_goes_on() {
    let rivals: Vec<Box<dyn Rival>> = vec![
        FnRival::new("loses", |b| Ok(b.to_vec()), |b, _| Ok(b[..b.len() - 1].to_vec())).boxed(),
        FnRival::new("fails", |_| Err(Error::limit("too much")), |b, _| Ok(b.to_vec())).boxed(),
        FnRival::new("works", |b| Ok(b.to_vec()), |b, _| Ok(b.to_vec())).boxed(),
    ];
    let seen = Arc::new(Seen::default());
    let env = Env::default().with_progress(Arc::clone(&seen) as Arc<dyn Progress>);
    let inputs = [Input::bytes("a", vec![1; 10])];
    let report = quick().run(&inputs, &rivals, &env).unwrap();
    assert_eq!(report.rows.len(), 1);
    let errors: Vec<_> = report.skipped.iter().map(|s| s.error.unwrap()).collect();
    assert_eq!(errors, [ErrorKind::Verify, ErrorKind::Limit]);
    assert!(report.minlen_failed());
    assert_eq!(seen.total.load(Ordering::Relaxed), 30);
    assert_eq!(seen.advanced.load(Ordering::Relaxed), 30);
    assert_eq!(seen.warnings.lock().unwrap().len(), 2);
}

#[test]
fn ours_must_give_the_same_bytes_twice() {
    let count = AtomicU32::new(0);
    let rival = FnRival::new(
        "fickle",
        move |b| {
            let tail = u8::try_from(count.fetch_add(1, Ordering::Relaxed)).unwrap();
            Ok([b, &[tail]].concat())
        },
        |b, len| Ok(b[..len].to_vec()),
    );
    let error = Runner::default().measure("f", b"data", &rival, &Env::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
}

#[test]
fn a_raised_flag_stops_the_run() {
    let env = Env::default();
    env.cancel.cancel();
    let rivals = resolve("memcpy", &|_| None).unwrap().rivals;
    let error = quick().run(&[Input::bytes("a", vec![1])], &rivals, &env).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn missing_programs_are_noted_not_fatal() {
    let resolved = resolve("memcpy,cmix,bsc", &|_| None).unwrap();
    assert_eq!(resolved.rivals.len() + resolved.skipped.len(), 3);
    assert!(resolved.skipped.iter().all(|s| s.why.ends_with("is not installed")));
}
