//! Sizes of other programs, measured elsewhere and kept as a CSV file, side by side with ours.
//!
//! The file has the columns `set,peer,file,raw_bytes,compressed_bytes` and any others behind them. `set` names a
//! selection of files (the development bundle is `bundle`), `file` is a path within the corpus. A further column
//! `roundtrip_checked` says `yes`, `no` (not tried), or another word where the check did not come out well.

use crate::csv;
use crate::input;
use crate::render::Grid;
use crate::report::Row;
use crate::results::SizeTable;
use minlen_core::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Whether the peer was seen to restore the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// Compared and equal.
    Restored,
    /// Not tried: the size is taken on trust.
    Unchecked,
    /// Tried, and not restored or not comparable: the size proves nothing.
    Doubtful,
}

/// What one peer makes of one file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeerSize {
    /// Bytes before.
    pub raw: u64,
    /// Bytes after.
    pub packed: u64,
    /// Whether that can be decompressed.
    pub round_trip: RoundTrip,
    /// Processor time of compression and decompression in seconds, each where it was noted.
    pub seconds: (Option<f64>, Option<f64>),
}

/// All sizes of one set, by peer and file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peers {
    sizes: BTreeMap<String, BTreeMap<String, PeerSize>>,
}

impl Peers {
    /// Reads the set called `set` from a file.
    ///
    /// # Errors
    /// The file cannot be read, or as [`Peers::parse`].
    pub fn read(path: &Path, set: &str) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("cannot read", e).in_file(path))?;
        Self::parse(&text, set).map_err(|e| e.in_file(path))
    }

    /// Reads the set called `set` from the text of a file.
    ///
    /// # Errors
    /// A missing column, or a size that is no number.
    pub fn parse(text: &str, set: &str) -> Result<Self> {
        let mut records = csv::parse(text).into_iter();
        let header = records.next().unwrap_or_default();
        let column = |name: &str| {
            let found = header.iter().position(|h| h == name);
            found.ok_or_else(|| Error::corrupt(format!("not a table of peers: no column `{name}`")))
        };
        let columns = [column("set")?, column("peer")?, column("file")?];
        let (raw, packed) = (column("raw_bytes")?, column("compressed_bytes")?);
        let checked = column("roundtrip_checked").ok();
        let times = (column("comp_cpu_s").ok(), column("decomp_cpu_s").ok());
        let mut peers = Self::default();
        for (i, record) in records.enumerate() {
            let field = |at: usize| record.get(at).map_or("", String::as_str);
            let number = |at: usize| {
                let wrong = || Error::corrupt(format!("record {} of the peers has no valid size", i + 1));
                field(at).parse::<u64>().map_err(|_| wrong())
            };
            let [of, peer, file] = columns.map(field);
            if of == set {
                let round_trip = match checked.map_or("no", field) {
                    "yes" => RoundTrip::Restored,
                    "no" => RoundTrip::Unchecked,
                    _ => RoundTrip::Doubtful,
                };
                let time = |at: Option<usize>| at.and_then(|at| field(at).parse().ok());
                let seconds = (time(times.0), time(times.1));
                let size = PeerSize { raw: number(raw)?, packed: number(packed)?, round_trip, seconds };
                peers.sizes.entry(peer.to_owned()).or_default().insert(file.to_owned(), size);
            }
        }
        Ok(peers)
    }

    /// The names of the peers, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sizes.keys().map(String::as_str)
    }

    /// What a peer makes of a file.
    #[must_use]
    pub fn size(&self, peer: &str, file: &str) -> Option<PeerSize> {
        self.sizes.get(peer)?.get(file).copied()
    }

    /// The files of the set, sorted, with their raw sizes.
    #[must_use]
    pub fn files(&self) -> BTreeMap<&str, u64> {
        self.sizes.values().flatten().map(|(file, size)| (file.as_str(), size.raw)).collect()
    }
}

/// Our sizes and the peers', file by file. Columns keep the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideBySide {
    columns: Vec<String>,
    files: BTreeMap<String, (u64, Vec<Option<u64>>)>,
}

