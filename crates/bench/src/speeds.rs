//! What a set of files cost each rival: times and memory, kept beside the sizes for tables and plots.
//!
//! The table is CSV, sorted by set and method. Times are processor times in nanoseconds and belong to the machine named in
//! their row; `xz_ns` is what the compression of [`crate::YARDSTICK`] cost in the same run, so that the ratio of the two can be
//! compared between machines and days. Nothing checks these numbers.

use crate::csv;
use crate::report::{Report, Row};
use minlen_core::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

const HEADER: [&str; 11] = [
    "set",
    "method",
    "files",
    "raw_bytes",
    "compressed_bytes",
    "compress_ns",
    "decompress_ns",
    "xz_ns",
    "compress_peak_bytes",
    "decompress_peak_bytes",
    "machine",
];

/// The sums of one rival over a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speed {
    /// Files summed up.
    pub files: u64,
    /// Bytes before.
    pub raw: u64,
    /// Bytes after.
    pub packed: u64,
    /// Processor time of compression in nanoseconds.
    pub compress: u64,
    /// Processor time of decompression in nanoseconds.
    pub decompress: u64,
    /// The same of the yardstick's compression in the same run; 0 where it did not run.
    pub yardstick: u64,
    /// Peak memory of compression in bytes; 0 for unknown.
    pub compress_peak: u64,
    /// Peak memory of decompression in bytes; 0 for unknown.
    pub decompress_peak: u64,
    /// Where.
    pub machine: String,
}

impl Speed {
    fn of(row: &Row, totals: &[Row], machine: &str) -> Self {
        let ns = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            files: u64::from(row.files),
            raw: row.raw,
            packed: row.packed,
            compress: ns(row.compress.cost()),
            decompress: ns(row.decompress.cost()),
            yardstick: Report::yardstick(totals, row).map_or(0, |yardstick| ns(yardstick.compress.cost())),
            compress_peak: row.compress.peak.unwrap_or(0),
            decompress_peak: row.decompress.peak.unwrap_or(0),
            machine: machine.to_owned(),
        }
    }

    /// Speeds of compression and decompression as multiples of the yardstick's compression; `None` without one.
    #[must_use]
    pub fn relative(&self) -> Option<(f64, f64)> {
        let share = |ns: u64| self.yardstick as f64 / ns.max(1) as f64;
        (self.yardstick > 0).then(|| (share(self.compress), share(self.decompress)))
    }
}

/// Speeds by set and method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpeedTable {
    /// The rows by set and method.
    pub rows: BTreeMap<(String, String), Speed>,
}

impl SpeedTable {
    /// Reads a file; one that is not there is an empty table.
    ///
    /// # Errors
    /// The file cannot be read or is no table.
    pub fn read(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|e| e.in_file(path)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Error::io("cannot read", e).in_file(path)),
        }
    }

    /// Reads the text of a table.
    ///
    /// # Errors
    /// A wrong header or record.
    pub fn parse(text: &str) -> Result<Self> {
        let mut records = csv::parse(text).into_iter();
        if records.next().is_none_or(|header| header != HEADER) {
            return Err(Error::corrupt("not a table of speeds: the header differs"));
        }
        let mut table = Self::default();
        for record in records {
            let wrong = || Error::corrupt("a record of the table of speeds is malformed");
            let [set, method, rest @ .., machine] = record.as_slice() else { return Err(wrong()) };
            let numbers = rest.iter().map(|n| n.parse::<u64>().map_err(|_| wrong()));
            let numbers = <[u64; 8]>::try_from(numbers.collect::<Result<Vec<_>>>()?).map_err(|_| wrong())?;
            let [files, raw, packed, compress, decompress, yardstick, compress_peak, decompress_peak] =
                numbers;
            let machine = machine.clone();
            let speed = Speed {
                files,
                raw,
                packed,
                compress,
                decompress,
                yardstick,
                compress_peak,
                decompress_peak,
                machine,
            };
            table.rows.insert((set.clone(), method.clone()), speed);
        }
        Ok(table)
    }

    /// Takes over the sums of a report.
    pub fn update(&mut self, set: &str, report: &Report) {
        let (totals, machine) = (report.totals(), report.machine.line());
        for row in &totals {
            let key = (set.to_owned(), row.method.clone());
            let new = Speed::of(row, &totals, &machine);
            self.rows.insert(key, new);
        }
    }

    /// The text of the table.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = csv::line(&HEADER);
        for ((set, method), s) in &self.rows {
            let mut fields = vec![set.clone(), method.clone()];
            let numbers = [
                s.files,
                s.raw,
                s.packed,
                s.compress,
                s.decompress,
                s.yardstick,
                s.compress_peak,
                s.decompress_peak,
            ];
            fields.extend(numbers.map(|n| n.to_string()));
            fields.push(s.machine.clone());
            out.push_str(&csv::line(&fields));
        }
        out
    }

    /// Writes the table in one step.
    ///
    /// # Errors
    /// The folder cannot be made or the file not written.
    pub fn write(&self, path: &Path) -> Result<()> {
        csv::replace(path, &self.to_csv())
    }

    /// The rows of one set.
    pub fn of<'t>(&'t self, set: &str) -> impl Iterator<Item = (&'t str, &'t Speed)> {
        let set = set.to_owned();
        self.rows.iter().filter(move |((s, _), _)| *s == set).map(|((_, m), speed)| (m.as_str(), speed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Options, Runner, resolve};
    use minlen_core::Env;

    #[test]
    fn a_report_comes_back_from_the_text() {
        let inputs = [Input::bytes("a", b"abc, abcd, ".repeat(3000)), Input::bytes("b", vec![1; 5000])];
        let rivals = resolve("xz:9e,zstd:3", &|_| None).unwrap().rivals;
        let options = Options { repeats: 1, warm_up: false, ..Options::default() };
        let report = Runner::new(options).run(&inputs, &rivals, &Env::default()).unwrap();
        let mut table = SpeedTable::default();
        table.update("mini", &report);
        assert_eq!(SpeedTable::parse(&table.to_csv()).unwrap(), table);
        assert_eq!(table.of("mini").count(), 2);
        assert_eq!(table.of("micro").count(), 0);
        let xz = &table.rows[&("mini".to_owned(), "xz:9e".to_owned())];
        assert!((xz.relative().unwrap().0 - 1.0).abs() < 1e-9 && xz.files == 2);
        assert!(SpeedTable::parse("a,b\n").is_err());
        assert!(SpeedTable::parse(&table.to_csv().replace("mini,", "mini,x,")).is_err());
    }
}
