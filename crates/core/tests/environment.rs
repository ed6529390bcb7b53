//! What surrounds a call: stopping it, hearing of it, and what is at hand besides the data.

use minlen_core::resources::missing_base;
use minlen_core::{
    Advice, Bases, Cancel, Dtype, Env, Error, ErrorKind, Event, Learned, Limits, NoProgress, Progress,
    Resources, Result, Span,
};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Progress for Heard {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

#[test]
fn work_is_told_and_stops_on_request() {
    let heard = Arc::new(Heard::default());
    let stop = Cancel::default();
    let env = Env::default().with_progress(Arc::clone(&heard) as _).with_cancel(stop.clone());
    env.work(3).unwrap();
    env.check().unwrap();
    stop.cancel();
    for stopped in [env.work(4), env.check(), env.clone().check()] {
        let error = stopped.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Cancelled, "stopped on request"));
    }
    // What was done before the stop counts.
    assert_eq!(*heard.0.lock().unwrap(), [Event::Work { bytes: 3 }, Event::Work { bytes: 4 }]);
    NoProgress.event(Event::Total { bytes: 1 });
}

#[test]
fn the_bare_flag_stops_what_the_flag_does() {
    let stop = Cancel::default();
    assert!(!stop.is_cancelled() && !stop.flag().load(Ordering::Relaxed));
    stop.flag().store(true, Ordering::Relaxed);
    assert!(stop.clone().is_cancelled());
    let other = Cancel::default();
    other.cancel();
    assert!(other.flag().load(Ordering::Relaxed));
}

#[test]
fn a_stop_is_noticed_by_the_thread_that_made_the_flag() {
    let stop = Cancel::default();
    assert!(!stop.is_cancelled() && !stop.is_noticed());
    stop.cancel();
    assert!(!stop.is_noticed());
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(stop.is_cancelled()));
    });
    assert!(!stop.is_noticed(), "another thread has seen it, not its owner");
    assert!(stop.is_cancelled() && stop.clone().is_noticed());
}

#[test]
fn an_environment_keeps_what_it_is_given() {
    let spans: Arc<[Span]> = Arc::from([Span::array("w", Dtype::F32, vec![2], 0, 8)]);
    let env = Env::new(Limits::default().with_memory(5)).with_layout(Arc::clone(&spans)).with_threads(3);
    assert_eq!((env.threads, env.layout.len(), env.budget.limit(), env.limits.memory), (3, 1, 5, 5));
    assert!(env.account.is_none() && env.clone().accounting().account.is_some());
    assert!(env.clone().without_layout().layout.is_empty());
    assert_eq!(env.with_threads(0).threads, 1, "at least one thread");
    assert_eq!((Env::default().threads, Env::default().limits), (1, Limits::default()));
}

/// The only file that differences are taken from: the numbers from 0 on.
struct Counting;

impl Bases for Counting {
    fn read(&self, file: &[u8; 32], range: Range<u64>) -> Result<Vec<u8>> {
        if *file == [1; 32] { Ok(range.map(|i| i as u8).collect()) } else { Err(missing_base(file)) }
    }
}

#[test]
fn bases_are_read_or_asked_for_by_name() {
    let resources = Resources::default().with_bases(Arc::new(Counting));
    assert_eq!(resources.base(&[1; 32], 3..6).unwrap(), [3, 4, 5]);
    let mut other = [0xab; 32];
    other[7] = 0x0c;
    other[8] = 0x77;
    for error in
        [resources.base(&other, 0..1), Resources::default().base(&other, 0..1)].map(Result::unwrap_err)
    {
        assert_eq!((error.kind(), error.advice()), (ErrorKind::Usage, Some(Advice::Base)));
        // Eight bytes of the name, and no more.
        assert!(error.message().ends_with("begins with ababababababab0c"), "{error}");
    }
    assert!(format!("{resources:?}").contains("bases: true"));
    assert!(format!("{:?}", Resources::default()).contains("bases: false"));
}

fn learned(name: u8, bytes: &[u8]) -> Learned {
    Learned::new(bytes.to_vec(), [name; 32])
}

fn names(resources: &Resources) -> Vec<u8> {
    resources.learned.iter().map(|part| part.hash()[0]).collect()
}

#[test]
fn the_learned_part_that_came_last_is_used_for_coding() {
    let resources =
        [1, 2, 3, 1].iter().fold(Resources::default(), |all, &name| all.with_learned(learned(name, b"x")));
    assert_eq!(names(&resources), [2, 3, 1], "one of the same name takes the place of the earlier one");
    assert_eq!(resources.learned(&[2; 4]).unwrap().hash(), &[2; 32]);
    assert_eq!(resources.learned(&[3; 32]).unwrap().bytes(), b"x");
    assert!(resources.learned(&[2, 3]).is_none() && resources.learned(&[9]).is_none());
}

#[test]
fn what_is_missing_comes_from_before_and_does_not_take_the_last_place() {
    let before = Resources::default().with_learned(learned(1, b"a")).with_learned(learned(2, b"b"));
    let own = Resources::default().with_learned(learned(2, b"B")).with_learned(learned(3, b"c"));
    let both = own.clone().or(&before);
    assert_eq!(names(&both), [1, 2, 3]);
    assert_eq!(both.learned(&[2]).unwrap().bytes(), b"B", "the own one goes first");
    assert_eq!(names(&own.clone().or(&Resources::default())), [2, 3]);
    assert_eq!(names(&Resources::default().or(&before)), [1, 2]);
    let env = Env::default().with_resources(before.with_bases(Arc::new(Counting))).with_resources(own);
    assert_eq!(names(&env.resources), [1, 2, 3]);
    assert!(env.resources.bases.is_some(), "the bases from before are kept");
}

#[test]
fn a_learned_part_is_opened_once_of_each_type() {
    let part = learned(1, b"four");
    let count = Mutex::new(0);
    let open = |bytes: &[u8]| {
        *count.lock().unwrap() += 1;
        Ok(bytes.len())
    };
    assert_eq!(part.opened(open).as_deref(), Some(&4));
    assert_eq!(part.clone().opened(open).as_deref(), Some(&4));
    assert_eq!(*count.lock().unwrap(), 1);
    assert_eq!(
        part.opened(|_| Ok("a text")).as_deref(),
        Some(&"a text"),
        "another codec makes another thing of it"
    );
    assert_eq!(part.opened(open).as_deref(), Some(&4));
    assert_eq!(*count.lock().unwrap(), 1, "and what was made before is still there");
    let broken = learned(2, b"");
    assert!(broken.opened(|_| Err::<u8, _>(Error::corrupt("no network"))).is_none());
    assert!(broken.opened(|_| Ok(1u8)).is_none(), "refused once, refused for ever");
    assert!(broken.opened(|bytes| Ok(bytes.len())).is_some(), "but by that codec alone");
}
