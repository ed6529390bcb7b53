//! What a compression will take and give, told before it begins: by a trial on a piece of the input, for this machine.
//!
//! The library's table of levels knows neither the machine nor what is compressed inside of the data ([`minlen::Options::estimate`]). A
//! trial does, and takes a sixth of the time that it is about at most. Nothing that is written depends on it.

use super::Survey;
use minlen::detect::{detect, detectors};
use minlen::{Class, Estimate, Kind, Options};
use rustix::time::{ClockId, clock_gettime};

/// The level of the trial at most: those above are too slow, and nearly as much smaller for one file as for another.
const TRIAL: u8 = 6;
/// The trial on all of the piece takes so much of the job at most, that on its first quarter as much of that.
const SHARE: f64 = 0.125;
/// Bytes that say something, and as many as are worth a trial.
const LEAST: u64 = 64 << 10;
const MOST: u64 = 1 << 20;

/// What each level above [`TRIAL`] takes and gives, against that level.
struct Factors {
    /// For data that is predicted bit by bit: time, and seconds of every block for its prior.
    general: (f64, f64),
    /// Its size: of tables and databases, and of everything else.
    size: (f64, f64),
    /// For pictures and samples, whose models change less: time and size.
    media: (f64, f64),
}

const FACTORS: [Factors; 4] = [
    Factors { general: (1.7, 0.35), size: (0.85, 0.93), media: (0.85, 0.98) },
    Factors { general: (6.3, 1.4), size: (0.73, 0.85), media: (1.25, 0.96) },
    Factors { general: (27.0, 5.0), size: (0.70, 0.82), media: (5.0, 0.95) },
    Factors { general: (90.0, 15.0), size: (0.68, 0.80), media: (16.0, 0.94) },
];

/// Seconds of a trial that its length has nothing to do with.
const START: f64 = 0.05;
/// Seconds for trying whether text is smaller by columns.
const COLUMNS: f64 = 0.45;
/// What a byte beyond the piece takes at level 5 against one of the piece, which is small enough for everything to be tried: of programs and
/// databases, and of everything else.
const BEYOND: (f64, f64) = (0.7, 0.15);

/// What to expect, and whether it was measured here.
pub struct Forecast {
    pub estimate: Estimate,
    pub measured: bool,
}