/// A line of the comparison: a file, or the sum of a class or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// File, class with `/*`, or `TOTAL`.
    pub name: String,
    /// Bytes before.
    pub raw: u64,
    /// Bytes after, per column; `None` where the column lacks a file.
    pub sizes: Vec<Option<u64>>,
}

impl SideBySide {
    /// Adds rows of a report: one column per method.
    pub fn add_rows(&mut self, rows: &[Row]) {
        for row in rows {
            self.put(&row.method, &row.file, row.raw, row.packed);
        }
    }

    /// Adds a corpus of a committed table: one column per method.
    pub fn add_table(&mut self, table: &SizeTable, corpus: &str) {
        for (key, size) in table.sizes.iter().filter(|(key, _)| key.corpus == corpus) {
            self.put(&key.method, &key.file, size.raw, size.packed);
        }
    }

    /// Adds the named peers, or all of them for an empty list. Sizes that are [`RoundTrip::Doubtful`] are left out.
    pub fn add_peers(&mut self, peers: &Peers, names: &[&str]) {
        for (peer, files) in &peers.sizes {
            if names.is_empty() || names.contains(&peer.as_str()) {
                for (file, size) in files.iter().filter(|(_, size)| size.round_trip != RoundTrip::Doubtful) {
                    self.put(peer, file, size.raw, size.packed);
                }
            }
        }
    }

    fn put(&mut self, column: &str, file: &str, raw: u64, packed: u64) {
        let at = self.columns.iter().position(|c| c == column).unwrap_or_else(|| {
            self.columns.push(column.to_owned());
            self.columns.len() - 1
        });
        let (_, sizes) = self.files.entry(file.to_owned()).or_insert((raw, Vec::new()));
        if sizes.len() <= at {
            sizes.resize(at + 1, None);
        }
        if let Some(size) = sizes.get_mut(at) {
            *size = Some(packed);
        }
    }

    /// Keeps only the files that every column has, so that sums compare like with like; tells how many went.
    pub fn common(&mut self) -> usize {
        let (before, columns) = (self.files.len(), self.columns.len());
        self.files.retain(|_, (_, sizes)| sizes.len() == columns && sizes.iter().all(Option::is_some));
        before - self.files.len()
    }

    /// Leaves out the files of these classes.
    pub fn without(&mut self, classes: &[&str]) {
        self.files.retain(|file, _| !classes.contains(&input::class(file)));
    }

    /// Keeps only the files that the column called `name` has.
    pub fn only_files_of(&mut self, name: &str) {
        let at = self.columns.iter().position(|column| column == name);
        let has = |sizes: &[Option<u64>]| at.is_some_and(|at| sizes.get(at).is_some_and(Option::is_some));
        self.files.retain(|_, (_, sizes)| has(sizes));
    }

    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// One line per file.
    #[must_use]
    pub fn files(&self) -> Vec<Line> {
        self.sums(str::to_owned)
    }

    /// One line per class.
    #[must_use]
    pub fn classes(&self) -> Vec<Line> {
        self.sums(|file| format!("{}/*", input::class(file)))
    }

    /// The sum of all.
    #[must_use]
    pub fn total(&self) -> Line {
        let empty = Line { name: "TOTAL".to_owned(), raw: 0, sizes: Vec::new() };
        self.sums(|_| "TOTAL".to_owned()).into_iter().next().unwrap_or(empty)
    }

    fn sums(&self, group: impl Fn(&str) -> String) -> Vec<Line> {
        let mut sums: BTreeMap<String, Line> = BTreeMap::new();
        for (file, (raw, sizes)) in &self.files {
            let name = group(file);
            let line = sums.entry(name.clone()).or_insert_with(|| Line {
                name,
                raw: 0,
                sizes: vec![Some(0); self.columns.len()],
            });
            line.raw = line.raw.saturating_add(*raw);
            for (at, sum) in line.sizes.iter_mut().enumerate() {
                let size = sizes.get(at).copied().flatten();
                *sum = sum.zip(size).map(|(sum, size)| sum.saturating_add(size));
            }
        }
        sums.into_values().collect()
    }

