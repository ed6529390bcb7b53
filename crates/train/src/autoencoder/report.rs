//! What a training came to: for people as a table, for programs as JSON, and in short inside the codec file, where anomaly scores look up what
//! records of the kind take.

use super::choose::{BYTES, Dropped};
use super::measure::{Figures, Point, Scale, at_bytes};
use minlen_core::{Error, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Quantiles of a hundred equal parts.
const PARTS: usize = 100;

/// A member of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberReport {
    /// What people call it.
    pub name: String,
    /// What it is made of.
    pub what: String,
    /// Bytes in the file.
    pub size: usize,
    /// Figures with it alone, at each rate, on records held out of its training.
    pub alone: Vec<Figures>,
    /// Records of those measured that it serves, at each of [`Report::curve`].
    pub served: Vec<usize>,
    /// Steps and losses on held-out records, of a network.
    pub history: Vec<(u64, f64)>,
}

/// What a training came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Shape and type of the records.
    pub kind: String,
    /// Records read, learned from, held out.
    pub records: [usize; 3],
    /// Records that the bytes of the file are spread over.
    pub spread: usize,
    /// Records that all figures but those of single members are of, and where they are from.
    pub measured: usize,
    /// Whether that is a set of its own, and not the held-out one.
    pub own_test: bool,
    /// What 0 dB is an error of.
    pub peak: f64,
    /// The standard deviation of all numbers.
    pub deviation: f64,
    /// The members that stayed.
    pub members: Vec<MemberReport>,
    /// The others.
    pub dropped: Vec<Dropped>,
    /// Figures at each rate, all members together.
    pub curve: Vec<Figures>,
    /// The rates of the curve.
    pub rates: Vec<u8>,
    /// What was noticed.
    pub notes: Vec<String>,
    /// Bytes of the file.
    pub file: usize,
    /// How a promise is kept, if one was asked for: figures, and records that are stored as they are.
    pub promised: Option<(Figures, usize)>,
    /// What records take, for scores.
    pub usual: Usual,
}

/// What records of the kind take at one rate: the least, the greatest, and 99 values between.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usual {
    /// The rate.
    pub rate: u8,
    /// Bits of a record.
    pub bits: Vec<f64>,
    /// Mean squares of the errors of a record, in numbers of the file.
    pub squares: Vec<f64>,
}

/// Values so that a hundredth of all lies between one and the next.
#[must_use]
pub fn quantiles(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return Vec::new() };
    let at = |part: usize| {
        let place = last as f64 * part as f64 / PARTS as f64;
        let (below, share) = (place.floor(), place.fract());
        let [low, high] = [values[below as usize], values[(below as usize + 1).min(last)]];
        low + share * (high - low)
    };
    (0..=PARTS).map(at).collect()
}

impl Usual {
    /// Of records at a rate.
    #[must_use]
    pub fn of(point: &Point, scale: &Scale) -> Self {
        let squares = point.squares.iter().map(|squares| squares / scale.numbers.max(1) as f64).collect();
        Self { rate: point.rate, bits: quantiles(point.bits.clone()), squares: quantiles(squares) }
    }

    /// What the report inside of a codec file says.
    ///
    /// # Errors
    /// Usage for files without one.
    pub fn read(report: &str) -> Result<Self> {
        let missing = || {
            Error::usage("this codec file does not say what records of its kind take")
                .remedy("take one that `minlen train autoencoder` made")
        };
        let all: Value = serde_json::from_str(report).map_err(|_| missing())?;
        let numbers = |name: &str| -> Option<Vec<f64>> {
            let list: Option<Vec<f64>> = all.get(name)?.as_array()?.iter().map(Value::as_f64).collect();
            list.filter(|list| list.len() == PARTS + 1 && list.is_sorted())
        };
        let rate = all.get("rate").and_then(Value::as_u64).and_then(|rate| u8::try_from(rate).ok());
        let (rate, bits) = rate.zip(numbers("bits")).ok_or_else(missing)?;
        Ok(Self { rate, bits, squares: numbers("squares").ok_or_else(missing)? })
    }
}

/// Rounded to so many places after the point: what is shown, and what keeps reports short.
fn to(number: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (number * scale).round() / scale
}

