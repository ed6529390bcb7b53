//! Tests of the codec of records.
#![allow(clippy::unwrap_used)]

mod files;
mod golden;
mod records;
mod small;
