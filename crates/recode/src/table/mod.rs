//! Lines of alike structure by columns: CSV, JSON line by line, logs.
//!
//! A line is a *template* with slots, and the values in them. Each template is written once and named by its number in each line;
//! the values go to the columns of their slots, so that like stands next to like. A *column* is named by what comes before its slots:
//! the last bytes of the template, in whatever templates (`"id":`), or for tables with a delimiter the number of the slot.
//!
//! Ideas: logzip, CLP and the column stores; the rules are our own. Format: docs/format/codecs/recode.md.

mod build;
mod rebuild;
mod slots;
#[cfg(test)]
mod tests;

pub(crate) use rebuild::rebuild;

use minlen_core::varint::{Reader, put};
use minlen_core::{Error, Kind, Result};
use std::collections::BTreeMap;

/// Stands for a slot in a template: data with this byte is no table.
const SLOT: u8 = 1;
/// So many bytes before a slot name its column.
const NAME: usize = 16;
/// Most bytes of all templates together.
const MOST_TEMPLATES: usize = 1 << 20;

/// How columns are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// By the number of the slot in its template.
    Number = 0,
    /// By the bytes before it.
    Before = 1,
}

/// Numbers of templates below this take one byte, and those in so many pages of 256 above it two.
const SHORT: usize = 240;
const PAGES: usize = 15;

/// Appends the number of a template.
fn put_number(out: &mut Vec<u8>, number: usize) {
    match number.checked_sub(SHORT) {
        None => out.push(number as u8),
        Some(far) if far < PAGES << 8 => out.extend([(SHORT + (far >> 8)) as u8, far as u8]),
        Some(_) => {
            out.push(255);
            put(out, number as u64);
        }
    }
}

/// Reads the number of a template, of which there are `count`.
fn read_number(reader: &mut Reader<'_>, count: usize) -> Result<usize> {
    let number = match usize::from(reader.u8()?) {
        short if short < SHORT => short,
        255 => reader.varint_max(MOST_TEMPLATES as u64, "a template")? as usize,
        page => SHORT + (page - SHORT) * 256 + usize::from(reader.u8()?),
    };
    if number < count { Ok(number) } else { Err(Error::corrupt("recode: no such template")) }
}

/// Whether data of this kind may be a table.
pub(crate) fn suits(kind: Kind) -> bool {
    matches!(kind, Kind::Csv | Kind::Json | Kind::Ndjson | Kind::Log)
}

/// The numbers of columns, given as they are met.
struct Columns<'a> {
    naming: Naming,
    numbers: BTreeMap<(usize, &'a [u8]), usize>,
    /// Values in each.
    counts: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn new(naming: Naming) -> Self {
        Self { naming, numbers: BTreeMap::new(), counts: Vec::new() }
    }

    /// The columns of a template's slots, in order.
    fn of(&mut self, template: &'a [u8]) -> Vec<usize> {
        let slots = template.iter().enumerate().filter(|(_, b)| **b == SLOT).map(|(at, _)| at);
        let names: Vec<_> = match self.naming {
            Naming::Number => slots.enumerate().map(|(number, _)| (number, &template[..0])).collect(),
            Naming::Before => slots.map(|at| (0, &template[at.saturating_sub(NAME)..at])).collect(),
        };
        names.into_iter().map(|name| self.number(name)).collect()
    }

    fn number(&mut self, name: (usize, &'a [u8])) -> usize {
        let next = self.counts.len();
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.counts.push(0);
        }
        number
    }
}
