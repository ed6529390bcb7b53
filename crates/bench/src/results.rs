//! Tables of compressed sizes that are kept under version control, and what changed between two of them.
//!
//! A table is CSV with the columns `corpus,file,raw_bytes,blake3,method,compressed_bytes`, sorted by corpus, file
//! and method, so that a change of a codec shows up in review as a readable difference. `blake3` is the first 16 hex
//! digits of the raw data's hash: a changed corpus is told apart from a changed codec. Speeds are not kept: they
//! belong to a machine.

use crate::corpus;
use crate::csv;
use crate::input::Input;
use crate::rival::Rival;
use minlen_core::{Env, Error, ErrorKind, Event, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Changes up to this part of the old size go unmentioned: 0.1 %.
pub const TOLERANCE: f64 = 0.001;

const HEADER: [&str; 6] = ["corpus", "file", "raw_bytes", "blake3", "method", "compressed_bytes"];

/// Which size: corpus, file, method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Name of the corpus.
    pub corpus: String,
    /// Path within it.
    pub file: String,
    /// Name of the rival.
    pub method: String,
}

/// One size, and what it is the size of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Length of the raw data.
    pub raw: u64,
    /// First 16 hex digits of its BLAKE3 hash.
    pub hash: String,
    /// Length of the compressed data.
    pub packed: u64,
}

/// A table of sizes, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeTable {
    /// The sizes by key.
    pub sizes: BTreeMap<Key, Size>,
}

impl SizeTable {
    /// Reads the text of a table.
    ///
    /// # Errors
    /// A wrong header, a wrong number of fields, or a size that is no number.
    pub fn parse(text: &str) -> Result<Self> {
        let mut records = csv::parse(text).into_iter();
        if records.next().is_none_or(|header| header != HEADER) {
            return Err(Error::corrupt("not a table of sizes: the header differs"));
        }
        let mut table = Self::default();
        for (i, record) in records.enumerate() {
            let wrong = || Error::corrupt(format!("record {} of the table of sizes is malformed", i + 1));
            let [corpus, file, raw, hash, method, packed] =
                <[String; 6]>::try_from(record).map_err(|_| wrong())?;
            let raw = raw.parse().map_err(|_| wrong())?;
            let packed = packed.parse().map_err(|_| wrong())?;
            table.sizes.insert(Key { corpus, file, method }, Size { raw, hash, packed });
        }
        Ok(table)
    }

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

    /// The text of the table.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = csv::line(&HEADER);
        for (key, size) in &self.sizes {
            let (raw, packed) = (size.raw.to_string(), size.packed.to_string());
            out.push_str(&csv::line(&[&key.corpus, &key.file, &raw, &size.hash, &key.method, &packed]));
        }
        out
    }

    /// Writes the table in one step: the file is the old or the new one at any moment.
    ///
    /// # Errors
    /// The folder cannot be made or the file not written.
    pub fn write(&self, path: &Path) -> Result<()> {
        csv::replace(path, &self.to_csv())
    }

    /// Takes over all sizes of `other`, replacing those with the same key, and drops what this table had of the same
    /// corpus and method but `other` has not (files that are gone).
    pub fn update(&mut self, other: Self) {
        let fresh = |key: &Key| other.sizes.keys().any(|k| k.corpus == key.corpus && k.method == key.method);
        self.sizes.retain(|key, _| !fresh(key));
        self.sizes.extend(other.sizes);
    }

    /// The part of the table about these methods in this corpus.
    #[must_use]
    pub fn only(&self, corpus: &str, methods: &[String]) -> Self {
        let keep = |key: &Key| key.corpus == corpus && methods.contains(&key.method);
        let sizes = self.sizes.iter().filter(|(key, _)| keep(key));
        Self { sizes: sizes.map(|(k, s)| (k.clone(), s.clone())).collect() }
    }

    /// Sum of the compressed sizes of a method over a corpus.
    #[must_use]
    pub fn total(&self, corpus: &str, method: &str) -> u64 {
        let mine = self.sizes.iter().filter(|(k, _)| k.corpus == corpus && k.method == method);
        mine.map(|(_, size)| size.packed).sum()
    }

    /// Compresses every input with every rival, verifies the round trip, and notes the sizes.
    ///
    /// # Errors
    /// An unreadable input, a failing rival or round trip, or cancellation.
    pub fn build(corpus: &str, inputs: &[Input], rivals: &[Box<dyn Rival>], env: &Env) -> Result<Self> {
        let raw: u64 = inputs.iter().map(Input::len).sum();
        env.progress.event(Event::Total { bytes: raw.saturating_mul(rivals.len() as u64) });
        let mut table = Self::default();
        for input in inputs {
            let data = input.read()?;
            let hash = blake3::hash(&data).to_hex().chars().take(16).collect::<String>();
            for rival in rivals {
                env.check()?;
                let method = rival.name();
                let packed = size(&**rival, &data)
                    .map_err(|e| e.in_file(&input.name).remedy(format!("the rival was {method}")))?;
                let key = Key { corpus: corpus.to_owned(), file: input.name.clone(), method };
                let raw = data.len() as u64;
                table.sizes.insert(key, Size { raw, hash: hash.clone(), packed });
                env.progress.event(Event::Advance { input: raw, output: packed });
            }
        }
        Ok(table)
    }
}

