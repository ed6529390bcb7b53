//! Tests of the codec of records.

mod files;
mod records;
mod small;