/// By a trial, where the job is long enough for one, or somebody `asked` and it is short; else by the table.
pub fn forecast(options: &Options, survey: &Survey, asked: bool) -> Forecast {
    let estimate = options.estimate(&survey.sample, survey.bytes);
    let level = estimate.level;
    if let Some(estimate) = coded(&estimate, survey) {
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
    match Trial::of(&piece, trial, whole, survey) {
        Some(found) => {
            let (seconds, bytes) = found.at(level, survey.bytes);
            let alone = f64::from(ns(level)) * survey.bytes as f64 / 1e9;
            // The table knows how many threads there is work for.
            let threads = (alone / estimate.seconds.max(1e-9)).max(1.0);
            let bytes = (bytes as u64).min(survey.bytes + 200);
            Forecast { estimate: Estimate { level, seconds: seconds / threads, bytes }, measured: true }
        }
        None => by_table,
    }
}

/// What is compressed already and undone as a whole, so that no piece of it tells: photos, for which levels 4 to 7 take Lepton and those
/// above an own model; PNG, where both the pixels and what deflate made of them count; and other files of deflate.
fn coded(table: &Estimate, survey: &Survey) -> Option<Estimate> {
    let all = minlen::levels();
    let by_table = all.iter().find(|info| info.level == table.level).map_or(1, |info| info.encode_ns);
    let level = usize::from(table.level.checked_sub(4)?.min(6));
    // As many threads as the table has work for.
    let alone = f64::from(by_table) * survey.bytes as f64 / 1e9;
    let (million, threads) = (survey.bytes as f64 / 1e6, (alone / table.seconds.max(1e-9)).max(1.0));
    let (seconds, permille) = if survey.is_of_photos() {
        (million * if level < 4 { 6.0 } else { 30.0 }, [760, 760, 760, 760, 725, 725, 725][level])
    } else if let Some(pixels) = survey.pixels() {
        let raw = pixels as f64 / 1e6;
        // Seconds to begin, and for each million of bytes: of pixels, and of those that hold something.
        let (start, modelled) =
            [(0.3, 1.6), (0.3, 2.0), (1.5, 2.5), (3.2, 3.0), (6.4, 6.0), (20.0, 25.0), (60.0, 80.0)][level];
        let seconds = start + 0.35 * raw + modelled * raw.min(2.0 * million);
        (seconds, [780, 760, 680, 635, 580, 570, 560][level])
    } else if survey.is_deflated() {
        (million * [3.5, 4.5, 6.0, 8.0, 16.0, 50.0, 150.0][level], [770, 750, 730, 700, 680, 670, 660][level])
    } else {
        return None;
    };
    Some(Estimate { seconds: seconds / threads, bytes: survey.bytes * permille / 1000, ..*table })
}

/// What a trial on a piece gave.
struct Trial {
    level: u8,
    kind: Kind,
    len: f64,
    bytes: f64,
    seconds: f64,
    /// Bytes that one more byte makes, where the piece is not everything.
    slope: f64,
    /// How much larger typical data is than the piece, for its length.
    typical: f64,
}

impl Trial {
    fn of(piece: &[u8], level: u8, whole: bool, survey: &Survey) -> Option<Self> {
        let (bytes, seconds) = tried(piece, level).filter(|_| !piece.is_empty())?;
        let kind = detect(piece, piece.len() as u64, &detectors()).kind;
        let (len, bytes) = (piece.len() as f64, bytes as f64);
        let mut trial = Self { level, kind, len, bytes, seconds, slope: bytes / len, typical: 1.0 };
        let quarter = &piece[..piece.len() / 4];
        if !whole && !quarter.is_empty() {
            // What was learned in the beginning serves all that follows.
            let (first, _) = tried(quarter, level)?;
            trial.slope = (bytes - first as f64).max(0.0) / (len - quarter.len() as f64);
            trial.typical = typical(&survey.sample, piece);
        }
        Some(trial)
    }

    /// Seconds and bytes for `total` bytes at a level.
    fn at(&self, level: u8, total: u64) -> (f64, f64) {
        let beyond = (total as f64 - self.len).max(0.0);
        let even = self.bytes * (total as f64 / self.len);
        let grown = self.bytes + self.slope * beyond * self.typical;
        // The truth lies between a piece that stands for everything and one after which all is like its end.
        let bytes = if beyond > 0.0 { (even * self.typical * grown).sqrt() } else { self.bytes };
        let share = match self.kind.class() {
            _ if level != 5 => 1.0,
            Class::Code => BEYOND.0,
            _ if self.kind == Kind::Database => BEYOND.0,
            _ => BEYOND.1,
        };
        let seconds = self.seconds * (1.0 + share * beyond / self.len);
        self.stronger(level, total, (seconds, bytes))
    }

    /// What a level above the trial's makes of the same.
    fn stronger(&self, level: u8, total: u64, (seconds, bytes): (f64, f64)) -> (f64, f64) {
        let above = level.checked_sub(self.level + 1).filter(|_| self.level == TRIAL);
        let Some(factors) = above.and_then(|i| FACTORS.get(usize::from(i))) else {
            return (seconds, bytes);
        };
        if matches!(self.kind, Kind::ImageRaw | Kind::ImageCoded | Kind::AudioRaw | Kind::AudioCoded) {
            return (seconds * factors.media.0, bytes * factors.media.1);
        }
        let block = minlen::levels().iter().find(|i| i.level == level).map_or(1, |i| i.block as u64).max(1);
        let (time, fixed) = factors.general;
        let is_table = matches!(self.kind, Kind::Csv | Kind::Database);
        let in_columns = matches!(self.kind, Kind::Csv | Kind::Json | Kind::Ndjson | Kind::Log);
        let fixed = fixed + if in_columns { COLUMNS } else { 0.0 };
        let growing = (seconds - START * (total as f64 / self.len)).max(0.0);
        let size = if is_table { factors.size.0 } else { factors.size.1 };
        (growing * time + fixed * total.div_ceil(block) as f64, bytes * size)
    }
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
