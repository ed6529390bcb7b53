//! What a compression will take and give, told before it begins: by a trial on a piece of the input, for this machine.
//!
//! The library's table of levels knows neither the machine nor what is compressed inside of the data ([`minlen::Options::estimate`]). A
//! trial does, and takes an eighth of the time that it is about at most. Nothing that is written depends on it.

use super::Survey;
use minlen::detect::{detect, detectors};
use minlen::{Estimate, Kind, Options};
use rustix::time::{ClockId, clock_gettime};

/// The level of the trial at most: those above are too slow, and nearly as much smaller for one file as for another.
const TRIAL: u8 = 6;
/// The trial takes so much of the job at most.
const SHARE: f64 = 0.125;
/// Bytes that say something, and as many as are worth a trial.
const LEAST: u64 = 64 << 10;
const MOST: u64 = 1 << 20;

/// What each level above [`TRIAL`] takes and gives, against that level.
struct Factors {
    /// For data that is predicted bit by bit: time, seconds of every block for its prior, size.
    general: (f64, f64, f64),
    /// For pictures and samples, whose models change less: time and size.
    media: (f64, f64),
}

const FACTORS: [Factors; 4] = [
    Factors { general: (2.0, 0.3, 0.92), media: (1.0, 1.0) },
    Factors { general: (8.5, 1.0, 0.82), media: (2.3, 0.97) },
    Factors { general: (36.0, 4.0, 0.79), media: (8.0, 0.97) },
    Factors { general: (120.0, 12.0, 0.77), media: (25.0, 0.96) },
];

/// What to expect, and whether it was measured here.
pub struct Forecast {
    pub estimate: Estimate,
    pub measured: bool,
}

/// By a trial, where the job is long enough for one, or somebody `asked` and it is short; else by the table.
pub fn forecast(options: &Options, survey: &Survey, asked: bool) -> Forecast {
    let estimate = options.estimate(&survey.sample, survey.bytes);
    let level = estimate.level;
    if let Some(estimate) = photos(&estimate, survey) {
        return Forecast { estimate, measured: false };
    }
    let by_table = Forecast { estimate, measured: false };
    let ns = |level: u8| minlen::levels().iter().find(|i| i.level == level).map_or(1, |i| i.encode_ns);
    let trial = level.min(TRIAL);
    let affordable = survey.bytes as f64 * f64::from(ns(level)) / f64::from(ns(trial)) * SHARE;
    let most = (affordable as u64).max(if asked { LEAST * 4 } else { 0 }).min(MOST);
    if level < 4 || options.needs_length() || survey.bytes == 0 || most < LEAST.min(survey.bytes) {
        return by_table;
    }
    let (piece, whole) = survey.piece(most);
    match tried(&piece, trial) {
        Some((bytes, seconds)) if !piece.is_empty() => {
            let scale = survey.bytes as f64 / piece.len() as f64;
            // The piece may be smaller, for its size, than all of it: the fastest level tells.
            let typical = if whole { 1.0 } else { typical(&survey.sample, &piece) };
            let bytes = bytes as f64 * scale * typical;
            let seconds = seconds * scale;
            let (seconds, bytes) = stronger(level, survey.bytes, &piece, (seconds, bytes));
            let alone = f64::from(ns(level)) * survey.bytes as f64 / 1e9;
            // The table knows how many threads there is work for.
            let threads = (alone / estimate.seconds.max(1e-9)).max(1.0);
            let bytes = (bytes as u64).min(survey.bytes + 200);
            Forecast { estimate: Estimate { level, seconds: seconds / threads, bytes }, measured: true }
        }
        _ => by_table,
    }
}

/// Photos are undone as a whole, so that no piece of one tells: levels 4 to 7 take Lepton, those above an own model.
fn photos(table: &Estimate, survey: &Survey) -> Option<Estimate> {
    if table.level < 4 || !survey.is_of_photos() {
        return None;
    }
    let (ns, permille) = if table.level < 8 { (6_000, 760) } else { (30_000, 725) };
    let all = minlen::levels();
    let by_table = all.iter().find(|info| info.level == table.level).map_or(1, |info| info.encode_ns);
    let seconds = table.seconds * f64::from(ns) / f64::from(by_table);
    Some(Estimate { seconds, bytes: survey.bytes * permille / 1000, ..*table })
}

/// Bytes, and seconds of a processor, that this level makes of a piece.
fn tried(piece: &[u8], level: u8) -> Option<(usize, f64)> {
    let options = Options::new(level).ok()?.with_threads(1);
    let start = processor_seconds();
    let packed = minlen::compress(piece, &options).ok()?;
    Some((packed.len(), processor_seconds() - start))
}

fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// How much larger the sample is than the piece, for their lengths, at the fastest level that looks for repeats.
fn typical(sample: &[u8], piece: &[u8]) -> f64 {
    let share = |bytes: &[u8]| Some(tried(bytes, 3)?.0 as f64 / bytes.len().max(1) as f64);
    match (share(sample), share(piece)) {
        (Some(all), Some(piece)) if piece > 0.0 => (all / piece).clamp(0.5, 2.0),
        _ => 1.0,
    }
}

/// What a level above the trial's makes of the same.
fn stronger(level: u8, total: u64, piece: &[u8], (seconds, bytes): (f64, f64)) -> (f64, f64) {
    let Some(factors) = level.checked_sub(TRIAL + 1).and_then(|i| FACTORS.get(usize::from(i))) else {
        return (seconds, bytes);
    };
    let kind = detect(piece, piece.len() as u64, &detectors()).kind;
    if matches!(kind, Kind::ImageRaw | Kind::ImageCoded | Kind::AudioRaw | Kind::AudioCoded) {
        return (seconds * factors.media.0, bytes * factors.media.1);
    }
    let block = minlen::levels().iter().find(|i| i.level == level).map_or(1, |i| i.block as u64).max(1);
    let (time, fixed, size) = factors.general;
    (seconds * time + fixed * total.div_ceil(block) as f64, bytes * size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_tells_the_size_and_levels_above_it_take_longer_for_less() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let text: Vec<u8> =
            (0..30_000u32).flat_map(|i| format!("{} line {}\n", i * i % 9973, i).into_bytes()).collect();
        std::fs::write(&path, &text).unwrap();
        let survey = Survey::of(std::slice::from_ref(&path));
        let of = |level: u8| forecast(&Options::new(level).unwrap(), &survey, true);
        let real = minlen::compress(&text, &Options::new(5).unwrap()).unwrap().len() as f64;
        let five = of(5);
        assert!(
            five.measured && (0.7..1.4).contains(&(five.estimate.bytes as f64 / real)),
            "{:?}",
            five.estimate
        );
        let (six, eight) = (of(6).estimate, of(8).estimate);
        assert!(eight.seconds > six.seconds && eight.bytes < six.bytes, "{six:?} {eight:?}");
        assert!(!of(1).measured);
        assert!(!forecast(&Options::new(5).unwrap(), &Survey::default(), true).measured);
    }
}
