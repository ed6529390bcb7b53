//! The figures of `minlen eval autoencoder` for people and for programs.

use super::Figures;
use crate::ui::table::{Side, Table};
use minlen_train::insight::eval::{Errors, Point};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `12.3x`, and how much less that is with the codec file counted in.
fn ratio(raw: f64, bytes: f64) -> String {
    format!("{:.1}x", raw / bytes.max(1e-9))
}

impl Figures<'_> {
    fn raw(&self) -> f64 {
        self.records.bytes.len() as f64
    }

    /// Bytes of a record with its share of the codec file.
    fn with_file(&self, bytes: u64) -> f64 {
        (bytes + self.file) as f64 / self.records.len().max(1) as f64
    }

    fn errors(errors: &Errors) -> Value {
        json!({
            "psnr": errors.psnr,
            "psnr_mean": errors.psnr_mean,
            "psnr_5_percent": errors.psnr_low,
            "psnr_worst": errors.psnr_worst,
            "snr": errors.snr,
            "mse": errors.mse,
            "bce": errors.bce,
        })
    }

    fn point(&self, point: &Point) -> Value {
        let mut all = json!({
            "rate": point.rate,
            "stored_bytes": point.bytes,
            "bytes_per_record": point.per_record,
            "bytes_per_record_with_file": self.with_file(point.bytes),
            "ratio": self.raw() / point.bytes.max(1) as f64,
            "ratio_with_file": self.raw() / (point.bytes + self.file).max(1) as f64,
            "encode_seconds": point.encode.as_secs_f64(),
            "decode_seconds": point.decode.as_secs_f64(),
        });
        if let (Value::Object(all), Value::Object(errors)) = (&mut all, Self::errors(&point.errors)) {
            all.extend(errors);
        }
        all
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let points = |curve: &[Point]| curve.iter().map(|point| self.point(point)).collect::<Vec<_>>();
        let alone = self.alone.iter().map(|(name, curve)| json!({"member": name, "curve": points(curve)}));
        let peers = self.peers.iter().map(|peer| {
            json!({
                "name": peer.name,
                "records": peer.records,
                "bytes_per_record": peer.per_record,
                "psnr": peer.errors.as_ref().map(|errors| errors.psnr),
                "psnr_mean": peer.errors.as_ref().map(|errors| errors.psnr_mean),
            })
        });
        let exact = self.exact.iter().map(|one| {
            json!({
                "name": one.name,
                "stored_bytes": one.bytes,
                "bytes_per_record": one.bytes as f64 / self.records.len().max(1) as f64,
                "ratio": self.raw() / one.bytes.max(1) as f64,
                "encode_seconds": one.times[0].as_secs_f64(),
                "decode_seconds": one.times[1].as_secs_f64(),
            })
        });
        json!({
            "kind": self.records.kind(),
            "records": self.records.len(),
            "record_bytes": self.records.record_bytes(),
            "file_bytes": self.file,
            "peak": self.peak,
            "curve": points(&self.curve),
            "alone": alone.collect::<Vec<_>>(),
            "peers": peers.collect::<Vec<_>>(),
            "missing": self.missing,
            "exact": exact.collect::<Vec<_>>(),
        })
    }

    /// The heading and the rows of the table of rates.
    pub fn rates(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let mut heading = vec![
            "rate",
            "bytes",
            "with file",
            "ratio",
            "with file",
            "psnr",
            "snr",
            "mean",
            "5 %",
            "worst",
            "mse",
            "encode/s",
            "decode/s",
        ];
        let has_entropy = self.curve.iter().any(|point| point.errors.bce.is_some());
        heading.extend(has_entropy.then_some("bce"));
        let per_second = |time: std::time::Duration| {
            format!("{:.0}", self.records.len() as f64 / time.as_secs_f64().max(1e-9))
        };
        let row = |point: &Point| {
            let errors = &point.errors;
            let mut row = vec![
                point.rate.to_string(),
                format!("{:.2}", point.per_record),
                format!("{:.2}", self.with_file(point.bytes)),
                ratio(self.raw(), point.bytes as f64),
                ratio(self.raw(), (point.bytes + self.file) as f64),
                format!("{:.2}", errors.psnr),
                format!("{:.2}", errors.snr),
                format!("{:.2}", errors.psnr_mean),
                format!("{:.2}", errors.psnr_low),
                format!("{:.2}", errors.psnr_worst),
                if errors.mse == 0.0 { "0".into() } else { format!("{:.4}", errors.mse) },
                per_second(point.encode),
                per_second(point.decode),
            ];
            row.extend(errors.bce.map(|bce| format!("{bce:.4}")));
            row
        };
        (heading, self.curve.iter().map(row).collect())
    }

    /// The heading and the rows of the table of others.
    pub fn others(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let count = self.records.len().max(1) as f64;
        let each = self.peers.iter().map(|peer| {
            let decibels = |of: fn(&Errors) -> f64| {
                peer.errors.as_ref().map_or_else(|| "-".into(), |errors| format!("{:.2}", of(errors)))
            };
            vec![
                format!("{}, a record a file ({} records)", peer.name, peer.records),
                format!("{:.2}", peer.per_record),
                ratio(self.records.record_bytes() as f64, peer.per_record),
                if peer.name == "png" || peer.name == "flac" { "exact".into() } else { decibels(|e| e.psnr) },
                "-".into(),
                "-".into(),
            ]
        });
        let all = self.exact.iter().map(|one| {
            vec![
                format!("{}, all in one", one.name),
                format!("{:.2}", one.bytes as f64 / count),
                ratio(self.raw(), one.bytes as f64),
                "exact".into(),
                format!("{:.0}", count / one.times[0].as_secs_f64().max(1e-9)),
                format!("{:.0}", count / one.times[1].as_secs_f64().max(1e-9)),
            ]
        });
        (vec!["others", "bytes", "ratio", "psnr", "encode/s", "decode/s"], each.chain(all).collect())
    }

    /// Decibels at the same bytes a record, of all together and of each alone.
    pub fn compared(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let mut heading = vec!["bytes".to_string(), "together".into()];
        heading.extend(self.alone.iter().map(|(name, _)| name.clone()));
        let curves: Vec<&[Point]> =
            std::iter::once(&self.curve[..]).chain(self.alone.iter().map(|(_, curve)| &curve[..])).collect();
        let mut rows = Vec::new();
        for bytes in [4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0] {
            let found: Vec<Option<f64>> = curves.iter().map(|curve| psnr_at(curve, bytes)).collect();
            if found.iter().any(Option::is_some) {
                let cell = |x: &Option<f64>| x.map_or_else(|| "-".to_string(), |x| format!("{x:.2}"));
                rows.push(std::iter::once(bytes.to_string()).chain(found.iter().map(cell)).collect());
            }
        }
        (heading, rows)
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{} records of {}, {} bytes each; the codec file has {} bytes; 0 dB is an error of {}\n\n",
            self.records.len(),
            self.records.kind(),
            self.records.record_bytes(),
            self.file,
            self.peak
        );
        let (heading, rows) = self.rates();
        out += &table(&heading, &rows);
        if !self.alone.is_empty() {
            let (heading, rows) = self.compared();
            let heading: Vec<&str> = heading.iter().map(String::as_str).collect();
            let _ = write!(
                out,
                "\nDecibels of all records at the same bytes a record:\n{}",
                table(&heading, &rows)
            );
        }
        let (heading, rows) = self.others();
        if !rows.is_empty() {
            let _ = write!(out, "\n{}", table(&heading, &rows));
        }
        if !self.missing.is_empty() {
            let _ = writeln!(
                out,
                "\nNot there, or of another version, and left out: {}",
                self.missing.join(", ")
            );
        }
        out
    }
}

/// Decibels at so many bytes a record, between the rates that were measured.
pub fn psnr_at(curve: &[Point], bytes: f64) -> Option<f64> {
    let after = curve.iter().position(|point| point.per_record >= bytes)?;
    let (high, low) = (&curve[after], &curve[after.checked_sub(1)?]);
    let share = (bytes - low.per_record) / (high.per_record - low.per_record).max(1e-9);
    Some(low.errors.psnr + share * (high.errors.psnr - low.errors.psnr))
}

fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let side = |place: usize| if place == 0 { Side::Left } else { Side::Right };
    let columns: Vec<(&str, Side)> = heading.iter().enumerate().map(|(i, name)| (*name, side(i))).collect();
    let mut table = Table::new(&columns);
    rows.iter().for_each(|row| table.row(row.clone()));
    table.render()
}
