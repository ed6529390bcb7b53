//! Records of one kind, out of files of many formats: what codec files are learned from, and what they are used on.
//!
//! | You have | Use |
//! |---|---|
//! | files or folders, and what the user said about them | [`Source::read`] |
//! | records in memory | [`Records::new`] |
//! | records that training should not see | [`Records::for_training`], [`Records::split`] |
//!
//! Records are IDX files, arrays (npy, npz, safetensors; the first dimension counts records), pictures (PNG, PNM, BMP, TIFF, one a file), tables of
//! numbers (CSV, a record a row), WAV cut into windows, or bytes of which the user says how they lie. All files are joined; each is a *group* of its
//! own, so that what is held out may come from files that nothing was learned from.
//!
//! ```
//! use minlen_core::{Dtype, Env};
//! use minlen_train::records::Source;
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("rows.csv");
//! std::fs::write(&path, "a,b,c\n1,2,3\n4,5,250\n")?;
//! let records = Source::new([&path]).read(&Env::default())?;
//! assert_eq!((records.len(), &records.shape[..], records.dtype), (2, &[3][..], Dtype::U8));
//! assert_eq!(records.record(1), [4, 5, 250]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrays;
mod check;
mod gather;
mod idx;
mod join;
mod labels;
mod numbers;
mod pictures;
mod read;
mod sound;
mod table;
#[cfg(test)]
mod tests;

pub use read::dtype;

use minlen_core::{Dtype, Env, Error, Reservation, Result};
use minlen_learn::{Random, Split};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records to learn from, at least.
pub const LEAST: usize = 64;

/// Where labels come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// Beside pictures in IDX files, or in a column `label`, where there are such.
    #[default]
    Auto,
    /// Nowhere.
    None,
    /// This file: IDX, npy, or a whole number a line.
    File(PathBuf),
}

/// What a file without a header holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Bytes before the first record.
    pub skip: u64,
}

/// Where records come from, and what the user said about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Files and folders.
    pub inputs: Vec<PathBuf>,
    /// Where labels come from.
    pub labels: Labels,
    /// The array to take of files that hold several.
    pub array: Option<String>,
    /// The columns to take of tables, by name or by number from 1; all if there are none.
    pub columns: Vec<String>,
    /// The columns to leave out.
    pub skip_columns: Vec<String>,
    /// Numbers of a window, for sound and for series of numbers.
    pub window: Option<usize>,
    /// The shape of a record, where the file does not say it or says it otherwise.
    pub shape: Option<Vec<u32>>,
    /// Files are numbers of this type, without a header.
    pub raw: Option<Raw>,
    /// Records to take at most, the first after a shuffle.
    pub most: Option<usize>,
    /// Seed of that shuffle.
    pub seed: u64,
    /// The shape and type that records should have, as those of a codec file: raw files and windows are read by it, tables become numbers of
    /// its type, and others are refused.
    pub like: Option<(Vec<u32>, Dtype)>,
}

impl Source {
    /// These files and folders, of which nothing is known.
    pub fn new(inputs: impl IntoIterator<Item = impl AsRef<Path>>) -> Self {
        let inputs = inputs.into_iter().map(|path| path.as_ref().to_path_buf()).collect();
        Self { inputs, ..Self::default() }
    }

    /// The records of all inputs.
    ///
    /// # Errors
    /// Usage where files hold no records, or no two files records of the same shape and type; corrupt or truncated where they are damaged; limit;
    /// cancelled.
    pub fn read(&self, env: &Env) -> Result<Records> {
        read::all(self, env)
    }
}

/// Which record of which file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Number of the file.
    pub file: u32,
    /// Number of the record in it.
    pub number: u32,
}

/// Many records of one shape and type.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The shape of a record.
    pub shape: Vec<u32>,
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Whole records; numbers of several bytes have the low one first.
    pub bytes: Vec<u8>,
    /// The label of each record, where there are labels.
    pub labels: Option<Vec<i64>>,
    /// The files that records come from.
    pub files: Vec<PathBuf>,
    /// Which record of which file each is.
    pub places: Vec<Place>,
    /// What the user should hear of how files were read.
    pub notes: Vec<String>,
    held: Vec<Arc<Reservation>>,
}

