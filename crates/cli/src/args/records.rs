//! How files are taken apart into records: options of every verb that reads them.

use super::value;
use clap::{Args, ValueHint};
use minlen_train::records::{Labels, Raw, Source};
use std::path::PathBuf;

/// What the user says about files with records.
#[derive(Args, Clone, Debug, Default)]
pub struct RecordArgs {
    /// Cut sound, and series of numbers, into records of N numbers
    #[arg(long, value_name = "N", value_parser = value::count, help_heading = "Records")]
    pub window: Option<usize>,
    /// The shape of a record, as 28x28: of raw numbers, or in place of what the file says
    #[arg(long, value_name = "SIZES", value_parser = value::sides, help_heading = "Records")]
    pub shape: Option<value::Sides>,
    /// Files are raw numbers of this type (u8, i16, f32, ...), without a header; needs --shape
    #[arg(long = "type", id = "number_type", value_name = "TYPE", value_parser = value::number_type, requires = "shape", help_heading = "Records")]
    pub number_type: Option<minlen::layout::Dtype>,
    /// Bytes before the first raw number
    #[arg(long, value_name = "BYTES", value_parser = value::size, requires = "number_type", help_heading = "Records")]
    pub skip: Option<u64>,
    /// The array to take of a file that holds several
    #[arg(long, value_name = "NAME", help_heading = "Records")]
    pub array: Option<String>,
    /// The columns to take of tables, by name or by number from 1, as a,b,7
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Records")]
    pub columns: Vec<String>,
    /// The columns to leave out
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Records")]
    pub skip_columns: Vec<String>,
    /// Labels of the records, which are no part of them: `auto` (beside IDX pictures, or a column `label`), `none`, or a file with a
    /// whole number for each record
    #[arg(long, value_name = "auto|none|FILE", default_value = "auto", value_hint = ValueHint::FilePath, help_heading = "Records")]
    pub labels: PathBuf,
    /// Take N records at most, chosen by --seed
    #[arg(long, value_name = "N", value_parser = value::count, help_heading = "Records")]
    pub max_records: Option<usize>,
}

impl RecordArgs {
    /// The file with labels, if one is named.
    pub fn label_file(&self) -> Option<PathBuf> {
        let is_word = self.labels.as_os_str() == "auto" || self.labels.as_os_str() == "none";
        Some(self.labels.clone()).filter(|_| !is_word)
    }

    /// The records of these files.
    pub fn source(&self, inputs: &[PathBuf], seed: u64) -> Source {
        let labels = match self.label_file() {
            Some(path) => Labels::File(path),
            None if self.labels.as_os_str() == "none" => Labels::None,
            None => Labels::Auto,
        };
        let raw = |&dtype: &minlen::layout::Dtype| Raw { dtype, skip: self.skip.unwrap_or(0) };
        Source {
            labels,
            array: self.array.clone(),
            columns: self.columns.clone(),
            skip_columns: self.skip_columns.clone(),
            window: self.window,
            shape: self.shape.as_ref().map(|sides| sides.0.clone()),
            raw: self.number_type.as_ref().map(raw),
            most: self.max_records,
            seed,
            ..Source::new(inputs)
        }
    }
}
