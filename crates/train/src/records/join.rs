//! The records of several files, joined.

use super::numbers::{self, Numbers};
use super::read::Part;
use super::{Place, Records, Source, kind, too_many};
use minlen_core::{Env, Error, Reservation, Result};
use std::path::Path;
use std::sync::Arc;

/// What was read so far.
#[derive(Default)]
pub(super) struct Joined {
    shape: Vec<u32>,
    numbers: Numbers,
    labels: Vec<i64>,
    unlabelled: bool,
    /// Where labels were found that nobody named.
    labels_from: Vec<String>,
    files: Vec<std::path::PathBuf>,
    places: Vec<Place>,
    left: usize,
    held: Vec<Arc<Reservation>>,
}

impl Joined {
    /// Adds what a file holds.
    ///
    /// # Errors
    /// Usage for records of another shape or type, and what is no whole record; limit.
    pub(super) fn take(&mut self, path: &Path, part: Part, env: &Env) -> Result<()> {
        let Part { shape, mut numbers, labels, labels_from, left } = part;
        let shape: Vec<u32> = shape.iter().map(|&side| side as u32).collect();
        if let Some(first) = self.files.first() {
            if self.numbers.loose != numbers.loose {
                // Numbers of a table stand beside others if they are of their type.
                let wanted = if self.numbers.loose { numbers.dtype } else { self.numbers.dtype };
                self.numbers =
                    numbers::narrowed(std::mem::take(&mut self.numbers), Some(wanted)).unwrap_or_default();
                numbers = numbers::narrowed(numbers, Some(wanted)).unwrap_or_default();
            }
            if shape != self.shape || numbers.dtype != self.numbers.dtype {
                let (other, own) = (kind(&self.shape, self.numbers.dtype), kind(&shape, numbers.dtype));
                let first = first.display();
                return Err(Error::usage(format!(
                    "its records are of {own}, and those of {first} of {other}"
                ))
                .in_file(path)
                .remedy("give records of one size and type, or scale them before"));
            }
        }
        let size = shape.iter().map(|&side| side as usize).product::<usize>() * numbers.dtype.unit();
        let rest = numbers.bytes.len() % size.max(1);
        if rest > 0 {
            let bytes = numbers.bytes.len();
            return Err(Error::usage(format!(
                "{bytes} bytes are no whole records of {size}: {rest} are left over"
            ))
            .in_file(path)
            .remedy("say another --shape or --type, or --skip for a header"));
        }
        let count = numbers.bytes.len() / size.max(1);
        self.held.push(Arc::new(env.budget.reserve(numbers.bytes.len() as u64 + 8 * count as u64)?));
        let file = u32::try_from(self.files.len()).map_err(|_| too_many())?;
        u32::try_from(self.places.len() + count).map_err(|_| too_many())?;
        self.places.extend((0..count as u32).map(|number| Place { file, number }));
        self.files.push(path.to_path_buf());
        self.unlabelled |= labels.is_none();
        self.labels.extend(labels.unwrap_or_default());
        self.labels_from.extend(labels_from);
        self.left += left;
        if self.numbers.bytes.is_empty() {
            (self.shape, self.numbers) = (shape, numbers);
        } else {
            self.numbers.bytes.extend(numbers.bytes);
        }
        Ok(())
    }

    /// What to say of labels that were found without having been named.
    pub(super) fn note_of_labels(&self) -> Option<String> {
        let [first, rest @ ..] = &self.labels_from[..] else { return None };
        if self.unlabelled {
            return Some(format!("labels in {first} are not used: other files have none"));
        }
        let more = if rest.is_empty() { String::new() } else { format!(" and in {} more", rest.len()) };
        Some(format!("labels were found in {first}{more}"))
    }

    /// All records as one type.
    ///
    /// # Errors
    /// Usage without records, or for others than are wanted; limit.
    pub(super) fn finish(self, source: &Source, env: &Env) -> Result<Records> {
        let Self { shape, numbers, labels, unlabelled, files, places, left, mut held, .. } = self;
        if places.is_empty() {
            let error = Error::usage("there are no records")
                .in_file(source.inputs.first().cloned().unwrap_or_default());
            return Err(error.remedy(
                "give IDX, npy, npz, PNG, PNM, CSV or WAV files that hold at least one whole record",
            ));
        }
        if numbers.loose {
            held.push(Arc::new(env.budget.reserve(numbers.bytes.len() as u64)?));
        }
        let like = source.like.as_ref();
        let numbers = numbers::narrowed(numbers, like.map(|(_, dtype)| *dtype)).unwrap_or_default();
        if let Some((wanted, dtype)) =
            like.filter(|(wanted, dtype)| *wanted != shape || *dtype != numbers.dtype)
        {
            let own =
                if numbers.bytes.is_empty() { "another type".into() } else { kind(&shape, numbers.dtype) };
            return Err(Error::usage(format!(
                "records of {own}, and the codec file is for {}",
                kind(wanted, *dtype)
            ))
            .in_file(files.first().cloned().unwrap_or_default())
            .remedy("give records of the kind that it was learned from"));
        }
        let mut notes = Vec::new();
        if left > 0 {
            notes.push(format!("{left} numbers after the last whole window of their files are left out"));
        }
        let labels = (!unlabelled).then_some(labels);
        Ok(Records { shape, dtype: numbers.dtype, bytes: numbers.bytes, labels, files, places, notes, held })
    }
}