    /// How much smaller the other columns are than the column called `base`, in percent, for the lines given.
    #[must_use]
    pub fn savings(&self, lines: &[Line], base: &str, markdown: bool) -> String {
        let at = self.columns.iter().position(|column| column == base);
        let title = format!("smaller than {base}");
        let mut header = vec![title.as_str()];
        header.extend(self.columns.iter().map(String::as_str));
        let mut grid = Grid::new(&header, 1);
        for line in lines {
            let of = at.and_then(|at| line.sizes.get(at).copied().flatten()).filter(|&size| size > 0);
            let saved = line.sizes.iter().map(|size| match (size, of) {
                (Some(size), Some(of)) => format!("{:.1} %", (1.0 - *size as f64 / of as f64) * 100.0),
                _ => "-".to_owned(),
            });
            grid.row(std::iter::once(line.name.clone()).chain(saved).collect());
        }
        if markdown { grid.markdown() } else { grid.plain() }
    }

    /// The comparison as a table: the lines given, then the total, then each column's difference from the first.
    #[must_use]
    pub fn table(&self, lines: &[Line], markdown: bool) -> String {
        let mut header = vec!["file", "raw"];
        header.extend(self.columns.iter().map(String::as_str));
        let mut grid = Grid::new(&header, 1);
        let total = self.total();
        for line in lines.iter().chain([&total]) {
            let sizes = line.sizes.iter().map(|s| s.map_or_else(|| "-".to_owned(), |n| n.to_string()));
            grid.row([line.name.clone(), line.raw.to_string()].into_iter().chain(sizes).collect());
        }
        let first = total.sizes.first().copied().flatten();
        let against = total.sizes.iter().map(|size| match (size, first) {
            (Some(size), Some(first)) if first > 0 => {
                format!("{:+.1} %", (*size as f64 / first as f64 - 1.0) * 100.0)
            }
            _ => "-".to_owned(),
        });
        grid.row(["against the first".to_owned(), String::new()].into_iter().chain(against).collect());
        if markdown { grid.markdown() } else { grid.plain() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "\
set,peer,file,raw_bytes,compressed_bytes,comp_cpu_s,roundtrip_checked
bundle,xz-9e,text/a,1000,400,0.1,yes
bundle,xz-9e,text/b,1000,500,0.1,no
bundle,xz-9e,exe/c,1000,600,0.1,yes
bundle,mcm-h7,text/a,1000,300,0.1,yes
bundle,mcm-h7,text/b,1000,350,0.1,harness
micro,xz-9e,text/a,10,9,0.1,yes
";

    const OURS: &str = "\
corpus,file,raw_bytes,blake3,method,compressed_bytes
lossless,text/a,1000,0,minlen:5,380
lossless,text/b,1000,0,minlen:5,470
lossless,exe/c,1000,0,minlen:5,590
";

    #[test]
    fn sums_by_class_and_in_total() {
        let peers = Peers::parse(CSV, "bundle").unwrap();
        assert_eq!(peers.names().collect::<Vec<_>>(), ["mcm-h7", "xz-9e"]);
        assert_eq!(peers.files().len(), 3);
        assert_eq!(peers.size("mcm-h7", "text/b").unwrap().round_trip, RoundTrip::Doubtful);
        let mut side = SideBySide::default();
        side.add_table(&SizeTable::parse(OURS).unwrap(), "lossless");
        side.add_peers(&peers, &[]);
        assert_eq!(side.columns(), ["minlen:5", "mcm-h7", "xz-9e"]);
        let classes = side.classes();
        assert_eq!(classes[1].name, "text/*");
        assert_eq!(classes[1].sizes, [Some(850), None, Some(900)]);
        assert_eq!(side.total().sizes, [Some(1440), None, Some(1500)]);
        let text = side.table(&side.files(), false);
        assert!(text.lines().last().unwrap().contains("+4.2 %"), "{text}");
        let saved = side.savings(&[side.total()], "xz-9e", false);
        assert!(saved.contains("4.0 %") && saved.contains("0.0 %"), "{saved}");
        assert_eq!(side.common(), 2);
        assert_eq!(side.total().sizes, [Some(380), Some(300), Some(400)]);
    }

    #[test]
    fn damage_is_an_error() {
        assert!(Peers::parse("a,b\n", "bundle").is_err());
        assert!(Peers::parse(&CSV.replace("400", "few"), "bundle").is_err());
    }
}