impl Records {
    /// Records in memory, from no file.
    ///
    /// # Errors
    /// Usage if the bytes are no whole records.
    pub fn new(shape: Vec<u32>, dtype: Dtype, bytes: Vec<u8>) -> Result<Self> {
        let mut records = Self { shape, dtype, bytes, ..Self::default() };
        let size = records.record_bytes();
        if size == 0 || !records.bytes.len().is_multiple_of(size) {
            return Err(Error::usage(format!(
                "{} bytes are no whole records of {size}",
                records.bytes.len()
            )));
        }
        let count = u32::try_from(records.len()).map_err(|_| too_many())?;
        records.places = (0..count).map(|number| Place { file: 0, number }).collect();
        Ok(records)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.record_bytes().max(1)
    }

    /// True without records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Numbers of a record.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.shape.iter().map(|&side| side as usize).product()
    }

    /// Bytes of a record.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        self.numbers() * self.dtype.unit()
    }

    /// The bytes of a record; nothing for one that is not there.
    #[must_use]
    pub fn record(&self, record: usize) -> &[u8] {
        let size = self.record_bytes();
        self.bytes.get(record * size..(record + 1) * size).unwrap_or_default()
    }

    /// What a record is called: its file, and its number there (from 0) where there are others.
    #[must_use]
    pub fn name(&self, record: usize) -> String {
        let place = self.places.get(record).copied().unwrap_or_default();
        let Some(file) = self.files.get(place.file as usize) else { return format!("[{}]", place.number) };
        let is_alone = |other: &Place| other.file != place.file || other.number == place.number;
        let neighbours = [record.wrapping_sub(1), record + 1];
        let alone = neighbours.iter().filter_map(|&i| self.places.get(i)).all(is_alone) && place.number == 0;
        if alone { file.display().to_string() } else { format!("{}[{}]", file.display(), place.number) }
    }

    /// The shape and type as people write them: `28x28 u8`.
    #[must_use]
    pub fn kind(&self) -> String {
        kind(&self.shape, self.dtype)
    }

    /// The file that each record comes from, by number.
    #[must_use]
    pub fn groups(&self) -> Vec<u32> {
        self.places.iter().map(|place| place.file).collect()
    }

    /// These records, in this order.
    #[must_use]
    pub fn select(&self, wanted: &[u32]) -> Self {
        let bytes = wanted.iter().flat_map(|&record| self.record(record as usize)).copied().collect();
        let labels = self.labels.as_ref();
        let label =
            |record: &u32| labels.and_then(|labels| labels.get(*record as usize)).copied().unwrap_or(0);
        Self {
            shape: self.shape.clone(),
            dtype: self.dtype,
            bytes,
            labels: labels.is_some().then(|| wanted.iter().map(label).collect()),
            files: self.files.clone(),
            places: wanted.iter().filter_map(|&record| self.places.get(record as usize)).copied().collect(),
            notes: self.notes.clone(),
            held: self.held.clone(),
        }
    }

    /// So many records at most, the first after a shuffle by seed, in the order that they had.
    #[must_use]
    pub fn sample(self, most: usize, seed: u64) -> Self {
        if self.len() <= most {
            return self;
        }
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        Random::new(seed).shuffle(&mut order);
        order.truncate(most);
        order.sort_unstable();
        self.select(&order)
    }

    /// Records to learn from and to measure with: a share is held out, by file where there are enough files for that.
    #[must_use]
    pub fn split(&self, share: f64, seed: u64) -> Split {
        let groups = self.groups();
        let count = groups.iter().max().map_or(0, |most| *most as usize + 1);
        if count >= GROUPS {
            let split = Split::by_group(&groups, share, seed);
            let held = split.held_out.len() as f64 / self.len().max(1) as f64;
            // Files of very different sizes would leave too little to learn from, or to measure with.
            if (share / 2.0..=share * 4.0).contains(&held) {
                return split;
            }
        }
        Split::by_share(self.len(), share, seed)
    }
}

/// Files from which on whole ones are held out.
const GROUPS: usize = 4;

fn too_many() -> Error {
    Error::limit("more than 2^32 records").remedy("take a part of them")
}

/// The shape and type as people write them.
fn kind(shape: &[u32], dtype: Dtype) -> String {
    let sides: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("{} {}", sides.join("x"), dtype.name())
}
