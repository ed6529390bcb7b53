//! From lines to templates and columns.

use super::slots::Slots;
use super::{Columns, MOST_TEMPLATES, Naming, SLOT, put_number, suits};
use crate::build::{Builder, Judge};
use crate::recipe::{Item, Node};
use minlen_core::{Detection, Kind, Result};
use std::collections::BTreeMap;
use std::ops::Range;

/// Less data is no table, nor are fewer lines.
const LEAST: usize = 8 << 10;
const LEAST_LINES: usize = 16;
/// A sample by columns must save this many thousandths of the sample as it is.
const WORTH_PERMILLE: usize = 20;
/// The sample is this part of the data, within these bounds.
const SAMPLE: (usize, usize, usize) = (4, 24 << 10, 128 << 10);

/// Data by columns.
pub(super) struct Table {
    pub(super) bytes: Vec<u8>,
    pub(super) templates: usize,
    pub(super) lines: usize,
    pub(super) naming: Naming,
}

impl Builder<'_> {
    /// Lines by columns as a node with one item; nothing if they are better as they are.
    pub(crate) fn table(
        &mut self,
        data: &[u8],
        what: &Detection,
        stream: usize,
        depth: usize,
    ) -> Result<Option<Node>> {
        if !suits(what.kind) || data.len() < LEAST {
            return Ok(None);
        }
        let table = worth(data, what.kind, &self.judge).then(|| table(data, what.kind)).flatten();
        let name = match what.kind {
            Kind::Csv => "columns of csv",
            Kind::Log => "columns of log",
            _ => "columns of json",
        };
        let Some(Table { bytes, templates, lines, naming }) = table else {
            self.report.kept(name, data.len());
            return Ok(None);
        };
        self.report.add(name, data.len(), bytes.len());
        let node = self.node(&bytes, stream, depth + 1)?;
        let item = Item::Table { len: data.len(), templates, lines, naming, node };
        Ok(Some(Node { len: data.len(), stream, items: vec![(0, item)] }))
    }
}

/// Whether whole lines from the middle come out smaller by columns.
fn worth(data: &[u8], kind: Kind, judge: &Judge<'_>) -> bool {
    let (part, least, most) = SAMPLE;
    let size = (data.len() / part).clamp(least, most).min(data.len());
    let line = |at: usize| data[at..].iter().position(|&b| b == b'\n').map(|i| at + i + 1);
    let start = (data.len() - size) / 2;
    let Some(start) = (if start == 0 { Some(0) } else { line(start) }) else { return false };
    let end = data[..data.len().min(start + size)].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let Some(sample) = data.get(start..end).filter(|sample| sample.len() * 2 > size) else { return false };
    let Some(table) = table(sample, kind) else { return false };
    let (plain, columns) = ((judge.trial)(sample, kind), (judge.trial)(&table.bytes, kind));
    columns.saturating_mul(1000) < plain.saturating_mul(1000 - WORTH_PERMILLE)
}

/// All lines by columns; nothing for data that is not lines of alike structure.
pub(super) fn table(data: &[u8], kind: Kind) -> Option<Table> {
    if data.contains(&SLOT) {
        return None;
    }
    let slots = Slots::of(kind, data);
    let naming = if kind == Kind::Csv { Naming::Number } else { Naming::Before };
    let body = data.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let (mut templates, mut lines) = (Templates::default(), Vec::new());
    let mut values: Vec<Range<usize>> = Vec::new();
    let (mut start, mut found) = (0, Vec::new());
    for line in data[..body].split_inclusive(|&b| b == b'\n') {
        found.clear();
        slots.find(&line[..line.len() - 1], &mut found);
        lines.push((templates.number(line, &found)?, values.len()));
        values.extend(found.iter().map(|value| start + value.start..start + value.end));
        start += line.len();
    }
    if lines.len() < LEAST_LINES {
        return None;
    }
    let mut bytes = templates.all.concat();
    lines.iter().for_each(|&(template, _)| put_number(&mut bytes, template));
    let mut columns = Columns::new(naming);
    let mut known: Vec<Option<Vec<usize>>> = vec![None; templates.all.len()];
    let mut sorted: Vec<Vec<u8>> = Vec::new();
    for &(template, first) in &lines {
        let of = known[template].get_or_insert_with(|| columns.of(&templates.all[template]));
        for (value, &column) in values[first..].iter().zip(of.iter()) {
            sorted.resize_with(sorted.len().max(column + 1), Vec::new);
            sorted[column].extend_from_slice(&data[value.clone()]);
            sorted[column].push(b'\n');
        }
    }
    sorted.iter().for_each(|column| bytes.extend_from_slice(column));
    bytes.extend_from_slice(&data[body..]);
    Some(Table { bytes, templates: templates.all.len(), lines: lines.len(), naming })
}

/// Templates and their numbers.
#[derive(Default)]
struct Templates {
    numbers: BTreeMap<Vec<u8>, usize>,
    all: Vec<Vec<u8>>,
    bytes: usize,
}

impl Templates {
    /// The number of a line's template; nothing if there are too many.
    fn number(&mut self, line: &[u8], values: &[Range<usize>]) -> Option<usize> {
        let (mut template, mut at) = (Vec::with_capacity(line.len()), 0);
        for value in values {
            template.extend_from_slice(&line[at..value.start]);
            template.push(SLOT);
            at = value.end;
        }
        template.extend_from_slice(&line[at..]);
        if let Some(&number) = self.numbers.get(&template) {
            return Some(number);
        }
        self.bytes += template.len();
        self.all.push(template.clone());
        self.numbers.insert(template, self.all.len() - 1);
        (self.bytes <= MOST_TEMPLATES).then_some(self.all.len() - 1)
    }
}