fn size(rival: &dyn Rival, data: &[u8]) -> Result<u64> {
    let packed = rival.compress(data)?;
    if rival.decompress(&packed, data.len())? != data {
        return Err(Error::new(ErrorKind::Verify, "what came back is not what went in"));
    }
    Ok(packed.len() as u64)
}

/// How one entry of two tables differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The compressed size changed, from the old to the new number of bytes.
    Size(u64, u64),
    /// The raw data is not the same.
    Input,
    /// The old table has it, the new one not.
    Missing,
    /// The new table has it, the old one not.
    Added,
}

/// One entry that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub key: Key,
    /// How.
    pub what: Difference,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}: ", self.key.corpus, self.key.method, self.key.file)?;
        match self.what {
            Difference::Size(old, new) => {
                let percent = (new as f64 - old as f64) * 100.0 / (old.max(1)) as f64;
                write!(f, "{old} -> {new} bytes ({percent:+.2} %)")
            }
            Difference::Input => f.write_str("the raw data differs"),
            Difference::Missing => f.write_str("no longer measured"),
            Difference::Added => f.write_str("not in the committed table"),
        }
    }
}

/// What differs between two tables; sizes only where they moved by more than `tolerance` of the old one, in either
/// direction: a gain is to be written down as well.
#[must_use]
pub fn compare(old: &SizeTable, new: &SizeTable, tolerance: f64) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |key: &Key, what| changes.push(Change { key: key.clone(), what });
    for (key, was) in &old.sizes {
        match new.sizes.get(key) {
            None => note(key, Difference::Missing),
            Some(is) if (is.raw, &is.hash) != (was.raw, &was.hash) => note(key, Difference::Input),
            Some(is) if is.packed.abs_diff(was.packed) as f64 > tolerance * was.packed as f64 => {
                note(key, Difference::Size(was.packed, is.packed));
            }
            Some(_) => {}
        }
    }
    for key in new.sizes.keys().filter(|key| !old.sizes.contains_key(key)) {
        note(key, Difference::Added);
    }
    changes
}

/// Builds the table of `rivals` over `inputs` and says what differs from the committed one at `path` by more than
/// [`TOLERANCE`]. Methods of the committed table that are not among `rivals` are not looked at.
///
/// # Errors
/// As [`SizeTable::build`] and [`SizeTable::read`].
pub fn check(
    corpus: &str,
    inputs: &[Input],
    rivals: &[Box<dyn Rival>],
    path: &Path,
    env: &Env,
) -> Result<Vec<Change>> {
    let methods: Vec<String> = rivals.iter().map(|r| r.name()).collect();
    let old = SizeTable::read(path)?.only(corpus, &methods);
    Ok(compare(&old, &SizeTable::build(corpus, inputs, rivals, env)?, TOLERANCE))
}

/// Builds the table of `rivals` over `inputs` and writes it into the committed one at `path`, beside the methods
/// that are not among `rivals`. Gives back what changed, however little.
///
/// # Errors
/// As [`SizeTable::build`], [`SizeTable::read`] and [`SizeTable::write`].
pub fn save(
    corpus: &str,
    inputs: &[Input],
    rivals: &[Box<dyn Rival>],
    path: &Path,
    env: &Env,
) -> Result<Vec<Change>> {
    let methods: Vec<String> = rivals.iter().map(|r| r.name()).collect();
    let mut table = SizeTable::read(path)?;
    let new = SizeTable::build(corpus, inputs, rivals, env)?;
    let changes = compare(&table.only(corpus, &methods), &new, 0.0);
    table.update(new);
    table.write(path)?;
    Ok(changes)
}

/// [`check`] on the generated corpus.
///
/// # Errors
/// As [`check`].
pub fn check_generated(rivals: &[Box<dyn Rival>], path: &Path) -> Result<Vec<Change>> {
    check(corpus::NAME, &corpus::generate(), rivals, path, &Env::default())
}

/// [`save`] on the generated corpus.
///
/// # Errors
/// As [`save`].
pub fn save_generated(rivals: &[Box<dyn Rival>], path: &Path) -> Result<Vec<Change>> {
    save(corpus::NAME, &corpus::generate(), rivals, path, &Env::default())
}
