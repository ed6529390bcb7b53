//! Every codec tells how far it is, in both directions, so that nobody looks at a bar that stands still.

use minlen::{Env, Event, Options, Progress};
use std::sync::{Arc, Mutex};

/// Bytes of the input of a codec, and of one that takes microseconds a byte.
const LEN: usize = 1 << 20;
const SLOW_LEN: usize = 256 << 10;
const SLOW: [&str; 4] = ["cm", "recode", "pixels", "sound"];

/// Between two reports lie at most so many bytes.
const STEP: u64 = 512 << 10;

/// Done before anybody could look: megabytes take a hundredth of a second, or a library does them at once only.
const AT_ONCE: [&str; 5] = ["store", "delta", "x86", "arm64", "zstd"];

/// Those that take arrays only, each of which they report, or are written by a verb of their own.
const NOT_FOR_TEXT: [&str; 4] = ["tensors", "quantized", "picture", "packed"];

/// What those are told that need it.
const TOLD: [(&str, &[(&str, i64)]); 2] = [
    ("pixels", &[("depth", 0), ("width", 256), ("stride", 256)]),
    ("sound", &[("depth", 0), ("channels", 2)]),
];

#[derive(Default)]
struct Steps(Mutex<Vec<u64>>);

impl Progress for Steps {
    fn event(&self, event: Event) {
        if let Event::Work { bytes } = event {
            self.0.lock().unwrap().push(bytes);
        }
    }
}

/// What is reported while something runs.
fn reported(run: impl FnOnce(&Env)) -> Vec<u64> {
    let steps = Arc::new(Steps::default());
    run(&Env::default().with_progress(Arc::clone(&steps) as Arc<dyn Progress>));
    let steps = steps.0.lock().unwrap();
    steps.clone()
}

/// Lines with numbers in them.
fn text(len: usize) -> Vec<u8> {
    let line =
        |i: u32| format!("{} {:x} and so on, {}\n", i * 7919 % 1013, i * 31 % 9973, i % 17).into_bytes();
    (0..).flat_map(line).take(len).collect()
}

/// What is wrong with these reports, if anything.
fn fault(name: &str, way: &str, len: usize, steps: &[u64]) -> Option<String> {
    let (all, largest) = (steps.iter().sum::<u64>(), steps.iter().max().copied().unwrap_or(0));
    let most = if AT_ONCE.contains(&name) { len as u64 } else { STEP };
    if all < len as u64 * 9 / 10 {
        return Some(format!("{name}, {way}: {all} of {len} bytes were reported"));
    }
    (largest > most).then(|| format!("{name}, {way}: nothing was reported for {largest} bytes"))
}

#[test]
fn every_codec_reports_progress_in_both_directions() {
    let options = Options::default();
    let (mut checked, mut faults) = (0, Vec::new());
    for codec in options.registry().iter() {
        let name = codec.spec().name;
        if NOT_FOR_TEXT.contains(&name) {
            continue;
        }
        let told = TOLD.iter().filter(|(told, _)| *told == name).flat_map(|(_, params)| *params);
        let params = told.fold(codec.params(), |params, (key, value)| params.with(key, *value));
        let data = text(if SLOW.contains(&name) { SLOW_LEN } else { LEN });
        let (mut payload, mut back) = (Vec::new(), Vec::new());
        let steps = reported(|env| codec.encode(&data, &params, env, &mut payload).unwrap());
        faults.extend(fault(name, "encoding", data.len(), &steps));
        let steps = reported(|env| codec.decode(&payload, data.len(), env, &mut back).unwrap());
        faults.extend(fault(name, "decoding", data.len(), &steps));
        assert!(back == data, "{name}");
        checked += 1;
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(checked > 12, "only {checked} codecs");
}

#[test]
fn a_library_codec_can_be_stopped_in_between() {
    let data = text(LEN);
    let options = Options::default();
    for name in ["brotli", "lzma"] {
        let codec = options.registry().iter().find(|codec| codec.spec().name == name).unwrap();
        let env = Env::default();
        let mut payload = Vec::new();
        codec.encode(&data, &codec.params(), &env, &mut payload).unwrap();
        env.cancel.cancel();
        let stopped = [
            codec.encode(&data, &codec.params(), &env, &mut Vec::new()),
            codec.decode(&payload, data.len(), &env, &mut Vec::new()),
        ];
        for result in stopped {
            assert_eq!(result.unwrap_err().kind(), minlen::ErrorKind::Cancelled, "{name}");
        }
    }
}