/// Rounded to four significant digits.
fn short(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return 0.0;
    }
    format!("{number:.3e}").parse().unwrap_or(number)
}

fn figures(of: &Figures) -> Value {
    json!([to(of.bytes, 2), to(of.overall, 2), to(of.mean, 2), to(of.low, 2), to(of.worst, 2)])
}

impl Report {
    /// What the codec file carries: below 4 KB, and nothing that depends on the clock or on threads.
    #[must_use]
    pub fn inside(&self) -> String {
        // Ten rates are enough to see how it goes.
        let step = self.curve.len().div_ceil(10).max(1);
        let curve: Vec<Value> = self.curve.iter().step_by(step).map(figures).collect();
        let members: Vec<Value> =
            self.members.iter().map(|member| json!([member.name, member.size])).collect();
        json!({
            "records": self.records,
            "measured": self.measured,
            "peak": short(self.peak),
            "deviation": short(self.deviation),
            "members": members,
            "curve": curve,
            "rate": self.usual.rate,
            "bits": self.usual.bits.iter().map(|&bits| to(bits, 1)).collect::<Vec<_>>(),
            "squares": self.usual.squares.iter().map(|&squares| short(squares)).collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Everything, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let each = |member: &MemberReport| {
            json!({
                "name": member.name,
                "what": member.what,
                "bytes": member.size,
                "alone": member.alone.iter().map(|figures| self.named(figures)).collect::<Vec<_>>(),
                "served": member.served,
                "history": member.history.iter().map(|(step, loss)| json!([step, short(*loss)])).collect::<Vec<_>>(),
            })
        };
        let dropped = |one: &Dropped| json!({"name": one.name, "bytes": one.size, "saves_bytes_per_record": to(one.saves, 3)});
        let promised = self.promised.map(|(figures, raw)| {
            let mut all = self.named(&figures);
            all["raw_records"] = json!(raw);
            all
        });
        json!({
            "kind": self.kind,
            "records": self.records[0],
            "learned_from": self.records[1],
            "held_out": self.records[2],
            "measured": self.measured,
            "measured_on": if self.own_test { "test" } else { "held_out" },
            "peak": self.peak,
            "deviation": self.deviation,
            "stored_bytes": self.file,
            "members": self.members.iter().map(each).collect::<Vec<_>>(),
            "dropped": self.dropped.iter().map(dropped).collect::<Vec<_>>(),
            "curve": self.curve.iter().map(|figures| self.named(figures)).collect::<Vec<_>>(),
            "rates": self.rates,
            "promised": promised,
            "rate": self.usual.rate,
            "bits_quantiles": self.usual.bits,
            "squares_quantiles": self.usual.squares,
            "notes": self.notes,
        })
    }

    /// Decibels of the variance of all numbers against the mean square of the errors, for decibels against the range.
    fn snr(&self, overall: f64) -> f64 {
        overall + 20.0 * (self.deviation.max(1e-300) / self.peak.max(1e-300)).log10()
    }

    fn named(&self, of: &Figures) -> Value {
        json!({
            "bytes_per_record": to(of.bytes, 3),
            "psnr": to(of.overall, 3),
            "psnr_mean": to(of.mean, 3),
            "psnr_5_percent": to(of.low, 3),
            "psnr_worst": to(of.worst, 3),
            "snr": to(self.snr(of.overall), 3),
        })
    }

    /// Bytes of the file for each record that it is for.
    fn spread(&self) -> f64 {
        self.file as f64 / self.spread.max(1) as f64
    }

    /// Everything, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let [read, learned, held] = self.records;
        let _ = writeln!(out, "{read} records of {}: {learned} to learn from, {held} held out", self.kind);
        for member in &self.members {
            let _ = writeln!(out, "  {:<8} {:>9} bytes  {}", member.name, member.size, member.what);
        }
        let _ = writeln!(out, "  {:<8} {:>9} bytes", "file", self.file);
        let what = if self.own_test { "test records" } else { "held-out records" };
        let _ = writeln!(
            out,
            "\nDecibels on {} {what} (0 dB is an error of {}, and of {} for snr):\n",
            self.measured,
            short(self.peak),
            short(self.deviation)
        );
        let _ = writeln!(
            out,
            "{:>6} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}  alone: {:<}",
            "bytes",
            "with file",
            "overall",
            "snr",
            "mean",
            "5 %",
            "worst",
            self.members.iter().map(|member| format!("{:>8}", member.name)).collect::<Vec<_>>().join(" ")
        );
        for bytes in BYTES {
            out += &self.row(bytes);
        }
        // Records of few numbers may take less than the first row at every rate.
        if let Some(last) = self.curve.last().filter(|last| last.bytes < BYTES[0]) {
            out += &self.row(last.bytes);
        }
        // Where most choices are.
        let far = |figures: &Figures| (figures.bytes / 16.0).ln().abs();
        let place =
            (0..self.curve.len()).min_by(|&a, &b| far(&self.curve[a]).total_cmp(&far(&self.curve[b])));
        let place = place.unwrap_or(0);
        let served = self.members.iter().map(|member| {
            format!("{} {}", member.name, member.served.get(place).copied().unwrap_or_default())
        });
        if let Some(figures) = self.curve.get(place) {
            let served = served.collect::<Vec<_>>().join(", ");
            let _ = writeln!(out, "\nAt {:.1} bytes a record, members serve: {served}", figures.bytes);
        }
        if let Some((figures, raw)) = &self.promised {
            let _ = writeln!(
                out,
                "To keep the promise: {:.2} bytes a record, {:.2} dB overall, {raw} records as they are",
                figures.bytes, figures.overall
            );
        }
        self.notes.iter().for_each(|note| out += &format!("* {note}\n"));
        out
    }

    /// Figures at so many bytes a record; nothing where the curve does not reach them.
    fn row(&self, bytes: f64) -> String {
        let within = |curve: &[Figures]| {
            curve.last().filter(|last| last.bytes >= bytes).and_then(|_| at_bytes(curve, bytes))
        };
        let Some(found) = within(&self.curve) else { return String::new() };
        let alone = self.members.iter().map(|member| {
            within(&member.alone)
                .map_or_else(|| format!("{:>8}", "-"), |found| format!("{:>8.2}", found.overall))
        });
        format!(
            "{:>6} {:>9.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2}         {}\n",
            to(bytes, 2),
            bytes + self.spread(),
            found.overall,
            self.snr(found.overall),
            found.mean,
            found.low,
            found.worst,
            alone.collect::<Vec<_>>().join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_go_from_the_least_to_the_greatest() {
        let found = quantiles((0..1000).rev().map(f64::from).collect());
        assert_eq!((found.len(), found[0], found[50], found[100]), (101, 0.0, 499.5, 999.0));
        assert!(quantiles(Vec::new()).is_empty());
    }

    #[test]
    fn figures_say_how_strong_signals_are_against_errors() {
        let curve = vec![Figures { bytes: 4.0, overall: 30.0, ..Figures::default() }];
        let report = Report { peak: 100.0, deviation: 10.0, curve, ..Report::default() };
        assert_eq!(report.json()["curve"][0]["snr"], 10.0);
        assert!(report.text().contains("   30.00    10.00"), "{}", report.text());
    }

    #[test]
    fn the_report_inside_is_short_and_says_what_is_usual() {
        let squares: Vec<f64> = (0..3000).map(|i| 987.654_321 * f64::from(i * 7919 % 3001)).collect();
        let bits: Vec<f64> = (0..3000).map(|i| 100.123_456 + f64::from(i) * 1.7).collect();
        let usual = Usual { rate: 9, bits: quantiles(bits), squares: quantiles(squares) };
        let curve =
            vec![Figures { bytes: 12.345, overall: 21.234, mean: 22.345, low: 15.678, worst: 9.876 }; 40];
        let report =
            Report { curve, usual: usual.clone(), records: [60_000, 57_000, 3000], ..Report::default() };
        let text = report.inside();
        assert!(text.len() < 4096, "{} bytes", text.len());
        let back = Usual::read(&text).unwrap();
        assert_eq!(back.rate, 9);
        let near =
            |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 0.051 + 1e-3 * b.abs());
        assert!(near(&back.bits, &usual.bits) && near(&back.squares, &usual.squares));
        assert!(Usual::read("").is_err() && Usual::read("{\"rate\":3}").is_err());
    }
}
